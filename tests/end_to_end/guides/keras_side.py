"""Runs all guides with Keras on torch and prints their facts as JSON: run as a module."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

GUIDES = (
    "functional_api",
    "sequential_model",
    "subclassing",
    "built_in_training",
    "transfer_learning",
    "masking_and_padding",
    "custom_callbacks",
    "training_loops",
)


def facts_of(guide: str, library: Any) -> Any:
    """Facts of a guide, as they come out of JSON."""
    program = importlib.import_module(f"tests.end_to_end.guides.{guide}")
    library.backend.clear_session()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return json.loads(json.dumps(program.facts(library, Path(folder))))


def main() -> None:
    import keras

    sys.stdout.write("\n" + json.dumps({guide: facts_of(guide, keras) for guide in sys.argv[1:] or GUIDES}))


if __name__ == "__main__":
    main()
