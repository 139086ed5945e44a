"""Weights files: links, foreign data, packed and claimed-only arrays are refused before anything is allocated."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine.core.errors import LoadError
from engine.saving.h5 import reading, writing

GOOD = np.arange(6, dtype="float32").reshape(2, 3)


def file_with(fill: Callable[[Any], Any]) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["layers/dense/vars/0"] = GOOD
        fill(file)
    return stream.getvalue()


def test_reads_what_was_written() -> None:
    stream = io.BytesIO()
    with writing(stream) as writer:
        entry = writer.entry("layers/dense", "first")
        entry["0"], entry["1"] = GOOD, np.int32(7)
        writer.entry("", "model")
        writer.entry("layers/empty", None)
    with reading(stream.getvalue()) as reader:
        assert reader.shapes("layers/dense") == {"0": (2, 3), "1": ()}
        assert reader.name("layers/dense") == "first"
        assert reader.name("") == "model"
        np.testing.assert_array_equal(reader.read("layers/dense", "0"), GOOD)
        assert reader.read("layers/dense", "1") == 7
        assert "layers/empty" not in reader
        assert reader.paths() == ["layers/dense"]


def test_bfloat16_is_kept_as_keras_keeps_it() -> None:
    import ml_dtypes

    values = np.array([1.5, -2.0], ml_dtypes.bfloat16)
    stream = io.BytesIO()
    with writing(stream) as writer:
        writer.entry("layers/dense", "d")["0"] = values
    with h5py.File(io.BytesIO(stream.getvalue())) as file:
        assert file["layers/dense/vars/0"].attrs["dtype"] == "bfloat16"
    with reading(stream.getvalue()) as reader:
        np.testing.assert_array_equal(reader.read("layers/dense", "0"), values)


def external_data(file: Any) -> None:
    file.create_dataset("layers/a/vars/0", (10,), "float32", external=[("/etc/passwd", 0, 40)])


def virtual_data(file: Any) -> None:
    layout = h5py.VirtualLayout((4,), "float32")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset("layers/a/vars/0", layout)


def soft_link(file: Any) -> None:
    file["layers/a"] = h5py.SoftLink("/layers/dense")


def external_link(file: Any) -> None:
    file["layers/a"] = h5py.ExternalLink("/tmp/other.h5", "/x")


def hard_link(file: Any) -> None:
    file["layers/a"] = file["layers/dense"]


def loop_of_links(file: Any) -> None:
    file["layers/dense/again"] = file["layers"]


def texts(file: Any) -> None:
    file.create_dataset("layers/a/vars/0", data=["a", "b"], dtype=h5py.string_dtype())


def references(file: Any) -> None:
    file.create_dataset("layers/a/vars/0", data=[file.ref], dtype=h5py.ref_dtype)


def compound(file: Any) -> None:
    file["layers/a/vars/0"] = np.zeros(3, [("x", "f4"), ("y", "f4")])


def named_type(file: Any) -> None:
    file["layers/a/vars/0"] = np.dtype("f4")


def claimed_only(file: Any) -> None:
    file.create_dataset("layers/a/vars/0", (1_000_000_000, 100), "float32")


def claimed_chunks(file: Any) -> None:
    file.create_dataset("layers/a/vars/0", (1 << 40,), "float32", chunks=(1024,), compression="gzip")


def packed_zeros(file: Any) -> None:
    file.create_dataset("layers/a/vars/0", data=np.zeros(4_000_000, "float32"), compression="gzip")


def giant_chunk(file: Any) -> None:
    zeros = np.zeros(8_000_000, "float32")
    made = file.create_dataset(
        "layers/a/vars/0", (8_000_000,), "float32", chunks=(8_000_000,), maxshape=(None,), compression=9
    )
    made[:] = zeros
    made.resize((4,))


def other_filter(file: Any) -> None:
    file.create_dataset("layers/a/vars/0", data=np.arange(1000), compression="lzf")


def empty_space(file: Any) -> None:
    file["layers/a/vars/0"] = h5py.Empty("f4")


def very_deep(file: Any) -> None:
    file.create_group("/".join(["a"] * 80))


HOSTILE = [
    (external_data, "another file"),
    (virtual_data, "another file"),
    (soft_link, "link"),
    (external_link, "link"),
    (hard_link, "second link"),
    (loop_of_links, "second link"),
    (texts, "not plain numbers"),
    (references, "not plain numbers"),
    (compound, "not plain numbers"),
    (named_type, "neither a group nor an array"),
    (claimed_only, "claims"),
    (claimed_chunks, "claims"),
    (packed_zeros, "claims"),
    (giant_chunk, "claims"),
    (other_filter, "packed"),
    (empty_space, "no numbers"),
    (very_deep, "nested"),
]


@pytest.mark.parametrize(("fill", "reason"), HOSTILE, ids=lambda x: getattr(x, "__name__", ""))
def test_hostile_file_is_refused_without_memory(fill: Callable[[Any], Any], reason: str) -> None:
    data = file_with(fill)
    tracemalloc.start()
    with pytest.raises(LoadError, match=reason) as caught, reading(data):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.member == "model.weights.h5"
    assert peak < 3_000_000 + 2 * len(data)


def test_reasonably_packed_arrays_are_read() -> None:
    values = np.random.default_rng(0).integers(0, 4, 5000).astype("float32")
    data = file_with(lambda file: file.create_dataset("layers/a/vars/0", data=values, compression="gzip"))
    with reading(data) as reader:
        np.testing.assert_array_equal(reader.read("layers/a", "0"), values)


def test_error_of_the_caller_is_not_taken_for_damage(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="mine"), reading(file_with(lambda file: None)):
        raise RuntimeError("mine")


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bytes_end_in_a_sentence_or_in_numbers(seed: int) -> None:
    data = file_with(lambda file: file.create_dataset("layers/b/vars/0", data=GOOD, compression="gzip"))
    rng = np.random.default_rng(seed)
    refused = 0
    for _ in range(150):
        damaged = bytearray(data)
        for place in rng.integers(0, len(data), rng.integers(1, 6)):
            damaged[place] = rng.integers(0, 256)
        try:
            with reading(bytes(damaged)) as reader:
                for path in reader.paths():
                    for key in reader.shapes(path):
                        reader.read(path, key)
        except LoadError as error:
            refused += 1
            assert error.reason
    assert refused
