"""Reading the old dataset files that hold pickled arrays, without ever running what a file says.

Only what rebuilds NumPy arrays, lists and numbers is allowed; any other name in the file is refused.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from typing import Any

import numpy as np

from engine.core.errors import LoadError

_ALLOWED = frozenset(
    {
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
    }
)


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise LoadError(
                f"The file asks for {module}.{name}, which no array needs. Nothing was run. Fetch the file anew.",
                reason=f"{module}.{name}",
            )
        if name == "_reconstruct":
            return np.empty(0).__reduce__()[0]
        return getattr(np, name)


def load(data: bytes, encoding: str = "ASCII") -> Any:
    """Arrays, lists, dicts and numbers from pickled bytes.

    Raises:
        LoadError: the bytes ask for anything else, or break off.
    """
    try:
        return _ArraysOnly(io.BytesIO(data), encoding=encoding).load()
    except (pickle.UnpicklingError, EOFError, IndexError, KeyError, UnicodeDecodeError) as error:
        raise LoadError(f"The file is damaged: {error}. Fetch it anew.", reason=str(error)) from error


def load_npz(path: Any) -> dict[str, Any]:
    """Arrays of an .npz file by name, arrays of lists included.

    Raises:
        LoadError: the file is no .npz file, or holds anything but arrays, lists and numbers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy"): _member(archive.read(name)) for name in archive.namelist()}
    except zipfile.BadZipFile as error:
        raise LoadError(f"{path} is no .npz file. Fetch it anew.", reason=str(error)) from error


def _member(data: bytes) -> Any:
    file = io.BytesIO(data)
    try:
        return np.lib.format.read_array(file, allow_pickle=False)
    except ValueError:
        file.seek(0)
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read_header(file)
    if not dtype.hasobject:
        raise LoadError("An array of the file is damaged. Fetch it anew.")
    array = np.asarray(load(file.read(), encoding="latin1"), dtype=object)
    return array.reshape(shape, order="F" if fortran else "C")
