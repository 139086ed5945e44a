"""Looking at the canvas: zoom, pan, fit, and drawing what is seen (array painter when zoomed out, items otherwise)."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from designer.canvas import style
from designer.canvas.scene import CanvasScene
from designer.core.document import NodeId
from designer.look import fonts, motion
from designer.look.theme import theme

ZOOM_STEP, SMALLEST, LARGEST = 1.15, 0.05, 4.0
FIT_MARGIN = 24.0
NEARLY = 0.97
"""From this zoom on a fit takes 100 %: a little less margin, but whole pixels."""
TOP_MARGIN = 56.0
"""Room for the breadcrumb and the buttons above what is fitted."""
WORLD = QRectF(-100_000, -100_000, 200_000, 200_000)


class Camera(QGraphicsView):
    """A view on the scene. `zoomed(float)` tells the zoom, `moved` that something else is seen."""

    zoomed = Signal(float)
    moved = Signal()

    def __init__(self, scene: CanvasScene, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = scene
        self._zoom = 1.0
        self._dots: tuple[tuple[float, int, int], QPixmap] | None = None
        self._flight: QVariantAnimation | None = None
        self.setScene(scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSceneRect(WORLD)
        self._set_scale(1.0)

    # Zoom and pan.
    @property
    def zoom(self) -> float:
        """1 is 100 %: text on the canvas as large as elsewhere in the window."""
        return self._zoom

    def _set_scale(self, zoom: float) -> None:
        # Rounded, so that stored pictures are found again when the person zooms back.
        self._zoom = round(min(max(zoom, SMALLEST), LARGEST), 3)
        factor = self._zoom * fonts.text_scale()
        self.resetTransform()
        self.scale(factor, factor)

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom so that the point under the pixel `at` (the middle when None) stays there."""
        self.land()
        pixel = at if at is not None else QPointF(self.viewport().rect().center())
        before = self._scene_point(pixel)
        self._set_scale(zoom)
        after = self.viewportTransform().map(before)
        self.pan((pixel - after).toPoint())
        self.zoomed.emit(self._zoom)
        self.moved.emit()

    def _scene_point(self, pixel: QPointF) -> QPointF:
        inverted, _ = self.viewportTransform().inverted()
        return inverted.map(pixel)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom in or out by a factor."""
        self.zoom_to(self._zoom * factor, at)

    def zoom_in(self) -> None:
        self.zoom_by(ZOOM_STEP)

    def zoom_out(self) -> None:
        self.zoom_by(1 / ZOOM_STEP)

    def pan(self, delta: QPoint) -> None:
        """Move what is seen by pixels."""
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - delta.x())
        down.setValue(down.value() - delta.y())
        self.moved.emit()

    def scroll_at_edge(self, pixel: QPoint) -> bool:
        """Scroll on when a gesture comes near the edge; whether it did."""
        area = self.viewport().rect().adjusted(24, 24, -24, -24)
        dx = min(pixel.x() - area.left(), 0) or max(pixel.x() - area.right(), 0)
        dy = min(pixel.y() - area.top(), 0) or max(pixel.y() - area.bottom(), 0)
        if dx or dy:
            self.pan(QPoint(-round(dx / 2), -round(dy / 2)))
        return bool(dx or dy)

    # Fit.
    def fit(self, rect: QRectF | None = None, animated: bool = False) -> None:
        """Show everything (or a part), never larger than 100 %."""
        area = rect if rect is not None and not rect.isEmpty() else self.canvas.drawn_rect()
        if area.isEmpty():
            self.zoom_to(1.0)
            return
        size, text = self.viewport().size(), fonts.text_scale()
        across = (size.width() - 2 * FIT_MARGIN) / (area.width() * text)
        down = (size.height() - TOP_MARGIN - FIT_MARGIN) / (area.height() * text)
        zoom = min(max(min(across, down, 1.0), SMALLEST), LARGEST)
        if zoom > NEARLY:
            zoom = 1.0
        lift = (TOP_MARGIN - FIT_MARGIN) / 2 / (zoom * text)
        self.look_at(area.center() - QPointF(0, lift), zoom, animated)

    def look_at(self, centre: QPointF, zoom: float, animated: bool = False) -> None:
        """Bring a point to the middle at a zoom, at once or on the way of 240 ms."""
        self.land()
        milliseconds = motion.duration(motion.VIEW) if animated and self.isVisible() else 0
        if not milliseconds:
            self._look(centre, zoom)
            return
        start, first = self._scene_point(QPointF(self.viewport().rect().center())), self._zoom
        flight = QVariantAnimation(self)
        flight.setDuration(milliseconds)
        flight.setStartValue(0.0)
        flight.setEndValue(1.0)

        def step(share: float) -> None:
            eased = 4 * share**3 if share < 0.5 else 1 - (-2 * share + 2) ** 3 / 2
            self._look(start + (centre - start) * eased, first + (zoom - first) * eased)

        flight.valueChanged.connect(step)
        flight.finished.connect(lambda: self._look(centre, zoom))
        self._flight = flight
        flight.start(QVariantAnimation.DeletionPolicy.KeepWhenStopped)

    def land(self) -> None:
        """End a way that is being flown: the person moves the view."""
        flight, self._flight = self._flight, None
        if flight is not None:
            flight.stop()
            flight.deleteLater()

    def _look(self, centre: QPointF, zoom: float) -> None:
        self._set_scale(zoom)
        self.centerOn(centre)
        self.zoomed.emit(self._zoom)
        self.moved.emit()

    def reveal(self, node: NodeId) -> None:
        """Scroll as little as needed to see a layer, and zoom in when it could not be read."""
        item = self.canvas.nodes[node]
        if self.transform().m11() < style.NAMED:
            self.look_at(item.frame().center(), 1.0)
            return
        self.land()
        self.ensureVisible(item.frame(), 48, 64)
        self.moved.emit()

    # Drawing.
    def is_overview(self) -> bool:
        """Whether the array painter draws."""
        return self.transform().m11() < style.NAMED

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.is_overview():
            super().paintEvent(event)
            return
        painter = QPainter(self.viewport())
        painter.setClipRegion(event.region())
        painter.fillRect(event.rect(), theme().color("canvas"))
        painter.setWorldTransform(self.viewportTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for decor in (*self.canvas.frames.values(), *self.canvas.notes.values()):
            painter.save()
            painter.translate(decor.pos())
            decor.paint(painter, None)  # type: ignore[arg-type]
            painter.restore()
        nodes = self.canvas.nodes
        marks = [(nodes[node].frame(), token) for node, token in self.canvas.marked().items() if node in nodes]
        self.canvas.overview.paint(painter, self.viewportTransform(), marks)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.drawForeground(painter, QRectF())
        painter.end()

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        painter.fillRect(rect, theme().color("canvas"))
        dot = theme().color("grid")
        scale = self.transform().m11()
        if not dot.alpha() or scale < 0.5:
            return
        self._draw_dots(painter, dot, scale)

    def _draw_dots(self, painter: QPainter, dot: QColor, scale: float) -> None:
        """A dot every 16 px: one stored row of dots, drawn once for each row."""
        size, step = self.viewport().size(), style.GRID_DOTS * scale
        side = 2 if scale >= 0.85 else 1
        key = (scale, size.width(), dot.rgba())
        if self._dots is None or self._dots[0] != key:
            strip = QPixmap(size.width() + 2 * round(step), side)
            strip.fill(Qt.GlobalColor.transparent)
            inner = QPainter(strip)
            for number in range(int(strip.width() / step) + 1):
                inner.fillRect(round(number * step), 0, side, side, dot)
            inner.end()
            self._dots = (key, strip)
        transform = painter.worldTransform()
        painter.resetTransform()
        x, y = round(transform.dx() % step - step), transform.dy() % step - step
        while y < size.height():
            painter.drawPixmap(x, round(y), self._dots[1])
            y += step
        painter.setWorldTransform(transform)
