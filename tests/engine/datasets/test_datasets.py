"""Each dataset read from a small file of its format, compared with what Keras reads from the same file."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "numpy")

import gzip
import hashlib
import importlib
import io
import json
import pickle
import shutil
import struct
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from engine.core.errors import LoadError
from engine.data import pickled

CACHE = Path(os.environ["KERAS_HOME"]) / "datasets"
RNG = np.random.default_rng(0)


def texts(count: int) -> Any:
    result = np.empty(count, dtype=object)
    result[:] = [RNG.integers(1, 40, RNG.integers(1, 9)).tolist() for _ in range(count)]
    return result


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def idx(array: Any) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes())


def archive(folder: str, files: dict[str, Any]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            data = pickle.dumps(content, protocol=3)
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def cifar_batch(count: int, *labels: str) -> dict[bytes, Any]:
    pictures = RNG.integers(0, 256, (count, 3072), dtype=np.uint8)
    return {b"data": pictures, **{n.encode(): RNG.integers(0, 10, count).tolist() for n in labels}}


def pictures(count: int) -> Any:
    return RNG.integers(0, 256, (count, 28, 28), dtype=np.uint8)


def labels(count: int) -> Any:
    return RNG.integers(0, 10, count, dtype=np.uint8)


FILES: dict[str, Callable[[], dict[str, bytes]]] = {
    "mnist": lambda: {"mnist.npz": npz(x_train=pictures(6), y_train=labels(6), x_test=pictures(2), y_test=labels(2))},
    "fashion_mnist": lambda: {
        "fashion-mnist/train-images-idx3-ubyte.gz": idx(pictures(6)),
        "fashion-mnist/train-labels-idx1-ubyte.gz": idx(labels(6)),
        "fashion-mnist/t10k-images-idx3-ubyte.gz": idx(pictures(2)),
        "fashion-mnist/t10k-labels-idx1-ubyte.gz": idx(labels(2)),
    },
    "boston_housing": lambda: {"boston_housing.npz": npz(x=RNG.normal(size=(20, 13)), y=RNG.normal(size=20))},
    "california_housing": lambda: {"california_housing.npz": npz(x=RNG.normal(size=(700, 8)), y=RNG.normal(size=700))},
    "imdb": lambda: {
        "imdb.npz": npz(x_train=texts(30), y_train=labels(30), x_test=texts(20), y_test=labels(20)),
        "imdb_word_index.json": json.dumps({"the": 1, "a": 2}).encode(),
    },
    "reuters": lambda: {
        "reuters.npz": npz(x=texts(50), y=labels(50)),
        "reuters_word_index.json": json.dumps({"of": 1}).encode(),
    },
    "cifar100": lambda: {
        "cifar-100-python-target_archive": archive(
            "cifar-100-python",
            {part: cifar_batch(n, "fine_labels", "coarse_labels") for part, n in (("train", 5), ("test", 3))},
        )
    },
}
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("mnist", {}),
    ("fashion_mnist", {}),
    ("boston_housing", {}),
    ("boston_housing", {"test_split": 0.5, "seed": 7}),
    ("california_housing", {}),
    ("california_housing", {"version": "small"}),
    ("imdb", {}),
    ("imdb", {"num_words": 20, "skip_top": 3, "maxlen": 7, "seed": 2}),
    ("imdb", {"num_words": 20, "start_char": None, "oov_char": None, "index_from": 0}),
    ("reuters", {}),
    ("reuters", {"num_words": 25, "maxlen": 6, "test_split": 0.4, "start_char": None}),
    ("cifar100", {}),
    ("cifar100", {"label_mode": "coarse"}),
]


@pytest.fixture
def files(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Files of one dataset in the cache, their checksums in place of the real ones."""
    name: str = request.param
    made = FILES[name]()
    ours, theirs = importlib.import_module(f"engine.datasets.{name}"), importlib.import_module(f"keras.datasets.{name}")
    source = importlib.import_module(f"keras.src.datasets.{name}")
    for file, data in made.items():
        (CACHE / file).parent.mkdir(parents=True, exist_ok=True)
        (CACHE / file).write_bytes(data)
        if not file.startswith("fashion"):
            monkeypatch.setattr(ours, "_WORDS_HASH" if "word" in file else "_HASH", hashlib.sha256(data).hexdigest())
    without_hash = keras.utils.get_file
    monkeypatch.setattr(source, "get_file", lambda *a, file_hash=None, **k: without_hash(*a, **k))
    assert theirs.load_data is source.load_data
    yield name
    for file in made:
        (CACHE / file).unlink()
        shutil.rmtree(CACHE / file.removesuffix("_archive"), ignore_errors=True)


@pytest.mark.parametrize(("files", "arguments"), CALLS, indirect=["files"], ids=[f"{n}-{a}" for n, a in CALLS])
def test_data_is_read_as_keras_reads_it(files: str, arguments: dict[str, Any]) -> None:
    ours = importlib.import_module(f"engine.datasets.{files}").load_data(**arguments)
    theirs = importlib.import_module(f"keras.datasets.{files}").load_data(**arguments)
    for our_half, their_half in zip(ours, theirs, strict=True):
        for our, their in zip(our_half, their_half, strict=True):
            assert our.dtype == their.dtype
            assert our.shape == their.shape
            assert our.tolist() == their.tolist()


@pytest.mark.parametrize(("files", "words"), [("imdb", {"the": 1, "a": 2}), ("reuters", {"of": 1})], indirect=["files"])
def test_word_numbers_are_read(files: str, words: dict[str, int]) -> None:
    assert importlib.import_module(f"engine.datasets.{files}").get_word_index() == words


def test_topics_are_those_of_keras() -> None:
    from engine.datasets import reuters

    assert reuters.get_label_names() == keras.datasets.reuters.get_label_names()


def test_batches_of_cifar10_are_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.datasets import cifar10

    batches = {f"data_batch_{i}": cifar_batch(4, "labels") for i in range(1, 6)} | {
        "test_batch": cifar_batch(3, "labels")
    }
    packed = archive("cifar-10-batches-py", batches)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "cifar-10-batches-py-target_archive").write_bytes(packed)
    monkeypatch.setattr(cifar10, "_HASH", hashlib.sha256(packed).hexdigest())
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert (x_train.shape, y_train.shape) == ((20, 32, 32, 3), (20, 1))
    assert (x_test.shape, y_test.shape) == ((3, 32, 32, 3), (3, 1))
    third = batches["data_batch_3"]
    np.testing.assert_array_equal(x_train[8].transpose(2, 0, 1).ravel(), third[b"data"][0])
    assert y_train[8:12, 0].tolist() == third[b"labels"]


@pytest.mark.parametrize("name", ["mnist", "imdb", "cifar10", "fashion_mnist"])
def test_offline_each_says_what_to_put_where(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("BRICKLAYER_OFFLINE", "1")
    with pytest.raises(OSError, match=r"Fetch https://\S+ on a machine with a network and put it to " + str(tmp_path)):
        importlib.import_module(f"engine.datasets.{name}").load_data()


class Gadget:
    """Unpickled by Python's own reader, it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self._path),))


def test_a_file_cannot_run_anything(tmp_path: Path) -> None:
    array = np.empty(1, dtype=object)
    array[0] = Gadget(tmp_path / "made")
    (tmp_path / "a.npz").write_bytes(npz(x=array))
    with pytest.raises(LoadError, match=r"asks for posix\.mkdir|asks for nt\.mkdir"):
        pickled.load_npz(tmp_path / "a.npz")
    with pytest.raises(LoadError, match="damaged"):
        pickled.load(pickle.dumps([1, 2, 3])[:-4])
    assert not (tmp_path / "made").exists()


def test_arguments_out_of_range_are_refused() -> None:
    from engine.datasets import boston_housing, california_housing, cifar100

    with pytest.raises(ValueError, match="between 0 and 1"):
        boston_housing.load_data(test_split=1)
    with pytest.raises(ValueError, match="'small', 'large'"):
        california_housing.load_data("medium")
    with pytest.raises(ValueError, match='`"fine"`, `"coarse"`'):
        cifar100.load_data("rough")
