"""Layers as text: what copying puts on the clipboard, and what pasting reads, in this window or another."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import msgspec

from designer.core.commands import AddNode, Command, Compound, Connect, SetFrame, SetNote
from designer.core.document import Document, Edge, Node
from designer.core.errors import Refused
from designer.core.project import DocumentRecord, document_of, record_of
from designer.core.text import count, tr
from designer.editing.placing import HEIGHT, ROW, WIDTH
from engine import LoadError

LIMIT = 4_000_000
"""Characters that pasting reads at most."""

Position = tuple[float, float]


class _Clip(msgspec.Struct, forbid_unknown_fields=True):
    bricklayer: DocumentRecord


def copied(document: Document, items: Collection[str]) -> str:
    """The chosen layers with the wires between them, and the chosen notes and frames, as JSON; "" for nothing."""
    whole = record_of(document)
    record = DocumentRecord(
        version=whole.version,
        name=whole.name,
        nodes=[n for n in whole.nodes if n.id in items],
        edges=[e for e in whole.edges if e.source in items and e.target in items],
        notes=[n for n in whole.notes if n.id in items],
        frames=[f for f in whole.frames if f.id in items],
    )
    if not (record.nodes or record.notes or record.frames):
        return ""
    return msgspec.json.format(msgspec.json.encode(_Clip(record)), indent=1).decode()


def read(text: str) -> Document:
    """What was copied, as a document of its own.

    Raises:
        Refused: the text was not copied from Bricklayer, or is damaged.
    """
    if '"bricklayer"' not in text[:200] or len(text) > LIMIT:
        raise Refused(tr("The clipboard holds no layers. Copy layers in Bricklayer first."))
    try:
        return document_of(msgspec.json.decode(text, type=_Clip).bricklayer)
    except (msgspec.DecodeError, LoadError, RecursionError) as error:
        raise Refused(
            tr("The layers on the clipboard are damaged: {reason}.", reason=str(error).rstrip("."))
        ) from error


def paste(document: Document, clip: Document, at: Position | None = None) -> tuple[Command, list[str]]:
    """The command that adds a clip, and the ids of what it adds.

    Args:
        at: where the top left corner of it shall be; else where it came from, or below that, clear of what lies there.
    """
    places = [n.position for n in clip.nodes.values()]
    places += [n.position for n in clip.notes.values()] + [f.position for f in clip.frames.values()]
    left, top = min(x for x, _ in places), min(y for _, y in places)
    dx, dy = (at[0] - left, at[1] - top) if at is not None else _clear(document, clip)
    ids: dict[str, str] = {}
    taken: set[str] = set()
    steps: list[Command] = []
    for node in clip.nodes.values():
        name = _free_name(document, node, taken)
        taken.add(name)
        ids[node.id] = document.fresh_id()
        x, y = node.position
        steps.append(AddNode(dataclasses.replace(node, id=ids[node.id], name=name, position=(x + dx, y + dy))))
    for edge in clip.edges:
        steps.append(Connect(Edge(ids[edge.source], ids[edge.target], edge.port, edge.output)))
    for note in clip.notes.values():
        ids[note.id] = document.fresh_id()
        moved = (note.position[0] + dx, note.position[1] + dy)
        steps.append(SetNote(ids[note.id], dataclasses.replace(note, id=ids[note.id], position=moved)))
    for frame in clip.frames.values():
        ids[frame.id] = document.fresh_id()
        moved = (frame.position[0] + dx, frame.position[1] + dy)
        steps.append(SetFrame(ids[frame.id], dataclasses.replace(frame, id=ids[frame.id], position=moved)))
    return Compound(tr("paste {what}", what=_words(clip)), steps), list(ids.values())


def _free_name(document: Document, node: Node, taken: set[str]) -> str:
    """The layer's own name where it is free here, a fresh one otherwise."""
    used = {n.name for n in document.nodes.values()} | taken
    return node.name if node.name not in used else document.fresh_name(node.type, taken)


def _clear(document: Document, clip: Document) -> Position:
    """How far down the clip has to go so that none of its layers lies on one of the document."""
    height = max((y for _, y in (n.position for n in clip.nodes.values())), default=0.0)
    height -= min((y for _, y in (n.position for n in clip.nodes.values())), default=0.0)
    there = [n.position for n in document.nodes.values()]
    dy = 0.0
    while any(
        abs(x - a) < WIDTH and abs(y + dy - b) < HEIGHT
        for x, y in (n.position for n in clip.nodes.values())
        for a, b in there
    ):
        dy += height + ROW
    return 0.0, dy


def _words(clip: Document) -> str:
    if len(clip.nodes) == 1 and not (clip.notes or clip.frames):
        return next(iter(clip.nodes.values())).name
    if clip.nodes:
        return count(len(clip.nodes), "layer", "layers")
    return count(len(clip.notes) + len(clip.frames), "item", "items")
