"""Undo and redo: Qt's undo stack over the document's commands."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from designer.core.commands import Command
from designer.core.document import Document
from designer.core.text import tr

LIMIT = 1000
_MERGES = 1
"""Id of steps that may merge; whether they do is the command's own decision."""


class _Step(QUndoCommand):
    """A command on Qt's stack. It has been done once before it is pushed, so that a refusal leaves the stack alone."""

    def __init__(self, command: Command, document: Document) -> None:
        super().__init__(command.text)
        self.command, self.document = command, document
        self._fresh = True

    def redo(self) -> None:
        if not self._fresh:
            self.command.do(self.document)
        self._fresh = False

    def undo(self) -> None:
        self.command.undo(self.document)

    def id(self) -> int:
        return _MERGES if self.command.gesture is not None else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Step) or not self.command.merge(other.command):
            return False
        self.setText(self.command.text)
        return True


class History(QUndoStack):
    """What was done to a document, and the way back.

    Signals:
        changed(): texts, what can be undone, or the clean mark may differ.
    """

    changed = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._gesture = 0
        self.setUndoLimit(LIMIT)
        self.indexChanged.connect(self._tell)
        self.cleanChanged.connect(self._tell)

    def _tell(self, _: object) -> None:
        self.changed.emit()

    def run(self, command: Command) -> None:
        """Do a command and remember it.

        Raises:
            Refused: it cannot be made; neither document nor history has changed.
        """
        command.do(self._document)
        self.push(_Step(command, self._document))

    def new_gesture(self) -> int:
        """A serial number: commands that carry the same one may merge into one step."""
        self._gesture += 1
        return self._gesture

    @property
    def can_undo(self) -> bool:
        return bool(self.canUndo())

    @property
    def can_redo(self) -> bool:
        return bool(self.canRedo())

    @property
    def undo_text(self) -> str:
        """Words of the menu entry: "Undo: add conv2d"."""
        return tr("Undo: {what}", what=self.undoText()) if self.can_undo else tr("Undo")

    @property
    def redo_text(self) -> str:
        return tr("Redo: {what}", what=self.redoText()) if self.can_redo else tr("Redo")

    @property
    def clean(self) -> bool:
        """Whether the document is as it was saved."""
        return bool(self.isClean())

    def mark_clean(self) -> None:
        """The document has just been saved."""
        self.setClean()

    def mark_unsaved(self) -> None:
        """The document is not as the file has it (a recovered one)."""
        self.resetClean()
