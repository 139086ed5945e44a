"""Diagrams hold the model's layers and wires; picture files open."""

from __future__ import annotations

import itertools
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import engine as keras
from engine import layers
from engine.models.diagram import model_to_dot, plot_model


@pytest.fixture
def residual() -> Any:
    inputs = keras.Input((8, 8, 1), name="digits")
    first = layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(inputs)
    second = layers.Conv2D(4, 3, padding="same", name="second")(first)
    joined = layers.Add(name="joined")([first, second])
    return keras.Model(inputs, layers.Dense(2, name="out")(layers.Flatten(name="flat")(joined)))


EDGES = [
    ("digits", "first"), ("first", "second"), ("first", "joined"), ("second", "joined"), ("joined", "flat"),
    ("flat", "out"),
]  # fmt: skip


def test_every_layer_and_every_wire_is_there_once(residual: Any) -> None:
    diagram = model_to_dot(residual)
    assert [box.key for box in diagram.boxes] == ["digits", "first", "second", "joined", "flat", "out"]
    assert sorted(diagram.edges) == sorted(EDGES)
    written = diagram.to_string()
    assert len(re.findall(r"n\d+ -> n\d+;", written)) == len(EDGES)
    assert 'label="first (Conv2D)"' in written


def test_boxes_tell_what_was_asked(residual: Any) -> None:
    residual.get_layer("second").trainable = False
    diagram = model_to_dot(
        residual, show_shapes=True, show_dtype=True, show_layer_activations=True, show_trainable=True
    )
    told = {box.key: box.lines for box in diagram.boxes}
    assert told["first"] == (
        "first (Conv2D)", "Activation: relu", "Input shape: (None, 8, 8, 1)", "Output shape: (None, 8, 8, 4)",
        "Output dtype: float32", "Trainable: True",
    )  # fmt: skip
    assert told["second"][-1] == "Trainable: False"
    assert told["joined"][1] == "Input shape: (None, 8, 8, 4), (None, 8, 8, 4)"


def test_nested_models_open_up() -> None:
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="a"), layers.Dense(2, name="b")], name="inner")
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="before"), inner, layers.Dense(1, name="after")])
    assert model_to_dot(model).edges == [("before", "inner"), ("inner", "after")]
    opened = model_to_dot(model, expand_nested=True)
    assert opened.edges == [("inner/a", "inner/b"), ("before", "inner/a"), ("inner/b", "after")]


@pytest.mark.parametrize("direction", ["TB", "BT", "LR", "RL"])
def test_boxes_keep_apart_and_data_flows_one_way(residual: Any, direction: str) -> None:
    diagram = model_to_dot(residual, rankdir=direction, show_shapes=True)
    places, sizes = diagram.places(), {box.key: box.size for box in diagram.boxes}
    assert len(diagram.routes()["first", "joined"]) == 3, "the skip goes past the layer that it leaves out"
    for a, b in itertools.combinations(places, 2):
        room = [(sizes.get(a, (0, 0))[i] + sizes.get(b, (0, 0))[i]) / 2 for i in (0, 1)]
        apart = [abs(places[a][i] - places[b][i]) >= room[i] for i in (0, 1)]
        assert any(apart), (a, b)
    axis, sign = (0 if direction in ("LR", "RL") else 1), (-1 if direction in ("BT", "RL") else 1)
    assert all(sign * (places[b][axis] - places[a][axis]) > 0 for a, b in diagram.edges)


def test_pictures_are_drawn_without_graphviz(residual: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    plot_model(residual, tmp_path / "a.svg", show_layer_names=True)
    drawn = ET.parse(tmp_path / "a.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert len(drawn.findall(f"{space}rect")) == 6
    assert len(drawn.findall(f"{space}polyline")) == len(EDGES)
    assert "joined (Add)" in [t.text for t in drawn.findall(f"{space}text")]
    plot_model(residual, tmp_path / "a.png", dpi=96)
    plot_model(residual, tmp_path / "b.png", dpi=192)
    with Image.open(tmp_path / "a.png") as small, Image.open(tmp_path / "b.png") as large:
        assert abs(large.width - 2 * small.width) <= 1
        assert len(small.getcolors(1 << 20) or ()) > 3
    plot_model(residual, tmp_path / "a.dot")
    assert (tmp_path / "a.dot").read_text() == model_to_dot(residual, show_layer_names=False).to_string()


def test_what_cannot_be_drawn_is_refused(residual: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="has not yet been built"):
        model_to_dot(keras.Sequential([layers.Dense(2)]))
    with pytest.raises(ValueError, match="Graphviz"):
        plot_model(residual, tmp_path / "a.pdf")
    with pytest.raises(ValueError, match=r"to_file=.*a\.txt"):
        plot_model(residual, tmp_path / "a.txt")
    with pytest.raises(ValueError, match="`rankdir` is one of"):
        model_to_dot(residual, rankdir="up")
