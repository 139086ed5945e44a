"""What is selected; canvas and panels share it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from designer.core.document import Edge, NodeId


class Selection(QObject):
    """Selected layers in the order of selecting, or one wire.

    Signals:
        changed(): another selection.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ids: tuple[NodeId, ...] = ()
        self.edge: Edge | None = None

    def set(self, ids: Iterable[NodeId] = (), edge: Edge | None = None) -> None:
        """Select these layers, or this wire, and nothing else."""
        chosen = tuple(dict.fromkeys(ids))
        if (chosen, edge) != (self.ids, self.edge):
            self.ids, self.edge = chosen, edge
            self.changed.emit()

    def toggle(self, node: NodeId) -> None:
        """Add a layer, or take it out."""
        self.set([i for i in self.ids if i != node] if node in self.ids else [*self.ids, node])

    def forget(self, gone: set[NodeId]) -> None:
        """Drop what is not there any more."""
        edge = self.edge if self.edge and not {self.edge.source, self.edge.target} & gone else None
        self.set([i for i in self.ids if i not in gone], edge)
