"""Fetching once: cache, checksums, unpacking, refusals; `file:` addresses stand for the network."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from engine.data.files import extract_archive, get_file


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    path = tmp_path / "far" / "words.txt"
    path.parent.mkdir()
    path.write_bytes(b"bricks\n" * 20_000)
    return path


def test_a_file_is_fetched_once_with_progress(origin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(get_file(origin=origin.as_uri(), cache_dir=tmp_path / "cache"))
    assert path == tmp_path / "cache" / "datasets" / "words.txt"
    assert path.read_bytes() == origin.read_bytes()
    told = capsys.readouterr().out
    assert f"Downloading data from {origin.as_uri()}" in told
    assert "140000/140000" in told
    origin.unlink()
    assert Path(get_file(origin=origin.as_uri(), cache_dir=tmp_path / "cache")) == path
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_a_wrong_checksum_leaves_nothing(origin: Path, tmp_path: Path, kind: str) -> None:
    right = hashlib.new(kind, origin.read_bytes()).hexdigest()
    wrong = ("0" if right[0] != "0" else "1") + right[1:]
    folder = tmp_path / "cache" / "datasets"
    with pytest.raises(ValueError, match="Incomplete or corrupted file detected"):
        get_file(origin=origin.as_uri(), cache_dir=tmp_path / "cache", file_hash=wrong)
    assert list(folder.iterdir()) == []
    path = get_file(origin=origin.as_uri(), cache_dir=tmp_path / "cache", file_hash=right)
    Path(path).write_bytes(b"damaged")
    get_file(origin=origin.as_uri(), cache_dir=tmp_path / "cache", file_hash=right)
    assert Path(path).read_bytes() == origin.read_bytes()


def test_a_missing_file_says_where_to_put_it(tmp_path: Path) -> None:
    missing = (tmp_path / "gone.npz").as_uri()
    with pytest.raises(OSError, match=r"URL fetch failure.*gone\.npz.*put it to .*cache"):
        get_file(origin=missing, cache_dir=tmp_path / "cache")
    assert list((tmp_path / "cache" / "datasets").iterdir()) == []


def test_fetching_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRICKLAYER_OFFLINE", "1")
    with pytest.raises(OSError, match=r"a\.npz is not in the cache.*https://example\.org/a\.npz.*put it to"):
        get_file(origin="https://example.org/a.npz", cache_dir=tmp_path)


def test_names_and_addresses_that_lead_elsewhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='specify the "origin"'):
        get_file("a.txt")
    with pytest.raises(ValueError, match="Paths are no longer accepted"):
        get_file("../a.txt", "https://example.org/a.txt", cache_dir=tmp_path)
    with pytest.raises(ValueError, match="Can't parse the file name"):
        get_file(origin="https://example.org/", cache_dir=tmp_path)
    with pytest.raises(ValueError, match="ftp://"):
        get_file(origin="ftp://example.org/a.txt", cache_dir=tmp_path)


def test_the_cache_is_the_one_of_keras(origin: Path) -> None:
    assert Path(get_file(origin=origin.as_uri())).parent == Path(os.environ["KERAS_HOME"]) / "datasets"


def test_archives_are_unpacked_once(origin: Path, tmp_path: Path) -> None:
    packed = tmp_path / "far" / "words.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(origin, "inner/words.txt")
    folder = Path(get_file("words", packed.as_uri(), extract=True, cache_dir=tmp_path / "cache"))
    assert (folder / "inner" / "words.txt").read_bytes() == origin.read_bytes()
    packed.unlink()
    assert Path(get_file("words", packed.as_uri(), extract=True, cache_dir=tmp_path / "cache")) == folder


def test_members_that_would_land_elsewhere_are_left_out(tmp_path: Path) -> None:
    tar, zipped = tmp_path / "a.tar", tmp_path / "a.zip"
    with tarfile.open(tar, "w") as archive:
        for name in ("../out.txt", "in.txt"):
            member = tarfile.TarInfo(name)
            member.size = 2
            archive.addfile(member, io.BytesIO(b"hi"))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
    with zipfile.ZipFile(zipped, "w") as other:
        other.writestr("../out.txt", "hi")
        other.writestr("in.txt", "hi")
    for source in (tar, zipped):
        target = tmp_path / f"to-{source.suffix[1:]}"
        with pytest.warns(UserWarning, match="Skipping invalid path"):
            assert extract_archive(source, target)
        assert [p.name for p in target.iterdir()] == ["in.txt"]
    assert not (tmp_path / "out.txt").exists()


def test_what_is_no_archive_is_told(origin: Path, tmp_path: Path) -> None:
    assert not extract_archive(origin, tmp_path / "to")
    assert not extract_archive(origin, tmp_path / "to", None)
    assert not (tmp_path / "to").exists()
    with pytest.raises(ValueError, match="Received: rar"):
        extract_archive(origin, tmp_path / "to", "rar")
