"""One quantity over the epochs, drawn with pyqtgraph. Imported when there is something to draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QResizeEvent, QTransform
from PySide6.QtWidgets import QVBoxLayout, QWidget

from designer.core.text import tr
from designer.look.fonts import font, px
from designer.look.painting import text_width
from designer.look.theme import color, theme, theme_changed
from designer.look.widgets import Label
from designer.panels.curves import scales
from designer.panels.curves.scales import Array, Line

SOLID, DASHES = None, (5.0, 3.0)
WIDTH, OLD_WIDTH = 2.25, 1.5
FINE = 5
"""Pixels between two points of a line that has more points than there are pixels."""


class Plot(QWidget):
    """Training and validation of one quantity, with their values at the lines' ends."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.setObjectName(f"plot_{name}")
        self._lines: list[Line] = []
        self._older: list[Line] = []
        self._last, self._log, self._weight = 1.0, False, 0.0
        self.view = _View(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        title = Label(scales.title_of(name), "small", weight=600)
        title.setContentsMargins(4, 0, 0, 0)
        layout.addWidget(title)
        layout.addWidget(self.view, 1)
        self._curves = [self._curve(i) for i in range(2)]
        self._raw = [self._curve(i, thin=True) for i in range(2)]
        self._old: list[pg.PlotCurveItem] = []
        self._drawn: list[Array] = []
        self._ends: list[tuple[int, float, float]] = []
        theme_changed.connect(self._restyle)
        self._restyle()

    def _curve(self, index: int, thin: bool = False) -> pg.PlotCurveItem:
        made = pg.PlotCurveItem(antialias=True, connect="finite", skipFiniteCheck=False)
        made.setZValue(1 if thin else 3 - index)
        self.view.addItem(made)
        return made

    def _restyle(self, _: object = None) -> None:
        self.view.restyle()
        for i, token in enumerate(("series1", "series2")):
            self._curves[i].setPen(_pen(color(token), WIDTH, DASHES if i else SOLID))
            self._raw[i].setPen(_pen(theme().faded(token, 0.35, "panel"), 1.0))
        self._draw()

    # What is shown.
    def show_lines(self, training: Line, validation: Line, last: float, older: Sequence[Line] = ()) -> None:
        """Show these points; the axis goes from 0 to the planned last epoch."""
        self._lines, self._older = [training, validation], list(older)
        self._last = max([last, 1.0, *(float(x[-1]) for x, _ in self._lines if len(x))])
        self._draw()

    def set_scale(self, log: bool, weight: float) -> None:
        """Draw on a logarithmic scale; smooth by this weight."""
        self._log, self._weight = log, weight
        self._draw()

    def _on_scale(self, y: Array) -> Array:
        if not self._log:
            return y
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(y > 0, np.log10(np.where(y > 0, y, 1.0)), np.nan)

    def _draw(self) -> None:
        if not self._lines:
            return
        columns = max(self.view.width(), 200)
        self._drawn, self._ends = [], []
        for i, (x, plain) in enumerate(self._lines):
            y = self._on_scale(scales.smooth(plain, self._weight))
            crowded = len(x) > columns
            # A wide line through every point of a crowd is one slow blot: its mean, and thin lines to its extremes.
            self._curves[i].setData(*(scales.means(x, y, columns // FINE) if crowded else (x, y)))
            raw = scales.extent(x, self._on_scale(plain), columns)
            self._raw[i].setData(*raw) if crowded or self._weight else self._raw[i].setData([], [])
            self._drawn.append(raw[1])
            if len(y) and np.isfinite(y[-1]):
                self._ends.append((i, float(x[-1]), float(y[-1])))
        self._draw_older(columns)
        self.view.fit()
        self.setAccessibleName(self._spoken())

    def _draw_older(self, columns: int) -> None:
        while len(self._old) < len(self._older):
            self._old.append(self._curve(0, thin=True))
        for curve in self._old[len(self._older) :]:
            curve.setData([], [])
        pen = _pen(theme().faded("text2", 0.7, "panel"), OLD_WIDTH)
        for curve, (x, y) in zip(self._old, self._older, strict=False):
            curve.setPen(pen)
            self._drawn.append(self._on_scale(y))
            curve.setData(*scales.means(x, self._on_scale(scales.smooth(y, self._weight)), columns // FINE))

    def _spoken(self) -> str:
        parts = [f"{words(i)} {scales.value_text(self.name, float(y[-1]))}" for i, (_, y) in self.drawn()]
        return f"{scales.title_of(self.name)}: {', '.join(parts)}"

    def drawn(self) -> list[tuple[int, Line]]:
        """Lines that have points, with their numbers (0 training, 1 validation)."""
        return [(i, line) for i, line in enumerate(self._lines) if len(line[0])]

    def extent(self) -> tuple[float, float]:
        """Lowest and highest value on the axis's scale."""
        parts = [y[np.isfinite(y)] for y in self._drawn]
        whole = np.concatenate(parts) if parts else np.empty(0)
        return (float(whole.min()), float(whole.max())) if len(whole) else (0.0, 1.0)

    def ends(self) -> list[tuple[int, float, float]]:
        """Number of each line, and its end on the axes."""
        return self._ends

    @property
    def last(self) -> float:
        return self._last

    @property
    def weight(self) -> float:
        return self._weight

    @property
    def log(self) -> bool:
        return self._log


def words(index: int) -> str:
    """What a line shows."""
    return tr("training") if index == 0 else tr("validation")


def _pen(shade: QColor, width: float, dashes: tuple[float, float] | None = None) -> QPen:
    made = pg.mkPen(shade, width=width)
    made.setCapStyle(Qt.PenCapStyle.FlatCap if dashes else Qt.PenCapStyle.RoundCap)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashes:
        made.setDashPattern([length / width for length in dashes])
    return made


class _View(pg.PlotWidget):
    """The plane with axes; draws grid, ends of lines, words and the hairline in pixels over it."""

    def __init__(self, plot: Plot) -> None:
        super().__init__()
        self.setAccessibleName(tr("Curve of {name}", name=plot.name))
        self._plot = plot
        self._ticks: list[float] = []
        self._set: dict[str, tuple[list[tuple[float, str]], int]] = {}
        self._hover: QPointF | None = None
        self.setMenuEnabled(False)
        # pyqtgraph leaves this menu without a parent, so it would outlive the plot.
        menu = self.getPlotItem().ctrlMenu
        menu.setParent(self, menu.windowFlags())
        self.setMouseEnabled(False, False)
        self.disableAutoRange()
        self.setCacheMode(_View.CacheModeFlag.CacheNone)
        self.hideButtons()
        self.setFrameShape(_View.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumHeight(60)
        self.viewport().setMouseTracking(True)
        self.viewport().installEventFilter(self)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setStyle(tickLength=0, tickAlpha=0, autoExpandTextSpace=False, hideOverlappingLabels=False)

    def restyle(self) -> None:
        """Colours and fonts of the theme."""
        self.setBackground(color("panel"))
        letters = font("micro", mono=True)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(None))
            axis.setTextPen(color("text2"))
            axis.setStyle(tickFont=letters, tickTextOffset=px(6))
        self.getAxis("bottom").setHeight(px(22))

    def fit(self) -> None:
        """Ranges and ticks for what is drawn."""
        plot = self._plot
        low, high = plot.extent()
        if high - low < 1e-9:
            low, high = low - 0.5, high + 0.5
        rows = max(2, min(6, self.height() // px(25)))
        if plot.log:
            values = scales.log_ticks(low, high)
            self._ticks = [float(np.log10(v)) for v in values]
            texts = [scales.value_text(plot.name, v) for v in values]
        else:
            self._ticks = values = scales.nice_ticks(low, high, rows)
            texts = scales.tick_texts(plot.name, values)
        left = max((text_width(t, "micro", True, None, True) for t in texts), default=20.0)
        self._set_ticks("left", list(zip(self._ticks, texts, strict=True)), round(left) + px(12))
        bottom = min(low, self._ticks[0])
        top = max(high, self._ticks[-1])
        margin = (top - bottom) * 0.06
        self.setYRange(bottom, top + margin, padding=0)
        self._fit_epochs(plot, left)
        self.viewport().update()

    def _fit_epochs(self, plot: Plot, left: float) -> None:
        room = self._room(plot)
        width = max(self.width() - left - px(12), 80.0)
        whole = plot.last * width / max(width - room, width * 0.4)
        self.setXRange(0, whole, padding=0)
        ticks: list[tuple[float, str]] = []
        ticks += [(float(t), str(t)) for t in scales.epoch_ticks(plot.last, int(width // px(56)))]
        beyond = (text_width(ticks[-1][1], "micro", True, None, True) / 2 + px(22)) * whole / width
        ticks.append((ticks[-1][0] + beyond, tr("epoch")))
        self._set_ticks("bottom", ticks)

    def _set_ticks(self, side: str, ticks: list[tuple[float, str]], width: int = 0) -> None:
        """Ticks of an axis; one that stays as it is keeps its picture."""
        if self._set.get(side) != (ticks, width):
            self._set[side] = (ticks, width)
            self.getAxis(side).setTicks([ticks])
            if width:
                self.getAxis(side).setWidth(width)

    def _room(self, plot: Plot) -> float:
        """Pixels right of the last epoch for the words at the lines' ends."""
        widest = max((text_width(t, "micro", False, 600, True) for t, *_ in self._labels()), default=0.0)
        return max(widest + px(18), px(48))

    def _labels(self) -> list[tuple[str, int, float, float]]:
        """Words, number of the line, and its end on the axes."""
        plot = self._plot
        last = {i: float(y[-1]) for i, (_, y) in plot.drawn()}
        return [(f"{words(i)} {scales.value_text(plot.name, last[i])}", i, x, y) for i, x, y in plot.ends()]

    # Painting over and under the lines, in pixels.
    def _pixel(self, x: float, y: float) -> QPointF:
        return QPointF(self.mapFromScene(self.getViewBox().mapViewToScene(QPointF(x, y))))

    def _to_pixels(self, painter: QPainter) -> QTransform:
        """From pixels of this widget to what is painted on: the widget itself, or a file."""
        back, _ = self.viewportTransform().inverted()
        return back * painter.worldTransform()

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        super().drawBackground(painter, rect)
        painter.save()
        painter.setWorldTransform(self._to_pixels(painter))
        start, end = self._pixel(0, 0).x(), self._pixel(self._plot.last, 0).x()
        for i, tick in enumerate(self._ticks):
            painter.fillRect(
                QRectF(start, round(self._pixel(0, tick).y()), end - start, 1), color("line" if i else "control")
            )
        painter.restore()

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        painter.save()
        painter.setWorldTransform(self._to_pixels(painter))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        labels = self._labels()
        for _, index, x, y in labels:
            self._mark(painter, index, self._pixel(x, y))
        if self._hover is not None:
            self._hairline(painter, self._hover)
        else:
            self._name_ends(painter, labels)
        painter.restore()

    @staticmethod
    def _mark(painter: QPainter, index: int, at: QPointF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color("series2" if index else "series1"))
        size = px(8) / 2
        box = QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size)
        painter.drawRect(box) if index else painter.drawEllipse(box)

    def _name_ends(self, painter: QPainter, labels: Sequence[tuple[str, int, float, float]]) -> None:
        letters, height = font("micro", weight=600), px(15)
        painter.setFont(letters)
        places = [(self._pixel(x, y), text, index) for text, index, x, y in labels]
        places.sort(key=lambda place: place[0].y())
        tops = [at.y() - height / 2 for at, _, _ in places]
        if len(tops) == 2 and tops[1] - tops[0] < height and abs(places[0][0].x() - places[1][0].x()) < px(80):
            middle = (tops[0] + tops[1]) / 2
            tops = [middle - height / 2, middle + height / 2]
        floor = self._pixel(0, self._ticks[0]).y() - height if self._ticks else self.height()
        shift = max(min(0.0, floor - max(tops, default=0.0)), -min(tops, default=0.0))
        for (at, text, index), top in zip(places, tops, strict=True):
            painter.setPen(color("series2" if index else "series1"))
            area = QRectF(at.x() + px(10), top + shift, px(240), height)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)

    def _hairline(self, painter: QPainter, at: QPointF) -> None:
        """A vertical line at the nearest epoch, and the values there."""
        epoch = self.getViewBox().mapSceneToView(QPointF(self.mapToScene(at.toPoint()))).x()
        rows = self.values_at(epoch)
        if not rows:
            return
        x = self._pixel(rows[0][2], 0).x()
        painter.fillRect(QRectF(round(x), 0, 1, self._pixel(0, self._ticks[0]).y()), color("control"))
        place = f"{rows[0][2]:.2f}".rstrip("0").rstrip(".")
        lines = [(tr("epoch {n}", n=place), "text2")]
        lines += [(f"{words(i)} {scales.value_text(self._plot.name, v)}", f"series{i + 1}") for i, v, _ in rows]
        letters = font("micro", weight=600)
        width = max(text_width(t, "micro", False, 600, True) for t, _ in lines) + px(16)
        left = x + px(8) if x + px(8) + width < self.width() else x - px(8) - width
        area = QRectF(left, 0, width, px(15) * len(lines) + px(8))
        self._box(painter, area, lines, letters)

    @staticmethod
    def _box(painter: QPainter, area: QRectF, lines: Sequence[tuple[str, str]], letters: QFont) -> None:
        from designer.look.painting import rounded

        rounded(painter, area, 5, color("raised"), color("line"))
        painter.setFont(letters)
        for k, (text, token) in enumerate(lines):
            painter.setPen(color(token))
            row = QRectF(area.left() + px(8), area.top() + px(4) + k * px(15), area.width(), px(15))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, text)

    def values_at(self, epoch: float) -> list[tuple[int, float, float]]:
        """Number of the line, its value and the epoch of it, where it is nearest to `epoch`."""
        found = []
        for i, (x, y) in self._plot.drawn():
            near = int(np.abs(x - epoch).argmin())
            found.append((i, float(y[near]), float(x[near])))
        return found

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove:
            self._hover = event.position()  # type: ignore[attr-defined]
            self.viewport().update()
        elif event.type() == QEvent.Type.Leave:
            self._hover = None
            self.viewport().update()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # pyqtgraph resizes its base class while it is being made.
        if hasattr(self, "_plot") and self._plot.drawn():
            self.fit()
