"""Type promotion against Keras's table (a golden file), and the types of Python numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine import ops
from engine.core.dtypes import DTypePolicy, result_type, standardize_dtype
from engine.core.tensor import convert_to_tensor

TABLE = json.loads((Path(__file__).parent.parent / "golden" / "result_type.json").read_text())


@pytest.mark.parametrize(("pair", "expected"), TABLE.items())
def test_promotion_table(pair: str, expected: str) -> None:
    assert result_type(*pair.split(",")) == expected


@pytest.mark.parametrize(
    ("types", "expected"),
    [((int,), "int32"), ((float,), "float32"), (("float16", float), "float16"), (("int32", float), "float32"),
     (("uint8", int), "uint8"), ((bool, int), "int32"), ((), "float32")],
)  # fmt: skip
def test_python_numbers_bend_to_what_they_meet(types: tuple[object, ...], expected: str) -> None:
    assert result_type(*types) == expected


def test_sums_and_means_of_small_types() -> None:
    assert ops.sum(np.ones(3, "bool")).dtype == "int32"
    assert ops.sum(np.ones(3, "uint8")).dtype == "uint32"
    assert ops.mean(np.ones(3, "int32")).dtype == "float32"
    assert ops.argmax(np.ones(3)).dtype == "int32"
    assert (convert_to_tensor([1, 2]) / 2).dtype == "float32"


def test_names_are_checked() -> None:
    assert standardize_dtype(np.dtype("float16")) == "float16"
    with pytest.raises(ValueError, match="Invalid dtype: float31"):
        standardize_dtype("float31")


def test_mixed_policies_compute_small_and_store_wide() -> None:
    policy = DTypePolicy("mixed_float16")
    assert (policy.compute_dtype, policy.variable_dtype) == ("float16", "float32")
