"""The subjects of Keras's guides, as programs that run unchanged on Keras and on the engine: the facts are equal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine
from tests.end_to_end.guides.keras_side import GUIDES, facts_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    environment = {**os.environ, "KERAS_BACKEND": "torch", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "tests.end_to_end.guides.keras_side"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(ours: Any, theirs: Any, place: str) -> None:
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), place
        for key in theirs:
            compare(ours[key], theirs[key], f"{place}/{key}")
    elif isinstance(theirs, list):
        assert isinstance(ours, list) and len(ours) == len(theirs), f"{place}: {ours} against {theirs}"
        for i, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            compare(mine, other, f"{place}/{i}")
    elif isinstance(theirs, float):
        np.testing.assert_allclose(ours, theirs, rtol=5e-4, atol=1e-5, err_msg=place)
    else:
        assert ours == theirs, f"{place}: {ours} against {theirs}"


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_works_as_in_keras(guide: str, theirs: dict[str, Any]) -> None:
    compare(facts_of(guide, engine), theirs[guide], guide)
