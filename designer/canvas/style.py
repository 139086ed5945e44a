"""Measures of the canvas, and a store of small pictures that are drawn once for each theme and scale."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QPolygonF, QStaticText

from designer.core.catalog import component
from designer.look.fonts import font
from designer.look.painting import chip_width, draw_chip, pen, rounded, text_width
from designer.look.theme import theme, theme_changed

WIDTH: Final = 148.0
WIDEST: Final = 220.0
HEIGHT: Final = 80.0
DIVIDER: Final = 44.0
RADIUS: Final = 8.0
PORT: Final = 10.0
PORT_REACH: Final = 16.0
PORT_STEP: Final = 22.0
MARGIN: Final = 10.0
"""How far a node's picture reaches beyond its edge: shadow, ports, focus ring."""

FULL, NAMED, GLYPHS = 0.70, 0.35, 0.12
"""Scales from which a node shows everything, its name, its glyph."""

GRID_DOTS: Final = 16
SNAP: Final = 8

Draw = Callable[[QPainter], None]


class Pictures:
    """Pictures by key, each drawn once for a scale. Cleared when the theme changes or it grows large."""

    LIMIT = 3000

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], QPixmap] = {}
        theme_changed.connect(self.clear)

    def clear(self, _: object = None) -> None:
        """Forget everything."""
        self._kept.clear()

    def draw(self, painter: QPainter, area: tuple[float, float, float, float], key: tuple[object, ...], scale: float,
             make: Draw) -> None:  # fmt: skip
        """Put the picture of a key at a place; `make` draws it in logical pixels from (0, 0) when it is not known."""
        x, y, width, height = area
        full = (scale, *key)
        picture = self._kept.get(full)
        if picture is None:
            picture = self._make(full, width, height, scale, make)
        target = QRectF(x, y, picture.width() / scale, picture.height() / scale)
        painter.drawPixmap(target, picture, QRectF(picture.rect()))

    def _make(self, key: tuple[object, ...], width: float, height: float, scale: float, make: Draw) -> QPixmap:
        if len(self._kept) > self.LIMIT:
            self._kept.clear()
        picture = QPixmap(max(1, round(width * scale)), max(1, round(height * scale)))
        picture.fill(Qt.GlobalColor.transparent)
        inner = QPainter(picture)
        inner.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        inner.scale(scale, scale)
        make(inner)
        inner.end()
        self._kept[key] = picture
        return picture


PICTURES = Pictures()


@functools.cache
def canvas_font(role: str, mono: bool = False, weight: int | None = None) -> QFont:
    """A font of the type scale that does not follow the text scale: the view scales the canvas.

    The role "narrow" is micro, condensed: for captions that would otherwise be cut.
    """
    if role == "narrow":
        made = font("micro", mono, weight, scaled=False)
        made.setStretch(88)
        return made
    return font(role, mono, weight, scaled=False)


@functools.cache
def metrics(role: str, mono: bool = False, weight: int | None = None) -> QFontMetricsF:
    return QFontMetricsF(canvas_font(role, mono, weight))


@functools.lru_cache(maxsize=20000)
def static_text(text: str, role: str, mono: bool = False, weight: int | None = None) -> QStaticText:
    """A text laid out once."""
    made = QStaticText(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    made.prepare(font=canvas_font(role, mono, weight))
    return made


def ascent(role: str, mono: bool = False, weight: int | None = None) -> float:
    """Distance from the top of a static text to its baseline."""
    return metrics(role, mono, weight).ascent()


def name_width(name: str) -> float:
    """Width of a node: wider by steps of 8 for longer names."""
    needed = 42 + text_width(name, "body", False, 600) + 12
    steps = max(0, -int(-(needed - WIDTH) // SNAP))
    return min(WIDTH + SNAP * steps, WIDEST)


def height_for(inputs: int) -> float:
    """Height of a node with this many inputs."""
    lowest = PORT_STEP * inputs if inputs > 1 else DIVIDER
    return max(HEIGHT, float(-int(-(lowest + 16) // SNAP) * SNAP))


def input_y(index: int, inputs: int) -> float:
    """Where an input lies: the only one on the divider, several every 22 px."""
    return DIVIDER if inputs <= 1 else PORT_STEP * (index + 1)


def port_path(kind: str, side: float = PORT) -> QPainterPath:
    """The form of a port around (0, 0): square image, diamond sequence, hexagon volume, triangle tokens, else disc."""
    half, path = side / 2, QPainterPath()
    if kind == "image":
        path.addRect(-half, -half, side, side)
    elif kind == "sequence":
        wide = half * 1.25
        path.addPolygon(QPolygonF([QPointF(0, -wide), QPointF(wide, 0), QPointF(0, wide), QPointF(-wide, 0)]))
        path.closeSubpath()
    elif kind == "volume":
        wide = half * 1.15
        corners = [(-wide, 0), (-wide / 2, -half), (wide / 2, -half), (wide, 0), (wide / 2, half), (-wide / 2, half)]
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        path.closeSubpath()
    elif kind == "tokens":
        path.addPolygon(QPolygonF([QPointF(-half, -half), QPointF(half, 0), QPointF(-half, half)]))
        path.closeSubpath()
    else:
        path.addEllipse(QPointF(0, 0), half, half)
    return path


def draw_port(painter: QPainter, x: float, y: float, kind: str, wired: bool, scale: float, token: str = "wire") -> None:
    """A port at its centre; hollow when unwired, a ring when any value fits."""

    def make(inner: QPainter) -> None:
        current = theme()
        inner.translate(9, 9)
        filled = wired and kind != "any"
        inner.setBrush(current.color(token if filled else "node"))
        edge = "node" if filled else token
        path = port_path(kind)
        inner.setPen(Qt.PenStyle.NoPen)
        inner.drawPath(path)
        shape = QPen(current.color(edge), 1.5)
        shape.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        inner.setBrush(current.color(token if filled else "node"))
        inner.setPen(shape)
        inner.drawPath(port_path(kind, PORT + (1.5 if filled else 0.0)))

    PICTURES.draw(painter, (x - 9, y - 9, 18, 18), ("port", kind, wired, token), scale, make)


def draw_halo(painter: QPainter, x: float, y: float, token: str) -> None:
    """The glow of a port that accepts."""
    shade = QColor(theme().color(token))
    shade.setAlphaF(0.25)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shade)
    painter.drawEllipse(QPointF(x, y), 12, 12)


def draw_shape_chip(painter: QPainter, x: float, y: float, shape: str, axes: str, state: str, scale: float) -> None:
    """A node's shape chip."""
    width = chip_width(shape, axes) + 1

    def make(inner: QPainter) -> None:
        draw_chip(inner, 0, 0, shape, axes, state)

    PICTURES.draw(painter, (x, y, width, 21), ("chip", shape, axes, state), scale, make)


def draw_label(painter: QPainter, x: float, y: float, text: str, token: str, scale: float, struck: bool = False,
               bold: bool = False, pill: bool = False) -> None:  # fmt: skip
    """A wire's label centred on (x, y), with a halo of the canvas, or as a pill 20 high."""
    weight = 600 if bold or pill else None
    width = text_width(text, "micro", True, weight) + (16 if pill else 10)

    def make(inner: QPainter) -> None:
        current, area = theme(), QRectF(0, 0, width, 20)
        if pill:
            edge = "line" if token in ("text", "text2") else token
            ground = "success_ground" if token == "success" else "raised"
            rounded(inner, area, 10, current.color(ground), current.color(edge))
        else:
            _halo(inner, area, text, canvas_font("micro", True, weight))
        inner.setFont(canvas_font("micro", True, weight))
        inner.setPen(current.color(token))
        inner.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        if struck:
            inner.setPen(pen(current.color(token), 1.5))
            inner.drawLine(QPointF(5, 10.5), QPointF(width - 5, 10.5))

    key = ("label", text, token, struck, bold, pill)
    PICTURES.draw(painter, (x - width / 2, y - 10, width, 20), key, scale, make)


def _halo(painter: QPainter, area: QRectF, text: str, letters: QFont) -> None:
    fm = QFontMetricsF(letters)
    outline = QPainterPath()
    left = area.center().x() - fm.horizontalAdvance(text) / 2
    outline.addText(left, area.center().y() + (fm.ascent() - fm.descent()) / 2, letters, text)
    painter.strokePath(outline, pen(theme().color("canvas"), 6))


def category_of(layer_type: str) -> str:
    """The family of a layer type; unknown ones count as custom."""
    known = component(layer_type)
    return known.category if known is not None else "custom"


def snap(value: float) -> float:
    """The nearest place on the grid."""
    return float(round(value / SNAP) * SNAP)
