"""The canvas widget: hands mouse, keys and drops to the gesture under way, and offers every edit as a method."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from designer.canvas import captions, operations, style
from designer.canvas.camera import ZOOM_STEP, Camera
from designer.canvas.floating import Bubble, CanvasButtons
from designer.canvas.operations import Feeding
from designer.canvas.problem_card import ProblemCard
from designer.canvas.quick_add import QuickAdd
from designer.canvas.scene import CanvasScene
from designer.canvas.tools.base import Tool
from designer.canvas.tools.box import BoxTool
from designer.canvas.tools.drop import DropTool, dragged_component
from designer.canvas.tools.move import MoveTool
from designer.canvas.tools.pan import PanTool
from designer.canvas.tools.wire import WireTool
from designer.core.commands import Command, MoveNodes, SetBypassed
from designer.core.document import NodeId
from designer.core.errors import Refused
from designer.core.layout import layered
from designer.core.text import count, tr
from designer.editing.placing import place_after
from designer.editing.workspace import Workspace
from designer.look import motion
from designer.look.theme import theme, theme_changed
from designer.look.widgets import EmptyState, Label

_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class CanvasView(Camera):
    """The canvas of one workspace.

    Signals:
        problem_clicked(str): the badge of a failing layer was clicked.
        edit_requested(str): a layer was double-clicked, or Enter pressed on it: show its settings.
        said(str): what was said at the cursor.
    """

    problem_clicked = Signal(str)
    edit_requested = Signal(str)
    said = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(CanvasScene(workspace), parent)
        self.canvas.setParent(self)
        self.setObjectName("canvas")
        self.workspace = workspace
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._tool: Tool | None = None
        self._pan: PanTool | None = None
        self._drop: DropTool | None = None
        self._space, self._fit_pending, self._nudges = False, True, 0
        self._pixel = QPoint()
        self.quick_add: QuickAdd | None = None
        self._empty = EmptyState(
            tr("Start with data."), tr("Drag a layer here, press Space to search, or open an example."), self
        )
        self._breadcrumb = Label(workspace.document.name, "body", weight=600, parent=self)
        self._breadcrumb.move(14, 16)
        self._buttons = CanvasButtons(self)
        self._bubble = Bubble(self)
        self.card = ProblemCard(self)
        workspace.changed.connect(self._follow)
        workspace.focus_requested.connect(self.show_node)
        workspace.place_requested.connect(self.place_near_selection)
        theme_changed.connect(self._on_theme)
        self._follow()

    # Furniture.
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_furniture()
        if self._fit_pending and self.canvas.nodes and self.width() > 160:
            self._fit_pending = False
            self.fit()

    def _place_furniture(self) -> None:
        self._empty.setGeometry(self.rect())
        self._buttons.adjustSize()
        self._buttons.move(self.width() - self._buttons.width() - 12, 10)

    def _follow(self, _: object = None) -> None:
        document = self.workspace.document
        self._empty.setVisible(not document.nodes and not document.notes and not document.frames)
        self._breadcrumb.setText(document.name)
        self._breadcrumb.adjustSize()
        self.setAccessibleName(tr("Canvas, {layers}", layers=count(len(document.nodes), tr("layer"), tr("layers"))))

    def _on_theme(self, _: object) -> None:
        self._set_scale(self.zoom)
        self._place_furniture()
        self.viewport().update()

    def say_at_cursor(self, sentence: str) -> None:
        """A reason, at the cursor, for three seconds."""
        self._bubble.say(sentence, self.viewport().mapTo(self, self._pixel))
        self.said.emit(sentence)

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        for node in self.workspace.preview.added if self.workspace.preview is not None else ():
            area = QRectF(*node.position, style.WIDTH, style.HEIGHT)
            painter.setPen(style.pen(theme().color("success"), 2, (6, 4)))
            painter.setBrush(theme().color("success_ground"))
            painter.drawRoundedRect(area, style.RADIUS, style.RADIUS)
            painter.setPen(theme().color("success"))
            painter.setFont(style.canvas_font("body", False, 600))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, node.name)
        for tool in (self._tool, self._drop):
            if tool is not None:
                tool.paint(painter)

    # Mouse.
    def mousePressEvent(self, event: QMouseEvent) -> None:
        pixel, button, keys = event.position().toPoint(), event.button(), event.modifiers()
        self._pixel = pixel
        self.land()
        if button in (Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton) or self._space:
            self._pan = PanTool(self, pixel, button)
        elif button == Qt.MouseButton.LeftButton and self._tool is None:
            self._focus_on(None)
            self._tool = self._tool_for(pixel, keys)

    def _tool_for(self, pixel: QPoint, keys: Qt.KeyboardModifier) -> Tool | None:
        """The gesture that a press begins; None when the press is all."""
        place, scene = self.mapToScene(pixel), self.canvas
        item = scene.node_at(place)
        if item is not None:
            port = item.port_at(place) if self.transform().m11() >= style.NAMED else None
            if port is not None and (not keys & (_CTRL | _SHIFT)) and self._on_port(item.frame(), place):
                return WireTool(self, pixel, item, *port)
            if item.part_at(place) == "badge" and scene.severity(item.node.id):
                self.workspace.selection.set([item.node.id])
                self.problem_clicked.emit(item.node.id)
                self.card.open(item.node.id)
                return None
            if item.frame().contains(place):
                return MoveTool(self, pixel, item.node.id, keys)
        wire = scene.edge_at(place)
        if wire is not None:
            self.workspace.selection.set(edge=wire.edge)
            return None
        decor = scene.decor_at(place)
        return MoveTool(self, pixel, decor.thing.id, keys) if decor is not None else BoxTool(self, pixel)

    @staticmethod
    def _on_port(frame: QRectF, place: QPointF) -> bool:
        """Inside a node a port reaches 10 px only, so that tile and chip stay free to drag."""
        return place.x() < frame.left() + 10 or place.x() > frame.right() - 10

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pixel = event.position().toPoint()
        self._pixel = pixel
        if self._pan is not None:
            self._pan.move(pixel, event.modifiers())
            if self._pan.dragging:
                self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._tool is not None:
            if self._pan is None and self._tool.dragging and self._tool.scrolls:
                self.scroll_at_edge(pixel)
            self._tool.move(pixel, event.modifiers())
            if self._tool.dragging:
                self.viewport().update() if self._tool.scrolls and isinstance(self._tool, BoxTool) else None
        elif self._pan is None:
            self._hover(self.mapToScene(pixel))

    def _hover(self, place: QPointF) -> None:
        item = self.canvas.node_at(place)
        node = item.node.id if item is not None else None
        if node != self.canvas.hovered:
            self.canvas.set_state("hovered", node)
            self.workspace.hovered.emit(node)
        wire = self.canvas.edge_at(place) if item is None else None
        self.canvas.set_state("hovered_edge", wire.edge if wire is not None else None)
        over_port = item is not None and item.port_at(place) is not None and self._on_port(item.frame(), place)
        self.viewport().setCursor(Qt.CursorShape.CrossCursor if over_port else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pixel, keys = event.position().toPoint(), event.modifiers()
        self._pixel = pixel
        if self._pan is not None and event.button() == self._pan.button:
            self._pan = None
            self.viewport().unsetCursor()
        elif event.button() == Qt.MouseButton.LeftButton and self._tool is not None:
            tool, self._tool = self._tool, None
            tool.move(pixel, keys)
            tool.release(pixel, keys)
            self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._pixel = event.position().toPoint()
        place = self.mapToScene(self._pixel)
        item = self.canvas.node_at(place)
        if item is not None:
            self.workspace.selection.set([item.node.id])
            self.edit_requested.emit(item.node.id)
        elif self.canvas.edge_at(place) is None:
            self.offer(place)

    def cancel(self) -> bool:
        """Put back what a gesture under way has moved; whether there was one."""
        tool, self._tool = self._tool, None
        if tool is not None:
            tool.cancel()
            self.viewport().update()
        return tool is not None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel zooms at the cursor; two fingers on a touchpad pan, with Ctrl they zoom."""
        fine, ctrl = event.pixelDelta(), bool(event.modifiers() & _CTRL)
        if not fine.isNull() and not ctrl and event.phase() != Qt.ScrollPhase.NoScrollPhase:
            self.land()
            self.pan(fine)
        elif event.angleDelta().y():
            self.zoom_by(ZOOM_STEP ** (event.angleDelta().y() / 120), event.position())
        elif event.angleDelta().x():
            self.pan(QPoint(event.angleDelta().x() // 2, 0))
        if self._tool is not None:
            self._tool.move(self._pixel, event.modifiers())
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self.canvas.set_state("hovered", None)
        self.canvas.set_state("hovered_edge", None)
        self.workspace.hovered.emit(None)
        super().leaveEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value(), event.position())
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._tell(event)
            return True
        return super().viewportEvent(event)

    def _tell(self, event: QHelpEvent) -> None:
        place = self.mapToScene(event.pos())
        item = self.canvas.node_at(place)
        words = ""
        if item is not None:
            problems = self.workspace.problems_of(item.node.id)
            words = captions.tooltip(item.node, self.workspace.analysis.info(item.node.id), item.part_at(place))
            if problems and item.part_at(place) in ("badge", "name"):
                words = f"{problems[0].name} {problems[0].sentence}"
        QToolTip.showText(event.globalPos(), words, self.viewport())

    # Keys.
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, keys = Qt.Key(event.key()), event.modifiers()
        if key == Qt.Key.Key_Escape:
            if not self.cancel() and not self.card.dismiss():
                self.workspace.set_preview(None)
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat() and not keys & (_CTRL | _SHIFT):
            self._space = True
        elif key in _ARROWS and not keys & _CTRL and self.workspace.selection.items:
            if not event.isAutoRepeat():
                self._nudges = self.workspace.history.new_gesture()
            self.nudge(*_ARROWS[key], 10 if keys & _SHIFT else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter()
        elif not self._shortcut(key, keys):
            super().keyPressEvent(event)

    def _shortcut(self, key: Qt.Key, keys: Qt.KeyboardModifier) -> bool:
        """Keys of the canvas; the window's actions carry the same ones and come first."""
        ctrl, shift = bool(keys & _CTRL), bool(keys & _SHIFT)
        table = {
            (Qt.Key.Key_Delete, False, False): self.delete_selection,
            (Qt.Key.Key_Backspace, False, False): self.delete_selection,
            (Qt.Key.Key_Delete, True, False): self.delete_and_reconnect,
            (Qt.Key.Key_A, True, False): self.select_all,
            (Qt.Key.Key_A, False, True): self.offer,
            (Qt.Key.Key_D, True, False): self.duplicate,
            (Qt.Key.Key_L, True, False): self.arrange,
            (Qt.Key.Key_B, True, False): self.toggle_bypass,
            (Qt.Key.Key_Home, False, False): self.fit_animated,
            (Qt.Key.Key_F, False, False): self.fit_selection,
            (Qt.Key.Key_Period, False, False): self.fit_selection,
            (Qt.Key.Key_0, True, False): self.reset_zoom,
            (Qt.Key.Key_Equal, True, False): self.zoom_in,
            (Qt.Key.Key_Plus, True, False): self.zoom_in,
            (Qt.Key.Key_Minus, True, False): self.zoom_out,
        }
        run = table.get((key, ctrl, shift))
        if run is not None:
            run()
        return run is not None

    def _enter(self) -> None:
        if self.workspace.preview is not None:
            self.try_apply()
        elif self.workspace.selection.current is not None:
            self.edit_requested.emit(self.workspace.selection.current)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space or event.isAutoRepeat():
            super().keyReleaseEvent(event)
            return
        tapped, self._space = self._space and (self._pan is None or not self._pan.dragging), False
        if tapped and self._tool is None:
            inside = self.viewport().rect().contains(self._pixel) and self.underMouse()
            self.offer(self.mapToScene(self._pixel) if inside else None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # A key that is released elsewhere would stay down here.
        self._space = False
        self.canvas.set_state("focused", None)
        super().focusOutEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes from layer to layer in the order of the data; after the last one, on to the next panel."""
        order = self.workspace.document.topological()
        current = self.canvas.focused or self.workspace.selection.current
        if not order or current == order[-1 if forward else 0]:
            self._focus_on(None)
            return super().focusNextPrevChild(forward)
        place = order.index(current) + (1 if forward else -1) if current in order else (0 if forward else -1)
        self._focus_on(order[place])
        return True

    def _focus_on(self, node: NodeId | None) -> None:
        """Keyboard focus goes to a layer: ring, selection, and words for screen readers."""
        self.canvas.set_state("focused", node)
        if node is None:
            return
        self.workspace.selection.set([node])
        self.reveal(node)
        problems = self.workspace.problems_of(node)
        words = captions.spoken(
            self.workspace.document.nodes[node],
            self.workspace.analysis.info(node),
            problems[0].sentence if problems else "",
        )
        self.setAccessibleDescription(words)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    # Going somewhere.
    def show_node(self, node: NodeId) -> None:
        """Go to a layer, select it, and show its problem if it has one."""
        if node in self.canvas.nodes:
            self.workspace.selection.set([node])
            self.reveal(node)
            if self.canvas.severity(node) == "error":
                self.card.open(node)

    center_on = show_node

    def fit_animated(self) -> None:
        self.fit(animated=True)

    def fit_selection(self) -> None:
        """Show what is selected, or everything."""
        rect = QRectF()
        for identifier in self.workspace.selection.items:
            item = self.canvas.item_of(identifier)
            rect = rect.united(item.frame()) if item is not None else rect
        self.fit(rect, animated=True)

    def reset_zoom(self) -> None:
        self.zoom_to(1.0)

    # Editing.
    def try_run(self, command: Command | None) -> bool:
        """Run a command; a refusal is said at the cursor."""
        if command is None:
            return False
        try:
            self.workspace.run(command)
        except Refused as refusal:
            self.say_at_cursor(refusal.sentence)
            return False
        return True

    def try_apply(self) -> None:
        """Make the repair that is previewed."""
        if self.workspace.preview is not None:
            self.try_run(self.workspace.preview.repair.command)

    def offer(self, place: QPointF | None = None, source: NodeId | None = None, feeding: Feeding | None = None) -> None:
        """The quick-add box at a place of the scene, with what fits after `source` first."""
        if self.quick_add is not None:
            self.quick_add.dismiss()
        target = place if place is not None else self.mapToScene(self.viewport().rect().center())
        box = QuickAdd(self.window(), self.workspace, source, feeding)
        self.quick_add = box
        box.closed.connect(self._quick_add_closed)
        box.chosen.connect(lambda name, again: self._place_chosen(box, name, target, again))
        box.open_at(self.viewport().mapTo(self.window(), self.mapFromScene(target)))

    def _quick_add_closed(self) -> None:
        self.quick_add = None
        self.setFocus()

    def _place_chosen(self, box: QuickAdd, name: str, target: QPointF, again: bool) -> None:
        added = self.add_component(name, target, box.source, box.feeding)
        if added is not None and again:
            box.go_on_after(added)
            target += QPointF(200, 0)

    def add_component(self, layer_type: str, place: QPointF, source: NodeId | None = None,
                      feeding: Feeding | None = None) -> NodeId | None:  # fmt: skip
        """Add a layer whose input (when wired), or middle, comes to a place of the scene; its id, None if refused."""
        x = place.x() - (style.WIDTH if feeding is not None else 0 if source is not None else style.WIDTH / 2)
        node, command = operations.add(self.workspace, layer_type, (x, place.y() - style.DIVIDER), source, feeding)
        return self._added(node.id, command)

    def _added(self, node: NodeId, command: Command) -> NodeId | None:
        if not self.try_run(command):
            return None
        self.workspace.selection.set([node])
        return node

    def drop_component(self, layer_type: str, place: QPointF) -> NodeId | None:
        """Add a layer around a place of the scene; on a wire it is inserted there."""
        wire = self.canvas.edge_at(place, 12.0) if operations.takes_input(layer_type) else None
        self.setFocus()
        if wire is None:
            return self.add_component(layer_type, place)
        corner = (place.x() - style.WIDTH / 2, place.y() - style.DIVIDER)
        node, command = operations.insert(self.workspace, layer_type, corner, wire.edge)
        return self._added(node.id, command)

    def place_near_selection(self, layer_type: str) -> None:
        """Add a layer after the selected one and wire it; right of everything when nothing is selected."""
        document, current = self.workspace.document, self.workspace.selection.current
        open_end = current is not None and not document.outputs(current) and operations.takes_input(layer_type)
        node, command = operations.add(
            self.workspace, layer_type, place_after(document, current), current if open_end else None
        )
        if self._added(node.id, command) is not None:
            self.reveal(node.id) if len(document.nodes) > 1 else self.fit()

    def delete_selection(self) -> None:
        """Delete what is selected, and nothing else."""
        self.try_run(operations.delete(self.workspace))

    def delete_and_reconnect(self) -> None:
        """Delete the selected layers and wire what came before them to what came after."""
        try:
            command = operations.delete_and_reconnect(self.workspace.document, self.workspace.selection.ids)
        except Refused as refusal:
            self.say_at_cursor(refusal.sentence)
            return
        self.try_run(command)

    def duplicate(self) -> None:
        """Copies of the selected layers."""
        operations.duplicate(self)

    def toggle_bypass(self) -> None:
        """Let values pass by the selected layer, or through it again."""
        node = self.workspace.selection.current
        if node is not None:
            self.try_run(SetBypassed(node, not self.workspace.document.nodes[node].bypassed))

    def nudge(self, dx: int, dy: int, steps: int = 1) -> None:
        """Move what is selected by grid steps."""
        gesture = self._nudges or self.workspace.history.new_gesture()
        step = style.SNAP * steps
        self.try_run(operations.nudge(self.workspace, dx * step, dy * step, gesture))

    def select_all(self) -> None:
        """Select every layer, note and frame."""
        document = self.workspace.document
        self.workspace.selection.set([*document.nodes, *document.notes, *document.frames])

    def arrange(self) -> None:
        """Lay the selected layers out, or all of them, in one step."""
        document, chosen = self.workspace.document, set(self.workspace.selection.ids)
        part = chosen if len(chosen) > 1 else None
        wrap = max(self.viewport().width() - 48, 620) if len(document.nodes) < 60 and part is None else None
        places = layered(document, part, wrap)
        moves = {i: (document.nodes[i].position, p) for i, p in places.items() if document.nodes[i].position != p}
        if moves and self.try_run(MoveNodes(moves, text=tr("arrange layers"))) and part is None:
            self.fit(animated=bool(motion.duration(motion.VIEW)))

    # Drops from the palette.
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        name = dragged_component(event.mimeData())
        if name is not None:
            self._drop = DropTool(self, name)
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self._drop is not None:
            self.scroll_at_edge(event.position().toPoint())
            self._drop.move(self.mapToScene(event.position().toPoint()))
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        drop, self._drop = self._drop, None
        if drop is not None:
            drop.cancel()

    def dropEvent(self, event: QDropEvent) -> None:
        name = dragged_component(event.mimeData())
        drop, self._drop = self._drop or (DropTool(self, name) if name is not None else None), None
        if drop is not None:
            self._pixel = event.position().toPoint()
            drop.drop(self.mapToScene(self._pixel))
            event.acceptProposedAction()
