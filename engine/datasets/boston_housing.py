"""Boston housing prices of 1978: 506 districts, 13 features (Harrison and Rubinfeld).

One feature was made from the share of Black residents, on the assumption that people prefer segregation. Use
`california_housing` unless the set itself is what you study.
"""

from __future__ import annotations

from engine.datasets.origin import Halves, check_split, kept, regression

_HASH = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Halves:
    """((x_train, y_train), (x_test, y_test)): features (n, 13), median prices in thousands of dollars (n,).

    Args:
        path: name in the cache folder.
        test_split: share of the rows for testing.
        seed: of the order before the cut.
    """
    check_split(test_split)
    return regression(kept(path, "boston_housing.npz", _HASH), test_split, seed)
