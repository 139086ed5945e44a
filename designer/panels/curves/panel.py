"""The curves panel: plots side by side that follow a training, with smoothing, logarithm, table and export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QScrollArea,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from designer.core.text import tr
from designer.editing.workspace import Workspace
from designer.look.fonts import font, px
from designer.look.theme import theme_changed
from designer.look.widgets import Button, EmptyState, Panel
from designer.panels.curves import export
from designer.panels.curves.scales import title_of, value_text
from designer.training.metrics import MetricSeries
from designer.training.protocol import Epoch
from designer.training.session import Session

if TYPE_CHECKING:
    from designer.panels.curves.plot import Plot

History = Mapping[str, Sequence[float]]
SMOOTHINGS = (0.0, 0.3, 0.6, 0.9, 0.97)
NARROWEST = 250


class CurvesPanel(Panel):
    """Follows a session; pyqtgraph is imported when there is something to draw.

    Attributes:
        tools: smoothing, logarithm, table and export, for the strip of tabs above the panel.
    """

    def __init__(self, workspace: Workspace, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("curves", tr("Curves"), parent)
        self._workspace, self._session = workspace, session
        self._shown: MetricSeries | None = None
        self._tabled: MetricSeries | None = None
        self._epochs = 0
        self._older: list[History] = []
        self._weight = 0.0
        self._stale = False
        self._plots: dict[str, Plot] = {}
        self._build()
        session.metrics_changed.connect(self._follow)
        workspace.problems_changed.connect(lambda _: self._say_empty())
        theme_changed.connect(self._restyle)
        self._restyle()
        self._say_empty()

    def _build(self) -> None:
        self._empty = EmptyState(tr("No run yet"))
        self.page = QWidget()
        self._grid = QGridLayout(self.page)
        self._grid.setContentsMargins(8, 4, 8, 4)
        self._grid.setHorizontalSpacing(16)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.page)
        self.table = _table()
        self._stack = QStackedWidget()
        for widget in (self._empty, area, self.table):
            self._stack.addWidget(widget)
        self.tools = self._build_tools()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tools)
        layout.addWidget(self._stack, 1)

    def _build_tools(self) -> QWidget:
        tools = QWidget()
        row = QHBoxLayout(tools)
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(0)
        row.addStretch(1)
        self.smoothing = self._tool("smoothing", tr("Smoothing 0"), tr("Smooth the lines"))
        self.smoothing.setMenu(self._smoothing_menu())
        self.older = self._tool("olderRuns", tr("Older runs"), tr("Show the runs before this one as thin lines"))
        self.log = self._tool("log", tr("Log"), tr("Logarithmic scale"))
        self.as_table = self._tool("table", tr("Table"), tr("Show the numbers"))
        for button in (self.older, self.log, self.as_table):
            button.setCheckable(True)
            button.toggled.connect(lambda _: self._redraw())
        self.export = self._tool("exportCurves", tr("Export"), tr("Write the curves to a file"))
        menu = QMenu(self.export)
        for kind, words in (("png", tr("Picture (PNG)")), ("svg", tr("Drawing (SVG)")), ("csv", tr("Numbers (CSV)"))):
            entry = QAction(words, menu)
            entry.setObjectName(f"export_{kind}")
            entry.triggered.connect(partial(self._ask_export, kind))
            menu.addAction(entry)
        self.export.setMenu(menu)
        for button in (self.smoothing, self.older, self.log, self.as_table, self.export):
            row.addWidget(button)
        return tools

    def _tool(self, name: str, words: str, tip: str) -> Button:
        button = Button(words, kind="tool")
        button.setObjectName(name)
        button.setToolTip(tip)
        return button

    def _smoothing_menu(self) -> QMenu:
        menu = QMenu(self)
        for weight in SMOOTHINGS:
            entry = QAction(f"{weight:g}", menu)
            entry.setObjectName(f"smoothing_{weight:g}")
            entry.triggered.connect(partial(self.set_smoothing, weight))
            menu.addAction(entry)
        return menu

    # What is shown.
    def show_history(self, history: History, epochs: int, older: Sequence[History] = ()) -> None:
        """Show a run that was kept, and those before it."""
        self._shown, self._epochs, self._older = _series(history), epochs, list(older)
        self._redraw()

    def set_older(self, histories: Sequence[History]) -> None:
        """Runs that can be shown behind the one that is drawn."""
        self._older = list(histories)
        self._redraw()

    def set_smoothing(self, weight: float, _: bool = False) -> None:
        """Smooth by a weight from 0 to below 1."""
        self._weight = weight
        self.smoothing.setText(tr("Smoothing {w:g}", w=weight))
        self._redraw()

    def points(self, name: str) -> int:
        """How many points a curve has."""
        return len(self._shown.series(name)[0]) if self._shown else 0

    def plot(self, name: str) -> Plot:
        """The plot of a quantity."""
        return self._plots[name]

    def _follow(self) -> None:
        if self._session.series.names():
            self._shown, self._epochs = self._session.series, self._session.progress.epochs
            self._redraw()

    def _redraw(self) -> None:
        names = self._shown.names() if self._shown is not None else []
        self.older.setVisible(bool(self._older))
        for button in (self.smoothing, self.log, self.as_table, self.export):
            button.setEnabled(bool(names))
        self._stale = not self.isVisible()
        if self._stale:
            return
        self._stack.setCurrentIndex(0 if not names else 2 if self.as_table.isChecked() else 1)
        if names and self.as_table.isChecked():
            self._fill_table()
        elif names:
            self._draw(names)

    def _draw(self, names: Sequence[str]) -> None:
        from designer.panels.curves.plot import Plot

        series = self._shown
        if series is None:
            return
        if list(self._plots) != list(names):
            for plot in self._plots.values():
                plot.deleteLater()
            self._plots = {name: Plot(name) for name in names}
            self._arrange()
        older = [_series(h) for h in self._older] if self.older.isChecked() else []
        for name, plot in self._plots.items():
            if (plot.log, plot.weight) != (self.log.isChecked(), self._weight):
                plot.set_scale(self.log.isChecked(), self._weight)
            behind = [line for run in older if len((line := run.series(name))[0])]
            plot.show_lines(series.series(name), series.series(f"val_{name}"), float(self._epochs), behind)

    def _arrange(self) -> None:
        columns = max(1, min(len(self._plots), self.width() // px(NARROWEST)))
        for i, plot in enumerate(self._plots.values()):
            plot.setMinimumHeight(px(132))
            self._grid.addWidget(plot, i // columns, i % columns)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._redraw()

    def sizeHint(self) -> QSize:
        return QSize(px(600), px(200))

    def _restyle(self, _: object = None) -> None:
        self.table.setFont(font("micro", mono=True))

    def _say_empty(self) -> None:
        follow = tr("Loss and accuracy appear here while it trains.")
        broken = next((p for p in self._workspace.errors if p.name), None)
        first = tr("Press Train (F5).")
        if broken is not None:
            first = tr("Repair the problem in {name}, then press Train (F5).", name=f"<b>{broken.name}</b>")
        self._empty.set_words(tr("No run yet"), f"{first}<br>{follow}")

    # As numbers.
    def rows(self) -> list[list[str]]:
        """A head line, then the values of each epoch at full precision."""
        history = self._history()
        length = max((len(v) for v in history.values()), default=0)
        body = [[str(i + 1), *(repr(v[i]) if i < len(v) else "" for v in history.values())] for i in range(length)]
        return [["epoch", *history], *body]

    def _history(self) -> dict[str, list[float]]:
        """Values of each epoch, each quantity followed by its validation."""
        if self._shown is None:
            return {}
        found = self._shown.history()
        order = [name for quantity in self._shown.names() for name in (quantity, f"val_{quantity}")]
        return {name: found[name] for name in (*order, "learning_rate") if name in found}

    def _fill_table(self) -> None:
        history = self._history()
        length = max((len(v) for v in history.values()), default=0)
        self.table.setColumnCount(len(history))
        heads = [_head(name) for name in history]
        if [_text(self.table.horizontalHeaderItem(i)) for i in range(len(heads))] != heads:
            self.table.setHorizontalHeaderLabels(heads)
            self._tabled = None
        if self._tabled is not self._shown:
            self._tabled = self._shown
            self.table.setRowCount(0)
        for row in range(self.table.rowCount(), length):
            self.table.insertRow(row)
            for column, (name, found) in enumerate(history.items()):
                text = value_text(name.removeprefix("val_"), found[row]) if row < len(found) else ""
                cell = QTableWidgetItem(text)
                cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, cell)
        self.table.setRowCount(length)

    # As files.
    def _ask_export(self, kind: str, _: bool = False) -> None:
        name = f"{self._workspace.document.name or 'network'}-curves.{kind}"
        dialog = QFileDialog(self, tr("Export curves"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.setNameFilter(f"{kind.upper()} (*.{kind})")
        dialog.selectFile(name)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.export_to)
        dialog.open()

    def export_to(self, path: str) -> None:
        """Write the curves to a file; what happened is told."""
        try:
            export.write(path, self.page, list(self._plots.values()), self.rows())
        except OSError as error:
            reason = error.strerror or str(error)
            self._workspace.told.emit(tr("{path} was not written: {reason}.", path=path, reason=reason))
        else:
            self._workspace.told.emit(tr("Curves written to {path}.", path=path))


def _series(history: History) -> MetricSeries:
    series = MetricSeries()
    for i in range(max((len(v) for v in history.values()), default=0)):
        series.add(Epoch(i + 1, {k: v[i] for k, v in history.items() if i < len(v)}, 0.0))
    return series


def _head(name: str) -> str:
    bare = name.removeprefix("val_")
    return tr("{title}, validation", title=title_of(bare)) if bare != name else title_of(name)


def _text(item: QTableWidgetItem | None) -> str:
    return item.text() if item is not None else ""


def _table() -> QTableWidget:
    table = QTableWidget()
    table.setObjectName("curvesTable")
    table.setAccessibleName(tr("Values of each epoch"))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setCornerButtonEnabled(False)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    table.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    table.verticalHeader().setDefaultSectionSize(px(24))
    return table
