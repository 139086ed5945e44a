"""The code pane: it follows edits, and lines and layers find each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.codegen.keras import to_keras
from designer.core.commands import SetParams
from designer.editing.workspace import Workspace
from designer.look import theme
from designer.panels.code import CodePanel
from tests.designer.drawing import blank, classifier

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def workspace(open_workspace: Any) -> Workspace:
    return open_workspace(classifier())


@pytest.fixture
def panel(workspace: Workspace, show: Callable[..., Any]) -> CodePanel:
    return show(CodePanel(workspace), 520, 1100)


def line_of(panel: CodePanel, node: str) -> int:
    return panel._code.spans[node][0]


def place(panel: CodePanel, line: int) -> QPoint:
    """The middle of a line, in pixels of the text."""
    panel.text.go_to(line)
    return panel.text.cursorRect().center() + QPoint(20, 0)


def test_it_shows_what_export_writes_and_follows_edits(panel: CodePanel, workspace: Workspace, qtbot: QtBot) -> None:
    assert panel.text.toPlainText() == to_keras(workspace.document).text
    node = workspace.document.node_named("conv")
    workspace.run(SetParams(node.id, {"filters": 24}))  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: "Conv2D(24" in panel.text.toPlainText())
    workspace.undo()
    qtbot.waitUntil(lambda: "Conv2D(4" in panel.text.toPlainText())


def test_a_click_on_a_line_selects_its_layer(panel: CodePanel, workspace: Workspace, qtbot: QtBot) -> None:
    node = workspace.document.node_named("flatten").id  # type: ignore[union-attr]
    qtbot.mouseClick(panel.text.viewport(), LEFT, pos=place(panel, line_of(panel, node)))
    assert workspace.selection.ids == (node,)
    assert "Flatten" in panel.source.splitlines()[line_of(panel, node) - 1]


def test_enter_on_a_line_selects_its_layer(panel: CodePanel, workspace: Workspace, qtbot: QtBot) -> None:
    node = workspace.document.node_named("digit").id  # type: ignore[union-attr]
    panel.text.go_to(line_of(panel, node))
    qtbot.keyClick(panel.text, Qt.Key.Key_Return)
    assert workspace.selection.ids == (node,)


def test_selected_lines_stand_on_the_ground_of_the_selection(
    panel: CodePanel, workspace: Workspace, qapp: QApplication
) -> None:
    node = workspace.document.node_named("conv").id  # type: ignore[union-attr]
    for chosen in (theme.LIGHT, theme.DARK):
        theme.apply(qapp, chosen, 1.0)
        workspace.selection.set([])
        band = panel.text._band(node)
        assert band is not None
        spot = QPoint(panel.text.viewport().width() - 20, round(band.center().y()))
        plain = panel.text.viewport().grab().toImage().pixelColor(spot)
        workspace.selection.set([node])
        marked = panel.text.viewport().grab().toImage().pixelColor(spot)
        assert (plain, marked) == (chosen.color("raised"), chosen.color("selection"))


def test_each_layers_lines_have_a_bar_in_its_familys_colour(panel: CodePanel, workspace: Workspace) -> None:
    picture = panel.text.grab().toImage()
    offset = panel.text.viewport().y()
    for name, family in (("conv", "convolution"), ("flatten", "reshaping"), ("digit", "core")):
        band = panel.text._band(workspace.document.node_named(name).id)  # type: ignore[union-attr]
        assert band is not None
        assert picture.pixelColor(6, round(band.center().y()) + offset) == theme.LIGHT.family(family)[0]


def test_hovering_links_both_ways(panel: CodePanel, workspace: Workspace, qtbot: QtBot) -> None:
    node = workspace.document.node_named("conv").id  # type: ignore[union-attr]
    with qtbot.waitSignal(workspace.hovered, check_params_cb=lambda found: found == node):
        qtbot.mouseMove(panel.text.viewport(), place(panel, line_of(panel, node)))
    workspace.hovered.emit(workspace.document.node_named("digit").id)  # type: ignore[union-attr]
    assert panel.text._hover == workspace.document.node_named("digit").id  # type: ignore[union-attr]


def test_copy_and_export(panel: CodePanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.copy, LEFT)
    assert QGuiApplication.clipboard().text() == panel.source
    with qtbot.waitSignal(panel.export_requested):
        qtbot.mouseClick(panel.export, LEFT)


def test_without_layers_it_says_what_to_do(open_workspace: Any, show: Callable[..., Any]) -> None:
    panel = show(CodePanel(open_workspace(blank())))
    assert panel._empty.isVisible()
    assert panel._empty._title.text() == "Nothing to write yet"
    assert not panel.copy.isEnabled()


def test_a_hidden_pane_writes_when_it_is_seen(open_workspace: Any, qtbot: QtBot) -> None:
    panel = CodePanel(open_workspace(classifier()))
    qtbot.addWidget(panel)
    assert panel.source == ""
    panel.show()
    assert "keras.Sequential" in panel.source
