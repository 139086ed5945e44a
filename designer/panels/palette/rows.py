"""How a row of the palette is drawn: a family with chevron and tile, a layer below it, or a layer that was found."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from designer.look.fonts import font, px
from designer.look.icons import pixmap
from designer.look.painting import draw_tile, rounded
from designer.look.theme import theme

Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole.UserRole
NAME, FAMILY, KIND, MORE, OPEN = _ROLE, _ROLE + 1, _ROLE + 2, _ROLE + 3, _ROLE + 4
"""Layer type; its family; "family", "layer", "found" or "words"; what stands at the right; whether it is open."""
FAMILY_ROW, LAYER_ROW = 26, 23
TEXT_LEFT, FOUND_LEFT, MORE_WIDTH = 50, 36, 58
_VCENTER = Qt.AlignmentFlag.AlignVCenter


class RowDelegate(QStyledItemDelegate):
    """Draws rows of the palette in the theme's colours."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        height = FAMILY_ROW if index.data(KIND) in ("family", "found") else LAYER_ROW
        return QSize(px(80), px(height))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        area = QRect(option.rect)  # type: ignore[attr-defined]
        area.setLeft(0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(painter, option, index, area)
        kind = index.data(KIND)
        if kind == "family":
            self._family(painter, area, index)
        elif kind == "found":
            side = px(18)
            middle = QRectF(px(10), area.center().y() + 1 - side / 2, side, side)
            draw_tile(painter, middle, str(index.data(FAMILY)))
        left = px(FOUND_LEFT if kind == "found" else TEXT_LEFT)
        painter.setPen(theme().color("text3" if kind == "words" else "text"))
        painter.setFont(font("small", weight=600 if kind == "family" else None))
        room = area.width() - left - 4
        title = painter.fontMetrics().horizontalAdvance(str(index.data()))
        more = self._more(painter, area, str(index.data(MORE) or ""), room - title)
        painter.setPen(theme().color("text3" if kind == "words" else "text"))
        painter.setFont(font("small", weight=600 if kind == "family" else None))
        width = room - more
        words = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, width)
        painter.drawText(area.adjusted(left, 0, 0, 0), _VCENTER, words)
        painter.restore()

    @staticmethod
    def _ground(painter: QPainter, option: QStyleOptionViewItem, index: Index, area: QRect) -> None:
        current = theme()
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        view: Any = option.widget  # type: ignore[attr-defined]
        active = view.hasFocus() or bool(view.property("searching"))
        if active and view.currentIndex() == index:
            painter.fillRect(area, current.color("selection"))
            painter.fillRect(QRect(0, area.top(), 3, area.height()), current.color("accent"))
        elif state & QStyle.StateFlag.State_MouseOver and index.data(KIND) != "words":
            painter.fillRect(area, current.color("hover"))
            if current.high_contrast:
                rounded(painter, QRectF(area), 2, None, current.color("accent"), 2.0)

    @staticmethod
    def _family(painter: QPainter, area: QRect, index: Index) -> None:
        middle, arrow, side = area.center().y() + 1, px(12), px(18)
        name = "chevron-down" if index.data(OPEN) else "chevron-right"
        painter.drawPixmap(px(8), middle - arrow // 2, pixmap(name, arrow, "text2"))
        draw_tile(painter, QRectF(px(26), middle - side / 2, side, side), str(index.data(FAMILY)))

    @staticmethod
    def _more(painter: QPainter, area: QRect, words: str, room: int) -> int:
        """Draw what stands at the right, shorter or not at all where the title needs the room; its width."""
        painter.setFont(font("micro"))
        advance = painter.fontMetrics().horizontalAdvance
        number = words.partition(" ")[0]
        choices = [words, f"+{number}" if number.isdigit() else "−"] if words else []
        words = next((choice for choice in choices if advance(choice) + px(10) <= room), "")
        if not words:
            return 0
        painter.setPen(theme().color("text3"))
        painter.drawText(area.adjusted(0, 0, -px(8), 0), _VCENTER | Qt.AlignmentFlag.AlignRight, words)
        return painter.fontMetrics().horizontalAdvance(words) + px(10)


def drag_picture(name: str, family: str) -> QPixmap:
    """What hangs at the pointer while a layer is dragged."""
    ratio = 2.0
    width, height = px(148), px(40)
    picture = QPixmap(round(width * ratio), round(height * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    current = theme()
    area = QRectF(0, 0, width, height)
    rounded(painter, area, 8, current.color("node"), current.color("control"), 1.5)
    draw_tile(painter, QRectF(px(8), px(6), px(28), px(28)), family)
    painter.setPen(current.color("text"))
    painter.setFont(font("body", weight=600))
    words = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, width - px(50))
    painter.drawText(area.adjusted(px(44), 0, -4, 0), _VCENTER, words)
    painter.end()
    return picture
