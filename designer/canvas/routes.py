"""Ways of wires: straight on as a cubic, over other layers as an arch, back as a right-angled line in the gutter."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath

SKIP_RISE, GUTTER, TURN, LEAST = 36.0, 72.0, 14.0, 24.0
LABEL_GAP, PILL_FROM, LABEL_RISE = 44.0, 160.0, 16.0


@dataclass(frozen=True)
class Route:
    """A drawn way.

    Attributes:
        label: centre of the label, None when there is no room.
        pill: whether the label lies on the wire as a pill.
        straight: the path is one level line.
    """

    path: QPainterPath
    label: QPointF | None
    pill: bool
    straight: bool = False


def route(start: QPointF, end: QPointF, over: float | None, under: float) -> Route:
    """The way of a wire.

    Args:
        start, end: the ports.
        over: top of what stands in between, which the wire rises over; None when the way is free.
        under: bottom of the row it starts from.
    """
    if end.x() < start.x() + 16:
        return _back(start, end, under)
    if over is not None and end.x() - start.x() > 120:
        return _arch(start, end, over - SKIP_RISE)
    return forward(start, end)


def forward(start: QPointF, end: QPointF) -> Route:
    """A cubic whose control points lie at half the distance."""
    gap, fall = end.x() - start.x(), end.y() - start.y()
    path = QPainterPath(start)
    straight = abs(fall) < 0.5
    if straight:
        path.lineTo(end)
    else:
        reach = max(abs(gap) / 2, LEAST)
        path.cubicTo(start.x() + reach, start.y(), end.x() - reach, end.y(), end.x(), end.y())
    middle = QPointF((start.x() + end.x()) / 2, (start.y() + end.y()) / 2)
    pill = gap > PILL_FROM
    label = None if gap < LABEL_GAP else middle if pill else middle - QPointF(0, LABEL_RISE - 4)
    return Route(path, label, pill, straight)


def _arch(start: QPointF, end: QPointF, top: float) -> Route:
    """Up beside the source, level over the row, down beside the target."""
    top = min(top, start.y() - SKIP_RISE, end.y() - SKIP_RISE)
    reach = min(56.0, (end.x() - start.x()) / 3)
    path = QPainterPath(start)
    left, right = start.x() + reach, end.x() - reach
    path.cubicTo(start.x() + reach * 0.55, start.y(), start.x() + reach * 0.35, top, left, top)
    path.lineTo(right, top)
    path.cubicTo(end.x() - reach * 0.35, top, end.x() - reach * 0.55, end.y(), end.x(), end.y())
    return Route(path, QPointF((left + right) / 2, top), True)


def _back(start: QPointF, end: QPointF, under: float) -> Route:
    """Right-angled through the gutter below the row of the source."""
    y = under + GUTTER
    if start.y() < end.y() < y + 2 * TURN:
        y = max(under + TURN, (start.y() + end.y()) / 2)
    right, left = start.x() + 18, end.x() - 12
    path = QPainterPath(start)
    _corner(path, start, QPointF(right, start.y()), QPointF(right, y))
    _corner(path, QPointF(right, start.y()), QPointF(right, y), QPointF(left, y))
    _corner(path, QPointF(right, y), QPointF(left, y), QPointF(left, end.y()))
    _corner(path, QPointF(left, y), QPointF(left, end.y()), end)
    path.lineTo(end)
    return Route(path, QPointF((left + right) / 2, y), True)


def _corner(path: QPainterPath, before: QPointF, corner: QPointF, after: QPointF) -> None:
    """A line to a corner and round it."""
    first = _towards(corner, before, min(TURN, _length(corner, before) / 2))
    last = _towards(corner, after, min(TURN, _length(corner, after) / 2))
    path.lineTo(first)
    path.quadTo(corner, last)


def _length(a: QPointF, b: QPointF) -> float:
    return abs(a.x() - b.x()) + abs(a.y() - b.y())


def _towards(start: QPointF, end: QPointF, distance: float) -> QPointF:
    length = _length(start, end)
    return start if length == 0 else start + (end - start) * (distance / length)
