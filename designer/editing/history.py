"""Undo and redo: Qt's stack over the document's commands."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand, QUndoStack

from designer.core.commands import Command
from designer.core.document import Document

LIMIT = 1000


class _Step(QUndoCommand):
    """One command on the stack."""

    def __init__(self, command: Command, document: Document) -> None:
        super().__init__(command.text)
        self.command, self.document = command, document
        self._first = True

    def redo(self) -> None:
        if self._first:  # the command was done before it was pushed, so that a refusal changes nothing
            self._first = False
            return
        self.command.do(self.document)

    def undo(self) -> None:
        self.command.undo(self.document)

    def id(self) -> int:
        return 1 if self.command.gesture is not None else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Step) or not self.command.merge(other.command):
            return False
        self.setText(self.command.text)
        return True


class History(QUndoStack):
    """Runs commands and takes them back."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.setUndoLimit(LIMIT)

    def run(self, command: Command) -> None:
        """Do a command and remember it.

        Raises:
            Refused: it cannot be done; nothing has changed.
        """
        command.do(self._document)
        self.push(_Step(command, self._document))
