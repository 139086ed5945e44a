"""Themes, icons, type scale and the small widgets."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from designer.core.resources import resource
from designer.look import fonts, icons, theme, widgets

FIFTY = (
    "new open save export import undo redo cut copy paste duplicate delete search command fit zoom-in zoom-out layout "
    "align minimap train pause stop step-batch step-epoch step-back slow-motion error warning info success repair "
    "preview freeze bypass lock breakpoint block frame note data draw curves matrix tensor gradient code help lesson "
    "present"
).split()


@pytest.fixture
def dressed(qapp: QApplication) -> Iterator[QApplication]:
    theme.apply(qapp, theme.LIGHT, 1.0)
    yield qapp
    theme.apply(qapp, theme.LIGHT, 1.0)
    qapp.setStyleSheet("")


def ink(name: str, size: int) -> int:
    """How many pixels of an icon are drawn."""
    image = icons.pixmap(name, size, QColor("#FF0000"), 1.0).toImage()
    return sum(image.pixelColor(x, y).alpha() > 100 for x in range(size) for y in range(size))


def test_there_are_fifty_icons_and_a_glyph_for_each_family(dressed: QApplication) -> None:
    assert len(FIFTY) == 50
    names = [*FIFTY, *(icons.glyph(family) for family in theme.LIGHT.families), "brick"]
    for name in names:
        text = resource(f"icons/{name}.svg").read_text()
        assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', text)) <= {"none", "currentColor"}, name
        assert ink(name, 16) >= 6, name
    assert len({icons.pixmap(n, 16, "text", 1.0).toImage().constBits().tobytes() for n in names}) == len(names)


def test_icons_keep_a_margin_and_take_the_colour_asked_for(dressed: QApplication) -> None:
    for name in FIFTY:
        image = icons.pixmap(name, 16, QColor("#FF0000"), 1.0).toImage()
        border = [image.pixelColor(i, j).alpha() for i in range(16) for j in (0, 15)]
        assert max(border) < 200, name
    red = icons.pixmap("stop", 16, QColor("#FF0000"), 1.0).toImage().pixelColor(8, 8)
    assert (red.red(), red.green(), red.blue()) == (255, 0, 0)


@pytest.mark.parametrize("name", theme.THEMES)
def test_a_theme_dresses_the_whole_application(dressed: QApplication, name: str, qtbot: QtBot) -> None:
    chosen = theme.THEMES[name]
    with qtbot.waitSignal(theme.theme_changed):
        theme.apply(dressed, chosen)
    assert theme.theme() is chosen
    palette = dressed.palette()
    assert palette.color(QPalette.ColorRole.WindowText) == chosen.color("text")
    assert palette.color(QPalette.ColorRole.Base) == chosen.color("raised")
    assert palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text) == chosen.color("text3")
    assert "$" not in dressed.styleSheet()
    assert "@" not in dressed.styleSheet()
    assert chosen.color("accent").name() in dressed.styleSheet().lower()


def test_text_scale_multiplies_type_and_rows(dressed: QApplication) -> None:
    assert [fonts.font(role).pixelSize() for role in fonts.SIZES] == [11, 12, 13, 15, 20, 32]
    theme.apply(dressed, theme.LIGHT, 2.0)
    assert fonts.px(26) == 52
    assert fonts.font("body").pixelSize() == 26
    assert fonts.font("body", scaled=False).pixelSize() == 13
    theme.apply(dressed, theme.LIGHT, 9.0)
    assert fonts.text_scale() == 3.0


def test_bound_icons_follow_the_theme_and_let_go_of_deleted_buttons(dressed: QApplication, qtbot: QtBot) -> None:
    button = widgets.IconButton("fit", "Show everything")
    qtbot.addWidget(button)
    light = button.icon().pixmap(16, 16).toImage()
    theme.apply(dressed, theme.DARK)
    assert button.icon().pixmap(16, 16).toImage() != light
    assert button.accessibleName() == "Show everything"
    dead = widgets.Button("x", icon="fit")
    dead.deleteLater()
    dressed.sendPostedEvents(None, 52)
    theme.apply(dressed, theme.LIGHT)


def test_segmented_control_by_mouse_and_keys(dressed: QApplication, qtbot: QtBot) -> None:
    control = widgets.SegmentedControl([("shapes", "Shapes"), ("tensors", "Tensors"), ("gradients", "Gradients")])
    qtbot.addWidget(control)
    control.show()
    heard: list[str] = []
    control.changed.connect(heard.append)
    qtbot.mouseClick(control, Qt.MouseButton.LeftButton, pos=control.rect().center())
    qtbot.keyClick(control, Qt.Key.Key_Right)
    qtbot.keyClick(control, Qt.Key.Key_Right)
    qtbot.keyClick(control, Qt.Key.Key_Left)
    assert heard == ["tensors", "gradients", "tensors"]
    control.set_value("shapes")
    assert (control.value(), len(heard)) == ("shapes", 3)


def test_a_toast_says_one_thing_and_runs_its_button(dressed: QApplication, qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(600, 300)
    host.show()
    toast, undone = widgets.Toast(host), []
    toast.say("3 layers deleted.", "Undo", lambda: undone.append(1))
    assert toast.isVisible()
    assert toast.geometry().bottom() <= 300
    host.resize(500, 260)
    assert toast.geometry().right() <= 500
    qtbot.mouseClick(toast.findChild(widgets.Button), Qt.MouseButton.LeftButton)
    assert undone == [1]
    assert not toast.isVisible()


def test_chips_grow_with_their_shape_and_section_headers_fold(dressed: QApplication, qtbot: QtBot) -> None:
    chip = widgets.Chip("8×8×16", "HWC")
    header = widgets.SectionHeader("Parameters")
    for widget in (chip, header):
        qtbot.addWidget(widget)
    before = chip.sizeHint().width()
    chip.set_shape("128×128×512", "HWC", "error")
    assert chip.sizeHint().width() > before
    assert chip.grab().toImage().pixelColor(2, 10) != theme.color("sunken")
    heard: list[bool] = []
    header.folded.connect(heard.append)
    qtbot.mouseClick(header, Qt.MouseButton.LeftButton)
    assert heard == [True]
