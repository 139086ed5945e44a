"""Times of the window, in milliseconds: start from a cold process, an edit on a large graph, training beside it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import msgspec
from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.app.settings import Settings
from designer.app.welcome import examples
from designer.app.window import MainWindow
from designer.core.commands import SetParams, SetTraining
from designer.core.project import Project
from designer.editing.workspace import Workspace
from designer.look import theme

ROOT = Path(__file__).parents[2]
GOALS = {
    "cold start to a usable window": 1500.0,
    "one edit on 1,000 layers: shapes and validation": 16.0,
    "longest gap between frames while training": 50.0,
    "stop: click to stopped": 300.0,
}
FRAME = 8
"""Milliseconds between the ticks that stand for frames."""
START = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from designer.app.settings import Settings
from designer.app.window import MainWindow
from designer.look import theme
app = QApplication(sys.argv[:1])
theme.apply(app, theme.LIGHT, 1.0)
window = MainWindow(Settings())
window.show()
window.grab()
QTimer.singleShot(0, app.quit)
app.exec()
"""


def cold_start(repeats: int) -> float:
    """A process that shows the welcome page, draws it and takes its first event: median of whole lives."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", START], env=environment, check=True, stderr=subprocess.DEVNULL)
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def edit(repeats: int) -> float:
    """A setting changed on a layer in the middle of 1,000, with the shapes after it and all checks: median."""
    from tests.benchmarks.canvas_bench import chain

    workspace = Workspace(Project(chain(1000)))
    node = next(n.id for n in list(workspace.document.nodes.values())[500:] if n.type == "Dense")
    workspace.check()
    times = []
    for turn in range(repeats):
        begun = time.perf_counter()
        workspace.run(SetParams(node, {"units": 32 + turn % 2 + 1}))
        workspace.check()
        times.append((time.perf_counter() - begun) * 1000)
    workspace.close()
    return statistics.median(times)


class _Gaps(QObject):
    """The longest time in which the event loop did not come round."""

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self._clock = QElapsedTimer()
        self._clock.start()
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        self.longest = max(self.longest, self._clock.nsecsElapsed() / 1e6 - FRAME)
        self._clock.restart()


def _until(signs: list[bool], seconds: float) -> None:
    """Let the window live until there is a sign.

    Raises:
        TimeoutError: none came.
    """
    end = time.monotonic() + seconds
    while not signs:
        QApplication.processEvents()
        if time.monotonic() > end:
            raise TimeoutError(f"Nothing happened in {seconds} s.")


def training(seconds: float) -> tuple[float, float]:
    """(longest gap between frames while digits train with curves shown, stop: click to stopped)."""
    window = MainWindow(Settings())
    window.resize(1440, 900)
    window.show()
    window.open_example(str(next(p for p in examples() if "residual" in p.stem)))
    editor = window.editor
    document = editor.workspace.document
    # Long enough that it is stopped, not done.
    editor.workspace.run(SetTraining(msgspec.structs.replace(document.training, epochs=1000)))
    window.show_panel("curves")
    QTest.qWait(500)
    began: list[bool] = []
    editor.session.progressed.connect(lambda *_: began.append(True))
    editor.train()
    _until(began, 30)
    gaps = _Gaps()
    QTest.qWait(int(seconds * 1000))
    ended: list[bool] = []
    editor.session.finished.connect(lambda *_: ended.append(True))
    begun = time.perf_counter()
    editor.bar.stop.click()
    _until(ended, 10)
    stopped = (time.perf_counter() - begun) * 1000
    gaps.deleteLater()
    editor.mark_saved()
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return gaps.longest, stopped


def run(quick: bool = False) -> dict[str, float]:
    """Every figure, in milliseconds."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.LIGHT)
    gap, stop = training(2 if quick else 6)
    values = (cold_start(3 if quick else 7), edit(7 if quick else 31), gap, stop)
    return dict(zip(GOALS, values, strict=True))
