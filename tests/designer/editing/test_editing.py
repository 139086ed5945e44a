"""History, selection and workspace over a real document."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from designer.core import catalog, changes
from designer.core.commands import AddNode, Compound, Connect, MoveNodes, RemoveNodes, SetNote, SetParams
from designer.core.document import Edge, Node, Note
from designer.core.errors import Refused
from designer.editing.placing import new_node, place_after, starting_params
from designer.editing.workspace import Workspace
from engine import catalog as engine_catalog
from engine.catalog import Spec


@pytest.fixture
def workspace(qtbot: QtBot) -> Iterator[Workspace]:
    made = Workspace()
    yield made
    made.close()


def line(workspace: Workspace) -> None:
    nodes = [("n1", "Input", {"shape": [8]}), ("n2", "Dense", {"units": 4}), ("n3", "Dense", {"units": 2})]
    for place, (identifier, kind, params) in enumerate(nodes):
        workspace.run(AddNode(Node(identifier, kind, f"layer{place}", params, (200.0 * place, 0.0))))
    workspace.run(Compound("wire", [Connect(Edge("n1", "n2")), Connect(Edge("n2", "n3"))]))


def test_undo_and_redo_restore_the_document_step_by_step(workspace: Workspace) -> None:
    line(workspace)
    after = workspace.document.state()
    assert workspace.history.undo_text == "Undo: wire"
    while workspace.history.can_undo:
        workspace.undo()
    assert not workspace.document.nodes
    while workspace.history.can_redo:
        workspace.redo()
    assert workspace.document.state() == after


def test_a_refusal_leaves_document_and_history_alone(workspace: Workspace) -> None:
    line(workspace)
    workspace.run(AddNode(Node("n4", "Dense", "other", {"units": 1})))
    before, steps = workspace.document.state(), workspace.history.count()
    with pytest.raises(Refused, match="taken|fed by"):
        workspace.run(Connect(Edge("n4", "n3")))
    assert (workspace.document.state(), workspace.history.count()) == (before, steps)


def test_commands_of_one_gesture_become_one_step(workspace: Workspace) -> None:
    line(workspace)
    steps = workspace.history.count()
    first, second = workspace.history.new_gesture(), workspace.history.new_gesture()
    for value in (5, 6, 7):
        workspace.run(SetParams("n2", {"units": value}, gesture=first))
    assert workspace.history.count() == steps + 1
    workspace.run(SetParams("n2", {"units": 8}, gesture=second))
    assert workspace.history.count() == steps + 2
    workspace.undo()
    assert workspace.document.nodes["n2"].params["units"] == 7
    workspace.undo()
    assert workspace.document.nodes["n2"].params["units"] == 4


def test_the_clean_mark_follows_saving_and_undo(workspace: Workspace) -> None:
    line(workspace)
    assert not workspace.history.clean
    workspace.history.mark_clean()
    workspace.run(MoveNodes({"n1": ((0.0, 0.0), (8.0, 0.0))}))
    assert not workspace.history.clean
    workspace.undo()
    assert workspace.history.clean


def test_selection_tells_real_changes_and_forgets_what_is_gone(workspace: Workspace) -> None:
    line(workspace)
    workspace.run(SetNote("n9", Note("n9", "a note", (0, 0))))
    heard: list[tuple[str, ...]] = []
    workspace.selection.changed.connect(lambda: heard.append(workspace.selection.items))
    workspace.selection.set(["n1", "n2", "n9"])
    workspace.selection.set(["n1", "n2", "n9"])
    assert len(heard) == 1
    assert workspace.selection.ids == ("n1", "n2")
    workspace.selection.toggle(["n1", "n3"])
    assert workspace.selection.items == ("n2", "n9", "n3")
    workspace.run(RemoveNodes(["n2"]))
    assert workspace.selection.items == ("n9", "n3")
    workspace.selection.set(edge=Edge("n1", "n2"))
    workspace.undo()
    assert workspace.selection.edge == Edge("n1", "n2")


def test_changes_are_told_before_shapes_and_problems_after(workspace: Workspace, qtbot: QtBot) -> None:
    order: list[str] = []
    workspace.changed.connect(lambda told: order.append(f"changed {type(told[0]).__name__}"))
    workspace.analysed.connect(lambda nodes: order.append(f"analysed {sorted(nodes)}"))
    workspace.problems_changed.connect(lambda _: order.append("problems"))
    workspace.run(AddNode(Node("n1", "Dense", "dense", {"units": 3})))
    assert order == [f"changed {changes.NodeAdded.__name__}", "analysed ['n1']"]
    qtbot.waitUntil(lambda: "problems" in order)
    assert workspace.problems_of("n1")


def test_a_repair_is_previewed_on_a_copy_and_applied_as_one_step(workspace: Workspace) -> None:
    line(workspace)
    workspace.run(SetParams("n1", {"shape": [4, 4, 2]}))
    workspace.run(AddNode(Node("n4", "LSTM", "lstm", {"units": 3}, (0, 200))))
    workspace.run(Connect(Edge("n1", "n4")))
    problem = next(p for p in workspace.check() if p.node == "n4" and p.repairs)
    heard: list[object] = []
    workspace.preview_changed.connect(heard.append)
    before = workspace.document.state()
    workspace.set_preview(problem.repairs[0])
    assert workspace.document.state() == before
    assert workspace.preview is not None
    assert workspace.preview.shapes["n4"][0].shape == (None, 3)
    workspace.apply_preview()
    assert workspace.preview is None
    assert heard[-1] is None
    assert workspace.analysis.info("n4").output == Spec((None, 3), "float32")
    workspace.undo()
    assert workspace.document.state() == before


@pytest.mark.parametrize("layer_type", [c.name for c in catalog.layers() if c.name != "Input"])
def test_every_layer_of_the_palette_starts_with_settings_that_work(layer_type: str) -> None:
    known = catalog.component(layer_type)
    assert known is not None
    rank = known.ports.ranks[0] if known.ports.ranks else 2
    space = (3, 8, 6, 4)[6 - rank :] if rank > 2 else ()
    long = "Spectrogram" in layer_type  # a window over a signal
    columns = 4000 if long else 1 if layer_type == "HashedCrossing" else 6
    shape = (None, *space, 3 if rank == 4 else 2) if rank > 2 else (None, columns)
    dtype = {"int": "int32", "term": "int32", "string": "string"}.get(known.ports.dtypes, "float32")
    spec = Spec((None, 4000, 1) if long and rank > 2 else shape, dtype)
    params = starting_params(layer_type, spec)
    seen = engine_catalog.preview(layer_type, params, [spec] * max(1, known.ports.inputs[0]))
    assert seen.outputs


@pytest.mark.parametrize("axes", [(8,), (10, 4), (8, 8, 16)])
@pytest.mark.parametrize("layer_type", ["Reshape", "Permute", "EinsumDense"])
def test_settings_that_depend_on_the_shape_fit_it(layer_type: str, axes: tuple[int, ...]) -> None:
    spec = Spec((None, *axes), "float32")
    assert engine_catalog.preview(layer_type, starting_params(layer_type, spec), [spec]).outputs


def test_new_layers_lie_on_the_grid_and_not_on_others(workspace: Workspace) -> None:
    line(workspace)
    node = new_node(workspace.document, "Dense", (13.0, 27.0))
    assert node.position == (16.0, 24.0)
    assert node.name == "dense"
    assert place_after(workspace.document, "n3") == (600.0, 0.0)
    assert place_after(workspace.document, "n1") == (200.0, 120.0)
    assert place_after(workspace.document, None) == (600.0, 0.0)


def test_parts_of_pictures_start_smaller_than_the_picture() -> None:
    spec = Spec((None, 64, 48, 3), "float32")
    assert starting_params("RandomCrop", spec) == {"height": 32, "width": 24}
    assert starting_params("Resizing") == {"height": 32, "width": 32}


def test_random_layers_start_with_strengths_that_leave_pictures_recognizable() -> None:
    assert starting_params("RandomRotation") == {"factor": 0.2}
    assert starting_params("RandomPosterization") == {"factor": 4}
    assert starting_params("RandomSaturation") == {"factor": [0.4, 0.6]}
