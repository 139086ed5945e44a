"""The problems list: words, going there, repairs that are shown before they are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from designer.core.commands import SetParams
from designer.editing.workspace import Workspace
from designer.panels.problems import ProblemsPanel
from tests.designer.drawing import add, blank, classifier, residual

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def workspace(open_workspace: Any) -> Workspace:
    """The residual network whose second convolution loses the border."""
    workspace: Workspace = open_workspace(residual())
    node = workspace.document.node_named("conv_2")
    assert node is not None
    workspace.run(SetParams(node.id, {"padding": "valid"}))
    workspace.check()
    return workspace


@pytest.fixture
def panel(workspace: Workspace, show: Callable[..., Any]) -> ProblemsPanel:
    return show(ProblemsPanel(workspace), 560, 280)


def repair_button(panel: ProblemsPanel) -> QPushButton:
    return panel.rows[0].findChild(QPushButton, "repair")


def test_rows_say_what_is_wrong_with_the_layer_first(panel: ProblemsPanel, workspace: Workspace) -> None:
    assert [row.problem for row in panel.rows] == workspace.problems
    first = panel.rows[0]
    assert first.accessibleName().startswith("Error: add ")
    text = next(label.text() for label in first.findChildren(QLabel) if label.text())
    assert text.startswith("<b>add</b> ")
    assert "8 ≠ 6" in text
    waiting = panel.rows[1]
    assert waiting.accessibleName().startswith("Advice: 2 layers wait for add")


def test_a_click_or_enter_goes_to_the_layer(panel: ProblemsPanel, workspace: Workspace, qtbot: QtBot) -> None:
    wanted = workspace.document.node_named("add").id  # type: ignore[union-attr]
    with qtbot.waitSignal(workspace.focus_requested) as asked:
        qtbot.mouseClick(panel.rows[0], LEFT, pos=QPoint(100, 12))
    assert asked.args == [wanted]
    with qtbot.waitSignal(workspace.focus_requested) as asked:
        qtbot.keyClick(panel.rows[0], Qt.Key.Key_Return)
    assert asked.args == [wanted]


def test_a_repair_is_shown_then_made_by_enter(panel: ProblemsPanel, workspace: Workspace, qtbot: QtBot) -> None:
    qtbot.mouseClick(repair_button(panel), LEFT)
    assert workspace.preview is not None
    assert panel.bar.isVisible()
    assert panel.bar.words.text() == (
        "<b>Previewing repair 1 of 1.</b> 1 setting changes, 5 shapes follow, no errors remain."
    )
    assert panel.bar.apply.hasFocus()
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    assert workspace.document.node_named("conv_2").params["padding"] == "same"  # type: ignore[union-attr]
    assert not panel.bar.isVisible()
    qtbot.waitUntil(lambda: not workspace.errors)
    assert workspace.history.undo_text == "Undo: set conv_2 padding to same"


def test_escape_leaves_all_as_it_was(panel: ProblemsPanel, workspace: Workspace, qtbot: QtBot) -> None:
    before = workspace.document.state()
    qtbot.mouseClick(repair_button(panel), LEFT)
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert workspace.preview is None
    assert not panel.bar.isVisible()
    assert workspace.document.state() == before
    qtbot.mouseClick(repair_button(panel), LEFT)
    qtbot.mouseClick(panel.findChild(QPushButton, "cancelRepair"), LEFT)
    assert workspace.preview is None


def test_next_goes_round_the_layers_with_problems(panel: ProblemsPanel, workspace: Workspace) -> None:
    visited: list[str] = []
    workspace.focus_requested.connect(visited.append)
    workspace.focus_requested.connect(lambda node: workspace.selection.set([node]))
    for _ in range(3):
        panel.go_to_next()
    assert len(set(visited)) == len({p.node for p in workspace.problems if p.node})
    assert visited[0] == workspace.errors[0].node


def test_the_selected_layers_rows_are_marked(panel: ProblemsPanel, workspace: Workspace) -> None:
    workspace.selection.set([str(workspace.problems[0].node)])
    assert [row.current for row in panel.rows] == [row.problem.node in workspace.selection.ids for row in panel.rows]


def test_without_problems_it_says_so(open_workspace: Any, show: Callable[..., Any]) -> None:
    panel = show(ProblemsPanel(open_workspace(classifier())))
    words = [label.text() for label in panel.findChildren(QLabel)]
    assert "No problems." in words
    assert "Every shape is known from digits to digit." in words


def test_a_problem_of_no_layer_leads_to_its_panel(open_workspace: Any, show: Callable[..., Any], qtbot: QtBot) -> None:
    document = blank(None)
    add(document, "Input", "in", shape=[4])
    add(document, "Dense", "out", "in", units=3)
    panel = show(ProblemsPanel(open_workspace(document)))
    row = next(row for row in panel.rows if row.problem.key == "no-data")
    with qtbot.waitSignal(panel.panel_requested) as asked:
        qtbot.mouseClick(row, LEFT, pos=QPoint(100, 12))
    assert asked.args == ["data"]
