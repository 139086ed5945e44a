"""Opening, saving, leaving: what stands between a project and its file. Nothing here waits for an answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox

from designer.app import places
from designer.app.recovery import Leftover
from designer.core.document import Document
from designer.core.project import Project, read, write
from designer.core.text import tr
from designer.core.versions import Version, Versions
from engine.core.errors import LoadError

if TYPE_CHECKING:
    from designer.app.window import MainWindow

Stamp = tuple[int, int]
Then = Callable[[], object]
_BUTTONS = QMessageBox.StandardButton


def stamp_of(path: Path | None) -> Stamp | None:
    """What tells that a file was changed: its time and size; None when it is not there."""
    try:
        state = path.stat() if path is not None else None
    except OSError:
        return None
    return (state.st_mtime_ns, state.st_size) if state is not None else None


class Files(QObject):
    """The window's dealings with files."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._stamp: Stamp | None = None
        self.versions = Versions(places.versions())

    # Leaving.
    def leave(self, then: Then) -> bool:
        """Go on with `then` when nothing would be lost; else ask first. Whether it went on at once."""
        window = self._window
        if not (window.is_editing and window.editor.is_dirty):
            then()
            return True
        name = window.editor.workspace.document.name
        box = QMessageBox(window)
        box.setObjectName("unsaved")
        box.setWindowTitle(tr("Bricklayer"))
        box.setText(tr("{name} has changes that are not saved.", name=name))
        box.setStandardButtons(_BUTTONS.Save | _BUTTONS.Discard | _BUTTONS.Cancel)
        box.setDefaultButton(_BUTTONS.Save)
        box.finished.connect(lambda answer: self._answered(_BUTTONS(answer), then))
        box.finished.connect(box.deleteLater)
        box.open()
        return False

    def _answered(self, answer: QMessageBox.StandardButton, then: Then) -> None:
        if answer == _BUTTONS.Save and not self.save():
            return
        if answer in (_BUTTONS.Save, _BUTTONS.Discard):
            then()

    # Opening.
    def new(self) -> None:
        """Begin a new network."""
        self.leave(lambda: self._show(Project(Document(tr("network")))))

    def ask_open(self) -> None:
        """Choose a project to open."""
        path, _ = QFileDialog.getOpenFileName(self._window, tr("Open"), "", tr("Projects and Keras models (*.keras)"))
        if path:
            self.open(path)

    def open(self, path: str, example: bool = False) -> bool:
        """Open a project, an example as a copy; a refusal is told and nothing changes. Whether it is open now."""
        try:
            project = read(path, read_only=example)
        except (LoadError, OSError) as error:
            self.refuse(tr("{name} was not opened: {error}", name=Path(path).name, error=error))
            return False
        if example:
            project.path = None
        return self.leave(lambda: self._show(project))

    def earlier(self) -> list[Version]:
        """Earlier states of the open project's file, the latest first."""
        path = self._window.editor.project.path if self._window.is_editing else None
        return self.versions.of(path) if path is not None else []

    def open_version(self, version: Version) -> None:
        """Open an earlier state of the project as a copy."""
        if self.open(str(version.path), example=True):
            self._window.editor.mark_unsaved()
            self._window.tell(tr("This is how it was saved on {when:%d.%m.%Y %H:%M}.", when=version.when))

    def recover(self, leftover: Leftover) -> bool:
        """Open unsaved work of a window that ended; its journal goes when the new one is written."""
        try:
            project = leftover.read()
        except (LoadError, OSError) as error:
            self.refuse(str(error))
            return False

        def show() -> None:
            self._show(project)
            self._window.editor.mark_unsaved()
            leftover.discard()
            self._window.tell(tr("{name} is as at its last edit. Save it to keep it.", name=leftover.name))

        return self.leave(show)

    def _show(self, project: Project) -> None:
        self._stamp = stamp_of(project.path)
        self._window.show_project(project)
        if project.path is not None:
            self._window.remember(project.path)

    # Saving.
    def save(self) -> bool:
        """Save; examples and new networks ask where to."""
        project = self._window.editor.project
        return self.save_to(str(project.path)) if project.path is not None and not project.read_only else self.save_as()

    def save_as(self) -> bool:
        """Ask where to, and save."""
        name = f"{self._window.editor.workspace.document.name or 'network'}.keras"
        path, _ = QFileDialog.getSaveFileName(self._window, tr("Save"), name, tr("Projects (*.keras)"))
        return self.save_to(path if path.endswith(".keras") else f"{path}.keras") if path else False

    def save_to(self, path: str) -> bool:
        """Write the project; the file that was there becomes a previous version."""
        window, project, target = self._window, self._window.editor.project, Path(path)
        other = target == project.path and self._stamp is not None and stamp_of(target) not in (self._stamp, None)
        try:
            self.versions.keep(target)
            write(project, target)
        except OSError as error:
            self.refuse(
                tr(
                    "{path} was not saved: {reason}. Your work is still here; save it to another place.",
                    path=path,
                    reason=error.strerror or error,
                )
            )
            return False
        project.path, project.read_only = target, False
        self._stamp = stamp_of(target)
        window.editor.mark_saved()
        window.remember(target)
        saved = tr("Saved as {name}.", name=target.name)
        changed = tr("Another program had changed it since; that state is under File, Previous versions.")
        window.tell(f"{saved} {changed}" if other else saved)
        return True

    def refuse(self, sentence: str) -> None:
        """Tell why something was not done."""
        box = QMessageBox(QMessageBox.Icon.NoIcon, tr("Bricklayer"), sentence, _BUTTONS.Ok, self._window)
        box.setObjectName("refusal")
        box.finished.connect(box.deleteLater)
        box.open()
