"""Copying and pasting layers: as text, into this document or another, and refusing what is no such text."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from designer.core.document import Document
from designer.core.errors import Refused
from designer.core.project import Project
from designer.editing import clipboard
from designer.editing.workspace import Workspace
from tests.designer.drawing import classifier


@pytest.fixture
def workspace(qapp: QApplication) -> Iterator[Workspace]:
    made = Workspace(Project(classifier()))
    yield made
    made.close()


def outline(document: Document, ids: list[str]) -> list[object]:
    """Types, settings and wires of some layers, whatever their names and places."""
    order = {identifier: i for i, identifier in enumerate(ids)}
    nodes = [(document.nodes[i].type, dict(document.nodes[i].params)) for i in ids]
    wires = sorted(
        (order[e.source], order[e.target], e.port) for e in document.edges if {e.source, e.target} <= set(ids)
    )
    return [nodes, wires]


def test_copies_are_equal_layers_with_their_wires_under_free_names(workspace: Workspace) -> None:
    document = workspace.document
    chosen = list(document.nodes)[1:3]
    before = document.state()
    command, added = clipboard.paste(document, clipboard.read(clipboard.copied(document, chosen)))
    workspace.run(command)
    assert outline(document, added) == outline(document, chosen)
    assert len({n.name for n in document.nodes.values()}) == len(document.nodes)
    assert len({n.position for n in document.nodes.values()}) == len(document.nodes)
    workspace.undo()
    assert document.state() == before


def test_another_document_takes_the_layers_with_their_names(workspace: Workspace) -> None:
    text = clipboard.copied(workspace.document, list(workspace.document.nodes))
    other = Workspace(Project(Document("other")))
    command, added = clipboard.paste(other.document, clipboard.read(text))
    other.run(command)
    assert outline(other.document, added) == outline(workspace.document, list(workspace.document.nodes))
    assert [n.name for n in other.document.nodes.values()] == [n.name for n in workspace.document.nodes.values()]
    command, again = clipboard.paste(other.document, clipboard.read(text), at=(1000.0, 500.0))
    other.run(command)
    places = [other.document.nodes[i].position for i in again]
    assert (min(x for x, _ in places), min(y for _, y in places)) == (1000.0, 500.0)
    other.close()


def test_nothing_chosen_copies_nothing(workspace: Workspace) -> None:
    assert clipboard.copied(workspace.document, []) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "x" * (clipboard.LIMIT + 1),
        '{"bricklayer"',
        '{"bricklayer": 5}',
        '{"bricklayer": {"version": 99, "name": "", "nodes": [], "edges": []}}',
        '{"bricklayer": {"version": 1, "name": "", "nodes": [], "edges": [{"source": "a", "target": "b"}]}}',
        '{"bricklayer": ' + "[" * 5000,
    ],
)
def test_other_texts_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Refused, match="clipboard"):
        clipboard.read(text)


def test_unknown_layers_and_settings_stay_what_they_are(workspace: Workspace) -> None:
    text = clipboard.copied(workspace.document, list(workspace.document.nodes)[:1])
    data = json.loads(text)
    data["bricklayer"]["nodes"][0]["type"] = "Teleport"
    command, added = clipboard.paste(workspace.document, clipboard.read(json.dumps(data)))
    workspace.run(command)
    assert workspace.document.nodes[added[0]].type == "Teleport"
    assert any(problem.node == added[0] for problem in workspace.check())
