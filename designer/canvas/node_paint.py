"""Drawing of a node at each zoom level and in each state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from designer.canvas import style
from designer.look.icons import pixmap
from designer.look.painting import draw_glyph, draw_tile, pen, rounded, text_width
from designer.look.theme import Theme, theme

if TYPE_CHECKING:
    from designer.canvas.node_item import NodeItem

PAD = 8.0
_ASCENT: dict[tuple[str, bool, int | None], float] = {}


@dataclass(frozen=True)
class Chrome:
    """Everything of a node's body but its words; equal ones share a picture."""

    family: str
    width: float
    height: float
    edge: str
    edge_width: float
    dashes: tuple[float, float] | None
    shadow: float
    bypassed: bool
    outer: bool


def chrome_of(item: NodeItem) -> Chrome:
    """The state of a node as lines: drop target, preview, selection, problem, mouse, in this order."""
    scene, identifier = item.canvas, item.node.id
    current = theme()
    severity, selected = scene.severity(identifier), identifier in scene.selected
    edge, width, dashes, shadow = "node_line", current.line_width, None, 2.0
    if item.node.bypassed:
        edge, width, dashes = "control", max(1.0, current.line_width), (4.0, 3.0)
    if identifier == scene.hovered:
        edge, width, shadow = "control", max(1.5, current.line_width), 3.0
    if severity == "warning":
        edge, width, dashes = "warn", 2.0, None
    if severity == "error":
        edge, width, dashes = "error", 2.0, None
    outer = selected and severity in ("error", "warning")
    if selected and not outer:
        edge, width, dashes = "accent", 2.5, None
    if identifier in scene.preview_changed_nodes:
        edge, width, dashes, outer = "success", 2.0, (6.0, 4.0), False
    if identifier == scene.drop_target:
        edge, width, dashes = "success", 2.5, (6.0, 4.0)
    if identifier in scene.dragged:
        shadow = 3.0
    return Chrome(item.family, item.width, item.height, edge, width, dashes, shadow, item.node.bypassed, outer)


def paint(painter: QPainter, item: NodeItem) -> None:
    """Draw a node at the painter's scale."""
    transform = painter.worldTransform()
    scale = transform.m11()
    ratio = painter.device().devicePixelRatioF()
    real = scale * ratio
    # Whole device pixels: stored pictures and text stay sharp.
    dx, dy = transform.dx() * ratio, transform.dy() * ratio
    painter.translate((round(dx) - dx) / real, (round(dy) - dy) / real)
    faded = item.canvas.faded(item.node.id)
    if faded:
        painter.setOpacity(0.45)
    if scale >= style.FULL:
        _paint_full(painter, item, real, faded)
    else:
        _paint_small(painter, item, scale, scale >= style.NAMED)
    painter.setOpacity(1.0)
    if faded and scale >= style.FULL:
        _paint_reason(painter, item)


def _paint_full(painter: QPainter, item: NodeItem, real: float, faded: bool) -> None:
    current, facts = theme(), item.facts
    chrome = chrome_of(item)
    extra = (chrome, faded)
    width, height = item.width + 2 * PAD, item.height + 2 * PAD
    area = (-PAD, -PAD, width, height)
    style.PICTURES.draw(painter, area, extra, real, lambda inner: draw_chrome(inner, chrome, not faded))
    painter.setPen(current.color("text"))
    _text(painter, 42, 20, facts.name, ("body", False, 600))
    painter.setPen(current.color("text2"))
    _text(painter, 42, 35, facts.caption, (facts.caption_role, False, None))
    if facts.badges:
        _paint_badges(painter, item)
    body = item.height - style.HEIGHT
    style.draw_shape_chip(painter, 8, 52 + body, facts.shape, facts.axes, facts.chip, real)
    if facts.figure and facts.chip != "error":
        _paint_figure(painter, item.width - 8, 66 + body, facts.figure)
    _paint_ports(painter, item, real)
    if item.node.id == item.canvas.focused:
        rounded(painter, QRectF(-6.5, -6.5, item.width + 13, item.height + 13), 12, None, current.color("accent"), 2.5)


def draw_chrome(painter: QPainter, chrome: Chrome, shadow: bool = True) -> None:
    """Shadow, body, header, divider, tile and edge."""
    current = theme()
    painter.translate(PAD, PAD)
    area = QRectF(0, 0, chrome.width, chrome.height)
    shade = current.color("shadow")
    if shadow and shade.alpha():
        rounded(painter, area.translated(0, chrome.shadow), style.RADIUS, shade)
    body = QPainterPath()
    body.addRoundedRect(area, style.RADIUS, style.RADIUS)
    divider = style.DIVIDER + chrome.height - style.HEIGHT
    painter.fillPath(body, current.color("node"))
    if not chrome.bypassed:
        painter.save()
        painter.setClipRect(QRectF(0, 0, chrome.width, divider))
        painter.fillPath(body, current.header(chrome.family))
        painter.restore()
    painter.setPen(QPen(current.color("line"), 1))
    painter.drawLine(QPointF(1, divider), QPointF(chrome.width - 1, divider))
    if chrome.bypassed:
        painter.setPen(pen(current.color("wire"), 1.5, (2, 3)))
        painter.drawLine(QPointF(0, style.DIVIDER), QPointF(chrome.width, style.DIVIDER))
    draw_tile(painter, QRectF(8, 8, 28, 28), chrome.family, 0.45 if chrome.bypassed else 1.0)
    # Edges of 2 px and more stand half outside, so that what is inside keeps its room.
    out = max(0.0, (chrome.edge_width - 1) / 2)
    rounded(painter, area.adjusted(-out, -out, out, out), style.RADIUS + out / 2, None, current.color(chrome.edge),
            chrome.edge_width, chrome.dashes)  # fmt: skip
    if chrome.outer:
        rounded(painter, area.adjusted(-3.5, -3.5, 3.5, 3.5), style.RADIUS + 3, None, current.color("accent"), 2.5)


def _text(painter: QPainter, x: float, baseline: float, text: str, look: tuple[str, bool, int | None]) -> None:
    rise = _ASCENT.get(look)
    if rise is None:
        rise = _ASCENT[look] = style.ascent(*look)
    painter.setFont(style.canvas_font(*look))
    painter.drawStaticText(QPointF(x, baseline - rise), style.static_text(text, *look))


def _paint_figure(painter: QPainter, right: float, baseline: float, figure: str) -> None:
    look = ("micro", True, None)
    unit = text_width("p", "micro", True)
    painter.setPen(theme().color("text3"))
    _text(painter, right - unit, baseline, "p", look)
    painter.setPen(theme().color("text"))
    _text(painter, right - unit * 2 - text_width(figure, "micro", True), baseline, figure, look)


def _paint_badges(painter: QPainter, item: NodeItem) -> None:
    scale = painter.worldTransform().m11() * painter.device().devicePixelRatioF()
    badges = item.facts.badges
    for place, (name, token) in enumerate(badges[:3]):
        x = item.width - 8 - 16 - 20 * place
        picture = pixmap(name, max(1, round(16 * scale)), token, 1.0)
        painter.drawPixmap(QRectF(x, 8, 16, 16), picture, QRectF(picture.rect()))
    if len(badges) > 3:
        painter.setPen(theme().color("text2"))
        _text(painter, item.width - 84, 20, f"+{len(badges) - 3}", ("micro", True, None))


def _paint_ports(painter: QPainter, item: NodeItem, real: float) -> None:
    scene, facts, identifier = item.canvas, item.facts, item.node.id
    for port, (kind, wired) in enumerate(facts.inputs):
        y = style.input_y(port, len(facts.inputs))
        glows = scene.port_glows(identifier, "in", port)
        if glows:
            style.draw_halo(painter, 0, y, "success")
        style.draw_port(painter, 0, y, kind, wired or glows, real, "success" if glows else "wire")
    if item.has_output:
        kind, wired = facts.output
        glows = scene.port_glows(identifier, "out", 0)
        if glows:
            style.draw_halo(painter, item.width, style.DIVIDER, "success")
        token = "success" if glows else "wire"
        style.draw_port(painter, item.width, style.DIVIDER, kind, wired or glows, real, token)


def _paint_reason(painter: QPainter, item: NodeItem) -> None:
    reason = item.canvas.reason(item.node.id)
    if reason:
        painter.setPen(theme().color("text2"))
        room = item.width + 40
        short = style.metrics("micro").elidedText(reason, Qt.TextElideMode.ElideRight, room)
        _text(painter, 0, item.height + 16, short, ("micro", False, None))


def _paint_small(painter: QPainter, item: NodeItem, scale: float, named: bool) -> None:
    current: Theme = theme()
    ground, ink = current.family(item.family)
    chrome = chrome_of(item)
    area = QRectF(0, 0, item.width, item.height)
    marked = chrome.edge in ("accent", "error", "warn", "success") or current.high_contrast
    rounded(painter, area, style.RADIUS, ground)
    if marked or item.node.id == item.canvas.focused:
        token = chrome.edge if marked else "accent"
        out = 2 / scale
        rounded(painter, area.adjusted(-out, -out, out, out), style.RADIUS, None, current.color(token), 2 / scale)
    if not named:
        draw_glyph(painter, area.center(), 40, item.family, ink)
        return
    draw_glyph(painter, QPointF(26, item.height / 2), 28, item.family, ink)
    painter.setPen(ink)
    name = style.metrics("large").elidedText(item.node.name, Qt.TextElideMode.ElideMiddle, item.width - 54)
    _text(painter, 48, item.height / 2 + 6, name, ("large", False, None))
