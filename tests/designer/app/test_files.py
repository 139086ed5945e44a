"""Opening, saving and leaving: nothing is lost, nothing waits for an answer, refusals are told."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton

from designer.app import places
from designer.app.recovery import leftovers
from designer.app.welcome import examples
from designer.app.window import MainWindow
from designer.core.commands import SetData, SetParams
from designer.core.journal import Journal, snapshot_of
from designer.core.project import Project, read, write
from tests.designer.drawing import classifier

BUTTONS = QMessageBox.StandardButton
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "digits.keras"
    write(Project(classifier()), path)
    return path


def edit(window: MainWindow, filters: int = 9) -> None:
    workspace = window.editor.workspace
    node = workspace.document.node_named("conv")
    assert node is not None
    workspace.run(SetParams(node.id, {"filters": filters}))


def box(window: MainWindow, name: str) -> QMessageBox:
    found = [b for b in window.findChildren(QMessageBox, name) if b.isVisible()]
    assert len(found) == 1
    return found[0]


def answer(window: MainWindow, qtbot: Any, button: QMessageBox.StandardButton) -> None:
    qtbot.mouseClick(box(window, "unsaved").button(button), LEFT)


def leave_by(window: MainWindow, project: Path) -> dict[str, Callable[[], object]]:
    return {
        "new": window.files.new,
        "open": lambda: window.open(str(project)),
        "welcome": window.show_welcome,
        "close": window.close,
    }


@pytest.mark.parametrize("way", ["new", "open", "welcome", "close"])
def test_unsaved_work_is_asked_about_whatever_the_way_out(
    way: str, window: MainWindow, project: Path, qtbot: Any
) -> None:
    window.open(str(project))
    edit(window)
    editor = window.editor
    leave_by(window, project)[way]()
    assert window.editor is editor
    assert window.isVisible()
    answer(window, qtbot, BUTTONS.Cancel)
    assert window.editor is editor
    leave_by(window, project)[way]()
    answer(window, qtbot, BUTTONS.Discard)
    assert not window.is_editing or window.editor is not editor
    assert window.isVisible() == (way != "close")
    assert read(project).document.node_named("conv").params["filters"] == 4  # type: ignore[union-attr]


def test_saving_on_the_way_out_saves(window: MainWindow, project: Path, qtbot: Any) -> None:
    window.open(str(project))
    edit(window)
    window.close()
    answer(window, qtbot, BUTTONS.Save)
    assert not window.isVisible()
    assert read(project).document.node_named("conv").params["filters"] == 9  # type: ignore[union-attr]


def test_leaving_saved_work_asks_nothing(window: MainWindow, project: Path) -> None:
    assert window.open(str(project))
    edit(window)
    assert window.is_dirty
    window.actions_by_id["undo"].trigger()
    assert not window.is_dirty
    assert window.open(str(project))


def test_the_file_before_becomes_a_previous_version(window: MainWindow, project: Path) -> None:
    window.open(str(project))
    assert not window.versions_menu.isEnabled()
    edit(window)
    window.actions_by_id["save"].trigger()
    (entry,) = window.versions_menu.actions()
    entry.trigger()
    assert window.editor.workspace.document.node_named("conv").params["filters"] == 4  # type: ignore[union-attr]
    assert window.editor.project.path is None, "a previous version opens as a copy"
    assert window.is_dirty


def test_a_file_that_another_program_changed_is_kept_and_told(
    window: MainWindow, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(window, "tell", said.append)
    window.open(str(project))
    other = project.read_bytes() + b"  "
    project.write_bytes(other)
    os.utime(project, ns=(10**18, 10**18))
    edit(window)
    window.files.save()
    assert "Another program had changed it" in said[-1]
    assert window.files.earlier()[0].path.read_bytes() == other


def test_a_disk_that_refuses_leaves_the_work_in_the_window(
    window: MainWindow, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.open(str(project))
    edit(window)
    before = project.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert not window.save_to(str(project))
    assert "No space left on device. Your work is still here" in box(window, "refusal").text()
    assert project.read_bytes() == before
    assert window.is_dirty
    assert not window.save_to(str(project.parent / "gone" / "a.keras"))
    box_texts = [b.text() for b in window.findChildren(QMessageBox, "refusal") if b.isVisible()]
    assert any("gone" in text for text in box_texts)


def test_broken_files_are_refused_in_the_window(window: MainWindow, project: Path, tmp_path: Path) -> None:
    window.open(str(project))
    editor = window.editor
    broken = tmp_path / "broken.keras"
    broken.write_bytes(project.read_bytes()[:200])
    assert not window.open(str(broken))
    assert "broken.keras was not opened" in box(window, "refusal").text()
    assert window.editor is editor


def test_examples_are_never_overwritten(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = examples()[0]
    before = example.read_bytes()
    window.open_example(str(example))
    workspace = window.editor.workspace
    workspace.run(SetData(msgspec.structs.replace(workspace.document.data, seed=99)))
    asked: list[str] = []

    def choose(*arguments: Any) -> tuple[str, str]:
        asked.append(arguments[2])
        return str(tmp_path / "mine.keras"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    window.actions_by_id["save"].trigger()
    assert asked == [f"{workspace.document.name}.keras"]
    assert example.read_bytes() == before
    assert read(tmp_path / "mine.keras").document.data.seed == 99


def test_each_edit_is_in_the_journal_until_it_is_saved(window: MainWindow, project: Path, qtbot: Any) -> None:
    window.open(str(project))
    journal = window.editor.recorder.journal
    assert not journal.exists
    edit(window)
    qtbot.waitUntil(lambda: journal.exists)
    assert journal.read().document.state() == window.editor.workspace.document.state()
    assert leftovers() == [], "an open window keeps its own journal"
    edit(window, 11)
    qtbot.waitUntil(lambda: journal.read().document.state() == window.editor.workspace.document.state())
    window.files.save()
    qtbot.waitUntil(lambda: not journal.exists)


def test_a_journal_that_cannot_be_written_is_told_once(
    window: MainWindow, project: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    window.open(str(project))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Journal, "write", full)
    monkeypatch.setattr("designer.app.recovery._LOG.error", lambda *_: None)
    with qtbot.waitSignal(window.editor.told) as told:
        edit(window)
    assert "cannot be kept for recovery" in told.args[0]


def crashed(path: Path | None = None, name: str = "a" * 8) -> Journal:
    """The journal of a window that is no more."""
    document = classifier()
    SetParams(document.node_named("conv").id, {"filters": 7}).do(document)  # type: ignore[union-attr]
    journal = Journal(places.recovery() / name)
    journal.write(snapshot_of(Project(document, path=path)))
    return journal


def test_unsaved_work_is_offered_and_recovered(window: MainWindow, project: Path, qtbot: Any) -> None:
    journal = crashed(project)
    window.show_welcome()
    bar = window.findChild(QPushButton, "recover")
    assert "digits.keras was not saved when the program ended" in bar.parentWidget().accessibleName()
    qtbot.mouseClick(bar, LEFT)
    assert window.editor.workspace.document.node_named("conv").params["filters"] == 7  # type: ignore[union-attr]
    assert window.editor.project.path == project
    assert window.is_dirty
    assert not journal.folder.exists()
    assert window.editor.recorder.journal.exists, "the new journal is there before the old one goes"
    assert read(project).document.node_named("conv").params["filters"] == 4  # type: ignore[union-attr]


def test_several_are_listed_and_can_be_given_up(window: MainWindow, qtbot: Any) -> None:
    journals = [crashed(name=n * 8) for n in "ab"]
    (journals[1].folder / "project.json").write_bytes(b"damaged")
    window.show_welcome()
    assert len(window.findChildren(QPushButton, "recover")) == 1
    discards = window.findChildren(QPushButton, "discard")
    assert len(discards) == 2
    for button in discards:
        qtbot.mouseClick(button, LEFT)
    assert [j.folder for j in journals if j.folder.exists()] == []
    assert leftovers() == []
