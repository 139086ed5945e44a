"""Windows by name against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from engine.kernels.windowing import WINDOWS, window


@pytest.mark.parametrize("name", list(WINDOWS))
def test_windows_are_those_of_scipy(name: str) -> None:
    for length in (1, 2, 3, 8, 9, 64):
        for periodic in (True, False):
            if length == 2 and not periodic and name in ("tukey", "tuk"):
                continue  # SciPy divides 0 by 0 there
            wanted = scipy.signal.get_window(name, length, periodic)
            np.testing.assert_allclose(window(name, length, periodic), wanted, atol=1e-12, err_msg=f"{length}")


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="Unknown window type 'glass'. Known are: barthann, bartlett"):
        window("glass", 8)
