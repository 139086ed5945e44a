"""A canvas with a real workspace, and hands that move a mouse over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.canvas.view import CanvasView
from designer.core.commands import AddNode, Command, Compound, Connect, SetFrame, SetNote
from designer.core.document import Edge, Frame, Node, Note
from designer.editing.workspace import Workspace
from designer.look import motion, theme

Keys, Button = Qt.KeyboardModifier, Qt.MouseButton
LEFT, NOTHING = Button.LeftButton, Keys.NoModifier


@pytest.fixture(autouse=True)
def _still(qapp: QApplication) -> Iterator[None]:
    motion.set_reduced(True)
    theme.apply(qapp, theme.LIGHT, 1.0)
    yield
    motion.set_reduced(False)
    qapp.setStyleSheet("")


def digits(padding: str = "same") -> list[Command]:
    """The residual network of the mockup."""
    conv = {"filters": 16, "kernel_size": [3, 3], "activation": "relu"}
    nodes = [
        ("n1", "Input", "digits", {"shape": [8, 8, 1]}, (0, 80)),
        ("n2", "Conv2D", "conv_1", {**conv, "padding": "same"}, (200, 80)),
        ("n3", "Conv2D", "conv_2", {**conv, "padding": padding}, (400, 80)),
        ("n4", "BatchNormalization", "norm", {}, (600, 80)),
        ("n5", "Add", "add", {}, (800, 80)),
        ("n6", "MaxPooling2D", "pool", {}, (0, 320)),
        ("n7", "Flatten", "flatten", {}, (200, 320)),
        ("n8", "Dropout", "dropout", {"rate": 0.3}, (400, 320)),
        ("n9", "Dense", "digit", {"units": 10, "activation": "softmax"}, (600, 320)),
    ]
    wires = ["n1 n2 0", "n2 n3 0", "n3 n4 0", "n2 n5 0", "n4 n5 1", "n5 n6 0", "n6 n7 0", "n7 n8 0", "n8 n9 0"]
    steps: list[Command] = [AddNode(Node(i, kind, name, params, place)) for i, kind, name, params, place in nodes]
    steps += [Connect(Edge(a, b, int(port))) for a, b, port in map(str.split, wires)]
    steps.append(SetFrame("n20", Frame("n20", "Residual block", (384, 16), (572, 168))))
    steps.append(SetNote("n21", Note("n21", "Why the skip?\nA short road for the gradient.", (792, 320), (164, 80))))
    return steps


class Hands:
    """Real mouse events on the viewport, in scene coordinates."""

    def __init__(self, view: CanvasView) -> None:
        self.view = view

    def pixel(self, place: QPointF) -> QPoint:
        return self.view.mapFromScene(place)

    def send(self, kind: QEvent.Type, place: QPointF | QPoint, button: Qt.MouseButton, held: Qt.MouseButton,
             keys: Keys = NOTHING) -> None:  # fmt: skip
        pixel = place if isinstance(place, QPoint) else self.pixel(place)
        spot = QPointF(pixel)
        event = QMouseEvent(kind, spot, QPointF(self.view.viewport().mapToGlobal(pixel)), button, held, keys)
        QApplication.sendEvent(self.view.viewport(), event)

    def press(self, place: QPointF | QPoint, keys: Keys = NOTHING, button: Button = LEFT) -> None:
        self.send(QEvent.Type.MouseButtonPress, place, button, button, keys)

    def move(self, place: QPointF | QPoint, keys: Keys = NOTHING, button: Button = LEFT) -> None:
        self.send(QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, button, keys)

    def release(self, place: QPointF | QPoint, keys: Keys = NOTHING, button: Button = LEFT) -> None:
        self.send(QEvent.Type.MouseButtonRelease, place, button, Qt.MouseButton.NoButton, keys)

    def click(self, place: QPointF, keys: Keys = NOTHING) -> None:
        self.press(place, keys)
        self.release(place, keys)

    def drag(self, start: QPointF, end: QPointF, keys: Keys = NOTHING, button: Button = LEFT) -> None:
        self.press(start, keys, button)
        middle = QPointF((start.x() + end.x()) / 2, (start.y() + end.y()) / 2)
        for place in (start + QPointF(6, 0), middle, end):
            self.move(place, keys, button)
        self.release(end, keys, button)

    def double_click(self, place: QPointF) -> None:
        self.click(place)
        self.send(QEvent.Type.MouseButtonDblClick, place, LEFT, LEFT)
        self.release(place)

    def output(self, node: str) -> QPointF:
        return self.view.canvas.nodes[node].output_point()

    def input(self, node: str, port: int = 0) -> QPointF:
        return self.view.canvas.nodes[node].input_point(port)

    def middle(self, node: str) -> QPointF:
        return self.view.canvas.nodes[node].frame().center() + QPointF(20, -24)


@pytest.fixture
def workspace(qtbot: QtBot) -> Iterator[Workspace]:
    made = Workspace()
    yield made
    made.close()


@pytest.fixture
def view(workspace: Workspace, qtbot: QtBot) -> CanvasView:
    """A shown canvas with the residual network."""
    workspace.run(Compound("build", digits()))
    workspace.history.clear()
    workspace.check()
    return shown(workspace, qtbot)


def shown(workspace: Workspace, qtbot: QtBot) -> CanvasView:
    made = CanvasView(workspace)
    qtbot.addWidget(made)
    made.resize(1000, 588)
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    return made


@pytest.fixture
def hands(view: CanvasView) -> Hands:
    return Hands(view)


def check_in_step(view: CanvasView) -> None:
    """The scene and the overview show exactly what the document holds."""
    document, scene = view.workspace.document, view.canvas
    assert scene.nodes.keys() == document.nodes.keys()
    assert scene.edges.keys() == set(document.edges)
    assert scene.notes.keys() == document.notes.keys()
    assert scene.frames.keys() == document.frames.keys()
    rects, lines = scene.overview.content()
    assert rects.keys() == document.nodes.keys()
    assert lines.keys() == set(document.edges)
    for identifier, node in document.nodes.items():
        item = scene.nodes[identifier]
        assert item.node == node
        assert (item.x(), item.y()) == node.position
        assert item.inputs == len(document.inputs(identifier))
        assert rects[identifier] == (item.family, item.frame())
        assert item.facts.output[1] == bool(document.outputs(identifier))
        assert [wired for _, wired in item.facts.inputs] == [slot is not None for slot in document.inputs(identifier)]
    for edge, wire in scene.edges.items():
        start, end = scene.nodes[edge.source].output_point(), scene.nodes[edge.target].input_point(edge.port)
        assert (lines[edge].p1(), lines[edge].p2()) == (start, end)
        assert wire.route.path.elementAt(0).x == start.x()
        assert abs(wire.route.path.currentPosition().y() - end.y()) < 1e-6
    for identifier, thing in {**document.notes, **document.frames}.items():
        item = scene.item_of(identifier)
        assert item is not None
        assert (item.x(), item.y()) == thing.position
    known = {id(item) for part in (scene.nodes, scene.edges, scene.notes, scene.frames) for item in part.values()}
    assert {id(item) for item in scene.items()} == known
