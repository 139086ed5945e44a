"""Keras in a process of its own: reads a plan (one JSON line), answers what Keras makes of it (one JSON line).

For a plan in FOLDER: builds it, loads `start.keras` that the engine wrote, trains, writes `facts.npz` and `end.keras`.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import keras  # noqa: E402
import models  # noqa: E402
import numpy as np  # noqa: E402


def answer(plan: dict[str, Any], folder: Path) -> dict[str, Any]:
    keras.utils.clear_session()
    try:
        built = models.build(keras, plan)
    except Exception as error:  # noqa: BLE001  (the test compares who refuses what)
        return {"refused": f"{type(error).__name__}: {error}"}
    if not (folder / "start.keras").exists():
        return {"built": True}
    try:
        model = keras.saving.load_model(folder / "start.keras")
        np.savez(folder / "facts.npz", **models.facts(keras, model, plan))
        model.save(folder / "end.keras")
    except Exception:  # noqa: BLE001  (the test shows it)
        return {"config": built.get_config(), "failed": traceback.format_exc()[-3000:]}
    return {"config": built.get_config(), "loaded": model.get_config()}


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(answer(request["plan"], Path(request["folder"]))), flush=True)


if __name__ == "__main__":
    main()
