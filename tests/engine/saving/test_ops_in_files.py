"""Functional graphs of single ops in files: what the engine writes Keras computes alike, and the other way round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine
from engine.core import tree
from tests.engine.ops.basic_calls import BASIC
from tests.engine.ops.numpy_calls import ON_ARRAYS, Call
from tests.engine.ops.oracle import keras


def arrays_of(c: Call) -> list[np.ndarray]:
    return [x for x in c.leaves if isinstance(x, np.ndarray)]


def fits(c: Call) -> bool:
    """Whether all arrays can be inputs that share a batch. Keras cannot build the two named ones itself."""
    arrays = arrays_of(c)
    alike = all(x.ndim > 1 and x.size and x.dtype.kind != "c" and len(x) == len(arrays[0]) for x in arrays)
    return alike and not c.closed and c.name not in ("rearrange", "bincount")


def one_call_of_each() -> list[Any]:
    found: dict[str, Call] = {}
    for c in (c for family in (*BASIC.values(), *ON_ARRAYS.values()) for c in family if fits(c)):
        found.setdefault(c.name, c)
    return [pytest.param(c, id=name) for name, c in found.items()]


def model_of(library: Any, c: Call) -> Any:
    inputs = [library.Input(x.shape[1:], dtype=x.dtype.name) for x in arrays_of(c)]
    left = iter(inputs)
    args = tree.map_structure(lambda x: next(left) if isinstance(x, np.ndarray) else x, list(c.args))
    return library.Model(inputs, list(tree.flatten(getattr(library.ops, c.name)(*args, **c.options))))


def results(model: Any, c: Call) -> list[np.ndarray]:
    with np.errstate(all="ignore"):
        return [np.asarray(y) for y in tree.flatten(model([x.copy() for x in arrays_of(c)]))]


@pytest.mark.parametrize("c", one_call_of_each())
@pytest.mark.parametrize(("writer", "reader"), [(engine, keras), (keras, engine)], ids=["ours", "theirs"])
def test_an_op_in_a_file_computes_the_same_on_the_other_side(writer: Any, reader: Any, c: Call, tmp_path: Path) -> None:
    model = model_of(writer, c)
    model.save(tmp_path / "model.keras")
    loaded = reader.saving.load_model(tmp_path / "model.keras")
    for one, other in zip(results(model, c), results(loaded, c), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
