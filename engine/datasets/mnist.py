"""MNIST: 70,000 handwritten digits, 28 x 28 grey (LeCun, Cortes and Burges)."""

from __future__ import annotations

import numpy as np

from engine.datasets.origin import Halves, kept

_HASH = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str = "mnist.npz") -> Halves:
    """((x_train, y_train), (x_test, y_test)): uint8 of shapes (60000, 28, 28), (60000,), (10000, 28, 28), (10000,).

    Args:
        path: name in the cache folder.
    """
    with np.load(kept(path, "mnist.npz", _HASH), allow_pickle=False) as file:
        return (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])
