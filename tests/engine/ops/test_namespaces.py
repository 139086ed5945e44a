"""`keras.ops.numpy` and `keras.ops.nn`, and the settings of operations of Functional graphs."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from engine import ops
from engine.core import tree
from engine.core.tensor import KerasTensor
from tests.engine.ops.basic_calls import BASIC
from tests.engine.ops.numpy_calls import ON_ARRAYS, Call
from tests.engine.ops.oracle import keras


@pytest.mark.parametrize("space", ["numpy", "nn"])
def test_a_namespace_holds_what_keras_puts_there(space: str) -> None:
    wanted = {name for name in dir(getattr(keras.ops, space)) if not name.startswith("_")}
    own = importlib.import_module(f"engine.ops.{space}")
    missing = {name for name in wanted if hasattr(ops, name)} - set(own.__all__)
    assert not missing
    assert not {name for name in own.__all__ if name not in wanted}
    assert all(getattr(own, name) is getattr(ops, name) for name in own.__all__)


@pytest.mark.parametrize(
    "c", [c for family in [*BASIC.values(), *ON_ARRAYS.values()] for c in family if not c.closed], ids=str
)
def test_keras_rebuilds_an_operation_from_what_a_file_says_about_it(c: Call) -> None:
    """The settings of the node are arguments of Keras's class, or of its call."""
    leaves = [KerasTensor(x.shape, x.dtype.name) if isinstance(x, np.ndarray) else x for x in c.leaves]
    args = tree.pack_sequence_as(list(c.args), leaves)
    outputs = tree.flatten(getattr(ops, c.name)(*args, **c.options))
    operation = outputs[0].keras_history.operation
    module, cls = operation.function.keras
    theirs = getattr(importlib.import_module(module), cls)
    config = {key: value for key, value in operation.get_config().items() if key != "name"}
    theirs(**config)
