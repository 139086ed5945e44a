"""Adding rows at positions against NumPy's unbuffered addition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.scatter import scatter_add_rows, stable_order


@given(st.integers(1, 40), st.integers(0, 300), st.integers(1, 4), st.integers(0, 5))
def test_rows_are_added_up_at_their_positions(num_rows: int, count: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    indices, updates = rng.integers(0, num_rows, count), rng.normal(size=(count, width))
    wanted = np.zeros((num_rows, width))
    np.add.at(wanted, indices, updates)
    np.testing.assert_allclose(scatter_add_rows(indices, updates, num_rows), wanted, rtol=1e-10, atol=1e-12)
    out = np.full((num_rows, width), np.nan)
    assert scatter_add_rows(indices, updates, num_rows, out) is out
    np.testing.assert_allclose(out, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint16", "uint32"])
@pytest.mark.parametrize("count", [200, 60_000, 5_000_000])
def test_the_order_is_the_stable_one_for_vocabularies_of_every_size(count: int, dtype: str) -> None:
    indices = np.random.default_rng(1).integers(0, min(count, np.iinfo(dtype).max), 3000).astype(dtype)
    np.testing.assert_array_equal(stable_order(indices, count), np.argsort(indices, kind="stable"))


def test_single_precision_sums_come_out_the_same_each_time() -> None:
    rng = np.random.default_rng(2)
    indices, updates = np.minimum(rng.zipf(1.3, 4000), 99).astype("int32"), rng.normal(size=(4000, 8)).astype("float32")
    first = scatter_add_rows(indices, updates, 100)
    np.testing.assert_array_equal(first, scatter_add_rows(indices, updates, 100))
    wanted = np.zeros((100, 8))
    np.add.at(wanted, indices, updates.astype("float64"))
    np.testing.assert_allclose(first, wanted, rtol=1e-3, atol=1e-3)
