"""One run of Keras on JAX for all tests of this folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest


class Oracle:
    """What Keras on JAX saw: `weights(key)`, `losses(case)` and `texts`."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            self._arrays = {key: file[key] for key in file.files}
        self.texts: dict[str, Any] = json.loads(str(self._arrays.pop("texts")))

    def weights(self, key: str) -> list[np.ndarray]:
        found = {int(k.rsplit("/", 1)[1]): v for k, v in self._arrays.items() if k.rsplit("/", 1)[0] == key}
        return [found[i] for i in range(len(found))]

    def losses(self, case: str) -> np.ndarray:
        return self._arrays[f"{case}/losses"]


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    path = tmp_path_factory.mktemp("oracle") / "jax.npz"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "PYTHONWARNINGS": "ignore"}
    environment["XLA_FLAGS"] = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    script = Path(__file__).with_name("jax_oracle.py")
    done = subprocess.run([sys.executable, str(script), str(path)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return Oracle(path)
