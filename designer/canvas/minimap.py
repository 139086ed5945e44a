"""The whole network small, with what is seen: bottom right, from 30 layers on. A press goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QWidget

from designer.core.text import tr
from designer.look.fonts import px
from designer.look.painting import rounded
from designer.look.theme import theme, theme_changed

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

WIDTH, HEIGHT, FROM, MARGIN = 176, 112, 30, 12


class Minimap(QWidget):
    """Draws the scene's arrays at its own scale."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self.setObjectName("minimap")
        self.setAccessibleName(tr("Map of the network"))
        self.view = view
        self.wanted = True
        self._map: tuple[QTransform, QPixmap] | None = None
        view.moved.connect(self.update)
        view.canvas.content_changed.connect(self.follow)
        theme_changed.connect(self.follow)
        self.follow()

    def follow(self, _: object = None) -> None:
        """Show or hide with the number of layers, at the corner of the view; draw the network anew."""
        self._map = None
        self.setFixedSize(px(WIDTH), px(HEIGHT))
        self.move(self.view.width() - self.width() - MARGIN, self.view.height() - self.height() - MARGIN)
        self.setVisible(self.wanted and len(self.view.canvas.nodes) >= FROM)
        self.update()

    def toggle(self) -> None:
        """Switch it off and on."""
        self.wanted = not self.wanted
        self.follow()

    def _drawn(self) -> tuple[QTransform, QPixmap]:
        """The way from the scene to this widget, and the network, drawn once for each edit."""
        if self._map is None:
            to_map, ratio = self._to_map(), self.devicePixelRatioF()
            picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            rounded(painter, QRectF(self.rect()), 6, theme().color("panel"), theme().color("line"))
            self.view.canvas.overview.paint(painter, to_map, (), glyphs=False)
            painter.end()
            self._map = (to_map, picture)
        return self._map

    def _to_map(self) -> QTransform:
        area, room = self.view.canvas.content_rect(), QRectF(self.rect()).adjusted(8, 8, -8, -8)
        scale = min(room.width() / max(area.width(), 1.0), room.height() / max(area.height(), 1.0))
        made = QTransform.fromTranslate(room.center().x(), room.center().y())
        made.scale(scale, scale)
        made.translate(-area.center().x(), -area.center().y())
        return made

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def _go(self, place: QPointF) -> None:
        inverted, _ = self._drawn()[0].inverted()
        self.view.look_at(inverted.map(place), self.view.zoom)

    def paintEvent(self, event: QPaintEvent) -> None:
        to_map, picture = self._drawn()
        painter, current = QPainter(self), theme()
        painter.drawPixmap(0, 0, picture)
        painter.setClipRect(self.rect().adjusted(2, 2, -2, -2))
        inverted, _ = self.view.viewportTransform().inverted()
        seen = to_map.mapRect(inverted.mapRect(QRectF(self.view.viewport().rect())))
        fill = QColor(current.color("accent"))
        fill.setAlphaF(0.12)
        painter.setPen(QPen(current.color("accent"), 1.5))
        painter.setBrush(fill)
        painter.drawRect(seen)
