"""The small helpers under Keras's names."""

from __future__ import annotations

import random

import numpy as np
import pytest

import engine
from engine import backend, config, dtype_policies, mixed_precision, tree, utils


def test_to_categorical() -> None:
    np.testing.assert_array_equal(utils.to_categorical([0, 2, 1]), np.eye(3)[[0, 2, 1]])
    np.testing.assert_array_equal(utils.to_categorical([[1], [0]], 3), np.eye(3)[[1, 0]])
    assert utils.to_categorical(np.zeros((2, 5), int), 4).shape == (2, 5, 4)
    assert utils.to_categorical(engine.ops.convert_to_tensor([1, 0])).dtype == "float32"
    with pytest.raises(ValueError, match="0 and num_classes - 1 = 1"):
        utils.to_categorical([0, 2], 2)
    with pytest.raises(ValueError, match="-1"):
        utils.to_categorical([-1, 1])


def test_normalize() -> None:
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(utils.normalize(x), [[0.6, 0.8], [0, 0]])
    np.testing.assert_allclose(utils.normalize(x, axis=0, order=1), [[1, 1], [0, 0]])


def test_random_seed_rules_every_generator() -> None:
    utils.set_random_seed(5)
    first = (random.random(), np.random.rand(), float(engine.random.uniform(())))
    utils.set_random_seed(5)
    assert (random.random(), np.random.rand(), float(engine.random.uniform(()))) == first


def test_clear_session_starts_names_anew() -> None:
    assert engine.layers.Dense(1).name == "dense"
    assert engine.layers.Dense(1).name == "dense_1"
    backend.clear_session()
    assert engine.layers.Dense(1).name == "dense"


def test_settings_are_those_of_the_core() -> None:
    assert config.backend() == "numpy"
    config.set_floatx("float64")
    assert backend.floatx() == "float64"
    config.set_floatx("float32")
    mixed_precision.set_global_policy("mixed_float16")
    assert config.dtype_policy().compute_dtype == "float16"
    mixed_precision.set_global_policy("float32")
    assert config.dtype_policy().name == "float32"


def test_policy_round_trip() -> None:
    policy = dtype_policies.DTypePolicy("mixed_bfloat16")
    assert dtype_policies.deserialize(dtype_policies.serialize(policy)) == policy


def test_trees_under_their_public_name() -> None:
    assert tree.flatten({"b": 2, "a": [1, (0,)]}) == [1, 0, 2]
