"""Commands: undo restores everything, redo makes it again, refusals change nothing; files hold everything."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from designer.core.analysis import Analysis
from designer.core.commands import (
    UNSET,
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
    SetData,
    SetFrame,
    SetNote,
    SetParams,
    SetTrainable,
    SetTraining,
)
from designer.core.document import Document, Edge, Frame, Node, Note
from designer.core.errors import Refused
from designer.core.project import Project, read, write
from designer.core.settings import Choice, DataSettings, TrainingSettings
from tests.designer.drawing import residual

KINDS = ["Input", "Dense", "Conv2D", "Add", "Flatten", "Dropout"]


def draw(document: Document, rng: random.Random) -> Command:
    """A random command of any kind."""
    ids, edges = list(document.nodes), list(document.edges)
    fresh = Node(document.fresh_id(), rng.choice(KINDS), f"layer_{rng.randrange(10**9)}", {"units": 3}, (1.0, 2.0))
    makers: list[Any] = [
        lambda: AddNode(fresh),
        lambda: SetData(DataSettings(source=rng.choice(["iris", "digits"]), seed=rng.randrange(9))),
        lambda: SetTraining(TrainingSettings(optimizer=Choice("SGD", {"momentum": 0.9}), epochs=rng.randrange(1, 9))),
        lambda: SetNote(f"n{rng.randrange(900, 903)}", rng.choice([None, Note("n900", "text", (0.0, 0.0))])),
        lambda: SetFrame(f"n{rng.randrange(910, 912)}", rng.choice([None, Frame("n910", "f", (0.0, 0.0), (9.0, 9.0))])),
    ]
    if ids:
        one = rng.choice(ids)
        makers += [
            lambda: RemoveNodes(rng.sample(ids, min(len(ids), rng.randrange(1, 4)))),
            lambda: Connect(Edge(rng.choice(ids), one, rng.randrange(2))),
            lambda: MoveNodes({one: (document.nodes[one].position, (rng.random(), 5.0))}),
            lambda: RenameNode(one, rng.choice(["same", "other", "not a name"])),
            lambda: SetParams(one, {"units": rng.choice([1, 2, UNSET]), "rate": 0.5}),
            lambda: SetTrainable(one, rng.random() < 0.5),
            lambda: SetBypassed(one, rng.random() < 0.5),
        ]
    if edges:
        wire = rng.choice(edges)
        makers += [
            lambda: Disconnect(wire),
            lambda: InsertOnEdge(fresh, wire),
            lambda: Compound("both", [Disconnect(wire), RemoveNodes([wire.target])]),
        ]
    return rng.choice(makers)()


@pytest.mark.parametrize("seed", range(12))
def test_random_edits_undone_and_redone_restore_every_state(seed: int) -> None:
    rng, document = random.Random(seed), Document("random")
    states, done = [document.state()], []
    for _ in range(120):
        command = draw(document, rng)
        try:
            command.do(document)
        except Refused:
            assert document.state() == states[-1]
            continue
        done.append(command)
        states.append(document.state())
    for command, state in zip(reversed(done), reversed(states[:-1]), strict=True):
        command.undo(document)
        assert document.state() == state
    for command, state in zip(done, states[1:], strict=True):
        command.do(document)
        assert document.state() == state


@pytest.mark.parametrize("seed", range(4))
def test_projects_hold_the_whole_document(seed: int, tmp_path: Path) -> None:
    rng, document = random.Random(100 + seed), Document("kept")
    for _ in range(60):
        try:
            draw(document, rng).do(document)
        except Refused:
            continue
    path = tmp_path / "kept.keras"
    write(Project(document), path)
    assert read(path).document.state() == document.state()


def test_incremental_shapes_equal_shapes_computed_anew() -> None:
    rng, document = random.Random(5), residual()
    live = Analysis(document)
    for _ in range(80):
        try:
            draw(document, rng).do(document)
        except Refused:
            continue
        anew = Analysis(document)
        assert {i: live.info(i) for i in document.nodes} == {i: anew.info(i) for i in document.nodes}
        anew.close()


def test_a_transaction_tells_one_list_of_changes() -> None:
    document = residual()
    heard: list[Any] = []
    document.subscribe(heard.append)
    RemoveNodes([document.node_named("conv_2").id]).do(document)  # type: ignore[union-attr]
    assert len(heard) == 1
    assert [type(change).__name__ for change in heard[0]] == ["EdgeRemoved", "EdgeRemoved", "NodeRemoved"]


def test_the_document_is_written_by_commands_only() -> None:
    document = residual()
    with pytest.raises(RuntimeError, match="commands"):
        document.write_name("other")
    with pytest.raises(TypeError):
        document.nodes["n1"] = None  # type: ignore[index]


def test_refusals_say_why() -> None:
    document = residual()
    ids = {node.name: i for i, node in document.nodes.items()}
    for edge, words in (
        (Edge(ids["add"], ids["add"]), "cannot feed itself"),
        (Edge(ids["digit"], ids["conv_1"], 0), "is fed by digits"),
        (Edge(ids["flatten"], ids["digits"]), "is where data enter"),
        (Edge(ids["flatten"], ids["add"], 2), "would go in a circle"),
    ):
        refusal = document.can_connect(edge)
        assert refusal is not None
        assert words in refusal.sentence
    with pytest.raises(Refused, match="Another layer is called"):
        RenameNode(ids["add"], "norm").do(document)


def test_nudges_of_one_gesture_merge() -> None:
    first = MoveNodes({"n1": ((0.0, 0.0), (8.0, 0.0))}, gesture=1)
    assert first.merge(MoveNodes({"n1": ((8.0, 0.0), (16.0, 0.0))}, gesture=1))
    assert first.moves["n1"] == ((0.0, 0.0), (16.0, 0.0))
    assert not first.merge(MoveNodes({"n1": ((16.0, 0.0), (24.0, 0.0))}, gesture=2))
