"""The data panel: which data, how they are split and scaled, and a look at them."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from designer.core import changes as ch
from designer.core.commands import SetData
from designer.core.errors import Refused
from designer.core.text import tr
from designer.data.prepare import Prepared, prepare
from designer.data.sources import SOURCES
from designer.editing.workspace import Workspace
from designer.look.fonts import font
from designer.look.theme import color
from designer.look.widgets import EmptyState, Label

_SCALINGS = ("auto", "none", "minmax", "standard")


class DataPanel(QWidget):
    """Settings on the left, a preview on the right."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data")
        self._workspace = workspace
        self._filling = False
        self.source = QComboBox()
        self.source.setObjectName("dataSource")
        self.source.setAccessibleName(tr("Data"))
        self.source.addItem(tr("No data"), None)
        for source in SOURCES.values():
            self.source.addItem(source.title, source.id)
        self.source.activated.connect(lambda _: self._set(source=self.source.currentData(), options={}))
        self.validation, self.test = self._share("validation"), self._share("test")
        self.scaling = QComboBox()
        self.scaling.setAccessibleName(tr("Scaling"))
        self.scaling.addItems(_SCALINGS)
        self.scaling.textActivated.connect(lambda text: self._set(scaling=text))
        self.seed = QSpinBox()
        self.seed.setAccessibleName(tr("Seed"))
        self.seed.setMaximum(999_999)
        self.seed.valueChanged.connect(lambda value: self._set(seed=value))
        self._options = QFormLayout()
        form = QFormLayout()
        for words, field in (
            (tr("Data"), self.source),
            (tr("Validation"), self.validation),
            (tr("Test"), self.test),
            (tr("Scaling"), self.scaling),
            (tr("Seed"), self.seed),
        ):
            form.addRow(Label(words, "small", "text2"), field)
        left = QVBoxLayout()
        left.addLayout(form)
        left.addLayout(self._options)
        left.addStretch()
        self._words = Label("", "small", "text2", wrap=True)
        self.preview = DataPreview()
        right = QVBoxLayout()
        right.addWidget(self._words)
        right.addWidget(self.preview, 1)
        layout = QHBoxLayout(self)
        layout.addLayout(left)
        layout.addLayout(right, 1)
        workspace.changed.connect(self._on_changes)
        self.refresh()

    def _share(self, name: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setAccessibleName(name)
        box.setRange(0.0, 0.9)
        box.setSingleStep(0.05)
        box.valueChanged.connect(lambda value: self._set(**{name: round(value, 4)}))
        return box

    def _on_changes(self, changes: list[ch.Change]) -> None:
        if any(isinstance(c, ch.DataChanged) for c in changes):
            self.refresh()

    def _set(self, **values: Any) -> None:
        if self._filling:
            return
        settings = msgspec.structs.replace(self._workspace.document.data, **values)
        if settings != self._workspace.document.data:
            key = next(iter(values))
            words = (
                tr("choose the data {name}", name=values["source"])
                if key == "source"
                else tr("change the {key}", key=key)
            )
            self._workspace.run(SetData(settings, words, gesture=None if key == "source" else hash(key) & 0xFFFF))

    def refresh(self) -> None:
        """Show the settings as they are."""
        settings = self._workspace.document.data
        self._filling = True
        self.source.setCurrentIndex(max(self.source.findData(settings.source), 0))
        self.validation.setValue(settings.validation)
        self.test.setValue(settings.test)
        self.scaling.setCurrentText(settings.scaling)
        self.seed.setValue(settings.seed)
        self._fill_options()
        self._filling = False
        self._look()

    def _fill_options(self) -> None:
        while self._options.rowCount():
            self._options.removeRow(0)
        settings = self._workspace.document.data
        source = SOURCES.get(settings.source or "")
        for option in source.options if source else ():
            box = QSpinBox() if option.whole else QDoubleSpinBox()
            box.setAccessibleName(option.name)
            box.setToolTip(option.doc)
            box.setRange(option.minimum, option.maximum)  # type: ignore[arg-type]
            box.setSingleStep(1 if option.whole else 0.05)  # type: ignore[arg-type]
            box.setValue(source.value(option.name, settings.options) if source else 0)
            box.valueChanged.connect(
                lambda value, name=option.name: self._set(
                    options={**self._workspace.document.data.options, name: value}
                )
            )
            self._options.addRow(Label(option.name.capitalize(), "small", "text2"), box)

    def _look(self) -> None:
        settings = self._workspace.document.data
        if settings.source is None:
            self._words.setText("")
            self.preview.show_data(None)
            return
        try:
            data = prepare(settings)
        except Refused as error:
            self._words.setText(error.sentence)
            self.preview.show_data(None)
            return
        parts = [
            tr("{n:,} {part}", n=len(y), part=name)
            for name, (_, y) in sorted(data.parts.items(), key=lambda p: p[0] != "train")
        ]
        self._words.setText(f"{data.source.summary}  " + " | ".join(parts))
        self.preview.show_data(data)


class DataPreview(QWidget):
    """Pictures with their labels, points by class, or the first rows of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(80)
        self._data: Prepared | None = None
        self._empty = EmptyState(tr("No data chosen."), tr("Pick a built-in set to begin."))
        layout = QVBoxLayout(self)
        layout.addWidget(self._empty)

    def show_data(self, data: Prepared | None) -> None:
        """Show these data."""
        self._data = data
        self._empty.setVisible(data is None)
        if data is not None:
            words = [f"{n}: {c}" for n, c in zip(data.source.classes, data.class_counts, strict=False)]
            self.setAccessibleName(", ".join([data.source.title, *words]))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._data is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        kind = self._data.source.kind
        draw = {"image": self._images, "points": self._points, "sequence": self._waves}.get(kind, self._table)
        draw(painter)

    def _images(self, painter: QPainter) -> None:
        x, y = self._data.parts["train"]  # type: ignore[union-attr]
        side, gap = 44, 10
        columns = max((self.width() - 8) // (side + gap), 1)
        painter.setFont(font("micro", mono=True))
        for i in range(min(columns * max(self.height() // (side + 26), 1), len(x))):
            left, top = 4 + i % columns * (side + gap), 4 + i // columns * (side + 26)
            picture = np.ascontiguousarray((np.clip(x[i, :, :, 0], 0, 1) * 255).astype(np.uint8))
            height, width = picture.shape
            image = QImage(picture.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
            painter.drawImage(QRectF(left, top, side, side), image)
            painter.setPen(color("text2"))
            names = self._data.source.classes  # type: ignore[union-attr]
            painter.drawText(QRectF(left, top + side, side, 18), Qt.AlignmentFlag.AlignCenter, names[int(y[i])])

    def _points(self, painter: QPainter) -> None:
        x, y = self._data.parts["train"]  # type: ignore[union-attr]
        low, high = x.min(0), x.max(0)
        side = min(self.width(), self.height()) - 12
        places = (x - low) / np.where(high > low, high - low, 1) * side + 6
        for (px, py), label in zip(places, y, strict=True):
            token = ("series1", "series2", "success")[int(label) % 3]
            painter.setPen(QPen(color(token), 1.8))
            at = QPointF(float(px), float(side + 12 - py))
            if label % 2:
                painter.drawLine(at + QPointF(-3, -3), at + QPointF(3, 3))
                painter.drawLine(at + QPointF(-3, 3), at + QPointF(3, -3))
            else:
                painter.setBrush(color(token) if label == 0 else Qt.BrushStyle.NoBrush)
                painter.drawEllipse(at, 2.6, 2.6)

    def _waves(self, painter: QPainter) -> None:
        x, _ = self._data.parts["train"]  # type: ignore[union-attr]
        for i in range(min(3, len(x))):
            values = x[i, :, 0]
            wide, high = self.width() - 16, self.height() - 16
            points = [
                QPointF(8 + k / (len(values) - 1) * wide, 8 + (1.2 - float(v)) / 2.4 * high)
                for k, v in enumerate(values)
            ]
            painter.setPen(QPen(color(("series1", "series2", "success")[i]), 2))
            painter.drawPolyline(points)

    def _table(self, painter: QPainter) -> None:
        x, y = self._data.parts["train"]  # type: ignore[union-attr]
        source = self._data.source  # type: ignore[union-attr]
        columns = min(x.shape[1], max(self.width() // 92 - 1, 1))
        painter.setFont(font("micro", mono=True))
        names = source.columns or tuple(f"x{i + 1}" for i in range(x.shape[1]))
        for c in range(columns + 1):
            head = names[c][:13] if c < columns else tr("target")
            painter.setPen(color("text2"))
            painter.drawText(QRectF(8 + 92 * c, 2, 90, 18), Qt.AlignmentFlag.AlignVCenter, head)
            painter.setPen(color("text"))
            for r in range(min(len(x), max((self.height() - 24) // 18, 0))):
                target = source.classes[int(y[r])] if source.classes else f"{float(np.ravel(y[r])[0]):g}"
                value = f"{x[r, c]:8.3f}" if c < columns else target
                painter.drawText(QRectF(8 + 92 * c, 22 + 18 * r, 90, 18), Qt.AlignmentFlag.AlignVCenter, value)
