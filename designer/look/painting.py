"""Pieces drawn both by widgets and by the canvas: tiles, shape chips, cards with a hard shadow, outlines."""

from __future__ import annotations

import functools

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from designer.look.fonts import font, text_scale
from designer.look.icons import glyph, pixmap
from designer.look.theme import theme


def rounded(painter: QPainter, rect: QRectF, radius: float, fill: QColor | None, edge: QColor | None = None,
            width: float = 1.0, dashes: tuple[float, float] | None = None) -> None:  # fmt: skip
    """A rounded rectangle whose edge lies inside `rect`."""
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    painter.setPen(pen(edge, width, dashes) if edge is not None else Qt.PenStyle.NoPen)
    half = width / 2 if edge is not None else 0.0
    painter.drawRoundedRect(rect.adjusted(half, half, -half, -half), radius, radius)


def pen(color: QColor, width: float, dashes: tuple[float, float] | None = None) -> QPen:
    """A pen with round caps; dashes are given in pixels."""
    made = QPen(color, width)
    made.setCapStyle(Qt.PenCapStyle.RoundCap if dashes is None else Qt.PenCapStyle.FlatCap)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashes is not None:
        made.setDashPattern([length / width for length in dashes])
    return made


def draw_card(painter: QPainter, rect: QRectF, radius: float, fill: QColor, edge: QColor, shadow: float,
              width: float = 1.0) -> None:  # fmt: skip
    """A card on its hard shadow, which lies `shadow` px below."""
    shade = theme().color("shadow")
    if shadow and shade.alpha():
        rounded(painter, rect.translated(0, shadow), radius, shade)
    rounded(painter, rect, radius, fill, edge, width)


def draw_tile(painter: QPainter, rect: QRectF, family: str, opacity: float = 1.0) -> None:
    """A family's tile: its colour and its glyph; in high contrast with a white edge."""
    current = theme()
    ground, ink = current.family(family)
    before = painter.opacity()
    painter.setOpacity(before * opacity)
    side = rect.width()
    edge = current.color("text") if current.high_contrast else None
    rounded(painter, rect, min(6.0, side * 0.22), ground, edge, 2.0 if side >= 20 else 1.0)
    draw_glyph(painter, rect.center(), side * 16 / 28, family, ink)
    painter.setOpacity(before)


def draw_glyph(painter: QPainter, centre: QPointF, side: float, family: str, ink: QColor) -> None:
    """A family's glyph, rendered for the painter's own scale so that it stays sharp."""
    scale = painter.worldTransform().m11() * painter.device().devicePixelRatioF()
    picture = pixmap(glyph(family), max(1, round(side * scale)), ink, 1.0)
    painter.drawPixmap(
        QRectF(centre.x() - side / 2, centre.y() - side / 2, side, side), picture, QRectF(picture.rect())
    )


def text_width(text: str, role: str, mono: bool = False, weight: int | None = None, scaled: bool = False) -> float:
    """Advance of a text in a font of the type scale."""
    return _advance(text, role, mono, weight, scaled, text_scale() if scaled else 1.0)


@functools.lru_cache(maxsize=4096)
def _advance(text: str, role: str, mono: bool, weight: int | None, scaled: bool, scale: float) -> float:
    return QFontMetricsF(font(role, mono, weight, scaled)).horizontalAdvance(text)


def chip_width(shape: str, axes: str, scaled: bool = False) -> float:
    """Width of a shape chip 20 high: 6, the numbers, and 4, a hairline, 4, the letters where there are some; 6."""
    numbers = text_width(shape, "micro", True, 600, scaled)
    return 12 + numbers + (9 + text_width(axes, "micro", True, None, scaled) if axes else 0)


def draw_chip(painter: QPainter, x: float, y: float, shape: str, axes: str, state: str = "normal", height: float = 20,
              scaled: bool = False) -> float:  # fmt: skip
    """A shape chip: numbers, hairline, axis letters. Returns its width.

    Args:
        state: "normal", "error" (red ground and edge) or "preview" (dashed green edge).
    """
    current = theme()
    width = chip_width(shape, axes, scaled)
    rect = QRectF(x, y, width, height)
    ground, edge, ink = {
        "error": ("error_ground", "error", "error"),
        "preview": ("success_ground", "success", "success"),
    }.get(state, ("sunken", "control" if current.high_contrast else "", "text"))
    line = current.color(edge) if edge else None
    rounded(painter, rect, 4, current.color(ground), line, 1.0, (3, 2) if state == "preview" else None)
    painter.setFont(font("micro", True, 600, scaled))
    painter.setPen(current.color(ink))
    numbers = text_width(shape, "micro", True, 600, scaled)
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine
    painter.drawText(QRectF(x + 6, y, numbers + 2, height), flags, shape)
    if axes:
        middle = x + 6 + numbers + 4.5
        painter.setPen(QPen(current.color("control" if state == "normal" else ink), 1))
        painter.drawLine(QPointF(middle, y + 5), QPointF(middle, y + height - 5))
        painter.setFont(font("micro", True, None, scaled))
        painter.setPen(current.color("text2" if state == "normal" else ink))
        painter.drawText(QRectF(middle + 4.5, y, 80, height), flags, axes)
    return width
