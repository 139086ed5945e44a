"""Weights of a model to and from HDF5: shapes are compared first, all differences are told at once."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core.errors import LoadError
from engine.saving import archive
from engine.saving.h5 import Entry, Reader, reading, writing
from engine.saving.walk import own_variables, saveables

SUFFIX = ".weights.h5"
_SHOWN = 12
"""Most differences listed in one message."""


def weights_bytes(model: Any) -> bytes:
    """The model's weights, and its optimizer's state, as an HDF5 file."""
    stream = io.BytesIO()
    with writing(stream) as writer:
        for path, obj in saveables(model):
            name = getattr(obj, "name", None)
            obj.save_own_variables(writer.entry(path, name if isinstance(name, str) else None))
    return stream.getvalue()


def save_weights(
    model: Any,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    max_shard_size: float | None = None,
    **kwargs: Any,
) -> None:
    """Write the weights to a file whose name ends in `.weights.h5`.

    Raises:
        ValueError: the name ends otherwise, or the file exists and `overwrite` is False.
    """
    target = str(filepath)
    if max_shard_size is not None or kwargs:
        known = ["max_shard_size"] if max_shard_size is not None else []
        raise ValueError(f"Weights are written into one file; leave these settings out: {known + sorted(kwargs)}")
    if not target.endswith(SUFFIX):
        raise ValueError(f"The filename must end in `{SUFFIX}`. Received: filepath={target}")
    check_overwrite(target, overwrite)
    if not getattr(model, "built", True):
        raise ValueError(
            f"{model.name} has no weights yet because it has not been built. Call it on data, or give it an Input."
        )
    content = weights_bytes(model)
    with archive.replacing(target) as stream:
        stream.write(content)


def check_overwrite(target: str, overwrite: bool) -> None:
    """Refuse to replace a file unless that is wanted."""
    if not overwrite and Path(target).exists():
        raise ValueError(f"{target} exists already. Pass `overwrite=True` to replace it, or choose another name.")


def load_weights(model: Any, filepath: str | os.PathLike[str], skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Read weights from a `.weights.h5` or `.keras` file into a built model.

    Args:
        skip_mismatch: load what fits and list the rest in a warning, instead of loading nothing.

    Raises:
        LoadError: the file is damaged, or its arrays are not those of the model; nothing is loaded then.
    """
    path = str(filepath)
    if kwargs:
        raise ValueError(f"Invalid keyword arguments: {kwargs}")
    if path.endswith(".keras"):
        content = archive.read_archive(path).weights
        if content is None:
            raise LoadError(f"{path} holds no weights.", member=archive.WEIGHTS, reason="it is not in the file.")
    elif path.endswith((".h5", ".hdf5")):
        content = Path(path).read_bytes()
    else:
        raise ValueError(
            f"File format not supported: filepath={path}. Keras 3 only supports V3 `.keras` files, `.weights.h5` files."
        )
    load_weights_bytes(model, content, skip_mismatch=skip_mismatch, member=Path(path).name)


def load_weights_bytes(model: Any, data: bytes, skip_mismatch: bool = False, member: str = archive.WEIGHTS) -> None:
    """Read weights from the content of a weights file (see `load_weights`)."""
    if not getattr(model, "built", True):
        raise ValueError(
            f"Unable to load weights into {model.name}, which has not created its variables yet. "
            "Call the model on data first, so that the variables are created."
        )
    with reading(data, member) as reader:
        parts, problems = _match(model, reader)
        if problems and not skip_mismatch:
            raise _refusal(model, reader, parts, problems)
        for part in parts:
            if part.fits:
                _load(part, reader)
    if problems:
        listed = "\n  ".join(_cut(problems))
        warnings.warn(f"{len(problems)} objects were skipped because they differ:\n  {listed}", stacklevel=3)


@dataclass
class _Part:
    """One object of the model and its place in the file."""

    path: str
    obj: Any
    fits: bool


def _match(model: Any, reader: Reader) -> tuple[list[_Part], list[str]]:
    parts, problems = [], []
    for path, obj in saveables(model):
        wanted = own_variables(obj)
        if path.split("/")[0] == "optimizer" and path not in reader:
            continue  # files without optimizer state leave the optimizer as it is
        found = reader.shapes(path)
        lines = [] if wanted is None else _differences(path, obj, wanted, found)
        problems.extend(lines)
        if found or wanted is None:
            parts.append(_Part(path, obj, not lines))
    return parts, problems


def _differences(path: str, obj: Any, wanted: dict[str, Any], found: dict[str, tuple[int, ...]]) -> list[str]:
    if path.split("/")[0] == "optimizer" and len(wanted) != len(found):
        return []  # the optimizer itself says that it stays fresh
    lines = []
    who = f"{path or 'the model'} ({getattr(obj, 'name', type(obj).__name__)})"
    for key, value in wanted.items():
        label = getattr(value, "name", key)
        if key not in found:
            lines.append(f"{who}: {label} {tuple(value.shape)} is not in the file")
        elif tuple(found[key]) != tuple(value.shape):
            lines.append(f"{who}: {label} has shape {tuple(value.shape)}, the file has {found[key]}")
    extra = found.keys() - wanted.keys()
    if extra:
        lines.append(f"{who}: the file has {len(found)} arrays here, the layer has {len(wanted)}")
    return lines


def _refusal(model: Any, reader: Reader, parts: list[_Part], problems: list[str]) -> LoadError:
    known = {part.path for part in parts}
    spare = sorted(path for path in reader.paths() if path not in known and not path.startswith("optimizer"))
    lines = _cut(problems)
    if spare:
        lines.append("in the file but not in the model: " + ", ".join(_cut(spare)))
    reason = f"its arrays are not those of {model.name}; nothing was loaded.\n  " + "\n  ".join(lines)
    return LoadError(f"{reader.member}: {reason}", member=reader.member, reason=reason)


def _cut(lines: Iterable[str]) -> list[str]:
    lines = list(lines)
    more = len(lines) - _SHOWN
    return lines if more <= 0 else [*lines[:_SHOWN], f"and {more} more"]


def _load(part: _Part, reader: Reader) -> None:
    try:
        part.obj.load_own_variables(Entry(reader, part.path))
    except LoadError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{part.path or 'the model'} cannot take its arrays: {error}"
        raise LoadError(f"{reader.member}: {reason}", member=reader.member, reason=reason) from error
