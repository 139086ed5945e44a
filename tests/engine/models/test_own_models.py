"""Models of one's own that hand a graph to the base, and inputs that may be left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine

DATA = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")


class Own(engine.Model):
    """Builds its graph in the constructor, and trains by steps of its own."""

    def __init__(self, width: int = 4, **kwargs: Any) -> None:
        x = engine.Input((3,))
        super().__init__(inputs=x, outputs=engine.layers.Dense(1)(engine.layers.Dense(width)(x)), **kwargs)
        self.width, self.steps = width, 0

    def train_step(self, data: Any) -> Any:
        self.steps += 1
        return super().train_step(data)

    def get_config(self) -> dict[str, Any]:
        return {"width": self.width}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        return cls(**config)


def test_a_subclass_gives_its_graph_to_the_base(tmp_path: Path) -> None:
    model = Own(5, name="own")
    assert isinstance(model, Own) and type(model).__name__ == "Own" and model.name == "own"
    assert model.output_shape == (None, 1) and len(model.weights) == 4
    model.compile("adam", "mse")
    model.fit(DATA, DATA[:, :1], epochs=2, verbose=0)
    assert model.steps > 0
    model.save(tmp_path / "own.keras")
    again = engine.saving.load_model(tmp_path / "own.keras", custom_objects={"Own": Own})
    np.testing.assert_array_equal(again.predict(DATA, verbose=0), model.predict(DATA, verbose=0))
    assert type(Own()) is type(model)


class Plus(engine.layers.Layer):
    """Adds what is there."""

    def call(self, x: Any, y: Any = None) -> Any:
        return x if y is None else x + y


def test_layers_are_not_set_and_inputs_by_name_are_all_given() -> None:
    for model in (Own(), engine.Sequential([engine.layers.Dense(1)]), engine.Model()):
        with pytest.raises(AttributeError, match="attribute is reserved"):
            model.layers = []
    a, b = engine.Input((3,), name="a"), engine.Input((3,), name="b")
    model = engine.Model({"a": a, "b": b}, Plus()(a, b))
    with pytest.raises(ValueError, match='Missing data for input "b"'):
        model({"a": DATA})


def test_inputs_may_be_left_out_where_that_is_said() -> None:
    a, b = engine.Input((3,), name="a"), engine.Input((3,), optional=True, name="b")
    model = engine.Model([a, b], Plus()(a, b))
    np.testing.assert_allclose(np.asarray(model([DATA, None])), DATA)
    np.testing.assert_allclose(np.asarray(model([DATA, DATA])), 2 * DATA, rtol=1e-6)
    with pytest.raises(ValueError, match="'a' of model .* is not optional"):
        model([None, DATA])
    with pytest.raises(ValueError, match=r"expected shape=\(None, 3\), found shape=\(8, 2\)"):
        model([DATA[:, :2], DATA])
