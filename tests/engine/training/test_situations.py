"""Every training situation of the table, run on the engine and on Keras: the facts are equal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

import situations  # type: ignore[import-not-found]  # noqa: E402
import situations_loop  # type: ignore[import-not-found]  # noqa: E402, F401
import situations_more  # type: ignore[import-not-found]  # noqa: E402, F401
import situations_several  # type: ignore[import-not-found]  # noqa: E402, F401
import situations_single  # type: ignore[import-not-found]  # noqa: E402, F401

sys.path.remove(str(FOLDER))


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("situations")
    running = {backend: _started(backend, folder / f"{backend}.npz") for backend in ("torch", "jax")}
    found: dict[str, Any] = {}
    for backend, process in running.items():
        _, errors = process.communicate()
        assert process.returncode == 0, errors[-4000:]
        with np.load(folder / f"{backend}.npz") as file:
            arrays = {key: file[key] for key in file.files}
        found.update(_filled(json.loads(str(arrays.pop("facts"))), arrays))
    return found


def _started(backend: str, path: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu", "PYTHONWARNINGS": "ignore"}
    environment["XLA_FLAGS"] = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    command = [sys.executable, str(FOLDER / "situations_oracle.py"), str(path)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _filled(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"array"}:
            return arrays[value["array"]]
        return {key: _filled(part, arrays) for key, part in value.items()}
    return [_filled(part, arrays) for part in value] if isinstance(value, list) else value


def compare(ours: Any, theirs: Any, place: str) -> None:
    """Equal names in equal order, equal numbers up to float32 (16-bit policies: up to theirs)."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), place
        for key in theirs:
            compare(ours[key], theirs[key], f"{place}/{key}")
    elif isinstance(theirs, list):
        assert isinstance(ours, (list, tuple)) and len(ours) == len(theirs), f"{place}: {ours} against {theirs}"
        for i, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            compare(mine, other, f"{place}/{i}")
    elif theirs is None or isinstance(theirs, (str, bool)):
        assert ours == theirs, place
    else:
        bounds = {"rtol": 3e-2, "atol": 2e-2} if "coarse" in place else {"rtol": 2e-4, "atol": 3e-6}
        assert np.shape(ours) == np.shape(theirs), place
        np.testing.assert_allclose(ours, theirs, **bounds, err_msg=place)


@pytest.mark.parametrize("name", list(situations.SITUATIONS))
def test_a_situation_goes_as_in_keras(name: str, theirs: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compare(situations.SITUATIONS[name](engine), theirs[name], name)
