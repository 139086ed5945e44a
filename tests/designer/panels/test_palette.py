"""The palette with mouse and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication, QToolButton, QToolTip, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from designer.core.catalog import FAMILIES, family, layers, usual
from designer.look import theme
from designer.panels.palette import MIME, PalettePanel
from designer.panels.palette.tree import OPEN_AT_FIRST, title_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def palette(open_workspace: Any, show: Callable[..., Any]) -> PalettePanel:
    return show(PalettePanel(open_workspace()), 200, 640)


def tops(palette: PalettePanel) -> list[QTreeWidgetItem]:
    found = [palette.tree.topLevelItem(i) for i in range(palette.tree.topLevelItemCount())]
    return [item for item in found if item is not None]


def middle(palette: PalettePanel, item: QTreeWidgetItem) -> QPoint:
    return palette.tree.visualItemRect(item).center()


def shown(item: QTreeWidgetItem) -> list[str]:
    return [child.text(0) for i in range(item.childCount()) if (child := item.child(i)) is not None]


def test_twelve_families_stand_in_their_order(palette: PalettePanel) -> None:
    assert [top.text(0) for top in tops(palette)] == [title_of(name) for name in FAMILIES]
    assert len(FAMILIES) == 12
    assert {name for name in FAMILIES if palette.tree.family_row(name).isExpanded()} == set(OPEN_AT_FIRST)


def test_every_layer_has_its_place(palette: PalettePanel) -> None:
    for name in FAMILIES:
        palette.tree.show_whole(name)
    rows = [name for top in tops(palette) for name in shown(top) if top.childCount() and family(_family(top))]
    assert sorted(rows) == sorted(c.name for c in layers())


def _family(top: QTreeWidgetItem) -> str:
    from designer.panels.palette.rows import FAMILY

    return str(top.data(0, FAMILY))


def test_usual_layers_come_first_and_the_rest_on_demand(palette: PalettePanel, qtbot: QtBot) -> None:
    core = palette.tree.family_row("core")
    assert shown(core) == [c.name for c in usual("core")] == ["Input", "Dense", "Embedding"]
    area = palette.tree.visualItemRect(core)
    qtbot.mouseClick(palette.tree.viewport(), LEFT, pos=QPoint(palette.tree.viewport().width() - 20, area.center().y()))
    core = palette.tree.family_row("core")
    assert shown(core)[:3] == ["Input", "Dense", "Embedding"]
    assert set(shown(core)) == {c.name for c in family("core")}


def test_a_click_on_a_family_folds_it(palette: PalettePanel, qtbot: QtBot) -> None:
    row = palette.tree.family_row("convolution")
    qtbot.mouseClick(palette.tree.viewport(), LEFT, pos=QPoint(60, middle(palette, row).y()))
    assert not row.isExpanded()
    qtbot.keyClicks(palette.field, "x")
    palette.field.clear()
    assert not palette.tree.family_row("convolution").isExpanded(), "a search forgot what was folded"
    qtbot.mouseClick(
        palette.tree.viewport(), LEFT, pos=QPoint(60, middle(palette, palette.tree.family_row("convolution")).y())
    )
    assert palette.tree.family_row("convolution").isExpanded()


def test_keys_open_families_and_place_layers(palette: PalettePanel, qtbot: QtBot) -> None:
    tree = palette.tree
    tree.setFocus()
    tree.setCurrentItem(tree.family_row("merging"))
    qtbot.keyClick(tree, Qt.Key.Key_Right)
    assert "Concatenate" in shown(tree.family_row("merging"))
    qtbot.keyClick(tree, Qt.Key.Key_Return)
    assert not tree.family_row("merging").isExpanded()
    tree.setCurrentItem(tree.row_of("Dense"))
    with qtbot.waitSignal(palette._workspace.place_requested) as asked:
        qtbot.keyClick(tree, Qt.Key.Key_Return)
    assert asked.args == ["Dense"]


def test_a_double_click_places_a_layer_once(palette: PalettePanel, qtbot: QtBot) -> None:
    asked: list[str] = []
    palette._workspace.place_requested.connect(asked.append)
    row = palette.tree.row_of("Conv2D")
    assert row is not None
    qtbot.mouseClick(palette.tree.viewport(), LEFT, pos=middle(palette, row))
    qtbot.mouseDClick(palette.tree.viewport(), LEFT, pos=middle(palette, row))
    assert asked == ["Conv2D"]


WANTED = {"conv2": "Conv2D", "picture": "Conv2D", "lstm": "LSTM", "batchnorm": "BatchNormalization"}


@pytest.mark.parametrize(("typed", "first"), WANTED.items())
def test_search_finds_by_name_alias_and_purpose(palette: PalettePanel, qtbot: QtBot, typed: str, first: str) -> None:
    qtbot.keyClicks(palette.field, typed)
    found = [top.text(0) for top in tops(palette)]
    assert first in found[:3]
    with qtbot.waitSignal(palette._workspace.place_requested) as asked:
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert asked.args == [found[0]]


def test_search_goes_down_into_the_list_and_back(palette: PalettePanel, qtbot: QtBot) -> None:
    palette.focus_search()
    qtbot.keyClicks(palette.field, "pool")
    second = tops(palette)[1].text(0)
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.tree.hasFocus()
    assert palette.tree.currentItem().text(0) == second
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert palette.field.text() == ""
    assert len(tops(palette)) == 12


def test_a_slip_is_answered_with_what_was_meant(palette: PalettePanel, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.field, "densse")
    assert palette._none.isVisible()
    assert "No layer called &quot;densse&quot;." in palette._none.text() or '"densse"' in palette._none.text()
    assert "Did you mean" in palette._none.text()
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.field.text() == "Dense"
    assert not palette._none.isVisible()


def test_a_drag_carries_the_layer_and_a_picture(
    palette: PalettePanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[tuple[bytes, bool]] = []

    def exec_(drag: QDrag, *_: Any) -> Qt.DropAction:
        carried.append((bytes(drag.mimeData().data(MIME).data()), drag.pixmap().isNull()))
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", exec_)
    row = palette.tree.row_of("Dense")
    assert row is not None
    start = middle(palette, row)
    qtbot.mousePress(palette.tree.viewport(), LEFT, pos=start)
    for step in (8, 16, 32):
        qtbot.mouseMove(palette.tree.viewport(), start + QPoint(step, 0))
    qtbot.mouseRelease(palette.tree.viewport(), LEFT, pos=start + QPoint(32, 0))
    assert carried == [(b"Dense", False)]


def test_f1_explains_a_layer(palette: PalettePanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _, text, *__: told.append(text))
    palette.tree.setFocus()
    palette.tree.setCurrentItem(palette.tree.row_of("Dropout"))
    qtbot.keyClick(palette.tree, Qt.Key.Key_F1)
    assert "<b>Dropout</b>" in told[0]
    assert next(c.summary for c in layers() if c.name == "Dropout") in told[0]


def test_the_rail_has_a_tile_for_each_family_and_flies_out(palette: PalettePanel, qtbot: QtBot) -> None:
    palette.set_rail(True)
    assert palette.is_rail
    assert palette.maximumWidth() == 48
    for name in FAMILIES:
        assert palette.findChild(QToolButton, f"family_{name}").accessibleName() == title_of(name)
    flyout = palette.fly_out("pooling")
    assert shown(flyout.tree.family_row("pooling"))[0] == "MaxPooling2D"
    assert len(shown(flyout.tree.family_row("pooling"))) == len(family("pooling"))
    flyout.tree.setCurrentItem(flyout.tree.row_of("MaxPooling2D"))
    with qtbot.waitSignal(palette._workspace.place_requested) as asked:
        qtbot.keyClick(flyout.tree, Qt.Key.Key_Return)
    assert asked.args == ["MaxPooling2D"]
    palette.focus_search()
    assert not palette.is_rail


def test_rows_grow_with_the_text(palette: PalettePanel, qapp: QApplication) -> None:
    row = palette.tree.family_row("core")
    assert palette.tree.visualItemRect(row).height() == 26
    assert palette.tree.visualItemRect(row.child(0)).height() == 23
    theme.apply(qapp, theme.DARK, 2.0)
    assert palette.tree.visualItemRect(palette.tree.family_row("core")).height() == 52
