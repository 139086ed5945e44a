"""The view: zoom, pan, keys, drops, and handing the mouse to the gesture under way."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QHBoxLayout, QToolTip, QWidget

from designer.canvas import style as s
from designer.canvas.edge_item import EdgeItem
from designer.canvas.node_item import NodeItem
from designer.canvas.quick_add import QuickAdd
from designer.canvas.scene import CanvasScene
from designer.canvas.starts import STARTS
from designer.canvas.tools.base import Tool
from designer.canvas.tools.pan import PanTool
from designer.canvas.tools.select import BoxTool, MoveTool
from designer.canvas.tools.wire import WireTool
from designer.core.commands import AddNode, Command, Compound, Connect, Disconnect, InsertOnEdge, MoveNodes, RemoveNodes
from designer.core.document import Edge, Node, NodeId
from designer.core.errors import Refused
from designer.core.layout import layered
from designer.core.text import tr
from designer.editing.workspace import Workspace
from designer.look.widgets import EmptyState, IconButton, Label

MIME = "application/x-bricklayer-component"
ZOOM_STEP, SMALLEST, LARGEST, MARGIN = 1.15, 0.05, 3.0, 60
SAY_MS = 3000


class CanvasView(QGraphicsView):
    """The canvas of one workspace.

    Signals:
        zoomed(float): another zoom.
        problem_clicked(str): a layer's error badge was clicked.
    """

    zoomed = Signal(float)
    problem_clicked = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName(tr("Canvas"))
        self.workspace = workspace
        self.canvas = CanvasScene(workspace, self)
        self.setScene(self.canvas)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSceneRect(QRectF(-20000, -20000, 40000, 40000))
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._tool: Tool | None = None
        self._pan: PanTool | None = None
        self._space = False
        self._fit_pending = True
        self._focused: NodeId | None = None
        self.quick_add: QuickAdd | None = None
        self._empty = EmptyState(
            tr("Start with data."), tr("Drag a layer here, press Space to search, or open an example.")
        )
        self._empty.setParent(self)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._breadcrumb = Label(workspace.document.name, "body", weight=600)
        self._breadcrumb.setParent(self)
        self._breadcrumb.move(16, 16)
        self._controls = self._make_controls()
        workspace.changed.connect(lambda _: self._follow())
        workspace.focus_requested.connect(self.center_on)
        workspace.place_requested.connect(self.place_near_selection)
        self._follow()

    # Furniture.
    def _make_controls(self) -> QWidget:
        box = QWidget(self)
        layout = QHBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        actions: tuple[tuple[str, str, Callable[[], None]], ...] = (
            ("layout", tr("Arrange the layers (Ctrl+L)"), self.arrange),
            ("fit", tr("Show everything (Home)"), self.fit),
            ("zoom-out", tr("Zoom out (Ctrl+-)"), lambda: self.zoom_by(1 / ZOOM_STEP)),
            ("zoom-in", tr("Zoom in (Ctrl+=)"), lambda: self.zoom_by(ZOOM_STEP)),
        )
        self._zoom_text = Label("100 %", "small")
        for name, words, run in actions:
            button = IconButton(name, words, bordered=True)
            button.setFixedSize(28, 28)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(run)
            layout.addWidget(button)
            if name == "zoom-out":
                layout.addWidget(self._zoom_text)
        box.adjustSize()
        return box

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._empty.setGeometry(0, 0, self.width(), self.height())
        self._controls.adjustSize()
        self._controls.move(self.width() - self._controls.width() - 16, 12)
        if self._fit_pending and self.canvas.nodes and self.width() > 100:
            self.fit()

    def _follow(self) -> None:
        self._empty.setVisible(not self.workspace.document.nodes)
        self._breadcrumb.setText(self.workspace.document.name)
        self._breadcrumb.adjustSize()

    def say_at_cursor(self, sentence: str) -> None:
        """A reason, at the cursor, for three seconds."""
        QToolTip.showText(self.cursor().pos(), sentence, self, self.rect(), SAY_MS)

    # Looking.
    @property
    def zoom(self) -> float:
        return self.transform().m11()

    def zoom_to(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom so that the point `at` (pixels) stays where it is."""
        place = at or QPointF(self.viewport().rect().center())
        before = self.mapToScene(place.toPoint())
        factor = min(max(factor, SMALLEST), LARGEST)
        self.resetTransform()
        self.scale(factor, factor)
        moved = self.mapFromScene(before) - place.toPoint()
        self._scroll(moved)
        self._zoom_text.setText(f"{factor * 100:.0f} %")
        self.zoomed.emit(factor)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom in or out by a factor."""
        self.zoom_to(self.zoom * factor, at)

    def fit(self, rect: QRectF | None = None) -> None:
        """Show everything (or a part), never larger than 100 %."""
        area = rect or self.canvas.content()
        if area.isEmpty():
            self.zoom_to(1.0)
            return
        self._fit_pending = False
        size = self.viewport().size()
        across = (size.width() - 2 * 24) / area.width()
        down = (size.height() - 2 * MARGIN) / area.height()
        self.zoom_to(min(across, down, 1.0))
        self.centerOn(area.center())

    def fit_selection(self) -> None:
        """Show the selected layers."""
        rect = QRectF()
        for node in self.workspace.selection.ids:
            rect = rect.united(self.canvas.nodes[node].sceneBoundingRect())
        self.fit(None if rect.isEmpty() else rect)

    def center_on(self, node: NodeId) -> None:
        """Go to a layer and select it."""
        item = self.canvas.nodes.get(node)
        if item is not None:
            self.workspace.selection.set([node])
            self.ensureVisible(item.sceneBoundingRect(), MARGIN, MARGIN)

    def pan(self, delta: QPoint) -> None:
        """Move the view by pixels."""
        self._scroll(-delta)

    def _scroll(self, delta: QPoint) -> None:
        for bar, amount in ((self.horizontalScrollBar(), delta.x()), (self.verticalScrollBar(), delta.y())):
            bar.setValue(bar.value() + amount)

    def scroll_near_edge(self, place: QPointF) -> None:
        """Scroll on when a gesture comes to the edge."""
        pixel, area = self.mapFromScene(place), self.viewport().rect().adjusted(24, 24, -24, -24)
        dx = min(pixel.x() - area.left(), 0) or max(pixel.x() - area.right(), 0)
        dy = min(pixel.y() - area.top(), 0) or max(pixel.y() - area.bottom(), 0)
        if dx or dy:
            self._scroll(QPoint(round(dx / 3), round(dy / 3)))

    # Mouse.
    def node_at(self, place: QPointF, near: bool = False) -> NodeItem | None:
        """The layer at a place of the scene, with its ports when `near`."""
        reach = s.HIT if near else 1
        for item in self.canvas.items(QRectF(place.x() - reach, place.y() - reach, 2 * reach, 2 * reach)):
            if isinstance(item, NodeItem) and (near or item.rect().contains(place - item.pos())):
                return item
        return None

    def edge_at(self, place: QPointF) -> EdgeItem | None:
        """The wire at a place of the scene."""
        found = self.canvas.items(QRectF(place.x() - 3, place.y() - 3, 6, 6))
        return next((item for item in found if isinstance(item, EdgeItem)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.mapToScene(event.position().toPoint())
        button, keys = event.button(), event.modifiers()
        if button in (Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton) or self._space:
            self._pan = PanTool(self, event.position().toPoint())
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
            return
        if button != Qt.MouseButton.LeftButton or self._tool is not None:
            return
        self._focus_on(None)
        near = self.node_at(place, near=True)
        port = near.port_at(place - near.pos()) if near else None
        if near is not None and port is not None:
            self._tool = WireTool(self, near.node.id, *port)
            return
        item = self.node_at(place)
        if item is not None:
            self._press_node(item, place, keys)
            return
        wire = self.edge_at(place)
        if wire is not None:
            self.workspace.selection.set(edge=wire.edge)
            return
        add = bool(keys & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier))
        if not add:
            self.workspace.selection.set()
        self._tool = BoxTool(self, place, add)

    def _press_node(self, item: NodeItem, place: QPointF, keys: Qt.KeyboardModifier) -> None:
        selection, node = self.workspace.selection, item.node.id
        inside = place - item.pos()
        if item.state and inside.x() > s.WIDTH - 28 and inside.y() < 26:
            selection.set([node])
            self.problem_clicked.emit(node)
            return
        if keys & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            selection.toggle(node)
        elif node not in selection.ids:
            selection.set([node])
        self._tool = MoveTool(self, place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pan is not None:
            self._pan.move(event.position().toPoint())
        place = self.mapToScene(event.position().toPoint())
        if self._tool is not None:
            self._tool.move(place, event.modifiers())
        elif self._pan is None:
            self._hover(place)
        super().mouseMoveEvent(event)

    def _hover(self, place: QPointF) -> None:
        over = self.node_at(place)
        for item in self.canvas.nodes.values():
            if item.is_hovered != (item is over):
                item.is_hovered = item is over
                item.update()
        wire = None if over else self.edge_at(place)
        for edge in self.canvas.edges.values():
            if edge.is_hovered != (edge is wire):
                edge.is_hovered = edge is wire
                edge.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if (
            self._pan is not None
            and event.button() != Qt.MouseButton.LeftButton
            or self._pan is not None
            and self._tool is None
        ):
            self._pan = None
            self.viewport().unsetCursor()
            return
        tool, self._tool = self._tool, None
        if tool is not None and event.button() == Qt.MouseButton.LeftButton:
            tool.release(self.mapToScene(event.position().toPoint()), event.modifiers())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self.mapToScene(event.position().toPoint())
        if self.node_at(place) is None and self.edge_at(place) is None:
            self.offer(place)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        precise = event.pixelDelta()
        if not precise.isNull() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pan(precise)
        elif event.angleDelta().y():
            self.zoom_by(ZOOM_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value(), event.position())
            return True
        return super().viewportEvent(event)

    # Keys.
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape and self._tool is not None:
            tool, self._tool = self._tool, None
            tool.cancel()
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self._step(1 if key == Qt.Key.Key_Tab else -1)
        elif key in _ARROWS and self.workspace.selection.ids:
            self._nudge(key, 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes from layer to layer; at the last one, on to the next panel."""
        order = self.workspace.document.topological()
        if not order or (self._focused == order[-1 if forward else 0]):
            self._focus_on(None)
            return super().focusNextPrevChild(forward)
        self._step(1 if forward else -1)
        return True

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            tapped = self._space and (self._pan is None or not self._pan.moved)
            self._space, self._pan = False, None
            self.viewport().unsetCursor()
            if tapped:
                self.offer(self.mapToScene(self.mapFromGlobal(self.cursor().pos())) if self.underMouse() else None)
        else:
            super().keyReleaseEvent(event)

    def _step(self, direction: int) -> None:
        order = self.workspace.document.topological()
        if order:
            place = order.index(self._focused) + direction if self._focused in order else (0 if direction > 0 else -1)
            self._focus_on(order[place % len(order)])
            self.center_on(order[place % len(order)])

    def _focus_on(self, node: NodeId | None) -> None:
        self._focused = node
        for identifier, item in self.canvas.nodes.items():
            if item.is_focused != (identifier == node):
                item.is_focused = identifier == node
                item.update()
        if node is not None:
            item = self.canvas.nodes[node]
            self.setAccessibleDescription(item.toolTip().replace("\n", ", "))

    def _nudge(self, key: int, factor: int) -> None:
        dx, dy = _ARROWS[Qt.Key(key)]
        moves = {}
        for node in self.workspace.selection.ids:
            x, y = self.workspace.document.nodes[node].position
            moves[node] = ((x, y), (x + dx * s.SNAP * factor, y + dy * s.SNAP * factor))
        self.workspace.run(MoveNodes(moves, gesture=hash(tuple(moves)) & 0xFFFF))

    # Editing.
    def try_run(self, command: Command) -> bool:
        """Run a command; a refusal is said at the cursor."""
        try:
            self.workspace.run(command)
        except Refused as error:
            self.say_at_cursor(error.sentence)
            return False
        return True

    def offer(self, place: QPointF | None, source: NodeId | None = None) -> None:
        """The quick-add box, at a place of the scene; with layers that fit after `source`."""
        target = place or self.mapToScene(self.viewport().rect().center())
        self.quick_add = QuickAdd(self, self.workspace, source)
        self.quick_add.chosen.connect(lambda name, again: self._add_chosen(name, target, source))
        self.quick_add.open_at(self.mapFromScene(target))

    def _add_chosen(self, layer_type: str, place: QPointF, source: NodeId | None) -> None:
        self.add_component(layer_type, place, source)

    def new_node(self, layer_type: str, place: QPointF) -> Node:
        """A node of a type with settings to begin with, at a free name."""
        document = self.workspace.document
        corner = (s.snap(place.x()), s.snap(place.y()))
        return Node(
            document.fresh_id(), layer_type, document.fresh_name(layer_type), dict(STARTS.get(layer_type, {})), corner
        )

    def add_component(self, layer_type: str, place: QPointF, source: NodeId | None = None) -> NodeId:
        """Add a layer at a place; wired from `source` when given."""
        node = self.new_node(layer_type, place - QPointF(0, s.DIVIDER) if source else place)
        steps: list[Command] = [AddNode(node)]
        if source is not None:
            steps.append(Connect(Edge(source, node.id)))
        if self.try_run(steps[0] if len(steps) == 1 else Compound(tr("add {name}", name=node.name), steps)):
            self.workspace.selection.set([node.id])
        return node.id

    def place_near_selection(self, layer_type: str) -> None:
        """Add a layer after the selected one and wire it; in the middle when nothing is selected."""
        chosen = self.workspace.selection.ids
        if len(chosen) == 1 and not self.workspace.document.outputs(chosen[0]) and s.has_inputs(layer_type):
            item = self.canvas.nodes[chosen[0]]
            self.add_component(layer_type, item.pos() + QPointF(200, s.DIVIDER), chosen[0])
            self.ensureVisible(self.canvas.content().adjusted(0, 0, 40, 0), 20, 20)
        else:
            self.add_component(layer_type, self._free_place())

    def _free_place(self) -> QPointF:
        place = self.mapToScene(self.viewport().rect().center()) - QPointF(s.WIDTH / 2, s.HEIGHT / 2)
        while self.node_at(place + QPointF(20, 20)) is not None:
            place += QPointF(24, 96)
        return place

    def delete_selection(self) -> None:
        """Delete what is selected, and nothing else."""
        selection = self.workspace.selection
        if selection.edge is not None:
            self.try_run(Disconnect(selection.edge))
        elif selection.ids:
            self.try_run(RemoveNodes(selection.ids))

    def delete_and_reconnect(self) -> None:
        """Delete the selected layers and wire what came before them to what came after."""
        document = self.workspace.document
        steps: list[Command] = []
        for node in self.workspace.selection.ids:
            before = [e for e in document.inputs(node) if e]
            after = document.outputs(node)
            steps.append(RemoveNodes([node]))
            if len(before) == 1:
                steps += [Connect(Edge(before[0].source, e.target, e.port)) for e in after]
        if steps:
            self.try_run(Compound(tr("delete and reconnect"), steps))

    def select_all(self) -> None:
        self.workspace.selection.set(self.workspace.document.nodes)

    def arrange(self) -> None:
        """Lay the selected layers out, or all of them, in one step."""
        chosen = set(self.workspace.selection.ids)
        document = self.workspace.document
        wrap = self.viewport().width() / max(min(self.zoom, 1.0), 0.5) - 40
        places = layered(document, chosen if len(chosen) > 1 else None, wrap)
        moves = {i: (document.nodes[i].position, p) for i, p in places.items() if document.nodes[i].position != p}
        if moves and self.try_run(MoveNodes(moves, text=tr("arrange layers"))):
            self.fit()

    # Drops from the palette.
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if event.mimeData().hasFormat(MIME):
            self._hover(self.mapToScene(event.position().toPoint()))
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        layer_type = bytes(event.mimeData().data(MIME).data()).decode()
        self.drop_component(layer_type, self.mapToScene(event.position().toPoint()))
        event.acceptProposedAction()

    def drop_component(self, layer_type: str, place: QPointF) -> None:
        """Place a layer; on a wire it is inserted there."""
        wire = self.edge_at(place)
        corner = place - QPointF(s.WIDTH / 2, s.DIVIDER)
        if wire is not None and s.has_inputs(layer_type):
            node = self.new_node(layer_type, corner)
            if self.try_run(InsertOnEdge(node, wire.edge)):
                self.workspace.selection.set([node.id])
        else:
            self.add_component(layer_type, corner)
        self.setFocus()


_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
