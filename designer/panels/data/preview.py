"""A look at the data as the network gets them: pictures with labels, points by class, waves, or rows of a table."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStackedLayout, QTableWidget, QTableWidgetItem, QWidget

from designer.core.text import tr
from designer.data.prepare import Prepared
from designer.look.fonts import font, px
from designer.look.theme import color, theme_changed
from designer.look.widgets import EmptyState

ROWS, POINTS = 50, 600
_TOKENS = ("series1", "series2", "success", "text")
_CENTRE = Qt.AlignmentFlag.AlignCenter


class DataPreview(QWidget):
    """Some samples of the training part."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("dataPreview")
        self.setMinimumSize(px(180), px(120))
        self._empty = EmptyState(tr("No data chosen"), tr("Choose a built-in set at the left."))
        self.picture = Picture()
        self.table = _table()
        self._stack = QStackedLayout(self)
        for page in (self._empty, self.picture, self.table):
            self._stack.addWidget(page)
        theme_changed.connect(self._restyle)
        self._restyle()

    def _restyle(self, _: object = None) -> None:
        self.table.setFont(font("micro", mono=True))
        self.table.horizontalHeader().setFont(font("micro"))
        self.table.verticalHeader().setDefaultSectionSize(px(22))

    def say(self, title: str, sentence: str) -> None:
        """Words instead of data."""
        self._empty.set_words(title, sentence)
        self._stack.setCurrentIndex(0)

    def show_data(self, data: Prepared) -> None:
        """Show samples of these data."""
        if data.source.kind == "table":
            self._fill(data)
        else:
            self.picture.show_data(data)
        self._stack.setCurrentIndex(2 if data.source.kind == "table" else 1)

    def _fill(self, data: Prepared) -> None:
        x, y = data.parts["train"]
        source = data.source
        names = source.columns or tuple(tr("column {n}", n=i + 1) for i in range(x.shape[1]))
        target = tr("class") if source.classes else tr("target")
        self.table.setColumnCount(x.shape[1] + 1)
        self.table.setHorizontalHeaderLabels([*(f"{n}\n{tr('number')}" for n in names), f"{target}\n{_type(data)}"])
        self.table.setRowCount(min(len(x), ROWS))
        for row in range(self.table.rowCount()):
            for column, value in enumerate(x[row]):
                self.table.setItem(row, column, _cell(f"{float(value):.3g}"))
            self.table.setItem(row, x.shape[1], _cell(label_of(data, row)))
        self.table.resizeColumnsToContents()


def label_of(data: Prepared, row: int) -> str:
    """The target of a training sample, in words."""
    value = np.ravel(data.parts["train"][1][row])[0]
    return data.source.classes[int(value)] if data.source.classes else f"{float(value):.3g}"


def _type(data: Prepared) -> str:
    return tr("one of {n}", n=len(data.source.classes)) if data.source.classes else tr("number")


def _cell(text: str) -> QTableWidgetItem:
    cell = QTableWidgetItem(text)
    cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return cell


def _table() -> QTableWidget:
    table = QTableWidget()
    table.setObjectName("dataTable")
    table.setAccessibleName(tr("First rows of the training data"))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setCornerButtonEnabled(False)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    return table


class Picture(QWidget):
    """Samples that are drawn."""

    def __init__(self) -> None:
        super().__init__()
        self._data: Prepared | None = None
        theme_changed.connect(self.update)

    def show_data(self, data: Prepared) -> None:
        """Draw these data."""
        self._data = data
        what = {"image": tr("Pictures"), "points": tr("Points")}.get(data.source.kind, tr("Waves"))
        self.setAccessibleName(tr("{what} of {title}", what=what, title=data.source.title))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(240), px(160))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._data is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw = {"image": self._images, "points": self._points}.get(self._data.source.kind, self._waves)
        draw(painter, self._data)

    def _images(self, painter: QPainter, data: Prepared) -> None:
        x, _ = data.parts["train"]
        side, gap, words = px(48), px(10), px(18)
        columns = max((self.width() + gap) // (side + gap), 1)
        rows = max((self.height() + gap) // (side + words + gap // 2), 1)
        low, high = float(x.min()), float(x.max())
        painter.setFont(font("micro", mono=True))
        for i in range(min(columns * rows, len(x))):
            left, top = i % columns * (side + gap), i // columns * (side + words + gap // 2)
            grey = ((x[i, :, :, 0] - low) / max(high - low, 1e-9) * 255).astype(np.uint8)
            pixels = np.ascontiguousarray(grey)
            image = QImage(
                pixels.data, pixels.shape[1], pixels.shape[0], pixels.shape[1], QImage.Format.Format_Grayscale8
            ).copy()
            painter.drawImage(QRectF(left, top, side, side), image)
            painter.setPen(QPen(color("line"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(left + 0.5, top + 0.5, side - 1, side - 1))
            painter.setPen(color("text2"))
            painter.drawText(QRectF(left, top + side, side, words), _CENTRE, label_of(data, i))

    def _points(self, painter: QPainter, data: Prepared) -> None:
        x, y = data.parts["train"]
        x, y = x[:POINTS], y[:POINTS]
        side = min(self.width(), self.height()) - px(12)
        low, high = x.min(0), x.max(0)
        scale = side / max(float((high - low).max()), 1e-9)
        inset = px(6) + (side - (high - low) * scale) / 2
        for (a, b), label in zip((x - low) * scale + inset, y, strict=True):
            self._mark(painter, QPointF(float(a), float(side + px(12) - b)), int(label))
        self._legend(painter, data, side + px(28))

    @staticmethod
    def _mark(painter: QPainter, at: QPointF, label: int) -> None:
        """Classes differ in form, too: disc, cross, ring, square."""
        shade, size = color(_TOKENS[label % len(_TOKENS)]), px(5) / 2
        box = QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size)
        painter.setPen(QPen(shade, 1.75))
        painter.setBrush(shade if label % 4 == 0 else Qt.BrushStyle.NoBrush)
        if label % 4 == 1:
            painter.drawLine(box.topLeft(), box.bottomRight())
            painter.drawLine(box.bottomLeft(), box.topRight())
        elif label % 4 == 3:
            painter.drawRect(box)
        else:
            painter.drawEllipse(box)

    def _legend(self, painter: QPainter, data: Prepared, left: float) -> None:
        painter.setFont(font("micro"))
        for i, name in enumerate(data.source.classes):
            top = px(4) + i * px(18)
            self._mark(painter, QPointF(left, top + px(9)), i)
            painter.setPen(color("text2"))
            painter.drawText(QRectF(left + px(10), top, px(80), px(18)), Qt.AlignmentFlag.AlignVCenter, name)

    def _waves(self, painter: QPainter, data: Prepared) -> None:
        x, y = data.parts["train"]
        lanes = min(max(self.height() // px(52), 1), 4, len(x))
        height = self.height() / lanes
        low, high = float(x[:lanes].min()), float(x[:lanes].max())
        wide = self.width() - px(90)
        for lane in range(lanes):
            values = x[lane, :, 0]
            top = lane * height + px(6)

            def place(k: int, v: float, top: float = top, steps: int = len(values)) -> QPointF:
                share = (high - v) / max(high - low, 1e-9)
                return QPointF(px(8) + k / steps * wide, top + share * (height - px(12)))

            painter.setPen(QPen(color("series1"), 2))
            painter.drawPolyline([place(k, float(v)) for k, v in enumerate(values)])
            target = float(np.ravel(y[lane])[0])
            end = place(len(values), min(max(target, low), high))
            self._mark(painter, end, 1)
            painter.setFont(font("micro"))
            painter.setPen(color("text2"))
            area = QRectF(end.x() + px(8), end.y() - px(9), px(80), px(18))
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, tr("next: {v:.2f}", v=target))
