"""Problems: each is told with the layer, the rule and the numbers, and its first repair really repairs it."""

from __future__ import annotations

from typing import Any

import pytest

from designer.core.analysis import Analysis
from designer.core.commands import SetData, SetTraining
from designer.core.document import Document
from designer.core.problems import Problem, preview, validate
from designer.core.settings import Choice, DataSettings, TrainingSettings
from tests.designer.drawing import CONV, add, blank, classifier, line, residual

OUTPUT = ("Dense", "digit", {"units": 10, "activation": "softmax"})


def problems(document: Document) -> list[Problem]:
    return validate(document, Analysis(document))


def errors(document: Document) -> list[Problem]:
    return [problem for problem in problems(document) if problem.severity == "error"]


def dense_on_pictures() -> Document:
    return line(("Input", "digits", {}), ("Conv2D", "conv", CONV), OUTPUT)


def no_output() -> Document:
    return line(("Input", "digits", {}), ("Conv2D", "conv", CONV), ("Flatten", "flatten", {}))


def wrong_units() -> Document:
    return line(
        ("Input", "digits", {}), ("Flatten", "flatten", {}), ("Dense", "digit", {"units": 7, "activation": "softmax"})
    )


def no_softmax() -> Document:
    return line(("Input", "digits", {}), ("Flatten", "flatten", {}), ("Dense", "digit", {"units": 10}))


def wrong_loss() -> Document:
    document = classifier()
    SetTraining(TrainingSettings(loss=Choice("MeanSquaredError"))).do(document)
    return document


def dangling() -> Document:
    document = line(("Input", "digits", {}), ("Flatten", "flatten", {}))
    add(document, "Dense", "digit", units=10, activation="softmax")
    return document


def window_too_large() -> Document:
    conv = {"filters": 4, "kernel_size": [9, 9]}
    return line(("Input", "digits", {}), ("Conv2D", "conv", conv), ("Flatten", "flatten", {}), OUTPUT)


def unequal_add() -> Document:
    document = residual()
    from designer.core.commands import SetParams

    SetParams(document.node_named("conv_2").id, {"padding": "valid"}).do(document)  # type: ignore[union-attr]
    return document


def recurrent_on_pictures() -> Document:
    return line(("Input", "digits", {}), ("LSTM", "lstm", {"units": 8}), OUTPUT)


def no_input() -> Document:
    document = blank()
    add(document, "Flatten", "flatten")
    add(document, "Dense", "digit", "flatten", units=10, activation="softmax")
    return document


def other_input_shape() -> Document:
    return line(("Input", "digits", {"shape": [28, 28, 1]}), ("Flatten", "flatten", {}), OUTPUT)


def bad_setting() -> Document:
    return line(
        ("Input", "digits", {}), ("Flatten", "flatten", {}), ("Dropout", "dropout", {"rate": 0.2, "seed": "x"}), OUTPUT
    )


FAULTS = [
    (dense_on_pictures, "Insert Flatten", "digit"),
    (no_output, "Add an output layer", "flatten"),
    (wrong_units, "Set digit units to 10", "7 ≠ 10"),
    (no_softmax, "Set digit activation to softmax", "softmax"),
    (wrong_loss, "Use the loss that fits", "does not fit"),
    (dangling, "Connect flatten to digit", "nothing feeds it"),
    (window_too_large, "Set conv padding to same", "(8 − 9)/1 + 1 = 0"),
    (unequal_add, "Set conv_2 padding to same", "8 ≠ 6"),
    (recurrent_on_pictures, "Insert Reshape(8, 8)", "axes"),
    (no_input, "Add an Input", "no Input"),
    (other_input_shape, "Set digits shape", "28×28×1"),
    (bad_setting, "Set dropout seed back", "seed"),
]


@pytest.mark.parametrize(("make", "title", "words"), FAULTS, ids=[fault[0].__name__ for fault in FAULTS])
def test_a_fault_is_told_and_its_first_repair_repairs_it(make: Any, title: str, words: str) -> None:
    document = make()
    found = errors(document)
    assert found, "the fault was not noticed"
    problem = next(p for p in found if p.repairs)
    assert words in problem.sentence or words in str(problem.derivation) or words == problem.name
    repair = problem.repairs[0]
    assert repair.title.startswith(title)
    before = document.state()
    shown = preview(document, repair)
    assert document.state() == before, "a preview must not touch the document"
    repair.command.do(document)
    assert len(errors(document)) == shown.errors_left < len(found)
    repair.command.undo(document)
    assert document.state() == before


def test_the_derivation_follows_the_chain_to_the_failing_layer() -> None:
    problem = next(p for p in errors(unequal_add()) if p.name == "add")
    rows = {step.name: step for step in problem.derivation}
    assert rows["conv_2"].rule == "valid: (8 − 3)/1 + 1 = 6"
    assert rows["conv_2"].shape == "6×6×4"
    assert rows["add"].failing
    waiting = next(p for p in problems(unequal_add()) if p.waiting)
    assert "2 layers wait for add: flatten, digit" in waiting.sentence


def test_a_finished_network_has_no_errors_and_an_empty_one_no_problems() -> None:
    assert errors(residual()) == []
    assert problems(Document()) == []


def test_advice_for_softmax_twice_unscaled_and_missing_data() -> None:
    document = classifier()
    SetTraining(TrainingSettings(loss=Choice("SparseCategoricalCrossentropy", {"from_logits": True}))).do(document)
    SetData(DataSettings(source="digits", scaling="none")).do(document)
    told = {p.key.partition(":")[0]: p.severity for p in problems(document)}
    assert told["softmax"] == "warning"
    assert told["unscaled"] == "warning"
    SetData(DataSettings()).do(document)
    assert any(p.key == "no-data" for p in problems(line(("Input", "x", {"shape": [4]}), source=None)))


def test_many_loose_layers_are_told_one_by_one() -> None:
    """Looking for wires tries one layer at a time; trying whole networks inside each other would never end."""
    document = blank()
    add(document, "Input", "digits")
    for number in range(40):
        add(document, "Dense", f"dense_{number}", units=4)
    found = validate(document, Analysis(document))
    loose = [problem for problem in found if problem.sentence == "is not connected: nothing feeds it."]
    assert len(loose) == 40
    assert [repair.title for repair in loose[3].repairs] == ["Connect digits to dense_3"]


@pytest.mark.parametrize(("scaling", "real"), [("auto", [0.0, 1.0]), ("none", [0.0, 16.0])])
def test_layers_that_reckon_with_other_pixels_than_the_data_have_are_told(scaling: str, real: list[float]) -> None:
    document = line(
        ("Input", "digits", {}),
        ("RandomFlip", "flip", {}),
        ("RandomBrightness", "light", {"factor": 0.2}),
        ("Flatten", "flatten", {}),
        ("Dense", "digit", {"units": 10, "activation": "softmax"}),
    )
    SetData(DataSettings(source="digits", scaling=scaling)).do(document)
    analysis = Analysis(document)
    found = [p for p in validate(document, analysis) if p.key.startswith("pixels")]
    assert [p.name for p in found] == ["light"]
    assert f"from 0 to 255; the data go from 0 to {real[1]:g}" in found[0].sentence
    found[0].repairs[0].command.do(document)
    light = document.node_named("light")
    assert light is not None
    assert light.params["value_range"] == real
    assert not [p for p in validate(document, analysis) if p.key.startswith("pixels")]


def test_behind_a_rescaling_nothing_is_said_about_pixels() -> None:
    document = line(
        ("Input", "digits", {}),
        ("Rescaling", "bright", {"scale": 255.0}),
        ("RandomBrightness", "light", {"factor": 0.2}),
        ("Flatten", "flatten", {}),
        ("Dense", "digit", {"units": 10, "activation": "softmax"}),
    )
    assert not [p for p in validate(document, Analysis(document)) if p.key.startswith("pixels")]
