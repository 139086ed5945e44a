"""Special functions against SciPy and the C library, to the last digits, and at their ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.special

from engine.kernels import special

WIDE = np.concatenate([np.linspace(-6.0, 26.0, 4001), np.linspace(-0.6, 0.6, 601)])
OPEN = np.concatenate([np.linspace(-1, 1, 4001)[1:-1], 1 - 10.0 ** -np.arange(1, 16), 10.0 ** -np.arange(1, 30)])


def test_erfc_keeps_the_relative_precision_of_its_smallest_values() -> None:
    expected = np.array([math.erfc(x) for x in WIDE])
    np.testing.assert_allclose(special.erfc(WIDE), expected, rtol=2e-14)
    np.testing.assert_allclose(special.erfc(WIDE.astype("float32")), expected.astype("float32"), rtol=4e-3, atol=1e-44)


def test_erfinv_is_the_inverse_up_to_the_ends() -> None:
    np.testing.assert_allclose(special.erfinv(OPEN), scipy.special.erfinv(OPEN), rtol=1e-9)
    inner = OPEN[np.abs(OPEN) < 0.999]
    np.testing.assert_allclose(special.erfinv(inner), scipy.special.erfinv(inner), rtol=4e-15)


def test_i1_in_both_of_its_ranges() -> None:
    x = np.concatenate([np.linspace(-100, 100, 4001), [400.0, 700.0]])
    np.testing.assert_allclose(special.i1(x), scipy.special.i1(x), rtol=4e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ends_and_types(dtype: str) -> None:
    ends = np.array([1, -1, 2, np.nan, 0], dtype)
    np.testing.assert_array_equal(special.erfinv(ends), np.array([np.inf, -np.inf, np.nan, np.nan, 0], dtype))
    far = np.array([np.inf, -np.inf, np.nan, 0, 40], dtype)
    np.testing.assert_array_equal(special.erfc(far), np.array([0, 2, np.nan, 1, 0], dtype))
    for function in (special.erfc, special.erfinv, special.i1):
        assert function(ends).dtype == dtype
        assert function(np.zeros((0, 3), dtype)).shape == (0, 3)
        assert function(np.zeros((), dtype)).shape == ()
