"""A window that is killed loses nothing older than a second; the next start offers it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from designer.core.project import Project, write
from tests.designer.drawing import residual

ROOT = Path(__file__).parents[2]
WITHIN = 1.0
"""Seconds after an edit within which it has to be on disk."""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    folders = {f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("DATA", "CONFIG", "STATE", "CACHE")}
    return {**os.environ, **folders, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}


def start(task: str, path: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.end_to_end.driver", task, str(path)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def said(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The next thing that the process did."""
    if process.stdout is None:
        raise RuntimeError("The process has no output.")
    line = process.stdout.readline()
    assert line, f"the app ended with {process.wait()}"
    fact: dict[str, Any] = json.loads(line)
    return fact


def test_a_killed_window_is_recovered_to_its_last_edit(tmp_path: Path, environment: dict[str, str]) -> None:
    path = tmp_path / "residual.keras"
    write(Project(residual()), path)
    saved = path.read_bytes()
    with start("edit", path, environment) as first:
        edited = said(first)
        journals = tmp_path / "data"
        end = time.monotonic() + WITHIN
        # Not a wait for something to happen but the promise itself: killed one second after the edit.
        while (left := end - time.monotonic()) > 0:
            time.sleep(left)
        first.kill()
    assert path.read_bytes() == saved
    with start("recover", path, environment) as second:
        assert said(second) == {"did": "offered", "count": 1}
        recovered = said(second)
        assert second.wait(30) == 0
    assert recovered["state"] == edited["state"]
    assert (recovered["path"], recovered["dirty"]) == ("residual.keras", True)
    assert list(journals.rglob("project.json")) == []
