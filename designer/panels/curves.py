"""Live curves: one plot a quantity, training solid, validation dashed, the value at the line's end."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QWidget

from designer.core.text import tr
from designer.look.fonts import font
from designer.look.theme import color, theme_changed
from designer.look.widgets import EmptyState
from designer.training.metrics import MetricSeries
from designer.training.session import Session

MANY = 50_000


class CurvesPanel(QWidget):
    """Follows a session; pyqtgraph is imported when there is something to draw."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curves")
        self._session = session
        self._stack = QStackedLayout(self)
        self._empty = EmptyState(
            tr("No run yet."), tr("Press Train (F5). Loss and accuracy appear here while it trains.")
        )
        self._page = QWidget()
        self._plots_layout = QHBoxLayout(self._page)
        self._plots_layout.setContentsMargins(4, 4, 4, 4)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._page)
        self._plots: dict[str, _Plot] = {}
        self._shown: MetricSeries | None = None
        session.metrics_changed.connect(self._follow)
        theme_changed.connect(self._restyle)

    def show_history(self, history: dict[str, list[float]], epochs: int) -> None:
        """Show a run that was kept."""
        from designer.training.protocol import Epoch

        series = MetricSeries()
        for i in range(max((len(v) for v in history.values()), default=0)):
            series.add(Epoch(i + 1, {k: v[i] for k, v in history.items() if i < len(v)}, 0.0))
        self._draw(series, epochs)

    def _follow(self) -> None:
        self._draw(self._session.series, self._session.progress.epochs)

    def _draw(self, series: MetricSeries, epochs: int) -> None:
        names = series.names()
        if not names:
            return
        self._shown = series
        self._stack.setCurrentWidget(self._page)
        for name in [n for n in self._plots if n not in names]:
            self._plots.pop(name).widget.deleteLater()
        for name in names:
            if name not in self._plots:
                self._plots[name] = _Plot(name)
                self._plots_layout.addWidget(self._plots[name].widget)
            self._plots[name].draw(series.series(name), series.series(f"val_{name}"), epochs)

    def _restyle(self, _: object = None) -> None:
        for plot in self._plots.values():
            plot.restyle()

    def points(self, name: str) -> int:
        """How many points a curve has."""
        return len(self._shown.series(name)[0]) if self._shown else 0


class _Plot:
    """One quantity."""

    def __init__(self, name: str) -> None:
        import pyqtgraph as pg

        self._pg, self._name = pg, name
        self.widget = pg.PlotWidget()
        self.widget.setMenuEnabled(False)
        self.widget.setMouseEnabled(False, False)
        self.widget.hideButtons()
        self.widget.setAccessibleName(name.replace("_", " "))
        self._lines = [self.widget.plot([], []) for _ in range(2)]
        self._ends = [self.widget.plot([], [], pen=None) for _ in range(2)]
        self._labels = [pg.TextItem(anchor=(0, 0.5)) for _ in range(2)]
        for label in self._labels:
            self.widget.addItem(label)
        self.restyle()

    def restyle(self) -> None:
        """Colours and fonts of the theme."""
        pg, axis_font = self._pg, font("micro", mono=True)
        self.widget.setBackground(color("panel"))
        self.widget.setTitle(
            self._name.replace("_", " ").capitalize(), color=color("text").name(), size="9pt", bold=True
        )
        for side in ("left", "bottom"):
            axis = self.widget.getAxis(side)
            axis.setPen(color("line"))
            axis.setTextPen(color("text2"))
            axis.setStyle(tickFont=axis_font)
        self.widget.showGrid(y=True, alpha=0.15)
        for i, (token, style, symbol) in enumerate(
            (("series1", Qt.PenStyle.SolidLine, "o"), ("series2", Qt.PenStyle.DashLine, "s"))
        ):
            self._lines[i].setPen(pg.mkPen(color(token), width=2.25, style=style))
            self._ends[i].setSymbol(symbol)
            self._ends[i].setSymbolSize(8)
            self._ends[i].setSymbolBrush(color(token))
            self._ends[i].setSymbolPen(None)
            self._labels[i].setColor(color(token))
            self._labels[i].setFont(font("micro", weight=600))

    def draw(self, training: Any, validation: Any, epochs: int) -> None:
        """Show these points; x goes to the planned end."""
        ends = []
        for i, (x, y) in enumerate((training, validation)):
            large = len(x) > MANY
            self._lines[i].setData(x, y, autoDownsample=large, clipToView=large)
            self._ends[i].setData(x[-1:], y[-1:])
            word = tr("training") if i == 0 else tr("validation")
            self._labels[i].setText(f"{word} {_value(self._name, float(y[-1]))}" if len(y) else "")
            ends.append((float(x[-1]), float(y[-1])) if len(y) else None)
        last = max(epochs, max((e[0] for e in ends if e), default=1.0), 1.0)
        self.widget.setXRange(0, last * 1.42, padding=0)
        self.widget.enableAutoRange(axis="y")
        self._place_labels(ends)

    def _place_labels(self, ends: list[tuple[float, float] | None]) -> None:
        """At the ends of the lines, apart from each other."""
        low, high = self.widget.viewRange()[1]
        gap = (high - low) * 0.11
        places = [e[1] if e else 0.0 for e in ends]
        if ends[0] and ends[1] and abs(places[0] - places[1]) < gap:
            middle, up = sum(places) / 2, 1 if places[0] >= places[1] else -1
            places = [middle + up * gap / 2, middle - up * gap / 2]
        for label, end, y in zip(self._labels, ends, places, strict=True):
            if end:
                label.setPos(end[0], y)


def _value(name: str, value: float) -> str:
    return f"{value:.1%}" if "accuracy" in name else f"{value:.3g}"
