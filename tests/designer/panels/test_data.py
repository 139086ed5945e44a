"""The data panel: choosing, splitting, scaling, and what it says and shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from designer.data.prepare import prepare
from designer.data.sources import SOURCES
from designer.editing.workspace import Workspace
from designer.panels.data import DataPanel
from tests.designer.drawing import blank


@pytest.fixture
def workspace(open_workspace: Any) -> Workspace:
    return open_workspace(blank(None))


@pytest.fixture
def panel(workspace: Workspace, show: Callable[..., Any], qtbot: QtBot) -> DataPanel:
    panel = show(DataPanel(workspace), 900, 240)
    settled(qtbot, panel)
    return panel


def settled(qtbot: QtBot, panel: DataPanel) -> None:
    qtbot.waitUntil(lambda: not panel._stale)


def choose(qtbot: QtBot, panel: DataPanel, source: str) -> None:
    panel.source.activated.emit(panel.source.findData(source))
    settled(qtbot, panel)


def enter(qtbot: QtBot, panel: DataPanel, name: str, text: str) -> None:
    edit = panel.findChild(QLineEdit, f"edit_{name}")
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    settled(qtbot, panel)


def test_data_are_chosen_by_keys_and_undone(panel: DataPanel, workspace: Workspace, qtbot: QtBot) -> None:
    panel.source.setFocus()
    qtbot.keyClicks(panel.source, "Hand")
    qtbot.keyClick(panel.source, Qt.Key.Key_Return)
    settled(qtbot, panel)
    assert workspace.document.data.source == "digits"
    assert panel.types.text().startswith("1,797 pictures of 8×8×1 · 10 classes")
    workspace.undo()
    assert panel.source.currentData() is None
    settled(qtbot, panel)
    assert not panel._facts.isVisible()


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_shown_as_it_is(panel: DataPanel, workspace: Workspace, qtbot: QtBot, source: str) -> None:
    choose(qtbot, panel, source)
    data = prepare(workspace.document.data)
    assert panel.split.counts == {name: len(data.parts[name][1]) for name in ("train", "validation", "test")}
    for name, count in zip(data.source.classes, data.class_counts, strict=True):
        assert f"{name} {count:,}" in panel.classes.accessibleName()
    shown = panel.preview.grab().toImage()
    colours = {shown.pixelColor(x, y).name() for x in range(0, shown.width(), 3) for y in range(0, shown.height(), 3)}
    assert len(colours) > 2, "nothing is drawn"


def test_a_table_shows_rows_types_and_targets(panel: DataPanel, workspace: Workspace, qtbot: QtBot) -> None:
    choose(qtbot, panel, "iris")
    table = panel.preview.table
    assert [table.horizontalHeaderItem(i).text() for i in (0, 4)] == ["sepal length\nnumber", "class\none of 3"]
    x, y = prepare(workspace.document.data).parts["train"]
    assert float(table.item(3, 1).text()) == pytest.approx(float(x[3, 1]), rel=1e-2)
    assert table.item(3, 4).text() == SOURCES["iris"].classes[int(y[3])]


def test_shares_are_typed_and_stepped_as_one_undo(panel: DataPanel, workspace: Workspace, qtbot: QtBot) -> None:
    choose(qtbot, panel, "digits")
    enter(qtbot, panel, "validation", "0.3")
    assert workspace.document.data.validation == 0.3
    edit = panel.findChild(QLineEdit, "edit_validation")
    edit.clearFocus()
    edit.setFocus()
    for _ in range(3):
        qtbot.keyClick(edit, Qt.Key.Key_Down)
    assert workspace.document.data.validation == pytest.approx(0.15)
    workspace.undo()
    assert workspace.document.data.validation == 0.3
    settled(qtbot, panel)


def test_what_is_missing_is_told(panel: DataPanel, workspace: Workspace, qtbot: QtBot) -> None:
    choose(qtbot, panel, "digits")
    enter(qtbot, panel, "validation", "0")
    enter(qtbot, panel, "test", "0")
    assert "No validation part: the curves show training only." in panel.notes.text()
    assert "No test part: no score is told at the end." in panel.notes.text()
    assert panel.split.counts == {"train": 1797}


def test_a_split_that_cannot_be_made_is_a_sentence(panel: DataPanel, workspace: Workspace, qtbot: QtBot) -> None:
    choose(qtbot, panel, "iris")
    enter(qtbot, panel, "test", "0.01")
    assert "cannot be split" in panel.notes.text()
    assert panel.notes._token == "error"


def test_options_of_a_source(panel: DataPanel, workspace: Workspace, qtbot: QtBot) -> None:
    choose(qtbot, panel, "moons")
    enter(qtbot, panel, "samples", "200")
    assert workspace.document.data.options == {"samples": 200}
    assert sum(panel.split.counts.values()) == 200
    enter(qtbot, panel, "samples", "5")
    assert panel.findChild(QLineEdit, "edit_samples").property("state") == "error"
    assert workspace.document.data.options == {"samples": 200}


def test_scaling_says_what_auto_means(panel: DataPanel, workspace: Workspace, qtbot: QtBot) -> None:
    choose(qtbot, panel, "digits")
    assert panel.scaling.itemText(0) == "auto: from 0 to 1"
    panel.scaling.activated.emit(3)
    assert workspace.document.data.scaling == "standard"
    assert workspace.history.undo_text == "Undo: change the scaling"
    settled(qtbot, panel)


def test_a_hidden_panel_loads_nothing(open_workspace: Any, qtbot: QtBot) -> None:
    panel = DataPanel(open_workspace(blank("digits")))
    qtbot.addWidget(panel)
    assert panel.split.counts == {}
    assert panel.source.currentData() == "digits"
