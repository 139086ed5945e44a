"""Runs in a process of its own with Keras: `make FOLDER` saves models, `read FOLDER` loads files and answers.

Every file named X.keras gets a neighbour X.npz with weights, optimizer state and outputs, or X.txt with the error.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import keras  # noqa: E402
import models  # noqa: E402


def facts(model: Any) -> dict[str, Any]:
    found = {f"output{i}": value for i, value in enumerate(models.outputs_of(model))}
    found.update({f"weight{i}": np.asarray(w) for i, w in enumerate(model.weights)})
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        found.update({f"state{i}": np.asarray(v) for i, v in enumerate(optimizer.variables)})
    return found


def make(folder: Path) -> None:
    for name, build in models.BUILDERS.items():
        model = build(keras)
        models.randomize(model.weights, name)
        for layer in getattr(model, "layers", ()):
            getattr(layer, "finalize_state", lambda: None)()  # Normalization computes with copies of its weights
        model.save(folder / f"{name}.keras")
        np.savez(folder / f"{name}.npz", **facts(model))
    for name in models.OPTIMIZERS:
        model = models.compiled(keras, name)
        model.save(folder / f"optimizer_{name}.keras")
        np.savez(folder / f"optimizer_{name}.npz", **facts(model))


def read(folder: Path) -> None:
    """Load each file; write its facts, and what Keras writes of it into `FOLDER/back`."""
    models.custom_classes(keras)
    back = folder / "back"
    back.mkdir()
    for path in sorted(folder.glob("*.keras")):
        try:
            model = keras.saving.load_model(path)
            np.savez(path.with_suffix(".npz"), **facts(model))
            model.save(back / path.name)
        except Exception:  # noqa: BLE001  (the test shows it)
            path.with_suffix(".txt").write_text(traceback.format_exc()[-3000:])


if __name__ == "__main__":
    {"make": make, "read": read}[sys.argv[1]](Path(sys.argv[2]))
