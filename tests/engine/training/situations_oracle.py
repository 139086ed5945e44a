"""Runs the situations of Keras's backend and writes their facts into one .npz file: run as a script with its path."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import situations  # noqa: E402
import situations_loop  # noqa: E402, F401
import situations_more  # noqa: E402, F401
import situations_several  # noqa: E402, F401
import situations_single  # noqa: E402, F401


def plain(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Facts as JSON; arrays are put aside under a number."""
    if isinstance(value, dict):
        return {key: plain(part, arrays) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part, arrays) for part in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    name = f"array-{len(arrays)}"
    arrays[name] = np.asarray(value)
    return {"array": name}


def main(path: str) -> None:
    import keras

    warnings.simplefilter("ignore")
    arrays: dict[str, np.ndarray] = {}
    on_jax = keras.backend.backend() == "jax"
    chosen = [name for name in situations.SITUATIONS if (name in situations.ON_JAX) == on_jax]
    facts = {name: plain(situations.SITUATIONS[name](keras), arrays) for name in chosen}
    np.savez(path, facts=json.dumps(facts), **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
