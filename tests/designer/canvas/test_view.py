"""Keys, zoom, drops, quick add, problem card, accessibility, level of detail."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from designer.canvas import captions
from designer.canvas.quick_add import QuickAdd
from designer.canvas.tools.drop import MIME
from designer.canvas.view import CanvasView
from designer.core.commands import AddNode, Compound, Connect, RenameNode, SetParams, SetTrainable
from designer.core.document import Edge, Node
from designer.editing.workspace import Workspace
from designer.look import theme
from tests.designer.canvas.conftest import Hands, check_in_step, digits, shown

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT, NOTHING = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def wheel(
    view: CanvasView, at: QPoint, angle: int, keys: Qt.KeyboardModifier = NOTHING, fine: QPoint | None = None
) -> None:
    phase = Qt.ScrollPhase.NoScrollPhase if fine is None else Qt.ScrollPhase.ScrollUpdate
    spot, none = QPointF(at), Qt.MouseButton.NoButton
    event = QWheelEvent(spot, spot, fine or QPoint(), QPoint(0, angle), none, keys, phase, False)
    QApplication.sendEvent(view.viewport(), event)


def drop(view: CanvasView, name: str, place: QPointF) -> None:
    """A drag from the palette, as Qt delivers it."""
    data = QMimeData()
    data.setData(MIME, name.encode())
    pixel, copy = view.mapFromScene(place), Qt.DropAction.CopyAction
    QApplication.sendEvent(view.viewport(), QDragEnterEvent(QPoint(5, 5), copy, data, LEFT, NOTHING))
    QApplication.sendEvent(view.viewport(), QDragMoveEvent(pixel, copy, data, LEFT, NOTHING))
    view.grab()
    QApplication.sendEvent(view.viewport(), QDropEvent(QPointF(pixel), copy, data, LEFT, NOTHING))


# Looking.
def test_the_wheel_zooms_at_the_cursor(view: CanvasView) -> None:
    at = QPoint(300, 200)
    before = view.mapToScene(at)
    for angle in (120, 120, -120, 240, -480):
        wheel(view, at, angle)
        off = view.mapToScene(at) - before
        assert abs(off.x()) * view.zoom < 1.5
        assert abs(off.y()) * view.zoom < 1.5
    assert view.zoom < 1
    wheel(view, at, 120, CTRL, fine=QPoint(0, 10))
    zoom = view.zoom
    wheel(view, at, 0, fine=QPoint(12, -8))
    assert view.zoom == zoom


def test_zoom_has_limits_and_is_told(view: CanvasView) -> None:
    told: list[float] = []
    view.zoomed.connect(told.append)
    view.zoom_to(100)
    view.zoom_to(0.0001)
    view.reset_zoom()
    assert told == [4.0, 0.05, 1.0]


def test_fit_shows_everything_and_f_shows_the_selection(view: CanvasView, qtbot: QtBot) -> None:
    view.zoom_to(3)
    qtbot.keyClick(view, Qt.Key.Key_Home)
    area = view.mapToScene(view.viewport().rect()).boundingRect()
    assert area.contains(view.canvas.content_rect())
    assert view.zoom <= 1
    view.zoom_to(0.3)
    view.workspace.selection.set(["n8"])
    qtbot.keyClick(view, Qt.Key.Key_F)
    centre = view.canvas.nodes["n8"].frame().center()
    assert view.zoom == 1
    assert abs(view.mapFromScene(centre).x() - view.viewport().rect().center().x()) <= 2
    qtbot.keyClick(view, Qt.Key.Key_Minus, CTRL)
    assert view.zoom < 1
    qtbot.keyClick(view, Qt.Key.Key_0, CTRL)
    assert view.zoom == 1


@pytest.mark.parametrize("name", theme.THEMES)
@pytest.mark.parametrize("zoom", [2.0, 1.0, 0.5, 0.2, 0.08])
def test_every_level_of_detail_shows_every_family_colour(view: CanvasView, name: str, zoom: float) -> None:
    theme.apply(QApplication.instance(), theme.THEMES[name])  # type: ignore[arg-type]
    item = view.canvas.nodes["n6"]
    view.look_at(item.frame().center(), zoom)
    view.workspace.selection.set(["n7"])
    picture = view.viewport().grab().toImage()
    corner = QPointF(12, 22) if zoom >= 0.7 else QPointF(4, 4) if zoom >= 0.35 else QPointF(8, 8)
    spot = view.mapFromScene(item.pos() + corner)
    colour = picture.pixelColor(spot)
    wanted = theme.theme().family("pooling")[0]
    assert max(abs(colour.red() - wanted.red()), abs(colour.green() - wanted.green())) < 40
    theme.apply(QApplication.instance(), theme.LIGHT)  # type: ignore[arg-type]


def test_large_text_scales_the_canvas(view: CanvasView) -> None:
    theme.apply(QApplication.instance(), theme.LIGHT, 1.5)  # type: ignore[arg-type]
    assert view.zoom == 1.0
    assert view.transform().m11() == 1.5
    theme.apply(QApplication.instance(), theme.LIGHT, 1.0)  # type: ignore[arg-type]


# Keys.
def test_arrows_nudge_and_merge_while_a_key_is_held(view: CanvasView, qtbot: QtBot) -> None:
    document, history = view.workspace.document, view.workspace.history
    view.workspace.selection.set(["n6", "n21"])
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Down, SHIFT)
    assert document.nodes["n6"].position == (8, 400)
    assert document.notes["n21"].position == (800, 400)
    assert history.count() == 2
    view.workspace.undo()
    assert document.nodes["n6"].position == (8, 320)
    check_in_step(view)


def test_delete_and_reconnect(view: CanvasView, qtbot: QtBot) -> None:
    before = view.workspace.document.state()
    view.workspace.selection.set(["n7", "n8"])
    qtbot.keyClick(view, Qt.Key.Key_Delete, CTRL)
    assert Edge("n6", "n9") in view.workspace.document.edges
    assert view.workspace.history.undo_text == "Undo: delete 2 layers and reconnect"
    check_in_step(view)
    view.workspace.undo()
    assert view.workspace.document.state() == before
    view.workspace.selection.set(["n5"])
    with qtbot.waitSignal(view.said) as said:
        view.delete_and_reconnect()
    assert said.args == ["add joins several wires; which one goes on is open."]
    assert view.workspace.document.state() == before
    view._bubble.hide()


def test_delete_takes_layers_notes_and_frames_in_one_step(view: CanvasView, qtbot: QtBot) -> None:
    before = view.workspace.document.state()
    qtbot.keyClick(view, Qt.Key.Key_A, CTRL)
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert not view.workspace.document.nodes
    assert not view.workspace.document.notes
    assert view._empty.isVisible()
    check_in_step(view)
    view.workspace.undo()
    assert view.workspace.document.state() == before
    assert not view._empty.isVisible()
    check_in_step(view)


def test_tab_goes_through_the_layers_and_on(view: CanvasView, qtbot: QtBot) -> None:
    order = view.workspace.document.topological()
    seen = []
    for _ in order:
        qtbot.keyClick(view, Qt.Key.Key_Tab)
        seen.append(view.canvas.focused)
    assert seen == order
    assert view.accessibleDescription().startswith("digit, Dense 10, softmax, gives 10, 2,570 parameters")
    assert view.workspace.selection.ids == (order[-1],)
    qtbot.keyClick(view, Qt.Key.Key_Backtab, SHIFT)
    assert view.canvas.focused == order[-2]
    view.grab()


def test_bypass_and_duplicate(view: CanvasView, qtbot: QtBot) -> None:
    view.workspace.selection.set(["n7", "n8"])
    qtbot.keyClick(view, Qt.Key.Key_D, CTRL)
    copies = view.workspace.selection.ids
    assert Edge(copies[0], copies[1]) in view.workspace.document.edges
    view.workspace.selection.set(["n8"])
    qtbot.keyClick(view, Qt.Key.Key_B, CTRL)
    assert view.workspace.document.nodes["n8"].bypassed
    assert ("bypass", "text2") in view.canvas.nodes["n8"].facts.badges
    view.workspace.run(SetTrainable("n8", False))
    assert [badge for badge, _ in view.canvas.nodes["n8"].facts.badges] == ["freeze", "bypass"]
    view.grab()


def test_arrange_is_one_step_and_keeps_layers_apart(view: CanvasView, qtbot: QtBot) -> None:
    view.workspace.run(SetParams("n2", {"filters": 8}))
    qtbot.keyClick(view, Qt.Key.Key_L, CTRL)
    frames = [item.frame() for item in view.canvas.nodes.values()]
    assert not any(a.intersects(b) for i, a in enumerate(frames) for b in frames[:i])
    assert view.workspace.history.count() == 2
    check_in_step(view)


# Drops.
def test_a_component_is_dropped_on_the_canvas(view: CanvasView) -> None:
    drop(view, "Dense", QPointF(500, 470))
    (node,) = view.workspace.selection.ids
    assert view.workspace.document.nodes[node].type == "Dense"
    assert view.canvas.nodes[node].frame().contains(QPointF(500, 470))
    check_in_step(view)


def test_a_component_dropped_on_a_wire_is_inserted_and_makes_room(view: CanvasView) -> None:
    drop(view, "Dropout", view.canvas.nodes["n7"].output_point() + QPointF(26, 0))
    document, (node,) = view.workspace.document, view.workspace.selection.ids
    assert {Edge("n7", node), Edge(node, "n8")} <= set(document.edges)
    assert Edge("n7", "n8") not in document.edges
    frames = [item.frame() for item in view.canvas.nodes.values()]
    assert not any(a.intersects(b) for i, a in enumerate(frames) for b in frames[:i])
    assert view.workspace.history.count() == 1
    check_in_step(view)
    view.workspace.undo()
    assert document.nodes["n8"].position == (400, 320)
    check_in_step(view)


def test_something_else_is_not_accepted(view: CanvasView) -> None:
    data = QMimeData()
    data.setText("Dense")
    event = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, LEFT, NOTHING)
    event.ignore()
    QApplication.sendEvent(view.viewport(), event)
    assert not event.isAccepted()
    drop(view, "NoSuchLayer", QPointF(500, 470))
    assert len(view.workspace.document.nodes) == 9


# Quick add.
def box_of(view: CanvasView) -> QuickAdd:
    assert view.quick_add is not None
    return view.quick_add


def names(box: QuickAdd) -> list[str]:
    rows = [box._row(i) for i in range(box.list.count())]
    return [row.component.name for row in rows if row.component is not None]


def test_a_wire_dropped_on_nothing_offers_what_fits_best_first(view: CanvasView, hands: Hands, qtbot: QtBot) -> None:
    hands.drag(hands.output("n6"), QPointF(260, 250))
    box = box_of(view)
    assert box.isVisible()
    assert box.width() == 636
    assert names(box)[:2] == ["Conv2D", "MaxPooling2D"]
    rows = {row.component.name: row for row in (box._row(i) for i in range(box.list.count())) if row.component}
    assert rows["Conv2D"].figure == "2,320 p"
    assert rows["Flatten"].result is not None
    assert rows["Flatten"].result.shape == (None, 256)
    assert "time × features" in rows["LSTM"].reason
    box.grab()
    qtbot.keyClicks(box.field, "flat")
    qtbot.keyClick(box.field, Qt.Key.Key_Return)
    (node,) = view.workspace.selection.ids
    assert view.workspace.document.nodes[node].type == "Flatten"
    assert Edge("n6", node) in view.workspace.document.edges
    assert view.workspace.history.undo_text == "Undo: add flatten_2 after pool"
    assert view.quick_add is None
    check_in_step(view)


def test_escape_leaves_all_as_it_was(view: CanvasView, hands: Hands, qtbot: QtBot) -> None:
    before = view.workspace.document.state()
    hands.double_click(QPointF(60, 470))
    box = box_of(view)
    qtbot.keyClick(box.field, Qt.Key.Key_Down)
    qtbot.keyClick(box.field, Qt.Key.Key_Escape)
    assert view.quick_add is None
    assert view.workspace.document.state() == before


def test_space_and_shift_a_open_it_and_shift_enter_keeps_adding(view: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClick(view, Qt.Key.Key_Space)
    box_of(view).dismiss()
    qtbot.keyClick(view, Qt.Key.Key_A, SHIFT)
    box = box_of(view)
    qtbot.keyClicks(box.field, "dense")
    qtbot.keyClick(box.field, Qt.Key.Key_Return, SHIFT)
    assert view.quick_add is box
    qtbot.keyClicks(box.field, "dropout")
    qtbot.keyClick(box.field, Qt.Key.Key_Return)
    dense, dropout = list(view.workspace.document.nodes)[-2:]
    assert Edge(dense, dropout) in view.workspace.document.edges
    check_in_step(view)


def test_a_name_that_is_not_there(view: CanvasView, qtbot: QtBot) -> None:
    view.offer()
    box = box_of(view)
    qtbot.keyClicks(box.field, "densse")
    assert [box._row(i).text for i in range(box.list.count())] == ['No layer called "densse". Did you mean Dense?']
    qtbot.keyClick(box.field, Qt.Key.Key_Return)
    assert view.quick_add is box
    box.dismiss()


def test_the_palette_places_after_the_selection(view: CanvasView) -> None:
    view.workspace.selection.set(["n9"])
    view.workspace.place_requested.emit("Dropout")
    (node,) = view.workspace.selection.ids
    assert Edge("n9", node) in view.workspace.document.edges
    assert view.workspace.document.nodes[node].position == (800, 440)
    check_in_step(view)


# Right click.
def right_click(view: CanvasView, place: QPointF) -> QMenu | None:
    hands = Hands(view)
    hands.press(place, button=Qt.MouseButton.RightButton)
    hands.release(place, button=Qt.MouseButton.RightButton)
    return view.findChild(QMenu, "canvasMenu")


def choose(menu: QMenu | None, words: str) -> None:
    assert menu is not None
    next(action for action in menu.actions() if action.text().split("\t")[0] == words).trigger()
    menu.close()


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard)", extend=True)
def test_a_right_click_offers_edits_of_what_is_under_it(view: CanvasView, hands: Hands, qtbot: QtBot) -> None:
    document = view.workspace.document
    choose(right_click(view, hands.middle("n2")), "Freeze")
    assert not document.nodes["n2"].trainable
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    choose(right_click(view, hands.middle("n8")), "Delete and reconnect")
    assert Edge("n7", "n9") in document.edges
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    choose(right_click(view, QPointF(374, 364)), "Take the wire off")
    assert Edge("n7", "n9") not in document.edges
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    choose(right_click(view, hands.middle("n9")), "Add a layer after it")
    assert box_of(view).source == "n9"
    box_of(view).dismiss()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert right_click(view, QPointF(60, 470)) is None
    box_of(view).dismiss()
    check_in_step(view)


# Problems.
@pytest.fixture
def broken(workspace: Workspace, qtbot: QtBot) -> CanvasView:
    workspace.run(Compound("build", digits("valid")))
    workspace.history.clear()
    workspace.check()
    return shown(workspace, qtbot)


def test_a_failing_layer_shows_sign_and_failing_part(broken: CanvasView) -> None:
    facts = broken.canvas.nodes["n5"].facts
    assert (facts.shape, facts.axes, facts.chip) == ("8≠6", "HW", "error")
    assert facts.badges[0] == ("error", "error")
    assert broken.canvas.bad_edge(Edge("n4", "n5", 1))
    assert not broken.canvas.bad_edge(Edge("n2", "n5"))
    assert broken.canvas.nodes["n6"].facts.shape == "?"
    broken.grab()


def test_the_badge_opens_the_card_choosing_previews_and_enter_applies(broken: CanvasView, qtbot: QtBot) -> None:
    hands = Hands(broken)
    before = broken.workspace.document.state()
    item = broken.canvas.nodes["n5"]
    with qtbot.waitSignal(broken.problem_clicked):
        hands.click(item.pos() + QPointF(item.width - 16, 16))
    card = broken.card
    assert card.isVisible()
    assert broken.rect().contains(card.geometry())
    qtbot.mouseClick(card.rows[0], LEFT)
    assert broken.workspace.preview is not None
    assert broken.canvas.preview_changed_nodes == {"n3"}
    assert broken.canvas.nodes["n6"].facts.chip == "preview"
    assert broken.canvas.nodes["n6"].facts.shape == "4×4×16"
    assert broken.workspace.document.state() == before
    broken.grab()
    qtbot.keyClick(card.rows[0], Qt.Key.Key_Return)
    assert broken.workspace.document.nodes["n3"].params["padding"] == "same"
    assert broken.workspace.history.undo_text == "Undo: set conv_2 padding to same"
    assert broken.workspace.preview is None
    broken.workspace.check()
    assert not card.isVisible()
    broken.workspace.undo()
    assert broken.workspace.document.state() == before


def test_going_to_a_problem_shows_layer_and_card_and_escape_closes(broken: CanvasView, qtbot: QtBot) -> None:
    broken.zoom_to(0.1)
    broken.workspace.focus_requested.emit("n5")
    assert broken.workspace.selection.ids == ("n5",)
    assert broken.zoom == 1.0
    assert broken.card.isVisible()
    broken.card.choose(0)
    qtbot.keyClick(broken, Qt.Key.Key_Escape)
    assert not broken.card.isVisible()
    assert broken.workspace.preview is None


def test_a_preview_that_adds_a_layer_draws_it(workspace: Workspace, qtbot: QtBot) -> None:
    workspace.run(Compound("build", digits()))
    workspace.run(AddNode(Node("n40", "LSTM", "lstm", {"units": 4}, (800, 480))))
    view = shown(workspace, qtbot)
    Hands(view).drag(view.canvas.nodes["n6"].output_point(), QPointF(880, 520))
    view._bubble.hide()
    workspace.run(Connect(Edge("n6", "n40")))
    repair = next(p for p in workspace.check() if p.node == "n40").repairs[0]
    workspace.set_preview(repair)
    assert workspace.preview is not None
    assert workspace.preview.added
    before = view.grab().toImage()
    workspace.set_preview(None)
    assert view.grab().toImage() != before


# Words.
def test_captions() -> None:
    def words(kind: str, **params: object) -> str:
        return captions.caption(Node("n1", kind, "x", params))

    assert words("Conv2D", filters=16, kernel_size=[3, 3], padding="same", activation="relu") == "Conv2D 16, 3×3"
    assert words("MaxPooling2D") == "MaxPooling2D 2×2"
    assert words("Dense", units=10, activation="softmax") == "Dense 10, softmax"
    assert words("Dropout", rate=0.3) == "Dropout 0.3"
    assert words("Rescaling", scale=0.0625) == "Rescaling 1/16"
    assert words("Rescaling", scale=1 / 255) == "Rescaling 1/255"
    assert words("GaussianNoise", stddev=0.1) == "GaussianNoise 0.1"
    assert words("Flatten") == "Flatten"
    assert words("BatchNormalization") == "BatchNormalization"
    assert words("Embedding", input_dim=1000, output_dim=32) == "Embedding 1000, 32"
    assert words("ZeroPadding2D") == "ZeroPadding2D 1×1"
    assert words("Mystery", units=3) == "Mystery"


def test_tooltips_give_the_rule(view: CanvasView) -> None:
    info, node = view.workspace.analysis.info("n3"), view.workspace.document.nodes["n3"]
    assert captions.tooltip(node, info, "parameters") == "2,320 parameters: 3·3·16·16 + 16 = 2,320"
    assert (
        captions.tooltip(node, info, "shape") == "8 × 8 × 16 (height, width, channels), for each sample of a batch (N)"
    )


def test_long_names_widen_the_node_and_are_cut_in_the_middle(view: CanvasView) -> None:
    view.workspace.run(RenameNode("n6", "a_rather_long_layer_name"))
    item = view.canvas.nodes["n6"]
    assert 148 < item.width <= 220
    assert (item.width - 148) % 8 == 0
    view.workspace.run(RenameNode("n6", "an_extremely_long_layer_name_that_nobody_can_show_in_full"))
    assert item.width == 220
    assert "…" in item.facts.name
    check_in_step(view)


def test_ports_show_the_rank(view: CanvasView) -> None:
    facts = {identifier: item.facts for identifier, item in view.canvas.nodes.items()}
    assert facts["n1"].inputs == ()
    assert facts["n5"].inputs == (("image", True), ("image", True))
    assert facts["n7"].inputs == (("image", True),)
    assert facts["n7"].output == ("vector", True)
    assert facts["n9"].output == ("vector", False)


def test_a_skip_rises_over_what_lies_between_and_moves_its_neighbours_label(view: CanvasView) -> None:
    skip, level = view.canvas.edges[Edge("n2", "n5")], view.canvas.edges[Edge("n2", "n3")]
    assert skip.route.path.boundingRect().top() == pytest.approx(80 - 36)
    assert skip.route.pill
    assert level.below
    back = view.canvas.edges[Edge("n5", "n6")]
    assert back.route.path.boundingRect().bottom() >= 320 + 44
    assert back.route.label is not None
    assert back.route.label.y() == pytest.approx(160 + 72)
