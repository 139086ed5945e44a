"""The container: what is read, what is refused with a sentence, and that a save leaves the old file or the new one."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import LoadError
from engine.saving import read_archive, write_archive
from engine.saving.archive import replacing


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def read(data: bytes) -> Any:
    return read_archive(io.BytesIO(data))


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "project.keras"
    extras = {"designer.json": b"{}", "designer/runs.json": b"[1]", "designer/data/points.npy": b"\x00\x01"}
    write_archive(path, config={"a": [1, None]}, weights=b"numbers", metadata={"by": "test"}, extras=extras)
    found = read_archive(path)
    assert found.config == {"a": [1, None]}
    assert found.weights == b"numbers"
    assert found.metadata["by"] == "test"
    assert found.metadata["keras_version"].startswith("3.")
    assert found.extras == extras


def test_members_keras_does_not_need_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "broken-graph.keras"
    write_archive(path, extras={"designer.json": b"{}"})
    assert read_archive(path).config is None
    assert read_archive(path).weights is None


def test_members_are_stored_with_fixed_dates(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    write_archive(path, config={}, weights=b"x" * 1000)
    with zipfile.ZipFile(path) as archive:
        assert {e.compress_type for e in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {e.date_time for e in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "designer/../../evil",
        "C:evil",
        "designer\\evil",
        "evil.py",
        "config.json.bak",
        "designer//x",
    ],
)
def test_member_that_does_not_belong(name: str) -> None:
    with pytest.raises(LoadError, match="does not belong") as caught:
        read(zipped({"config.json": b"{}", name: b"x"}))
    assert "evil" in caught.value.member or "x" in caught.value.member or "bak" in caught.value.member


def test_name_cut_short_by_a_zero_byte() -> None:
    data = zipped({"config.jsonX/../evil": b"{}"}).replace(b"config.jsonX", b"config.json\x00")
    with pytest.raises(LoadError):
        read(data)


def test_duplicate_members() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", b"{}")
        archive.writestr("config.json", b"[]")
    with pytest.raises(LoadError, match="twice"):
        read(stream.getvalue())


def test_link_member() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        entry = zipfile.ZipInfo("config.json")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(LoadError, match="link"):
        read(stream.getvalue())


def test_encrypted_member() -> None:
    data = bytearray(zipped({"config.json": b"{}"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(signature) + offset
        data[place : place + 2] = struct.pack("<H", 1)
    with pytest.raises(LoadError, match="encrypted"):
        read(bytes(data))


def test_zip_bomb_is_refused_before_it_unpacks() -> None:
    data = zipped({"model.weights.h5": b"\0" * 200_000_000}, zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    with pytest.raises(LoadError, match="claims to unpack"):
        read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_header_that_lies_about_the_size() -> None:
    data = bytearray(zipped({"config.json": b"{" + b" " * 5000 + b"}"}, zipfile.ZIP_DEFLATED))
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = struct.pack("<I", 10)
    with pytest.raises(LoadError):
        read(bytes(data))


def test_modestly_packed_archive_is_read() -> None:
    assert read(zipped({"config.json": json.dumps({"a": list(range(999))}).encode()}, zipfile.ZIP_DEFLATED)).config["a"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": ', "not JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"[" * 100 + b"]" * 100, "nested"),
        (b"[" * 100_000 + b"]" * 100_000, "nested"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "not JSON"),
        (b"[1]", "object"),
    ],
)
def test_config_beyond_the_limits(text: bytes, reason: str) -> None:
    with pytest.raises(LoadError, match=reason) as caught:
        read(zipped({"config.json": text}))
    assert caught.value.member == "config.json"
    assert str(caught.value).startswith("config.json: ")


def test_config_of_very_many_values() -> None:
    with pytest.raises(LoadError, match="more than 2,000,000 values"):
        read(zipped({"config.json": b'{"a": [' + b"0," * 2_000_000 + b"0]}"}))


@pytest.mark.parametrize("data", [b"", b"PK", b"hello", b"PK\x05\x06" + b"\0" * 18, b"\x89HDF\r\n\x1a\n" + b"\0" * 50])
def test_not_a_keras_file(data: bytes) -> None:
    if data.startswith(b"PK\x05"):
        assert read(data).config is None  # an empty archive holds nothing
    else:
        with pytest.raises(LoadError, match="file"):
            read(data)


def test_every_truncation_is_refused() -> None:
    data = zipped({"metadata.json": b"{}", "config.json": b'{"a": 1}', "model.weights.h5": b"w" * 50})
    for length in range(len(data)):
        with pytest.raises(LoadError):
            read(data[:length])


def test_every_flipped_bit_is_refused_or_harmless() -> None:
    whole = {"metadata.json": b"{}", "config.json": b'{"a": 1}', "model.weights.h5": b"weights"}
    data = zipped(whole)
    expected = read(data)
    for place in range(len(data)):
        for bit in (0, 3, 7):
            damaged = bytearray(data)
            damaged[place] ^= 1 << bit
            try:
                found = read(bytes(damaged))
            except LoadError:
                continue
            assert found == expected


def test_a_save_that_breaks_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    path.write_bytes(b"old")

    def save() -> None:
        with replacing(path) as stream:
            stream.write(b"half of the new")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        save()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["m.keras"]


def test_a_save_keeps_permissions(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_archive(path, config={})
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert read_archive(path).config == {}


def test_writer_refuses_names_that_a_reader_would_refuse(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no place"):
        write_archive(tmp_path / "m.keras", extras={"designer/../x": b""})
    assert not list(tmp_path.iterdir())
