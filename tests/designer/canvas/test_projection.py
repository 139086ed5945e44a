"""The scene always shows the document, whatever was edited, undone and redone."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from designer.core import catalog
from designer.core.commands import (
    AddNode,
    Command,
    Compound,
    Connect,
    Disconnect,
    InsertOnEdge,
    MoveNodes,
    RemoveNodes,
    RenameNode,
    SetBypassed,
    SetFrame,
    SetNote,
    SetParams,
)
from designer.core.document import Document, Edge, Frame, Note
from designer.core.errors import Refused
from designer.core.project import Project
from designer.editing.placing import new_node
from designer.editing.workspace import Workspace
from tests.benchmarks import canvas_bench
from tests.benchmarks.canvas_bench import chain
from tests.designer.canvas.conftest import check_in_step, shown

TYPES = [c.name for c in catalog.layers()]


def random_edit(document: Document, draw: random.Random) -> Command:
    """Some edit, sensible or not."""
    nodes, edges = list(document.nodes), list(document.edges)
    spot = (draw.randrange(0, 1600, 8) * 1.0, draw.randrange(0, 900, 8) * 1.0)
    kind = draw.randrange(11) if nodes else 0
    some = draw.choice(nodes) if nodes else ""
    if kind <= 1:
        return AddNode(new_node(document, draw.choice(TYPES), spot))
    if kind <= 4:
        target = draw.choice(nodes)
        return Connect(Edge(some, target, document.free_port(target)))
    if kind == 5 and edges:
        edge = draw.choice(edges)
        if draw.random() < 0.5:
            return Disconnect(edge)
        return InsertOnEdge(new_node(document, "Dropout", spot), edge)
    if kind == 6:
        return RemoveNodes(draw.sample(nodes, min(len(nodes), 2)))
    if kind == 7:
        return MoveNodes({i: (document.nodes[i].position, spot) for i in draw.sample(nodes, min(len(nodes), 3))})
    if kind == 8:
        return RenameNode(some, f"name_{draw.randrange(10**9)}")
    if kind == 9:
        note, frame = document.fresh_id(), document.fresh_id()
        steps = [SetNote(note, Note(note, "x\ny", spot)), SetFrame(frame, Frame(frame, "f", spot, (300, 200)))]
        return Compound("decorate", steps)
    if draw.random() < 0.5:
        return SetBypassed(some, draw.random() < 0.5)
    return SetParams(some, {"units": draw.randrange(1, 9)})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_edits_undo_and_redo(workspace: Workspace, qtbot: QtBot, seed: int) -> None:
    draw, view = random.Random(seed), shown(workspace, qtbot)
    done = 0
    for step in range(150):
        choice = draw.random()
        if choice < 0.15:
            workspace.undo()
        elif choice < 0.25:
            workspace.redo()
        else:
            try:
                workspace.run(random_edit(workspace.document, draw))
                done += 1
            except Refused:
                pass
        if step % 10 == 0:
            check_in_step(view)
    assert done > 40
    check_in_step(view)
    view.fit()
    view.grab()
    while workspace.history.can_undo:
        workspace.undo()
    check_in_step(view)
    assert not view.canvas.items()


def test_a_thousand_layers_touch_only_their_own_entries(workspace: Workspace, qtbot: QtBot) -> None:
    """Dragging one layer when zoomed out changes one rectangle and two lines, nothing else."""
    large = Workspace(Project(chain(1000)))
    view = shown(large, qtbot)
    view.fit()
    assert view.is_overview()
    rects, lines = view.canvas.overview.content()
    before = {key: (value[0], tuple(value[1].getRect())) for key, value in rects.items()}
    ends = {key: (line.x1(), line.y1(), line.x2(), line.y2()) for key, line in lines.items()}
    view.canvas.place("n500", view.canvas.nodes["n500"].pos() + view.canvas.nodes["n1"].frame().center())
    rects, lines = view.canvas.overview.content()
    moved = [key for key, value in rects.items() if before[key] != (value[0], tuple(value[1].getRect()))]
    pulled = [key for key, line in lines.items() if ends[key] != (line.x1(), line.y1(), line.x2(), line.y2())]
    assert moved == ["n500"]
    assert pulled == [Edge("n499", "n500"), Edge("n500", "n501")]
    view.grab()
    large.close()


def test_the_minimap_shows_from_thirty_layers_and_a_press_goes_there(workspace: Workspace, qtbot: QtBot) -> None:
    large = Workspace(Project(chain(40)))
    view = shown(large, qtbot)
    assert view.minimap.isVisible()
    view.zoom_to(1.0)
    qtbot.mouseClick(view.minimap, Qt.MouseButton.LeftButton, pos=QPoint(12, 12))
    near_first = view.mapToScene(view.viewport().rect().center())
    qtbot.mouseClick(view.minimap, Qt.MouseButton.LeftButton, pos=QPoint(view.minimap.width() - 12, 100))
    near_last = view.mapToScene(view.viewport().rect().center())
    assert near_last.x() > near_first.x() + 400
    assert near_last.y() > near_first.y() + 300
    before = view.minimap.grab().toImage()
    large.run(RemoveNodes([f"n{i}" for i in range(30, 36)]))
    assert view.minimap.grab().toImage() != before
    qtbot.keyClick(view, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    assert not view.minimap.isVisible()
    large.close()


def test_the_benchmark_measures_every_budget(qapp: object) -> None:
    figures = canvas_bench.measure(60)
    assert set(figures) == {
        "build",
        "frame at fit",
        "drag when zoomed out",
        "zoom step at fit",
        "frame at 100 %",
        "drag a node",
        "zoom step at 100 %",
    }
    assert all(value > 0 for value in figures.values())
