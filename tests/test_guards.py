"""The guards of conftest.py catch what a test leaves behind, and leave well-behaved tests alone."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

CULPRITS = """
import logging, threading
import pytest

def test_clean(qtbot):
    from PySide6.QtWidgets import QWidget
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    QWidget().show()

def test_clean_again():
    from engine import GradientTape, layers
    with GradientTape():
        layers.Dense(1)

@pytest.mark.allow_log
def test_clean_log():
    logging.getLogger("x").error("expected")

def test_log():
    logging.getLogger("x").warning("surprise")

def test_thread():
    stop = threading.Event()
    threading.Thread(target=stop.wait, args=(30,), daemon=True, name="left").start()

KEPT = []

def test_window(qtbot):
    from PySide6.QtWidgets import QWidget
    KEPT.append(QWidget())
    KEPT[-1].show()

def test_timer(qtbot):
    from PySide6.QtCore import QTimer
    timer = QTimer()
    timer.start(10_000)
    KEPT.append(timer)

def test_qt_warning(qtbot):
    from PySide6.QtCore import qWarning
    qWarning("surprise")

def test_tape():
    from engine import GradientTape
    KEPT.append(GradientTape())
    KEPT[-1].__enter__()

def test_policy():
    from engine import config
    config.set_dtype_policy("mixed_float16")

def test_floatx():
    from engine import config
    config.set_floatx("float64")

def test_warning():
    import warnings
    warnings.warn("surprise")
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("guarded")
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    (folder / "test_culprits.py").write_text(CULPRITS)
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-c", "pyproject.toml"]
    done = subprocess.run([*command, str(folder)], cwd=ROOT, capture_output=True, text=True)
    return done.stdout


def outcome(report: str, name: str) -> set[str]:
    return set(re.findall(rf"test_culprits\.py::{name} (\w+)", report))


@pytest.mark.parametrize("name", ["test_clean", "test_clean_again", "test_clean_log"])
def test_well_behaved_test_passes(report: str, name: str) -> None:
    assert outcome(report, name) == {"PASSED"}, report[-3000:]


@pytest.mark.parametrize(
    "name",
    ["log", "thread", "window", "timer", "qt_warning", "tape", "policy", "floatx", "warning"],
)
def test_culprit_is_caught(report: str, name: str) -> None:
    assert outcome(report, f"test_{name}") & {"ERROR", "FAILED"}, report[-3000:]
