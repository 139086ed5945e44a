"""Curves: the numbers behind them against pandas and NumPy, and the panel with mouse, table and files."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.core.commands import SetParams
from designer.editing.workspace import Workspace
from designer.look import theme
from designer.panels.curves import CurvesPanel, scales
from designer.training.protocol import Batch, Epoch
from designer.training.session import Progress, Session
from tests.designer.drawing import residual

LEFT = Qt.MouseButton.LeftButton
HISTORY = {
    "loss": [2.0, 1.0, 0.5, 0.25],
    "accuracy": [0.4, 0.7, 0.9, 0.95],
    "val_loss": [2.1, 1.5, 0.9, 0.6],
    "val_accuracy": [0.35, 0.6, 0.8, 0.9],
}


@pytest.fixture
def session() -> Iterator[Session]:
    yield Session()


@pytest.fixture
def workspace(open_workspace: Any) -> Workspace:
    return open_workspace(residual())


@pytest.fixture
def panel(workspace: Workspace, session: Session, show: Callable[..., Any]) -> CurvesPanel:
    return show(CurvesPanel(workspace, session), 888, 216)


# Numbers.
@pytest.mark.parametrize("weight", [0.3, 0.6, 0.9, 0.97])
def test_smoothing_is_the_weighted_mean_of_pandas(weight: float) -> None:
    values = np.random.default_rng(0).normal(size=5000)
    expected = pandas.Series(values).ewm(alpha=1 - weight, adjust=True).mean().to_numpy()
    np.testing.assert_allclose(scales.smooth(values, weight), expected, rtol=1e-9, atol=1e-12)


def test_smoothing_passes_over_what_is_no_number() -> None:
    smoothed = scales.smooth(np.array([1.0, np.nan, 3.0]), 0.5)
    assert smoothed[1] == 1.0
    assert smoothed[2] == pytest.approx((0.25 * 1 + 3) / 1.25)


@given(st.integers(1, 5000), st.integers(1, 400), st.integers(0, 9))
def test_thinning_loses_no_peak(length: int, columns: int, seed: int) -> None:
    y = np.random.default_rng(seed).normal(size=length)
    x = np.arange(length, dtype=float)
    thin_x, thin_y = scales.extent(x, y, columns)
    assert (thin_y.min(), thin_y.max(), thin_y[-1]) == (y.min(), y.max(), y[-1])
    assert (np.diff(thin_x) >= 0).all()
    assert len(thin_x) <= max(2 * columns + 3, 3)
    mean_x, mean_y = scales.means(x, y, columns)
    assert len(mean_x) <= columns + 1
    assert (mean_x[-1], mean_y[-1]) == (x[-1], y[-1])


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 8))
def test_ticks_are_few_even_and_around_the_values(low: float, span: float, most: int) -> None:
    ticks = scales.nice_ticks(low, low + span, most)
    assert 1 <= len(ticks) <= most + 2
    assert ticks[0] <= low + abs(low) * 1e-6 + 1e-9
    assert np.allclose(np.diff(ticks), np.diff(ticks)[:1], rtol=1e-5, atol=1e-9)
    assert len(set(scales.tick_texts("loss", ticks))) == len(ticks) or span < 1e-5


@pytest.mark.parametrize(
    ("last", "room", "ticks"), [(30, 7, [0, 5, 10, 15, 20, 25, 30]), (1, 5, [0, 1]), (7, 5, [0, 2, 4, 6, 7])]
)
def test_epochs_end_where_training_ends(last: float, room: int, ticks: list[int]) -> None:
    assert scales.epoch_ticks(last, room) == ticks


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("loss", 0.01612, "0.0161"),
        ("accuracy", 0.997, "99.7 %"),
        ("loss", 12345.6, "12,346"),
        ("loss", np.nan, "?"),
    ],
)
def test_values_in_words(name: str, value: float, words: str) -> None:
    assert scales.value_text(name, value) == words


# The panel.
def test_before_the_first_run_it_says_what_to_do(panel: CurvesPanel, workspace: Workspace) -> None:
    assert panel._empty._title.text() == "No run yet"
    assert "Press Train (F5)." in panel._empty._text.text()
    node = workspace.document.node_named("conv_2")
    workspace.run(SetParams(node.id, {"padding": "valid"}))  # type: ignore[union-attr]
    workspace.check()
    assert "Repair the problem in <b>add</b>, then press Train (F5)." in panel._empty._text.text()


def test_a_run_is_drawn_as_it_comes(panel: CurvesPanel, session: Session) -> None:
    session.progress = Progress(1, 30, 1, 45)
    session.series.batches = 45
    session.series.add(Batch(1, 1, {"loss": 2.3, "accuracy": 0.1}))
    session.metrics_changed.emit()
    assert panel.points("loss") == 1
    for epoch in range(1, 5):
        session.series.add(Epoch(epoch, {name: values[epoch - 1] for name, values in HISTORY.items()}, 0.1))
    session.metrics_changed.emit()
    assert panel.points("loss") == 4
    plot = panel.plot("loss")
    assert plot.last == 30
    assert plot.accessibleName() == "Loss: training 0.25, validation 0.6"
    assert plot.ends() == [(0, 4.0, 0.25), (1, 4.0, 0.6)]
    x, y = plot._curves[0].getData()
    assert list(zip(x, y, strict=True)) == list(zip([1, 2, 3, 4], HISTORY["loss"], strict=True))


def test_lines_have_the_colours_of_the_theme(panel: CurvesPanel, qapp: QApplication) -> None:
    panel.show_history(HISTORY, 4)
    plot = panel.plot("accuracy")
    for chosen in (theme.LIGHT, theme.DARK, theme.HIGH_CONTRAST):
        theme.apply(qapp, chosen, 1.0)
        picture = plot.grab().toImage()
        colours = {picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(picture.height())}
        assert {chosen.color(t).name() for t in ("series1", "series2", "panel")} <= colours
        assert plot._curves[1].opts["pen"].color() == chosen.color("series2")


def test_smoothing_logarithm_and_older_runs(panel: CurvesPanel, qtbot: QtBot) -> None:
    panel.show_history(HISTORY, 4, [{"loss": [3.0, 2.0]}])
    assert panel.older.isVisible()
    qtbot.mouseClick(panel.older, LEFT)
    assert len(panel.plot("loss")._old[0].getData()[0]) == 2
    panel.findChild(QAction, "smoothing_0.6").trigger()
    assert panel.smoothing.text() == "Smoothing 0.6"
    expected = pandas.Series(HISTORY["loss"]).ewm(alpha=0.4).mean().to_numpy()
    np.testing.assert_allclose(panel.plot("loss")._curves[0].getData()[1], expected)
    panel.set_smoothing(0.0)
    qtbot.mouseClick(panel.log, LEFT)
    np.testing.assert_allclose(panel.plot("loss")._curves[0].getData()[1], np.log10(HISTORY["loss"]))


def test_the_mouse_reads_all_values_of_an_epoch(panel: CurvesPanel, qtbot: QtBot) -> None:
    panel.show_history(HISTORY, 4)
    view = panel.plot("loss").view
    assert view.values_at(2.2) == [(0, 1.0, 2.0), (1, 1.5, 2.0)]
    qtbot.mouseMove(view.viewport(), QPoint(view.width() // 3, 40))
    qtbot.waitUntil(lambda: view._hover is not None)
    assert not view.grab().toImage().isNull()


def test_the_numbers_as_a_table(panel: CurvesPanel, qtbot: QtBot) -> None:
    panel.show_history(HISTORY, 4)
    qtbot.mouseClick(panel.as_table, LEFT)
    assert panel.table.isVisible()
    heads = [panel.table.horizontalHeaderItem(i).text() for i in range(panel.table.columnCount())]
    assert heads == ["Loss", "Loss, validation", "Accuracy", "Accuracy, validation"]
    assert panel.table.rowCount() == 4
    assert panel.table.item(2, 2).text() == "90.0 %"
    panel.show_history({"loss": [1.0]}, 4)
    assert (panel.table.rowCount(), panel.table.columnCount()) == (1, 1)
    assert panel.table.item(0, 0).text() == "1"


def test_files_hold_the_picture_and_the_numbers(panel: CurvesPanel, workspace: Workspace, tmp_path: Path) -> None:
    told: list[str] = []
    workspace.told.connect(told.append)
    panel.show_history(HISTORY, 4)
    for kind in ("png", "svg", "csv"):
        panel.export_to(str(tmp_path / f"curves.{kind}"))
    picture = QImage(str(tmp_path / "curves.png"))
    assert picture.width() == 2 * panel.page.width()
    names = [element.tag.rpartition("}")[2] for element in ElementTree.parse(tmp_path / "curves.svg").iter()]
    assert names.count("polyline") + names.count("path") > 4, "lines are drawn, not a picture of them"
    assert "image" not in names
    rows = list(csv.reader((tmp_path / "curves.csv").read_text().splitlines()))
    assert rows[0] == ["epoch", "loss", "val_loss", "accuracy", "val_accuracy"]
    assert [float(row[1]) for row in rows[1:]] == HISTORY["loss"]
    assert len(told) == 3
    panel.export_to(str(tmp_path / "missing" / "curves.csv"))
    assert "was not written" in told[-1]


def test_a_run_that_lost_its_numbers_is_still_drawn(panel: CurvesPanel) -> None:
    panel.show_history({"loss": [2.0, 9.0, float("nan")]}, 5)
    assert panel.plot("loss").extent() == (2.0, 9.0)
    assert panel.plot("loss").accessibleName() == "Loss: training ?"


def test_pyqtgraph_waits_until_there_is_something_to_draw() -> None:
    script = "import sys, designer.panels.curves; sys.exit('pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
