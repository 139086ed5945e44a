"""Unexpected errors: told in a sentence, written to a report, the window lives, the journal is whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer

from designer.app import crash, places
from designer.app.window import MainWindow
from designer.core.commands import SetParams
from designer.core.project import Project, write
from tests.designer.drawing import classifier


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    said: list[str] = []
    monkeypatch.setattr("designer.app.crash.logging.Logger.error", lambda *_: None)
    end = crash.install(said.append)
    yield said
    end()


def fail() -> None:
    raise RuntimeError("the sky is green")


def reports() -> list[Path]:
    return sorted(places.logs().glob("crash-*.txt"))


def thrown(action: Callable[[], None]) -> None:
    try:
        action()
    except RuntimeError:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]


def test_an_error_is_told_and_written_down(told: list[str]) -> None:
    before = len(reports())
    thrown(fail)
    assert "Something unexpected happened: the sky is green. Your work is kept" in told[0]
    path = reports()[-1]
    assert str(path) in told[0]
    text = path.read_text("utf-8")
    assert len(reports()) == before + 1
    assert "Bricklayer" in text
    assert "in fail" in text
    assert str(Path.home()) not in text


def test_only_the_last_reports_are_kept(told: list[str]) -> None:
    for _ in range(crash.KEPT + 3):
        thrown(fail)
    assert len(reports()) == crash.KEPT


def test_the_window_and_the_journal_outlive_an_error(
    window: MainWindow, tmp_path: Path, qtbot: Any, told: list[str]
) -> None:
    path = tmp_path / "digits.keras"
    write(Project(classifier()), path)
    window.open(str(path))
    workspace = window.editor.workspace
    node = workspace.document.node_named("conv")
    assert node is not None
    workspace.run(SetParams(node.id, {"filters": 9}))
    with qtbot.capture_exceptions() as caught:
        QTimer.singleShot(0, fail)
        qtbot.waitUntil(lambda: bool(caught))
    journal = window.editor.recorder.journal
    qtbot.waitUntil(lambda: journal.exists)
    assert journal.read().document.state() == workspace.document.state()
    assert window.isVisible()
    workspace.undo()
    assert workspace.document.node_named("conv").params["filters"] == 4  # type: ignore[union-attr]
