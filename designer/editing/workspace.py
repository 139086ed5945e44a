"""What canvas and panels receive: one open project with its document, history, selection, shapes and problems."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from designer.core import changes as ch
from designer.core import problems as checks
from designer.core.analysis import Analysis
from designer.core.commands import Command
from designer.core.document import Document
from designer.core.problems import Problem, Repair, RepairPreview
from designer.core.project import Project
from designer.editing.history import History
from designer.editing.selection import Selection


class Workspace(QObject):
    """An open project.

    Attributes:
        problems: as of the last check, errors first.
        preview: the repair being tried, or None.
    """

    changed = Signal(list)
    """list[Change] after each transaction, undo, redo and edits alike."""
    analysed = Signal(set)
    """Ids of layers with new shapes or parameters."""
    problems_changed = Signal(list)
    preview_changed = Signal(object)
    """RepairPreview or None."""
    focus_requested = Signal(str)
    """Go to this layer."""
    place_requested = Signal(str)
    """Add this component near the selection."""
    hovered = Signal(object)
    """Id of the layer under the mouse, or None."""
    told = Signal(str)
    """A short message for the person."""

    def __init__(self, project: Project | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project if project is not None else Project(Document())
        self.document = self.project.document
        self.history = History(self.document, self)
        self.selection = Selection(self.document, self)
        self.problems: list[Problem] = []
        self.preview: RepairPreview | None = None
        self.analysis = Analysis(self.document)
        self._news: set[str] = set()
        self._ends = [
            self.analysis.on_updated(self._on_analysed),
            self.document.subscribe(self._on_changes),
            self.analysis.close,
        ]
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self.check)
        self.check()

    def close(self) -> None:
        """Stop following the document; nothing is sent any more."""
        self._timer.stop()
        for end in self._ends:
            end()
        self._ends.clear()

    def run(self, command: Command) -> None:
        """Make an edit through the history.

        Raises:
            Refused: it cannot be made; nothing has changed.
        """
        self.set_preview(None)
        self.history.run(command)

    def undo(self) -> None:
        """Take the last step back."""
        self.set_preview(None)
        self.history.undo()

    def redo(self) -> None:
        """Make the step again that was taken back last."""
        self.set_preview(None)
        self.history.redo()

    def check(self) -> list[Problem]:
        """Bring the problems up to date now instead of in the next turn of the event loop."""
        self._timer.stop()
        found = checks.validate(self.document, self.analysis)
        if found != self.problems:
            self.problems = found
            self.problems_changed.emit(found)
        return found

    @property
    def errors(self) -> list[Problem]:
        """The problems that keep the network from training."""
        return [problem for problem in self.problems if problem.severity == "error"]

    def problems_of(self, node: str) -> list[Problem]:
        """The problems that are about a layer."""
        return [problem for problem in self.problems if problem.node == node]

    def set_preview(self, repair: Repair | None) -> None:
        """Show what a repair would do, or (None) stop showing it."""
        if repair is None and self.preview is None:
            return
        self.preview = None if repair is None else checks.preview(self.document, repair)
        self.preview_changed.emit(self.preview)

    def apply_preview(self) -> None:
        """Make the repair that is being shown."""
        if self.preview is not None:
            self.run(self.preview.repair.command)

    def _on_changes(self, changes: list[ch.Change]) -> None:
        self.selection.follow(changes)
        news, self._news = self._news, set()
        self.changed.emit(changes)
        if news:
            self.analysed.emit(news)
        self._timer.start()

    def _on_analysed(self, nodes: set[str]) -> None:
        # Shapes are known before anybody hears of the change, but told after it: new layers are drawn first.
        self._news |= nodes
