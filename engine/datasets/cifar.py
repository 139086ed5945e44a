"""What CIFAR-10 and CIFAR-100 share: their archives and batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.core import config
from engine.data import pickled
from engine.data.files import get_file
from engine.datasets.origin import Array, Halves

_ORIGIN = "https://www.cs.toronto.edu/~kriz/"


def folder(name: str, archive: str, file_hash: str) -> Path:
    """The unpacked archive."""
    return Path(get_file(name, _ORIGIN + archive, extract=True, file_hash=file_hash))


def load_batch(path: Path, labels: str) -> tuple[Array, Array]:
    """Pictures (n, 3, 32, 32), uint8, and labels (n, 1) of one file."""
    content: dict[Any, Any] = pickled.load(path.read_bytes(), encoding="bytes")
    named = {key.decode("utf-8"): value for key, value in content.items()}
    pictures = np.asarray(named["data"], np.uint8).reshape(-1, 3, 32, 32)
    return pictures, np.reshape(named[labels], (-1, 1))


def arranged(train: tuple[Array, Array], test: tuple[Array, Array]) -> Halves:
    """Both halves in the global data format."""
    if config.image_data_format() == "channels_first":
        return train, test
    return (train[0].transpose(0, 2, 3, 1), train[1]), (test[0].transpose(0, 2, 3, 1), test[1])
