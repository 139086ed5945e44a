"""Gestures with real mouse events: each makes one command, Esc puts everything back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from designer.canvas.view import CanvasView
from designer.core.commands import AddNode, Disconnect, SetParams
from designer.core.document import Edge, Node
from tests.designer.canvas.conftest import Hands, check_in_step

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_a_drag_moves_on_the_grid_in_one_undoable_step(view: CanvasView, hands: Hands) -> None:
    document = view.workspace.document
    hands.drag(hands.middle("n6"), hands.middle("n6") + QPointF(37, 45))
    assert document.nodes["n6"].position == (40, 368)
    assert view.workspace.history.count() == 1
    check_in_step(view)
    view.workspace.undo()
    assert document.nodes["n6"].position == (0, 320)
    check_in_step(view)


def test_a_drag_of_one_of_several_moves_all(view: CanvasView, hands: Hands) -> None:
    view.workspace.selection.set(["n7", "n8", "n21"])
    hands.drag(hands.middle("n7"), hands.middle("n7") + QPointF(0, 40))
    document = view.workspace.document
    assert [document.nodes[i].position[1] for i in ("n6", "n7", "n8")] == [320, 360, 360]
    assert document.notes["n21"].position == (792, 360)
    assert view.workspace.history.count() == 1


def test_a_frame_takes_along_what_lies_in_it(view: CanvasView, hands: Hands) -> None:
    hands.drag(QPointF(430, 32), QPointF(430, 72))
    document = view.workspace.document
    assert document.frames["n20"].position == (384, 56)
    assert [document.nodes[i].position[1] for i in ("n2", "n3", "n4", "n5")] == [80, 120, 120, 120]
    check_in_step(view)


def test_escape_puts_a_drag_back(view: CanvasView, hands: Hands, qtbot: QtBot) -> None:
    before = view.workspace.document.state()
    hands.press(hands.middle("n6"))
    hands.move(hands.middle("n6") + QPointF(80, 80))
    assert view.canvas.nodes["n6"].x() == 80
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.canvas.nodes["n6"].x() == 0
    hands.release(QPointF(300, 500))
    assert view.workspace.document.state() == before
    assert not view.workspace.history.can_undo
    check_in_step(view)


def test_ctrl_drag_leaves_the_layer_and_moves_a_copy(view: CanvasView, hands: Hands) -> None:
    hands.drag(hands.middle("n8"), hands.middle("n8") + QPointF(0, 104), CTRL)
    document = view.workspace.document
    assert document.nodes["n8"].position == (400, 320)
    (copy,) = view.workspace.selection.ids
    assert document.nodes[copy].params == {"rate": 0.3}
    assert document.nodes[copy].position == (400, 424)
    assert view.workspace.history.count() == 1
    check_in_step(view)


def test_clicks_select_add_and_toggle(view: CanvasView, hands: Hands) -> None:
    selection = view.workspace.selection
    hands.click(hands.middle("n6"))
    hands.click(hands.middle("n7"), CTRL)
    hands.click(hands.middle("n8"), SHIFT)
    assert selection.ids == ("n6", "n7", "n8")
    hands.click(hands.middle("n7"), CTRL)
    assert selection.ids == ("n6", "n8")
    hands.click(hands.middle("n6"))
    assert selection.ids == ("n6",)
    hands.click(QPointF(60, 250))
    assert not selection


def test_box_selects_shift_adds_ctrl_toggles(view: CanvasView, hands: Hands) -> None:
    selection = view.workspace.selection
    hands.drag(QPointF(-30, 300), QPointF(420, 410))
    assert set(selection.ids) == {"n6", "n7", "n8"}
    hands.drag(QPointF(590, 300), QPointF(760, 410), SHIFT)
    assert set(selection.ids) == {"n6", "n7", "n8", "n9"}
    hands.drag(QPointF(-30, 300), QPointF(160, 410), CTRL)
    assert set(selection.ids) == {"n7", "n8", "n9"}
    hands.press(QPointF(-30, 300))
    hands.move(QPointF(800, 420))
    view.cancel()
    assert set(selection.ids) == {"n7", "n8", "n9"}


def test_a_click_on_a_wire_selects_it_and_delete_takes_it_off(view: CanvasView, hands: Hands, qtbot: QtBot) -> None:
    hands.click(QPointF(374, 364))
    assert view.workspace.selection.edge == Edge("n7", "n8")
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert Edge("n7", "n8") not in view.workspace.document.edges
    check_in_step(view)


def test_a_wire_from_output_to_input(view: CanvasView, hands: Hands) -> None:
    view.workspace.run(Disconnect(Edge("n7", "n8")))
    hands.drag(hands.output("n7"), hands.input("n8"))
    assert Edge("n7", "n8") in view.workspace.document.edges
    assert view.workspace.history.undo_text == "Undo: connect flatten to dropout"
    assert view.canvas.wiring is None
    check_in_step(view)


def test_a_wire_from_input_to_output(view: CanvasView, hands: Hands) -> None:
    view.workspace.run(Disconnect(Edge("n7", "n8")))
    hands.drag(hands.input("n8"), hands.middle("n7"))
    assert Edge("n7", "n8") in view.workspace.document.edges


def test_dropped_on_the_body_a_wire_takes_the_free_input(view: CanvasView, hands: Hands) -> None:
    hands.drag(hands.output("n3"), hands.middle("n5"))
    assert Edge("n3", "n5", 2) in view.workspace.document.edges
    assert view.canvas.nodes["n5"].inputs == 3
    check_in_step(view)


def test_fitting_ports_glow_and_others_fade_with_a_reason(view: CanvasView, hands: Hands) -> None:
    view.workspace.run(AddNode(Node("n30", "LSTM", "lstm", {"units": 4}, (400, 430))))
    view.workspace.run(AddNode(Node("n31", "Dense", "dense", {"units": 4}, (200, 430))))
    hands.press(hands.output("n9"))
    hands.move(hands.output("n9") + QPointF(20, 40))
    scene = view.canvas
    assert scene.port_glows("n31", "in", 0)
    assert not scene.faded("n31")
    assert scene.faded("n30")
    assert scene.reason("n30") == "needs time × features"
    assert scene.reason("n8") == "would go in a circle"
    assert scene.reason("n1") in ("has no input", "would go in a circle")
    view.grab()
    hands.move(hands.middle("n31"))
    assert scene.drop_target == "n31"
    view.grab()
    view.cancel()
    assert scene.wiring is None
    assert scene.drop_target is None


def test_a_circle_is_refused_with_its_sentence_at_the_cursor(view: CanvasView, hands: Hands, qtbot: QtBot) -> None:
    view.workspace.run(Disconnect(Edge("n2", "n3")))
    before = view.workspace.document.state()
    with qtbot.waitSignal(view.said) as said:
        hands.drag(hands.output("n4"), hands.input("n3"))
    assert said.args == ["conv_2 already feeds norm; a wire back would go in a circle."]
    assert view.workspace.document.state() == before
    bubble = view._bubble
    assert bubble.isVisible()
    assert view.rect().contains(bubble.geometry())
    bubble.hide()


def test_a_value_of_the_wrong_rank_is_refused_with_both_ranks(view: CanvasView, hands: Hands, qtbot: QtBot) -> None:
    view.workspace.run(AddNode(Node("n30", "LSTM", "lstm", {"units": 4}, (400, 430))))
    with qtbot.waitSignal(view.said) as said:
        hands.drag(hands.output("n6"), hands.input("n30"))
    assert said.args == ["lstm reads time × features (2 axes), but gets 4×4×16 (3 axes)."]
    assert not view.workspace.document.outputs("n6")[1:]
    view._bubble.hide()


def test_the_end_of_a_wire_can_be_moved_and_taken_off(view: CanvasView, hands: Hands) -> None:
    view.workspace.run(AddNode(Node("n30", "Flatten", "flatten_2", {}, (200, 430))))
    steps = view.workspace.history.count()
    hands.drag(hands.input("n7"), hands.input("n30"))
    edges = view.workspace.document.edges
    assert Edge("n6", "n30") in edges
    assert Edge("n6", "n7") not in edges
    assert view.workspace.history.count() == steps + 1
    hands.drag(hands.input("n30"), QPointF(60, 470))
    assert not view.workspace.document.outputs("n6")
    check_in_step(view)


def test_an_unwired_layer_dropped_on_a_wire_goes_into_it(view: CanvasView, hands: Hands) -> None:
    view.workspace.run(AddNode(Node("n30", "Dropout", "dropout_2", {"rate": 0.1}, (280, 430))))
    steps = view.workspace.history.count()
    grip = hands.middle("n30")
    hands.drag(grip, QPointF(372, 364))
    edges = view.workspace.document.edges
    assert Edge("n7", "n30") in edges
    assert Edge("n30", "n8") in edges
    assert view.workspace.history.count() == steps + 1
    view.workspace.undo()
    assert Edge("n7", "n8") in view.workspace.document.edges
    check_in_step(view)


@pytest.mark.parametrize("button", [Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton])
def test_middle_and_right_drag_pan(view: CanvasView, hands: Hands, button: Qt.MouseButton) -> None:
    before = view.mapFromScene(QPointF(0, 0))
    hands.press(QPoint(500, 300), button=button)
    hands.move(QPoint(540, 330), button=button)
    hands.release(QPoint(540, 330), button=button)
    assert view.mapFromScene(QPointF(0, 0)) - before == QPoint(40, 30)
    assert not view.workspace.history.can_undo


def test_space_drag_pans_and_does_not_open_the_search(view: CanvasView, hands: Hands, qtbot: QtBot) -> None:
    before = view.mapFromScene(QPointF(0, 0))
    qtbot.keyPress(view, Qt.Key.Key_Space)
    hands.press(QPoint(500, 300))
    hands.move(QPoint(480, 260))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    hands.release(QPoint(480, 260))
    assert view.mapFromScene(QPointF(0, 0)) - before == QPoint(-20, -40)
    assert view.quick_add is None


def test_panning_and_zooming_with_a_wire_in_the_hand(view: CanvasView, hands: Hands) -> None:
    view.workspace.run(Disconnect(Edge("n7", "n8")))
    hands.press(hands.output("n7"))
    hands.move(hands.output("n7") + QPointF(10, 10))
    hands.press(QPoint(500, 300), button=Qt.MouseButton.MiddleButton)
    hands.move(QPoint(560, 300), button=Qt.MouseButton.MiddleButton)
    hands.release(QPoint(560, 300), button=Qt.MouseButton.MiddleButton)
    view.zoom_to(0.8)
    hands.move(hands.input("n8"))
    hands.release(hands.input("n8"))
    assert Edge("n7", "n8") in view.workspace.document.edges


def test_the_view_scrolls_when_a_gesture_comes_to_its_edge(view: CanvasView, hands: Hands) -> None:
    before = view.mapFromScene(QPointF(0, 0))
    hands.press(hands.output("n9"))
    hands.move(QPoint(500, 300))
    for _ in range(5):
        hands.move(QPoint(998, 300))
    assert view.mapFromScene(QPointF(0, 0)).x() < before.x() - 20
    view.cancel()


def test_hover_is_told_and_shown(view: CanvasView, hands: Hands, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.workspace.hovered) as told:
        hands.move(hands.middle("n4"), button=Qt.MouseButton.NoButton)
    assert told.args == ["n4"]
    hands.move(QPointF(372, 364), button=Qt.MouseButton.NoButton)
    assert view.canvas.hovered is None
    assert view.canvas.hovered_edge == Edge("n7", "n8")


def test_a_setting_of_another_panel_reaches_the_picture(view: CanvasView) -> None:
    view.workspace.run(SetParams("n2", {"filters": 24}))
    facts = view.canvas.nodes["n2"].facts
    assert (facts.shape, facts.figure, facts.caption) == ("8×8×24", "240", "Conv2D 24, 3×3")
    assert view.canvas.edges[Edge("n2", "n3")].label == "8×8×24"
