"""What is known about the chosen data, drawn: the split as one bar, and a bar for each class."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer.core.text import tr
from designer.look.fonts import font, px
from designer.look.painting import rounded, text_width
from designer.look.theme import color, theme_changed

PARTS = ("train", "validation", "test")
_GROUNDS = {"train": "series1", "validation": "series2", "test": "sunken"}
_CENTRE = Qt.AlignmentFlag.AlignCenter


def part_words(name: str) -> str:
    """A part of the data as people read it."""
    return {"train": tr("training"), "validation": tr("validation")}.get(name, tr("test"))


class SplitBar(QWidget):
    """Training, validation and test samples as parts of one bar, with their counts."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("splitBar")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.counts: dict[str, int] = {}
        theme_changed.connect(self._renew)

    def _renew(self, _: object = None) -> None:
        self.updateGeometry()
        self.update()

    def show_counts(self, counts: dict[str, int]) -> None:
        """Show how many samples each part has."""
        self.counts = {name: counts[name] for name in PARTS if counts.get(name)}
        told = [tr("{n:,} {part}", n=n, part=part_words(name)) for name, n in self.counts.items()]
        self.setAccessibleName(", ".join(told))
        self.setToolTip(", ".join(told))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(160), px(40))

    def paintEvent(self, event: QPaintEvent) -> None:
        total = sum(self.counts.values())
        if not total:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap, least, height = 2.0, 4.0, px(22)
        room = self.width() - gap * (len(self.counts) - 1)
        x = 0.0
        for name, count in self.counts.items():
            width = max(room * count / total, least)
            self._part(painter, QRectF(x, 0, width, height), name, count)
            x += width + gap
        self._legend(painter, height + 4)

    @staticmethod
    def _part(painter: QPainter, area: QRectF, name: str, count: int) -> None:
        plain = name == "test"
        rounded(painter, area, 4, color(_GROUNDS[name]), color("control") if plain else None)
        text = f"{count:,}"
        painter.setFont(font("micro", True, 600))
        painter.setPen(color("text" if plain else "on_accent"))
        if text_width(text, "micro", True, 600, True) + 4 < area.width():
            painter.drawText(area, _CENTRE, text)

    def _legend(self, painter: QPainter, top: float) -> None:
        """A square of each part's ground, and its name."""
        painter.setFont(font("micro"))
        x, side = 0.0, px(8)
        for name in self.counts:
            box = QRectF(x, top + px(4), side, side)
            rounded(painter, box, 2, color(_GROUNDS[name]), color("control") if name == "test" else None)
            painter.setPen(color("text2"))
            words = part_words(name)
            painter.drawText(QPointF(x + side + px(4), top + px(12)), words)
            x += side + px(4) + text_width(words, "micro", False, None, True) + px(10)


class ClassBars(QWidget):
    """A bar for each class, as long as the class is frequent, with its count."""

    ROW = 18

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("classBars")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._rows: list[tuple[str, int]] = []
        theme_changed.connect(self._renew)

    def _renew(self, _: object = None) -> None:
        self.updateGeometry()
        self.update()

    def show_classes(self, names: Sequence[str], counts: Sequence[int]) -> None:
        """Show these classes."""
        self._rows = list(zip(names, counts, strict=False))
        self.setAccessibleName(tr("Classes: {list}", list=", ".join(f"{n} {c:,}" for n, c in self._rows)))
        self.setVisible(bool(self._rows))
        self._renew()

    def sizeHint(self) -> QSize:
        return QSize(px(160), px(self.ROW) * len(self._rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("micro"))
        most = max((count for _, count in self._rows), default=1)
        names = max((text_width(n, "micro", False, None, True) for n, _ in self._rows), default=0.0)
        names = min(names, self.width() * 0.45) + px(8)
        numbers = max((text_width(f"{c:,}", "micro", True, None, True) for _, c in self._rows), default=0.0) + px(8)
        room = max(self.width() - names - numbers, 8.0)
        for i, (name, count) in enumerate(self._rows):
            top, height = i * px(self.ROW), px(self.ROW)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.setFont(font("micro"))
            painter.setPen(color("text2"))
            shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, round(names - px(6)))
            painter.drawText(QRectF(0, top, names, height), middle, shown)
            bar = QRectF(names, top + px(4), max(room * count / most, 2.0), height - px(8))
            rounded(painter, bar, 2, color("series1"))
            painter.setFont(font("micro", True))
            painter.setPen(color("text"))
            painter.drawText(QRectF(bar.right() + px(6), top, numbers, height), middle, f"{count:,}")


def kind_icon(kind: str) -> QIcon:
    """A small drawing of a kind of data: picture, points, sequence or table."""
    width, height = px(24), px(16)
    made = QIcon()
    for ratio in (1.0, 2.0):
        picture = QPixmap(round(width * ratio), round(height * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        {"image": _picture, "points": _points, "sequence": _wave}.get(kind, _rows)(painter, width, height)
        painter.end()
        made.addPixmap(picture)
    return made


def _picture(painter: QPainter, width: int, height: int) -> None:
    side = height / 5
    left = (width - height) / 2
    painter.fillRect(QRectF(left, 0, height, height), color("text"))
    for x, y in ((1, 1), (2, 1), (3, 1), (3, 2), (2, 3), (2, 4)):
        painter.fillRect(QRectF(left + x * side, y * side, side, side), color("panel"))


def _points(painter: QPainter, width: int, height: int) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    dots = (("series1", ((4, 4), (8, 2), (9, 6))), ("series2", ((14, 11), (18, 9), (19, 13))))
    for token, places in dots:
        painter.setBrush(color(token))
        for x, y in places:
            painter.drawEllipse(QPointF(x * width / 24, y * height / 16), width / 12, width / 12)


def _wave(painter: QPainter, width: int, height: int) -> None:
    import math

    painter.setPen(color("series1"))
    places = [QPointF(i, height / 2 - math.sin(i / width * 4 * math.pi) * height * 0.35) for i in range(width)]
    painter.drawPolyline(places)


def _rows(painter: QPainter, width: int, height: int) -> None:
    painter.setPen(color("control"))
    painter.drawRect(QRectF(2.5, 1.5, width - 5, height - 3))
    painter.drawLine(QPointF(2.5, height / 3), QPointF(width - 2.5, height / 3))
    painter.drawLine(QPointF(2.5, height * 2 / 3), QPointF(width - 2.5, height * 2 / 3))
    painter.drawLine(QPointF(width / 2, 1.5), QPointF(width / 2, height - 1.5))
