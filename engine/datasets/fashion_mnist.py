"""Fashion-MNIST: 70,000 pictures of clothes, 28 x 28 grey, 10 classes (Zalando Research)."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np

from engine.data.files import get_file
from engine.datasets.origin import FOLDER, Array, Halves

_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def load_data() -> Halves:
    """((x_train, y_train), (x_test, y_test)): uint8 of shapes (60000, 28, 28), (60000,), (10000, 28, 28), (10000,)."""
    folder = os.path.join("datasets", "fashion-mnist")
    paths = [get_file(name, FOLDER + name, cache_subdir=folder) for name in _FILES]
    x_train, y_train, x_test, y_test = (read_idx(path) for path in paths)
    return (x_train, y_train), (x_test, y_test)


def read_idx(path: str) -> Array:
    """The array of bytes in a compressed IDX file.

    Raises:
        ValueError: the file has another format, or ends too soon.
    """
    data = gzip.decompress(Path(path).read_bytes())
    if len(data) < 4 or data[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is no IDX file of bytes. Fetch it anew.")
    sizes = np.frombuffer(data, ">u4", count=data[3], offset=4)
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if values.size != int(np.prod(sizes, dtype=np.int64)):
        raise ValueError(f"{path} says {tuple(int(s) for s in sizes)} but holds {values.size} values. Fetch it anew.")
    return values.reshape(sizes)
