"""Files that are fetched once and kept: `get_file`, its cache folder, checksums and unpacking."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import warnings
import zipfile
from pathlib import Path
from typing import Any

from engine.core.messages import tell

OFFLINE = "BRICKLAYER_OFFLINE"
"""Environment variable: when set, nothing is fetched."""
_CHUNK = 1 << 16
_SCHEMES = ("http", "https", "file")


def cache_folder() -> Path:
    """Where fetched files are kept: `KERAS_HOME` if that is set, else `~/.keras`; shared with Keras."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()


def get_file(
    fname: Any = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
    force_download: bool = False,
) -> str:
    """The path of a file in the cache, fetched from `origin` if it is not there yet.

    Args:
        fname: its name in the cache; None takes the address's last part. For an archive, the folder's name.
        origin: address to fetch from.
        untar: older name for `extract`.
        md5_hash: older name for `file_hash` of kind MD5.
        file_hash: SHA-256 or MD5 sum that the file must have.
        cache_subdir: folder within the cache, or an absolute path.
        hash_algorithm: "sha256", "md5", or "auto" (by length).
        extract: whether to unpack a tar or zip archive; the path returned is then the folder's.
        archive_format: "tar", "zip", "auto" for both, or None.
        cache_dir: instead of `cache_folder()`.
        force_download: fetch even if it is there.

    Raises:
        ValueError: no origin, a name with a path, or a file that has another checksum.
        OSError: the file is missing and cannot be fetched; the message says where to put it by hand.
    """
    if origin is None:
        raise ValueError('Please specify the "origin" argument (URL of the file to download).')
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    folder = _folder(cache_dir, cache_subdir)
    name = _name(fname, origin)
    unpack = extract or untar
    target, unpacked = folder / name, folder / name
    if unpack:
        has_ending = bool(fname) and "." in name
        target = folder / (name if has_ending else f"{name}_archive")
        unpacked = folder / (f"{name.split('.')[0]}_extracted" if has_ending else name)
    wanted = force_download or not _is_there(target, file_hash, hash_algorithm)
    if wanted:
        fetch(origin, target, file_hash, hash_algorithm)
    if not unpack:
        return str(target)
    if wanted or not unpacked.exists():
        extract_archive(target, unpacked, "tar" if untar else archive_format)
    return str(unpacked)


def _folder(cache_dir: Any, subdir: str) -> Path:
    base = Path(cache_dir).expanduser() if cache_dir is not None else cache_folder()
    try:
        base.mkdir(parents=True, exist_ok=True)
        writable = os.access(base, os.W_OK)
    except OSError:
        writable = False
    folder = (base if writable else Path(tempfile.gettempdir()) / ".keras") / subdir
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _name(fname: Any, origin: str) -> str:
    name = os.fspath(fname) if fname else os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name:
        raise ValueError(
            f"Can't parse the file name from the origin provided: '{origin}'. Please specify the `fname` argument."
        )
    if os.path.basename(name) != name or name in (".", ".."):
        raise ValueError(
            "Paths are no longer accepted as the `fname` argument. To specify the file's parent directory, use the "
            f"`cache_dir` argument. Received: fname={name}"
        )
    return str(name)


def _is_there(target: Path, file_hash: str | None, algorithm: str) -> bool:
    if not target.exists():
        return False
    if file_hash is None or has_hash(target, file_hash, algorithm):
        return True
    tell(f"{target} is there but incomplete or outdated: its {algorithm} file hash is not {file_hash}.")
    return False


def has_hash(path: Any, file_hash: str, algorithm: str = "auto") -> bool:
    """Whether the file has this checksum."""
    if algorithm == "auto":
        algorithm = "sha256" if len(file_hash) == 64 else "md5"
    digest = hashlib.new(algorithm)
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest() == file_hash


def fetch(origin: str, target: Path, file_hash: str | None = None, algorithm: str = "auto") -> None:
    """Fetch a file with a progress bar; it appears in its place only when it is whole and its checksum is right.

    Raises:
        OSError: it cannot be fetched.
        ValueError: its checksum is another.
    """
    scheme = urllib.parse.urlsplit(origin).scheme
    if scheme not in _SCHEMES:
        raise ValueError(f"Files are fetched over {', '.join(_SCHEMES)}. Received: origin={origin}")
    by_hand = f"Fetch {origin} on a machine with a network and put it to {target}."
    if os.environ.get(OFFLINE) and scheme != "file":
        raise OSError(f"{target.name} is not in the cache, and fetching is switched off by {OFFLINE}. {by_hand}")
    tell(f"Downloading data from {origin}")
    handle, part = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            _copy(origin, file, by_hand)
        if file_hash is not None and not has_hash(part, file_hash, algorithm):
            raise ValueError(
                f"Incomplete or corrupted file detected. The {algorithm} file hash does not match the provided value "
                f"of {file_hash}."
            )
        os.replace(part, target)
    finally:
        Path(part).unlink(missing_ok=True)


def _copy(origin: str, file: Any, by_hand: str) -> None:
    from engine.callbacks.progress import Progbar

    try:
        with urllib.request.urlopen(origin, timeout=60) as answer:
            size = int(answer.headers.get("Content-Length") or 0) or None
            bar, done = Progbar(size, unit_name="byte"), 0
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                bar.update(done)
            bar.update(done, finalize=True)
    except urllib.error.HTTPError as error:
        raise OSError(f"URL fetch failure on {origin}: {error.code} -- {error.msg}. {by_hand}") from error
    except (urllib.error.URLError, TimeoutError) as error:
        reason = getattr(error, "reason", error)
        raise OSError(f"URL fetch failure on {origin}: {reason}. {by_hand}") from error


def extract_archive(archive: Any, folder: Any, archive_format: Any = "auto") -> bool:
    """Unpack a tar or zip archive into a folder; members that would land elsewhere, and links, are left out.

    Returns:
        Whether the file was an archive of a format asked for. An unpacking that breaks off leaves no folder.
    """
    formats = ["tar", "zip"] if archive_format == "auto" else archive_format
    formats = [formats] if isinstance(formats, str) else list(formats or ())
    for name in formats:
        if name not in _UNPACK:
            raise ValueError(f'`archive_format` is "tar", "zip", "auto" or None. Received: {name}')
        recognizes, unpack = _UNPACK[name]
        if not recognizes(archive):
            continue
        target = Path(folder)
        made = Path(tempfile.mkdtemp(dir=target.parent, prefix=f"{target.name}."))
        try:
            unpack(archive, made)
            shutil.rmtree(target, ignore_errors=True)
            os.replace(made, target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return True
    return False


def _unpack_tar(archive: Any, folder: Path) -> None:
    with tarfile.open(archive) as file:
        for member in file:
            if not (member.isfile() or member.isdir()) or not _stays_in(folder, member.name):
                _warn_skipped(member.name)
                continue
            file.extract(member, folder, filter="data")


def _unpack_zip(archive: Any, folder: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            if _stays_in(folder, member.filename):
                file.extract(member, folder)
            else:
                _warn_skipped(member.filename)


def _stays_in(folder: Path, name: str) -> bool:
    return not os.path.isabs(name) and (folder / name).resolve().is_relative_to(folder.resolve())


def _warn_skipped(name: str) -> None:
    warnings.warn(f"Skipping invalid path during archive extraction: '{name}'.", stacklevel=4)


_UNPACK: dict[str, tuple[Any, Any]] = {
    "tar": (tarfile.is_tarfile, _unpack_tar),
    "zip": (zipfile.is_zipfile, _unpack_zip),
}
