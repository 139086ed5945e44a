"""CIFAR-10: 60,000 colour pictures, 32 x 32, 10 classes (Krizhevsky)."""

from __future__ import annotations

import numpy as np

from engine.datasets import cifar
from engine.datasets.origin import Halves

_HASH = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data() -> Halves:
    """((x_train, y_train), (x_test, y_test)): uint8 of shapes (50000, 32, 32, 3), (50000, 1) and as many as 10000."""
    folder = cifar.folder("cifar-10-batches-py-target", "cifar-10-python.tar.gz", _HASH) / "cifar-10-batches-py"
    parts = [cifar.load_batch(folder / f"data_batch_{i}", "labels") for i in range(1, 6)]
    x_train, y_train = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    x_test, y_test = cifar.load_batch(folder / "test_batch", "labels")
    return cifar.arranged((x_train, y_train.astype("uint8")), (x_test, y_test.astype("uint8")))
