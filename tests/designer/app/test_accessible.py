"""Everything a person can operate tells a screen reader what it is."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QGraphicsView,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QWidget,
)

from designer.app.window import MainWindow
from designer.core.resources import resource

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QGraphicsView,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
)
PARTS = (QScrollBar, QHeaderView)
"""Parts of other controls, which speak for them."""


def is_own(widget: QWidget) -> bool:
    """Whether it is a control of ours: no part of a combo box, of Qt's own helpers, or of pyqtgraph's hidden menu."""
    inside: Any = widget.parent()
    while inside is not None:
        if inside.metaObject().className() == "QComboBoxPrivateContainer" or isinstance(inside, (QMenu, QHeaderView)):
            return False
        inside = inside.parent()
    window = widget.window()
    return not widget.objectName().startswith("qt_") and (widget.isVisibleTo(window) or bool(widget.objectName()))


def silent(root: QWidget) -> set[str]:
    """Controls without a name."""
    found = set()
    for widget in root.findChildren(QWidget):
        if isinstance(widget, CONTROLS) and not isinstance(widget, PARTS) and is_own(widget):
            spoken = QAccessible.queryAccessibleInterface(widget)
            if not spoken.text(QAccessible.Text.Name).strip():
                found.add(f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}")
    return found


def test_the_welcome_page_speaks(window: MainWindow) -> None:
    assert silent(window) == set()


def test_a_project_speaks_whatever_is_selected(window: MainWindow, qapp: Any) -> None:
    window.open_example(str(resource("examples") / "4-digits-residual.keras"))
    workspace = window.editor.workspace
    for node in workspace.document.nodes:
        workspace.selection.set([node])
        qapp.processEvents()
        assert silent(window) == set(), workspace.document.nodes[node].type


@pytest.mark.parametrize("panel", ["curves", "data", "training", "problems", "code"])
def test_panels_speak(window: MainWindow, qapp: Any, panel: str) -> None:
    window.open_example(str(resource("examples") / "3-digits.keras"))
    window.show_panel(panel)
    qapp.processEvents()
    assert silent(window) == set()


def test_the_command_palette_speaks(window: MainWindow) -> None:
    assert silent(window.find_anything()) == set()
