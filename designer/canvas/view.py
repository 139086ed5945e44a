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

from designer.canvas import captions, style
from designer.canvas.camera import ZOOM_STEP
from designer.canvas.context_menu import open_menu
from designer.canvas.edits import Edits
from designer.canvas.floating import CanvasButtons
from designer.canvas.minimap import Minimap
from designer.canvas.problem_card import told
from designer.canvas.tools.base import Tool
from designer.canvas.tools.box import BoxTool
from designer.canvas.tools.drop import DropTool, dragged_component
from designer.canvas.tools.move import MoveTool
from designer.canvas.tools.pan import PanTool
from designer.canvas.tools.wire import WireTool
from designer.core.document import NodeId
from designer.core.text import count, tr
from designer.editing.workspace import Workspace
from designer.look.theme import theme, theme_changed
from designer.look.widgets import EmptyState, Label

_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class CanvasView(Edits):
    """The canvas of one workspace.

    Signals:
        problem_clicked(str): the badge of a failing layer was clicked.
        edit_requested(str): a layer was double-clicked, or Enter pressed on it: show its settings.
    """

    problem_clicked = Signal(str)
    edit_requested = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self.setObjectName("canvas")
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._tool: Tool | None = None
        self._pan: PanTool | None = None
        self._drop: DropTool | None = None
        self._space, self._fit_pending = False, True
        self._empty = EmptyState(
            tr("Start with data."), tr("Drag a layer here, press Space to search, or open an example."), self
        )
        self._breadcrumb = Label(workspace.document.name, "body", weight=600, parent=self)
        self._breadcrumb.move(14, 16)
        self._buttons = CanvasButtons(self)
        self.minimap = Minimap(self)
        self.moved.connect(self._stay)
        workspace.changed.connect(self._stay)
        workspace.changed.connect(self._follow)
        workspace.focus_requested.connect(self.show_node)
        workspace.place_requested.connect(self.place_near_selection)
        theme_changed.connect(self._on_theme)
        self._follow()

    # Furniture.
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_furniture()
        # Docks take their places over several turns of the event loop: fitted anew until the person moves the view.
        if self._fit_pending and self.canvas.nodes and self.width() > 160:
            self.fit()
            self._fit_pending = True

    def _stay(self, _: object = None) -> None:
        """The person looks where they want to: no fit of itself any more."""
        self._fit_pending = False

    def _place_furniture(self) -> None:
        self._empty.setGeometry(self.rect())
        self._buttons.adjustSize()
        self._buttons.move(self.width() - self._buttons.width() - 12, 10)
        self.minimap.follow()

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
        self._bubble.hide()
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
            pan, self._pan = self._pan, None
            self.viewport().unsetCursor()
            if event.button() == Qt.MouseButton.RightButton and not pan.dragging and self._tool is None:
                open_menu(self, pixel)
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
        """The menu key; a right click opens the menu when the button goes up without a drag."""
        event.accept()
        current = self.workspace.selection.current
        if event.reason() == QContextMenuEvent.Reason.Keyboard and current is not None:
            self.reveal(current)
            open_menu(self, self.mapFromScene(self.canvas.nodes[current].frame().center() + QPointF(0, -24)))

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
                words = told(problems[0])
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
            (Qt.Key.Key_M, False, True): self.minimap.toggle,
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
