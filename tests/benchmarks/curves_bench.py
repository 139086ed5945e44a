"""Time of one refresh of the live curves: 4 series of 100,000 points in two plots, in milliseconds."""

from __future__ import annotations

import statistics
import time

import numpy as np
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from designer.look import theme
from designer.panels.curves.plot import Plot

SIZE = (888, 216)
GOALS = {"4 series of 100,000 points: refresh": 6.0}
POINTS, EPOCHS, REPEATS = 100_000, 100, 21


def run(quick: bool = False) -> dict[str, float]:
    """New points, drawn at once: the median."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.LIGHT)
    host = QWidget()
    row = QHBoxLayout(host)
    plots = [Plot("loss"), Plot("accuracy")]
    for plot in plots:
        row.addWidget(plot)
    host.resize(*SIZE)
    host.show()
    app.processEvents()
    x = np.arange(1, POINTS + 1) / POINTS * EPOCHS
    noise = np.random.default_rng(0)
    lines = [np.exp(-x / 30) + noise.normal(0, 0.02, POINTS) for _ in range(4)]
    times = []
    for turn in range(5 if quick else REPEATS):
        end = POINTS - turn % 2
        begun = time.perf_counter()
        for plot, (training, validation) in zip(plots, (lines[:2], lines[2:]), strict=True):
            plot.show_lines((x[:end], training[:end]), (x[:end], validation[:end]), float(EPOCHS))
            plot.view.viewport().repaint()
        times.append((time.perf_counter() - begun) * 1000)
    host.deleteLater()
    return {"4 series of 100,000 points: refresh": statistics.median(times)}


if __name__ == "__main__":
    for name, milliseconds in run().items():
        print(f"{name:40} {milliseconds:9.2f} ms")
