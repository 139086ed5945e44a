"""Workspaces for panels, in a theme with a fixed text scale."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from designer.core.document import Document
from designer.core.project import Project
from designer.editing.workspace import Workspace
from designer.look import motion, theme
from tests.designer.drawing import classifier

Opens = Callable[..., Workspace]


@pytest.fixture(autouse=True)
def _still(qapp: QApplication) -> Iterator[None]:
    motion.set_reduced(True)
    theme.apply(qapp, theme.LIGHT, 1.0)
    yield
    motion.set_reduced(False)
    theme.apply(qapp, theme.LIGHT, 1.0)
    qapp.setStyleSheet("")


@pytest.fixture
def open_workspace() -> Iterator[Opens]:
    """Opens documents and closes them at the end."""
    made: list[Workspace] = []

    def open_(document: Document | None = None) -> Workspace:
        made.append(Workspace(Project(document if document is not None else classifier())))
        return made[-1]

    yield open_
    for workspace in made:
        workspace.close()


@pytest.fixture
def show(qtbot: QtBot) -> Callable[..., QWidget]:
    """Shows a panel in the size of its dock."""

    def show_(widget: QWidget, width: int = 320, height: int = 560) -> QWidget:
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    return show_
