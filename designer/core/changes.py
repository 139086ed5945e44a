"""What subscribers of a document hear: one list of changes for each transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from designer.core.document import Edge, Frame, Node, Note
    from designer.core.settings import DataSettings, TrainingSettings


class Change:
    """Base of all changes."""


@dataclass(frozen=True)
class NodeAdded(Change):
    node: Node


@dataclass(frozen=True)
class NodeRemoved(Change):
    node: Node


@dataclass(frozen=True)
class NodeChanged(Change):
    before: Node
    after: Node


@dataclass(frozen=True)
class EdgeAdded(Change):
    edge: Edge


@dataclass(frozen=True)
class EdgeRemoved(Change):
    edge: Edge


@dataclass(frozen=True)
class NoteChanged(Change):
    """A note was added (before is None), removed (after is None) or changed."""

    before: Note | None
    after: Note | None


@dataclass(frozen=True)
class FrameChanged(Change):
    """A frame was added (before is None), removed (after is None) or changed."""

    before: Frame | None
    after: Frame | None


@dataclass(frozen=True)
class DataChanged(Change):
    before: DataSettings
    after: DataSettings


@dataclass(frozen=True)
class TrainingChanged(Change):
    before: TrainingSettings
    after: TrainingSettings


@dataclass(frozen=True)
class Renamed(Change):
    """The project's name changed."""

    before: str
    after: str


def only_appearance(changes: list[Change]) -> bool:
    """Whether the network is the same as before: layers were moved, notes or frames written."""
    return all(_is_appearance(change) for change in changes)


def _is_appearance(change: Change) -> bool:
    if isinstance(change, NodeChanged):
        return replace(change.before, position=change.after.position) == change.after
    return isinstance(change, (NoteChanged, FrameChanged))
