"""The window around the canvas: what gives way, what is found, what every action has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QPushButton

from designer.app import actions
from designer.app.command_palette import CommandPalette
from designer.app.welcome import examples
from designer.app.window import MainWindow
from designer.core.project import Project, write
from designer.look import theme
from tests.designer.drawing import classifier

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def opened(window: MainWindow, tmp_path: Path) -> MainWindow:
    path = tmp_path / "digits.keras"
    write(Project(classifier()), path)
    window.open(str(path))
    return window


def resized(window: MainWindow, qtbot: Any, width: int, height: int) -> None:
    window.resize(width, height)
    qtbot.waitUntil(lambda: (window.width(), window.height()) == (width, height), timeout=2000)


@pytest.mark.parametrize(
    ("width", "height", "merged", "rail", "inspector", "status"),
    [
        (1440, 900, False, False, True, True),
        (1300, 800, True, False, True, True),
        (1150, 800, True, True, True, True),
        (1000, 700, True, True, False, True),
    ],
)
def test_panels_give_way_in_order(
    opened: MainWindow, qtbot: Any, width: int, height: int, merged: bool, rail: bool, inspector: bool, status: bool
) -> None:
    resized(opened, qtbot, width, height)
    docks = opened.docks
    assert docks.is_merged == merged
    assert opened.editor.palette.is_rail == rail
    qtbot.waitUntil(lambda: docks.inspector.isVisible() == inspector)
    assert opened.statusBar().isVisible() == status
    canvas = opened.editor.canvas
    assert canvas.width() >= 480
    assert canvas.height() >= 320
    resized(opened, qtbot, 1440, 900)
    assert not docks.is_merged
    qtbot.waitUntil(lambda: docks.inspector.isVisible() and docks.right.isVisible())


def test_large_text_counts_as_a_small_window(opened: MainWindow, qtbot: Any, qapp: Any) -> None:
    resized(opened, qtbot, 1440, 800)
    assert opened.statusBar().isVisible()
    theme.apply(qapp, theme.LIGHT, 1.5)
    opened.docks.arrange()
    assert opened.editor.palette.is_rail
    assert not opened.statusBar().isVisible()
    theme.apply(qapp, theme.LIGHT, 1.0)
    opened.docks.arrange()
    assert opened.statusBar().isVisible()


def test_a_flat_window_keeps_the_tabs_of_the_bottom(opened: MainWindow, qtbot: Any) -> None:
    tall = opened.docks.left.height()
    resized(opened, qtbot, 1440, 700)
    qtbot.waitUntil(lambda: opened.docks.left.height() < 48)
    resized(opened, qtbot, 1440, 900)
    qtbot.waitUntil(lambda: opened.docks.left.height() > tall / 2)


def test_the_inspector_is_a_drawer_on_narrow_windows(opened: MainWindow, qtbot: Any) -> None:
    resized(opened, qtbot, 1000, 800)
    opened.actions_by_id["inspector"].trigger()
    assert opened.docks.inspector.isVisible()
    opened.actions_by_id["inspector"].trigger()
    assert not opened.docks.inspector.isVisible()


def test_sizes_are_remembered(opened: MainWindow, qtbot: Any) -> None:
    docks = opened.docks
    opened.resizeDocks([docks.inspector], [340], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: docks.inspector.width() == 340)
    opened.show_welcome()
    opened.open(opened.settings.recent[0])
    qtbot.waitUntil(lambda: opened.docks.inspector.width() == 340)


def test_the_title_tells_file_and_state(opened: MainWindow) -> None:
    assert opened.top_bar.title.text() == "digits.keras · Saved"
    opened.editor.workspace.selection.set(list(opened.editor.workspace.document.nodes)[:1])
    opened.actions_by_id["delete"].trigger()
    assert opened.top_bar.title.text() == "digits.keras · Edited"
    assert opened.windowTitle() == "digits.keras · Edited"


def test_every_action_has_a_menu_and_shortcuts_are_told_apart() -> None:
    keys = [QKeySequence(k).toString() for spec in actions.ACTIONS for k in spec.keys]
    assert all(keys)
    assert sorted(keys) == sorted(set(keys))
    assert {spec.menu for spec in actions.ACTIONS} == set(actions.MENUS)
    assert len({spec.id for spec in actions.ACTIONS}) == len(actions.ACTIONS)


def test_shortcuts_do_what_menus_do(opened: MainWindow, qtbot: Any) -> None:
    document = opened.editor.workspace.document
    opened.editor.canvas.setFocus()
    opened.editor.workspace.selection.set(list(document.nodes)[:1])
    before = len(document.nodes)
    qtbot.keyClick(opened.editor.canvas, Qt.Key.Key_Delete)
    assert len(document.nodes) == before - 1
    opened.actions_by_id["undo"].trigger()
    assert len(document.nodes) == before


def palette(window: MainWindow) -> CommandPalette:
    found = window.findChildren(CommandPalette)
    assert len(found) == 1
    return found[0]


def test_the_palette_finds_and_does(opened: MainWindow, qtbot: Any) -> None:
    qtbot.mouseClick(opened.findChild(QPushButton, "commandButton"), LEFT)
    found = palette(opened)
    assert set(found.titles()) >= {opened.actions_by_id[spec.id].text() for spec in actions.ACTIONS}
    qtbot.keyClicks(found.field, "flatt")
    assert found.titles()[:2] == ["flatten", "Flatten"]
    document = opened.editor.workspace.document
    before = len(document.nodes)
    qtbot.keyClick(found.field, Qt.Key.Key_Down)
    qtbot.keyClick(found.field, Qt.Key.Key_Return)
    assert len(document.nodes) == before + 1
    assert [n.type for n in document.nodes.values()][-1] == "Flatten"


def test_the_palette_goes_to_a_layer(opened: MainWindow, qtbot: Any) -> None:
    found = opened.find_anything()
    qtbot.keyClicks(found.field, "digit dense")
    assert found.titles() == ["digit"]
    qtbot.keyClick(found.field, Qt.Key.Key_Return)
    (chosen,) = opened.editor.workspace.selection.ids
    assert opened.editor.workspace.document.nodes[chosen].name == "digit"


def test_the_palette_leaves_without_a_trace(opened: MainWindow, qtbot: Any) -> None:
    before = opened.editor.workspace.document.state()
    found = opened.find_anything()
    qtbot.keyClicks(found.field, "no such thing at all")
    assert found.titles() == ['Nothing matches "no such thing at all".']
    qtbot.keyClick(found.field, Qt.Key.Key_Return)
    assert found.isVisible()
    qtbot.keyClick(found.field, Qt.Key.Key_Escape)
    assert not found.isVisible()
    assert opened.editor.workspace.document.state() == before


def test_what_cannot_be_done_says_why(window: MainWindow, qtbot: Any) -> None:
    found = window.find_anything()
    qtbot.keyClicks(found.field, "one epoch")
    entry = found.list.item(0).data(Qt.ItemDataRole.UserRole)
    assert entry.blocked == "Open a network first"
    qtbot.keyClick(found.field, Qt.Key.Key_Return)
    assert found.isVisible()


def outside(window: MainWindow) -> int:
    """How many layers the canvas does not show whole."""
    canvas = window.editor.canvas
    shown = canvas.mapToScene(canvas.viewport().rect()).boundingRect()
    return sum(not shown.contains(item.frame()) for item in canvas.canvas.nodes.values())


def test_a_project_after_another_is_seen_whole_and_leaves_the_window_as_it_is(window: MainWindow, qtbot: Any) -> None:
    for example in examples()[2:4]:
        window.open_example(str(example))
        qtbot.waitUntil(lambda: window.docks.inspector.isVisible() and outside(window) == 0)
        edge = window.docks.inspector.geometry().right()
        assert (window.width(), edge) == (1440, 1439)


def test_the_view_stays_where_the_person_has_put_it(opened: MainWindow, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: outside(opened) == 0)
    opened.editor.canvas.zoom_to(2.0)
    resized(opened, qtbot, 1400, 880)
    assert opened.editor.canvas.zoom == 2.0
