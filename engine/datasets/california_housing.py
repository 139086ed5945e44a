"""California housing prices of 1990: 20,640 districts, 8 features (Pace and Barry)."""

from __future__ import annotations

from engine.datasets.origin import Halves, check_split, kept, regression

_HASH = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
_SMALL = 600


def load_data(
    version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113
) -> Halves:
    """((x_train, y_train), (x_test, y_test)): features (n, 8), median prices in dollars (n,).

    Args:
        version: "large" for all 20,640 rows, "small" for the first 600.
        path: name in the cache folder.
        test_split: share of the rows for testing.
        seed: of the order before the cut.
    """
    check_split(test_split)
    if version not in ("small", "large"):
        raise ValueError(f"Argument `version` must be one of 'small', 'large'. Received: version={version}")
    rows = _SMALL if version == "small" else None
    return regression(kept(path, "california_housing.npz", _HASH), test_split, seed, rows)
