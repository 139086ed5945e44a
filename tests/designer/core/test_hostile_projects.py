"""Project files made to do harm, part by part: each opens or is refused in a sentence, and exported code stays code.

What opens is analysed, validated, laid out, exported and built, as the window would do with it.
"""

from __future__ import annotations

import ast
import copy
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from designer.codegen.keras import to_keras
from designer.core.analysis import Analysis
from designer.core.document import Document
from designer.core.errors import Refused
from designer.core.layout import layered
from designer.core.problems import validate
from designer.core.project import MEMBER, RUNS, Project, model_parts, read, record_of
from designer.core.settings import Choice, TrainingSettings
from engine import catalog, saving
from engine.core.errors import LoadError
from tests.designer.drawing import add, blank, residual

EVIL = 'evil"); evil("\'\n\\'
"""What gets out of any text that is not quoted well; the word is looked for in the code that comes out."""

VALUES: dict[str, Any] = {
    "nothing": None,
    "true": True,
    "negative": -1,
    "zero": 0,
    "huge": 10**18,
    "beyond": 10**30,
    "fraction": 0.5,
    "large": 1e300,
    "empty": "",
    "evil": EVIL,
    "zero byte": "a\x00b",
    "path": "../../etc/passwd",
    "list": [],
    "lists": [[None], [[]]],
    "object": {},
    "class": {"class_name": EVIL, "config": {EVIL: 1}},
    "known class": {"class_name": "HeNormal", "config": {EVIL: 1, "seed": EVIL}},
}


def whole() -> dict[str, Any]:
    """A record with something at every place that a record has."""
    document = residual()
    add(
        document,
        "Dense",
        "more",
        "digit",
        units=3,
        kernel_initializer={"class_name": "HeNormal", "config": {"seed": 1}},
    )
    record = json.loads(msgspec.json.encode(record_of(document)))
    record["training"] = json.loads(
        msgspec.json.encode(
            TrainingSettings(
                optimizer=Choice("SGD", {"learning_rate": 0.1, "momentum": 0.5}),
                loss=Choice("SparseCategoricalCrossentropy", {"from_logits": False}),
                metrics=("accuracy",),
                callbacks=(Choice("EarlyStopping", {"patience": 3}),),
            )
        )
    )
    record["notes"] = [{"id": "n90", "text": "hello", "position": [0, 0], "size": [10, 10]}]
    record["frames"] = [{"id": "n91", "title": "block", "position": [0, 0], "size": [10, 10]}]
    record["nodes"][1]["params"]["kernel_initializer"] = {"class_name": "HeNormal", "config": {"seed": 1}}
    return record


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to every value inside, containers included."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def changed(record: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at a place; without it for `Ellipsis`."""
    result = copy.deepcopy(record)
    target = result
    for key in path[:-1]:
        target = target[key]
    if value is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return result


def opened(folder: Path, **members: Any) -> Project:
    """The project that a file with these extra members (JSON values or bytes) makes."""
    extras = {k: v if isinstance(v, bytes) else json.dumps(v).encode() for k, v in members.items()}
    path = folder / "hostile.keras"
    saving.write_archive(path, extras=extras)
    return read(path)


def walk_through(document: Document, build: bool = False) -> None:
    """Everything the window does with a document, none of which may fail."""
    analysis = Analysis(document)
    for problem in validate(document, analysis, repairs=False):
        assert problem.sentence
    analysis.close()
    assert layered(document).keys() == document.nodes.keys()
    try:
        text = to_keras(document).text
    except Refused as refusal:
        assert refusal.sentence
    else:
        check_code(text)
    if build:
        model_parts(Project(document))


def check_code(text: str) -> None:
    """The text is a Python program in which no name, keyword or attribute came from a hostile text."""
    text.encode()
    for node in ast.walk(ast.parse(text)):
        words = [getattr(node, name, None) for name in ("id", "attr", "arg", "name")]
        assert "evil" not in words


def outcome(folder: Path, record: Any, build: bool = False) -> str | None:
    """The sentence of the refusal, or None when the project opened and passed through everything."""
    try:
        project = opened(folder, **{MEMBER: record})
    except LoadError as error:
        assert len(str(error)) > 20
        assert error.member
        return str(error)
    walk_through(project.document, build)
    return None


@pytest.mark.parametrize("name", VALUES)
def test_a_wrong_value_at_any_place_ends_in_a_sentence_or_a_problem(name: str, tmp_path: Path) -> None:
    record = whole()
    for path in places(record):
        outcome(tmp_path, changed(record, path, VALUES[name]))


def test_a_part_that_is_missing_ends_in_a_sentence_or_its_default(tmp_path: Path) -> None:
    record = whole()
    for path in places(record):
        told = outcome(tmp_path, changed(record, path, ...))
        assert told is None or "designer.json" in told


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", VALUES)
def test_a_wrong_setting_of_any_layer_is_a_problem_of_that_layer(name: str) -> None:
    """Every layer of the catalogue, each setting of it in turn."""
    value = VALUES[name]
    for component in catalog.describe("layer"):
        if component.ports is None or name == "beyond":
            continue
        for info in component.params:
            document = blank(None)
            add(document, "Input", "start", shape=[6, 6, 4][-max((component.ports.ranks or (2, None))[0] - 1, 1) :])
            sources = ["start"] * max(component.ports.inputs[0], 1) if component.name != "Input" else []
            add(document, component.name, "tried", *sources, **{info.name: value})
            walk_through(document)


@pytest.mark.parametrize("size", [10**6, 10**12, 10**18])
def test_sizes_beyond_the_machine_end_in_an_unfinished_network(size: int) -> None:
    for kind, params in (
        ("Dense", {"units": size}),
        ("Embedding", {"input_dim": size, "output_dim": size}),
        ("RepeatVector", {"n": size}),
        ("CategoryEncoding", {"num_tokens": size}),
        ("Discretization", {"num_bins": size, "output_mode": "one_hot"}),
        ("Hashing", {"num_bins": size, "output_mode": "one_hot"}),
        ("Conv1D", {"filters": size, "kernel_size": 3}),
    ):
        document = blank(None)
        add(document, "Input", "start", shape=[6, 4] if kind in ("Conv1D",) else [6])
        add(document, kind, "big", "start", **params)
        walk_through(document, build=size > 10**6)


@pytest.mark.parametrize(("port", "told"), [(-1, "port"), (1000, "port"), (10**9, "port"), (2**70, "port"), (7, None)])
def test_numbers_of_inputs_have_bounds(port: int, told: str | None, tmp_path: Path) -> None:
    record = whole()
    add_node = next(node["id"] for node in record["nodes"] if node["type"] == "Add")
    wire = next(edge for edge in record["edges"] if edge["target"] == add_node)
    wire["port"] = port
    found = outcome(tmp_path, record)
    assert (found is None) if told is None else told in (found or "")
    for output in (-1, 10**9):
        assert "output" in (outcome(tmp_path, changed(record, ("edges", 0, "output"), output)) or "")
    project = opened(tmp_path, **{MEMBER: changed(whole(), ("edges", 0, "output"), 3)})
    target = whole()["edges"][0]["target"]
    assert "which has fewer" in Analysis(project.document).info(target).error


def wire(source: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    return {"source": source["id"], "target": target["id"], "port": 5}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r["nodes"].append(dict(r["nodes"][0], name="other")), "twice"),
        (lambda r: r["nodes"].append(dict(r["nodes"][0], id="n70")), "twice"),
        (lambda r: r["edges"].append(dict(r["edges"][0])), "same input"),
        (lambda r: r["edges"].append({"source": "n9", "target": "n9"}), "not there"),
        (lambda r: r["edges"].append(wire(r["nodes"][-1], r["nodes"][1])), "circle"),
        (lambda r: r["edges"].append(wire(r["nodes"][1], r["nodes"][1])), "circle"),
        (lambda r: r["nodes"][0].update(id="n" + "9" * 5000), "no id"),
        (lambda r: r["nodes"][0].update(id="n²"), "no id"),
        (lambda r: r["notes"][0].update(id="<b>"), "no id"),
        (lambda r: r["nodes"][0].update(position=[1e30, 0]), "position"),
        (lambda r: r["nodes"][0].update(position=[1]), "position"),
        (lambda r: r["training"].update(epochs=0), "epochs"),
        (lambda r: r["training"].update(batch_size=-5), "batch_size"),
        (lambda r: r["training"].update(seed=2**40), "seed"),
        (lambda r: r["data"].update(validation=1.5), "validation"),
        (lambda r: r["data"].update(scaling="log"), "scaling"),
        (lambda r: r["nodes"][1]["params"].update(filters=10**70), "designer.json"),
        (lambda r: r["nodes"][1]["params"].update(filters="x" * 2_000_000), "characters"),
        (lambda r: r["nodes"][1]["params"].update(filters=[0] * 200_000), "values"),
        (lambda r: r.update(version=-1), "version"),
        (lambda r: r.update(nodes=[dict(r["nodes"][0], id=f"n{i}", name=f"a{i}") for i in range(20_001)]), "layers"),
    ],
)  # fmt: skip
def test_each_rule_of_project_files_is_told(change: Any, words: str, tmp_path: Path) -> None:
    record = whole()
    change(record)
    assert words in (outcome(tmp_path, record) or "")


@pytest.mark.parametrize("name", ["", EVIL, "a b", "../x", "a/b", "x" * 300, "a\nb", "ä", "..", "a\u2028b"])
def test_names_that_are_none_are_refused(name: str, tmp_path: Path) -> None:
    assert "no name of a layer" in (outcome(tmp_path, changed(whole(), ("nodes", 1, "name"), name)) or "")


@pytest.mark.parametrize("depth", [30, 900, 100_000])
def test_nesting_has_a_bound(depth: int, tmp_path: Path) -> None:
    for place in ('"params": ', '"options": '):
        text = json.dumps(whole())
        cut = text.index(place) + len(place)
        end = text.index("}", cut) + 1
        deep = text[:cut] + '{"filters": ' + "[" * depth + "]" * depth + "}" + text[end:]
        with pytest.raises(LoadError, match=r"nested|recursion|hold") as caught:
            opened(tmp_path, **{MEMBER: deep.encode()})
        assert caught.value.member == MEMBER


def test_many_wires_are_checked_at_once(tmp_path: Path) -> None:
    """A long line told from its end, which a search for circles at each wire would pass through again and again."""
    count = 6000
    record = {"version": 1, "name": "long", "nodes": [], "edges": []}
    record["nodes"] = [{"id": f"n{i}", "type": "Dense", "name": f"d{i}", "params": {"units": 2}} for i in range(count)]
    record["nodes"][0].update(type="Input", params={"shape": [2]})
    record["edges"] = [{"source": f"n{i}", "target": f"n{i + 1}"} for i in reversed(range(count - 1))]
    project = opened(tmp_path, **{MEMBER: record})
    assert len(project.document.edges) == count - 1
    record["edges"].append({"source": f"n{count - 1}", "target": "n1", "port": 3})
    assert "circle" in (outcome(tmp_path, record) or "")


@pytest.mark.parametrize("name", VALUES)
def test_a_wrong_value_among_the_runs_ends_in_a_sentence(name: str, tmp_path: Path) -> None:
    runs = [{"number": 1, "reason": "done", "seed": 0, "epochs": 1, "history": {"loss": [1.0]}, "test": {"loss": 0.5}}]
    for path in places(runs):
        try:
            opened(tmp_path, **{MEMBER: whole(), RUNS: changed(runs, path, VALUES[name])})
        except LoadError as error:
            assert error.member == RUNS


def keras_config() -> dict[str, Any]:
    config, _ = model_parts(Project(residual()))
    assert config is not None
    return json.loads(json.dumps(config))


@pytest.mark.parametrize("name", VALUES)
def test_a_wrong_value_in_a_config_of_keras_ends_in_a_sentence_or_a_problem(name: str, tmp_path: Path) -> None:
    """Files without a drawing: every place of a Functional model's `config.json`, thinned out."""
    config = keras_config()
    paths = list(places(config["config"]["layers"], ("config", "layers")))[:: 3 if name == "evil" else 7]
    for path in [("config",), ("class_name",), ("config", "layers"), *paths]:
        target = tmp_path / "made.keras"
        saving.write_archive(target, config=changed(config, path, VALUES[name]))
        try:
            project = read(target)
        except LoadError as error:
            assert error.member == "config.json"
            continue
        walk_through(project.document)


def test_a_config_of_keras_has_bounds_too(tmp_path: Path) -> None:
    layer = {"class_name": "Dense", "config": {"name": "same", "units": 2}, "inbound_nodes": [], "name": "same"}
    config = {"class_name": "Functional", "config": {"name": "many", "layers": [layer] * 20_001}}
    stream = io.BytesIO()
    saving.write_archive(stream, config=config)
    path = tmp_path / "many.keras"
    path.write_bytes(stream.getvalue())
    with pytest.raises(LoadError, match="at most"):
        read(path)
    config["config"]["layers"] = [layer] * 3000
    saving.write_archive(path, config=config)
    names = [node.name for node in read(path).document.nodes.values()]
    assert len(set(names)) == 3000


def test_settings_never_make_a_project_read_another_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("one\ntwo\n")
    document = blank(None)
    add(document, "Input", "start", shape=[1], dtype="string")
    node = add(document, "StringLookup", "terms", "start", vocabulary=str(secret))
    info = Analysis(document).info(node)
    assert info.state == "error"
    assert "outside" in info.error
    assert model_parts(Project(document)) == (None, None)


@pytest.mark.parametrize("name", ["print", "EPOCHS", "x_train", "keras", "SEED", "x", "class", "train_test_split"])
def test_names_of_layers_hide_nothing_that_the_code_uses(name: str) -> None:
    document = blank()
    add(document, "Input", "digits")
    add(document, "Flatten", "flat", "digits")
    add(document, "Dense", name, "flat", units=4)
    add(document, "Dense", "side", name, units=4)
    add(document, "Add", "add", name, "side")
    tree = ast.parse(to_keras(document).text)
    assigned = [
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and "layers." in ast.unparse(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert name not in assigned or name == "x"
    assert f"name='{name}'" in ast.unparse(tree)


@pytest.mark.parametrize("title", [EVIL, "a\x00b", "tab\there", '"""', "line\u2028end", "x" * 1000])
def test_titles_stay_inside_their_docstring(title: str) -> None:
    document = residual()
    with document.transaction():
        document.write_name(title)
    text = to_keras(document).text
    check_code(text)
    assert "a network designed in Bricklayer" in (ast.get_docstring(ast.parse(text)) or "")
