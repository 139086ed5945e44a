"""What is selected: layers, notes and frames by id, or one wire. Shared by canvas and panels."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from designer.core import changes as ch
from designer.core.document import Document, Edge


class Selection(QObject):
    """Ids in the order of choosing. `changed` is sent once for each real change."""

    changed = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._items: dict[str, None] = {}
        self._edge: Edge | None = None

    @property
    def items(self) -> tuple[str, ...]:
        """Everything selected but the wire: layers, notes, frames."""
        return tuple(self._items)

    @property
    def ids(self) -> tuple[str, ...]:
        """The selected layers."""
        return tuple(i for i in self._items if i in self._document.nodes)

    @property
    def edge(self) -> Edge | None:
        """The selected wire."""
        return self._edge

    @property
    def current(self) -> str | None:
        """The layer chosen last."""
        return self.ids[-1] if self.ids else None

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._items

    def __bool__(self) -> bool:
        return bool(self._items) or self._edge is not None

    def set(self, items: Iterable[str] = (), edge: Edge | None = None) -> None:
        """Select these and nothing else."""
        fresh = dict.fromkeys(items)
        if list(fresh) == list(self._items) and edge == self._edge:
            return
        self._items, self._edge = fresh, edge
        self.changed.emit()

    def clear(self) -> None:
        """Select nothing."""
        self.set()

    def add(self, items: Iterable[str]) -> None:
        """Select these as well."""
        self.set([*self._items, *items])

    def toggle(self, items: Iterable[str]) -> None:
        """Select those of these that are not selected, and the other way round."""
        wanted = dict.fromkeys(items)
        kept = [i for i in self._items if i not in wanted]
        self.set([*kept, *(i for i in wanted if i not in self._items)])

    def follow(self, changes: list[ch.Change]) -> None:
        """Drop what is not there any more."""
        removed = any(
            isinstance(c, (ch.NodeRemoved, ch.EdgeRemoved))
            or (isinstance(c, (ch.NoteChanged, ch.FrameChanged)) and c.after is None)
            for c in changes
        )
        if not removed:
            return
        document = self._document
        kept = [i for i in self._items if i in document.nodes or i in document.notes or i in document.frames]
        self.set(kept, self._edge if self._edge in document.edges else None)
