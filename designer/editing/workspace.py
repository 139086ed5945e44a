"""The workspace: one project being edited, as canvas and panels see it."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from designer.core import changes as ch
from designer.core.analysis import Analysis
from designer.core.commands import Command
from designer.core.problems import Problem, Repair, RepairPreview, preview, validate
from designer.core.project import Project
from designer.editing.history import History
from designer.editing.selection import Selection


class Workspace(QObject):
    """A project with its history, selection, shapes and problems.

    Signals:
        changed(list): changes of one transaction; undo, redo and edits alike.
        analysed(set): ids of layers with new facts.
        problems_changed(list): the new problems.
        preview_changed(object): a RepairPreview that is shown, or None.
        focus_requested(str): go to this layer.
        place_requested(str): place this layer type near the selection.
        told(str): a short message for the person.
    """

    changed = Signal(list)
    analysed = Signal(set)
    problems_changed = Signal(list)
    preview_changed = Signal(object)
    focus_requested = Signal(str)
    place_requested = Signal(str)
    told = Signal(str)

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.document = project.document
        self.analysis = Analysis(self.document)
        self.history = History(self.document, self)
        self.selection = Selection(self)
        self.problems: list[Problem] = []
        self.preview: RepairPreview | None = None
        self._stop = self.document.subscribe(self._on_changes)
        self._stop_analysis = self.analysis.on_updated(self.analysed.emit)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.check)
        self.check()

    def close(self) -> None:
        """Let go of the document."""
        self._later.stop()
        self._stop()
        self._stop_analysis()
        self.analysis.close()

    def run(self, command: Command) -> None:
        """Do a command through the history.

        Raises:
            Refused: it cannot be done; nothing has changed.
        """
        self.set_preview(None)
        self.history.run(command)

    def _on_changes(self, changes: list[ch.Change]) -> None:
        gone = {c.node.id for c in changes if isinstance(c, ch.NodeRemoved)}
        if gone:
            self.selection.forget(gone)
        self.changed.emit(changes)
        self._later.start()

    def check(self) -> None:
        """Look for problems now."""
        self._later.stop()
        found = validate(self.document, self.analysis)
        if found != self.problems:
            self.problems = found
            self.problems_changed.emit(found)

    @property
    def errors(self) -> list[Problem]:
        """Problems that block training."""
        return [problem for problem in self.problems if problem.severity == "error"]

    def set_preview(self, repair: Repair | None) -> None:
        """Show what a repair would do, or stop showing it."""
        if repair is None and self.preview is None:
            return
        self.preview = None if repair is None else preview(self.document, repair)
        self.preview_changed.emit(self.preview)

    def apply_preview(self) -> None:
        """Do the repair that is shown."""
        if self.preview is not None:
            self.run(self.preview.repair.command)
