"""Rows of the quick-add box: which layers, what each would make of the value, and how a row is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from designer.core.catalog import search, suggest
from designer.core.ports import axes_text, shape_text
from designer.core.text import tr
from designer.editing.placing import starting_params
from designer.look.fonts import font, px
from designer.look.painting import chip_width, draw_chip, draw_tile
from designer.look.theme import theme
from engine import catalog
from engine.catalog import Component, Spec
from engine.core.errors import ParamError, ShapeError

ROLE = Qt.ItemDataRole.UserRole
TITLE, FITS, FITS_NOT = 28, 40, 36


@dataclass(frozen=True)
class Row:
    """A title (no component), a layer that fits, or one that does not (with the reason)."""

    text: str = ""
    component: Component | None = None
    reason: str = ""
    given: Spec | None = None
    result: Spec | None = None
    figure: str = ""

    @property
    def spoken(self) -> str:
        """Words for screen readers."""
        if self.component is None:
            return self.text
        parts = [self.component.name, self.reason or self.component.summary]
        if self.result is not None:
            parts.append(tr("gives {shape}", shape=shape_text(self.result)))
        return ", ".join(parts)


def rows_for(text: str, spec: Spec | None, shape: str, wired: bool = False) -> list[Row]:
    """What the box shows for a search text after a value; `wired` leaves out what has no input."""
    good, bad = suggest(spec)
    found = search(text)
    if text.strip():
        order = {c.name: place for place, c in enumerate(found.found)}
        good = tuple(sorted((c for c in good if c.name in order), key=lambda c: order[c.name]))
        bad = tuple(pair for pair in bad if pair[0].name in order)
    if wired:
        good = tuple(c for c in good if c.name != "Input")
    if not good and not bad:
        meant = tr(" Did you mean {name}?", name=found.meant) if found.meant else ""
        return [Row(tr('No layer called "{text}".', text=text.strip()) + meant)]
    rows: list[Row] = []
    if good:
        words = tr("Fits {shape}, best guess first") if spec is not None else tr("Layers, best guess first")
        title = words.replace("{shape}", shape)
        rows = [Row(title), *(_fitting(c, spec) for c in good)]
    if bad:
        rows += [Row(tr("Does not fit yet")), *(Row(component=c, reason=reason, given=spec) for c, reason in bad)]
    return rows


def _fitting(component: Component, spec: Spec | None) -> Row:
    """A layer with what the engine says it would give."""
    if spec is None:
        return Row(component=component)
    inputs = [spec] * max(1, component.ports.inputs[0])
    try:
        seen = catalog.preview(component.name, starting_params(component.name, spec), inputs)
    except (ShapeError, ParamError, ValueError):
        return Row(component=component, given=spec)
    return Row(component=component, given=spec, result=seen.outputs[0], figure=f"{seen.parameters:,} p")


class RowDelegate(QStyledItemDelegate):
    """Draws a row: tile, name, one line of what it does, parameters, resulting shape."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        entry: Row = index.data(ROLE)
        height = TITLE if entry.component is None else FITS_NOT if entry.reason else FITS
        return QSize(px(200), px(height))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry: Row = index.data(ROLE)
        area: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if entry.component is None:
            self._paint_title(painter, area, entry.text, index.row() > 0)
        else:
            self._paint_layer(painter, area, entry, entry.component, state)
        painter.restore()

    @staticmethod
    def _paint_title(painter: QPainter, area: QRect, text: str, line: bool) -> None:
        if line:
            painter.fillRect(QRect(area.left(), area.top(), area.width(), 1), theme().color("line"))
        painter.setPen(theme().color("text3"))
        painter.setFont(font("micro", weight=600))
        painter.drawText(area.adjusted(px(12), 2, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)

    @staticmethod
    def _paint_layer(painter: QPainter, area: QRect, entry: Row, component: Component, state: QStyle.StateFlag) -> None:
        current = theme()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, current.color("selection"))
            painter.fillRect(QRect(area.left(), area.top(), 3, area.height()), current.color("accent"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, current.color("hover"))
        side = px(24)
        tile = QRectF(area.left() + px(12), area.center().y() - side / 2 + 0.5, side, side)
        draw_tile(painter, tile, component.category, 0.5 if entry.reason else 1.0)
        right = area.right() - px(12)
        if entry.result is not None:
            shape, axes = shape_text(entry.result), axes_text(entry.result)
            width = chip_width(shape, axes, scaled=True)
            draw_chip(painter, right - width, area.center().y() - px(10) + 0.5, shape, axes, "normal", px(20), True)
            painter.setFont(font("micro", mono=True))
            painter.setPen(current.color("text2"))
            figures = QRect(right - px(200), area.top(), px(200) - px(112), area.height())
            painter.drawText(figures, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, entry.figure)
            right -= px(124) + painter.fontMetrics().horizontalAdvance(entry.figure)
        left = area.left() + px(46)
        painter.setFont(font("body", weight=None if entry.reason else 600))
        painter.setPen(current.color("text2" if entry.reason else "text"))
        middle = area.center().y()
        painter.drawText(QPointF(left, middle - px(3)), component.name)
        painter.setFont(font("micro"))
        painter.setPen(current.color("text2"))
        words = entry.reason or component.summary.replace("`", "")
        short = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, right - left)
        painter.drawText(QPointF(left, middle + px(12)), short)


class ShapePicture(QWidget):
    """A value before and after a layer, drawn from its shape: sheets for pictures, a strip for a row of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._row: Row | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(px(168))

    def set_row(self, entry: Row) -> None:
        """Show what a layer does."""
        self._row = entry
        self.setFixedHeight(px(168) if entry.given is not None and entry.result is not None else 1)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        entry = self._row
        if entry is None or entry.given is None or entry.result is None:
            return
        painter, middle = QPainter(self), self.width() / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _draw_value(painter, entry.given, QPointF(middle, px(38)))
        painter.setPen(QPen(theme().color("text2"), 1.5))
        top, bottom = px(80), px(96)
        painter.drawLine(QPointF(middle, top), QPointF(middle, bottom))
        painter.drawLine(QPointF(middle - 4, bottom - 4), QPointF(middle, bottom))
        painter.drawLine(QPointF(middle + 4, bottom - 4), QPointF(middle, bottom))
        _draw_value(painter, entry.result, QPointF(middle, px(122)), small=True)
        painter.setFont(font("micro", mono=True))
        painter.setPen(theme().color("text2"))
        words = f"{shape_text(entry.given)} → {shape_text(entry.result)}"
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
        painter.drawText(self.rect().adjusted(0, 0, 0, -2), flags, words)


def _draw_value(painter: QPainter, spec: Spec, centre: QPointF, small: bool = False) -> None:
    """A picture as sheets with a grid, a sequence as rows, a vector as one strip."""
    axes = [d or 1 for d in spec.shape[1:]]
    accent, paper = theme().color("accent"), theme().color("raised")
    if len(axes) >= 3:
        sheets, cells = min(axes[-1], 4), min(max(axes[0], 1), 4)
        side = px(34 if small else 44) * (0.5 + cells / 8)
        for sheet in range(sheets):
            off = (sheet - (sheets - 1) / 2) * px(6)
            area = QRectF(centre.x() - side / 2 + off, centre.y() - side / 2 + off, side, side)
            _draw_grid(painter, area, (cells, cells), accent, paper, sheet == sheets - 1)
        return
    rows, columns = (min(axes[0], 5), min(axes[1], 12)) if len(axes) == 2 else (1, min(axes[0] if axes else 1, 14))
    cell = px(12) if rows == 1 else px(9)
    area = QRectF(0, 0, columns * cell, rows * cell)
    area.moveCenter(centre)
    _draw_grid(painter, area, (rows, columns), accent, paper, True)


def _draw_grid(
    painter: QPainter, area: QRectF, cells: tuple[int, int], ink: QColor, paper: QColor, inner: bool
) -> None:
    rows, columns = cells
    painter.setPen(QPen(ink, 1.25))
    painter.setBrush(paper)
    painter.drawRect(area)
    if not inner:
        return
    faint = QColor(ink)
    faint.setAlphaF(0.5)
    painter.setPen(QPen(faint, 1))
    for column in range(1, columns):
        x = area.left() + area.width() * column / columns
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    for line in range(1, rows):
        y = area.top() + area.height() * line / rows
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
