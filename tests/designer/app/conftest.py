"""A window for each test, closed without questions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from designer.app import places
from designer.app.settings import Settings
from designer.app.window import MainWindow
from designer.look import theme


@pytest.fixture
def window(qtbot: Any, qapp: Any) -> Iterator[MainWindow]:
    theme.apply(qapp, theme.LIGHT, 1.0)
    for folder in (places.recovery(), places.versions()):
        shutil.rmtree(folder)
    made = MainWindow(Settings())
    made.resize(1440, 900)
    made.show()
    qtbot.addWidget(made)
    yield made
    if made.is_editing:
        made.editor.mark_saved()
    made.close()
