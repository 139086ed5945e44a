"""CIFAR-100: 60,000 colour pictures, 32 x 32, 100 classes in 20 groups (Krizhevsky)."""

from __future__ import annotations

from engine.datasets import cifar
from engine.datasets.origin import Halves

_HASH = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode: str = "fine") -> Halves:
    """((x_train, y_train), (x_test, y_test)): uint8 (50000, 32, 32, 3), int64 (50000, 1), and 10000 of each to test.

    Args:
        label_mode: "fine" for the 100 classes, "coarse" for the 20 groups.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f'`label_mode` must be one of `"fine"`, `"coarse"`. Received: label_mode={label_mode}.')
    folder = cifar.folder("cifar-100-python-target", "cifar-100-python.tar.gz", _HASH) / "cifar-100-python"
    train, test = (cifar.load_batch(folder / part, f"{label_mode}_labels") for part in ("train", "test"))
    return cifar.arranged(train, test)
