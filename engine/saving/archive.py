"""The container of a `.keras` file: a ZIP of a few known members, read by name into memory, written atomically."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from engine.core.errors import LoadError
from engine.saving import limits
from engine.saving.limits import refuse

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
KERAS_VERSION = "3.15.1"
"""Version of Keras whose format is written."""

_EXTRAS = re.compile(r"designer\.json|designer/(?!.*//)[A-Za-z0-9_\-][A-Za-z0-9_.\-/]{0,200}")
_ASSETS = re.compile(r"assets/(?!.*//)[A-Za-z0-9_\-][A-Za-z0-9_.\-/ ]{0,400}")
_FOLDERS = ("assets/", "designer/")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


@dataclass
class Archive:
    """The members of a `.keras` file.

    Attributes:
        config: the model's config; None while a project's network has errors.
        weights: the HDF5 file with the weights, or None.
        metadata: version and date of the program that wrote it.
        extras: "designer.json" and "designer/...", which the engine keeps but does not read.
        assets: texts that layers keep beside their weights.
    """

    config: dict[str, Any] | None = None
    weights: bytes | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    extras: dict[str, bytes] = field(default_factory=dict)
    assets: dict[str, bytes] = field(default_factory=dict)


def read_archive(path: str | os.PathLike[str] | BinaryIO) -> Archive:
    """Read a `.keras` file; nothing in it is built or run.

    Raises:
        LoadError: it is no such file, is damaged, or holds members that do not belong in one.
        OSError: it cannot be opened.
    """
    data = Path(path).read_bytes() if isinstance(path, (str, os.PathLike)) else path.read()
    members = _members(data)
    config = limits.parse_json(members[CONFIG], CONFIG) if CONFIG in members else None
    if config is not None and not isinstance(config, dict):
        raise refuse(CONFIG, "it does not hold an object.")
    metadata = limits.parse_json(members.get(METADATA, b"{}"), METADATA, limits.METADATA_BYTES)
    return Archive(
        config=config,
        weights=members.get(WEIGHTS),
        metadata=metadata if isinstance(metadata, dict) else {},
        extras={name: content for name, content in members.items() if _EXTRAS.fullmatch(name)},
        assets={name: content for name, content in members.items() if _ASSETS.fullmatch(name)},
    )


def _members(data: bytes) -> dict[str, bytes]:
    if data.startswith(_HDF5_MAGIC):
        raise refuse("", "The file is HDF5, the format of Keras 2; save it as `.keras` with Keras 3 to open it here.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_count(data, len(entries))
            _check_entries(entries, len(data))
            return {entry.filename: _content(archive, entry, len(data)) for entry in entries if not entry.is_dir()}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise refuse("", f"The file is not a `.keras` file, or it is damaged: {_plain(error)}.") from error
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        if isinstance(error, LoadError):
            raise
        raise refuse("", f"The file is damaged: {_plain(error)}.") from error


def _plain(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")


def _check_count(data: bytes, found: int) -> None:
    """The list of members may be cut short without zipfile noticing; the end record holds their number."""
    end = data.rfind(b"PK\x05\x06")
    stated = int.from_bytes(data[end + 10 : end + 12], "little")
    if stated not in (found, 0xFFFF):
        raise refuse("", f"The file is damaged: it states {stated} members and lists {found}.")


def _check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > limits.MEMBERS:
        raise refuse("", f"The file has {len(entries):,} members; at most {limits.MEMBERS:,} are read.")
    seen: set[str] = set()
    for entry in entries:
        _check_entry(entry)
        if entry.filename in seen:
            raise refuse(entry.filename, "the member stands twice in the file.")
        seen.add(entry.filename)
    if sum(entry.compress_size for entry in entries) > size:
        raise refuse("", "The members of the file overlap.")
    total = sum(entry.file_size for entry in entries)
    if total > _unpacked_limit(size):
        raise refuse("", f"The file of {size:,} bytes claims to unpack to {total:,}.")


def _unpacked_limit(size: int) -> int:
    return limits.DEFLATE_RATIO * size + limits.DEFLATE_FLOOR


def _check_entry(entry: zipfile.ZipInfo) -> None:
    # `orig_filename` is the name before zipfile cuts it at a zero byte and turns backslashes around.
    name = entry.orig_filename
    shown = name if name.isprintable() and len(name) < 200 else repr(name[:80])
    known = name in (CONFIG, METADATA, WEIGHTS, *_FOLDERS) or _EXTRAS.fullmatch(name) or _ASSETS.fullmatch(name)
    if not known or name != entry.filename or any(part in ("..", ".") for part in name.split("/")):
        raise refuse(shown, "a member of this name does not belong in a `.keras` file.")
    if entry.flag_bits & 0x1:
        raise refuse(shown, "the member is encrypted.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise refuse(shown, "the member is a link.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refuse(shown, "the member is packed in a way that `.keras` files do not use.")
    if entry.compress_type == zipfile.ZIP_STORED and entry.file_size != entry.compress_size:
        raise refuse(shown, f"the member claims {entry.file_size:,} bytes and stores {entry.compress_size:,}.")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, size: int) -> bytes:
    limit = {CONFIG: limits.CONFIG_BYTES, METADATA: limits.METADATA_BYTES}.get(entry.filename)
    if limit is None and entry.filename.startswith("assets/"):
        limit = limits.ASSET_BYTES
    if limit is not None and entry.file_size > limit:
        raise refuse(entry.filename, f"it has {entry.file_size:,} bytes; at most {limit:,} are read.")
    with archive.open(entry) as member:
        content = member.read(entry.file_size)
        # Reading past the end makes zipfile compare the checksum.
        if member.read(1) or len(content) != entry.file_size:
            raise refuse(entry.filename, "its length is not the one the file states.")
    return content


def write_archive(
    path: str | os.PathLike[str] | BinaryIO,
    config: Mapping[str, Any] | None = None,
    weights: bytes | None = None,
    metadata: Mapping[str, Any] | None = None,
    extras: Mapping[str, bytes] | None = None,
    assets: Mapping[str, bytes] | None = None,
) -> None:
    """Write a `.keras` file. The old file stays whole until the new one is complete.

    Args:
        path: where to; or an open binary file.
        config, weights: what Keras reads; left out when None.
        metadata: added to version and date.
        extras: "designer.json" and "designer/..." members.
        assets: "assets/..." members.

    Raises:
        ValueError: an extra has a name that a reader would refuse.
        OSError: the disk refuses.
    """
    members: dict[str, bytes] = {METADATA: _metadata(metadata)}
    if config is not None:
        members[CONFIG] = json.dumps(config, allow_nan=False).encode()
    if weights is not None:
        members[WEIGHTS] = weights
    for name, content in {**(extras or {}), **(assets or {})}.items():
        if not (_EXTRAS.fullmatch(name) or _ASSETS.fullmatch(name)):
            raise ValueError(f"A `.keras` file has no place for a member named {name!r}.")
        members[name] = content
    if isinstance(path, (str, os.PathLike)):
        with replacing(path) as stream:
            _write_members(stream, members)
    else:
        _write_members(path, members)


def _metadata(extra: Mapping[str, Any] | None) -> bytes:
    date = datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    return json.dumps({"keras_version": KERAS_VERSION, "date_saved": date, **(extra or {})}).encode()


def _write_members(stream: BinaryIO, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, content)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when it is complete; on an error nothing of it stays."""
    target = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, _mode(target))
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mode(target: Path) -> int:
    """Permissions of the file that is replaced, or those a new file gets."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
