"""Ops as nodes of Functional graphs: the classes, arguments and settings that Keras's files name."""

from __future__ import annotations

import importlib
import inspect

import pytest

import engine.random  # noqa: F401  (declares ops)
from engine.core.op import KERAS_CLASSES, PublicOp
from tests.engine.ops.oracle import keras

assert keras.config.backend() == "numpy"


@pytest.mark.parametrize(("place", "op"), [pytest.param(k, v, id=k[1]) for k, v in KERAS_CLASSES.items()])
def test_an_op_has_the_arguments_and_settings_of_the_class_that_files_name(
    place: tuple[str, str], op: PublicOp
) -> None:
    cls = getattr(importlib.import_module(place[0]), place[1])
    taken = inspect.signature(cls.call).parameters
    settings = [name for name in inspect.signature(cls.__init__).parameters if name not in ("self", "name")]
    own = list(op.signature.parameters)
    assert op.call_arguments == {name for name in own if name in taken and name != "kwargs"}
    assert [name for name in settings if name not in own and name != "rms_scaling"] == []
