"""Weights in HDF5: a checked reader that loads nothing it was not asked for, and a writer in Keras's layout."""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from engine.core.errors import LoadError
from engine.core.tensor import as_array
from engine.saving import limits
from engine.saving.limits import refuse

_NUMBERS = "biuf"
_DEFLATE = 1
_ERRORS = (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, OverflowError, MemoryError)
"""What h5py raises for damaged files."""


class Reader:
    """The arrays of a weights file by path ("layers/dense" -> {"0": array}).

    Everything is checked when the file is opened; arrays are read when they are asked for.
    """

    def __init__(self, file: Any, member: str, size: int) -> None:
        self.member = member
        self._size = size
        self._arrays: dict[str, dict[str, Any]] = {}
        self._names: dict[str, str] = {}
        self._seen: set[int] = set()
        self._declared = self._stored = 0
        self._visit(file, "", 0)
        if self._stored > size or self._declared > limits.DEFLATE_RATIO * size + limits.DEFLATE_FLOOR:
            raise refuse(member, f"it has {size:,} bytes and claims {self._declared:,} bytes of numbers.")

    def _visit(self, group: Any, path: str, depth: int) -> None:
        import h5py

        if depth > limits.DEPTH:
            raise refuse(self.member, f"it is nested more than {limits.DEPTH} levels deep.")
        for name in group:
            where = f"{path}/{name}" if path else name
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise refuse(self.member, f"{where} is a link to somewhere else.")
            item = group[name]
            self._once(item, where)
            if isinstance(item, h5py.Group):
                self._visit_group(item, name, path, depth)
            elif isinstance(item, h5py.Dataset):
                self._check(item, where)
                if path == "vars" or path.endswith("/vars"):
                    self._arrays[path[:-5]][name] = item
            else:
                raise refuse(self.member, f"{where} is neither a group nor an array.")

    def _visit_group(self, group: Any, name: str, path: str, depth: int) -> None:
        if name == "vars":
            self._arrays.setdefault(path, {})
            if "name" in group.attrs:
                self._names[path] = str(group.attrs["name"])
        self._visit(group, f"{path}/{name}" if path else name, depth + 1)

    def _once(self, item: Any, where: str) -> None:
        import h5py

        address = h5py.h5o.get_info(item.id).addr
        if address in self._seen:
            raise refuse(self.member, f"{where} is a second link to the same object.")
        self._seen.add(address)
        if len(self._seen) > limits.ARRAYS:
            raise refuse(self.member, f"it holds more than {limits.ARRAYS:,} objects.")

    def _check(self, array: Any, where: str) -> None:
        if array.is_virtual or array.external:
            raise refuse(self.member, f"{where} takes its numbers from another file.")
        dtype = array.dtype
        if dtype.kind not in _NUMBERS and not _is_bfloat16(array):
            raise refuse(self.member, f"{where} holds {dtype}, not plain numbers.")
        plist = array.id.get_create_plist()
        filters = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
        if any(code != _DEFLATE for code in filters):
            raise refuse(self.member, f"{where} is packed in a way that weights files do not use.")
        if array.shape is None:
            raise refuse(self.member, f"{where} holds no numbers.")
        declared = array.size * dtype.itemsize
        stored = array.id.get_storage_size()
        piece = math.prod(array.chunks or ()) * dtype.itemsize
        if declared > stored * (limits.DEFLATE_RATIO if filters else 1) or piece > 4 * declared + limits.KIB:
            raise refuse(self.member, f"{where} claims {max(declared, piece):,} bytes and stores {stored:,}.")
        self._declared += declared
        self._stored += stored

    def paths(self) -> list[str]:
        """Paths that hold at least one array."""
        return [path for path, arrays in self._arrays.items() if arrays]

    def shapes(self, path: str) -> dict[str, tuple[int, ...]]:
        """Shape of each array at `path`; empty when the file has none there."""
        return {key: tuple(array.shape) for key, array in self._arrays.get(path, {}).items()}

    def name(self, path: str) -> str:
        """Name of the layer that was saved at `path`, "" when it is not told."""
        return self._names.get(path, "")

    def __contains__(self, path: str) -> bool:
        return path in self._arrays

    def read(self, path: str, key: str) -> np.ndarray[Any, Any]:
        """One array."""
        array = self._arrays[path][key]
        try:
            values = np.array(array)
        except _ERRORS as error:
            raise refuse(self.member, f"{path}/{key} cannot be read: {error}.") from error
        if _is_bfloat16(array):
            import ml_dtypes

            return values.view(ml_dtypes.bfloat16)
        return values


def _is_bfloat16(array: Any) -> bool:
    return bool(array.dtype == np.dtype("V2") and array.attrs.get("dtype") == "bfloat16")


class Entry(Mapping[str, np.ndarray[Any, Any]]):
    """What `load_own_variables(store)` receives: the arrays of one object by key."""

    def __init__(self, reader: Reader, path: str) -> None:
        self._reader, self._path = reader, path
        self._keys = list(reader.shapes(path))

    def __getitem__(self, key: str) -> np.ndarray[Any, Any]:
        if key not in self._keys:
            raise KeyError(key)
        return self._reader.read(self._path, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


@contextlib.contextmanager
def reading(source: bytes | str | os.PathLike[str], member: str = "model.weights.h5") -> Iterator[Reader]:
    """Open and check a weights file, given as bytes or as a path.

    Raises:
        LoadError: it is damaged, or holds links, foreign data, packed or claimed-only arrays.
    """
    import h5py

    data = source if isinstance(source, bytes) else None
    size = len(data) if data is not None else os.path.getsize(os.fspath(source))
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(h5py.File(source if data is None else io.BytesIO(data), "r"))
            reader = Reader(file, member, size)
        except LoadError:
            raise
        except _ERRORS as error:
            reason = str(error).rstrip(".") or type(error).__name__
            raise refuse(member, f"it is not an HDF5 file, or it is damaged: {reason}.") from error
        yield reader


class Writer:
    """Collects arrays by path and writes them in Keras's layout."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def entry(self, path: str, name: str | None) -> WriteEntry:
        """The store that `save_own_variables` of the object at `path` fills."""
        return WriteEntry(self._file, path, name)


class WriteEntry:
    """One object's arrays; the group is made at once when the object has a name, else with the first array."""

    def __init__(self, file: Any, path: str, name: str | None) -> None:
        self._file, self._path = file, f"{path}/vars" if path else "vars"
        self._group: Any = None
        if name:
            self._open().attrs["name"] = name

    def _open(self) -> Any:
        if self._group is None:
            self._group = self._file.create_group(self._path)
        return self._group

    def __setitem__(self, key: str, value: Any) -> None:
        array = as_array(value)
        group = self._open()
        if array.dtype.name == "bfloat16":
            group.create_dataset(key, data=array.view("V2")).attrs["dtype"] = "bfloat16"
        else:
            group[key] = array

    def keys(self) -> list[str]:
        """Keys written so far."""
        return list(self._group or ())


@contextlib.contextmanager
def writing(stream: Any) -> Iterator[Writer]:
    """Write an HDF5 file into an open binary stream (or to a path)."""
    import h5py

    with h5py.File(stream, "w") as file:
        yield Writer(file)
