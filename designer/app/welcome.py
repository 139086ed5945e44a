"""The welcome page: begin, open, or start with an example."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from designer.app.recovery import Leftover
from designer.canvas.edge_item import wire_path
from designer.canvas.style import category_of
from designer.core.document import Document
from designer.core.project import read
from designer.core.resources import resource
from designer.core.text import tr
from designer.data.sources import SOURCES
from designer.look.fonts import font
from designer.look.icons import pixmap
from designer.look.painting import draw_card, draw_tile
from designer.look.theme import color
from designer.look.widgets import Button, HLine, Label, PrimaryButton
from engine.core.errors import LoadError

CARD_WIDTH, CARD_HEIGHT, PICTURE = 300, 186, 104


def examples() -> list[Path]:
    """Example projects."""
    return sorted(resource("examples").glob("*.keras"))


class WelcomePage(QWidget):
    """Signals:
    opened(str): a project's path; example(str): an example's path; begun(): a new network.
    """

    opened = Signal(str)
    example = Signal(str)
    begun = Signal()
    browse = Signal()

    recover = Signal(object)

    def __init__(self, recent: list[str], left: list[Leftover] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._left(recent))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self._right(left or []))
        layout.addWidget(area, 1)

    def _left(self, recent: list[str]) -> QWidget:
        box = QWidget()
        box.setFixedWidth(360)
        column = QVBoxLayout(box)
        column.setContentsMargins(40, 60, 40, 30)
        column.setSpacing(10)
        mark = QLabel()
        mark.setPixmap(pixmap("brick", 44, "brick"))
        title = QHBoxLayout()
        title.addWidget(mark)
        title.addWidget(Label(tr("Bricklayer"), "display"))
        title.addStretch()
        column.addLayout(title)
        column.addWidget(Label(tr("Build neural networks you understand"), "body", "text2"))
        column.addSpacing(16)
        new = PrimaryButton(tr("New network"), "new")
        new.setObjectName("welcomeNew")
        new.clicked.connect(self.begun)
        column.addWidget(new)
        browse = Button(tr("Open"), "open")
        browse.clicked.connect(self.browse)
        column.addWidget(browse)
        column.addSpacing(20)
        if recent:
            column.addWidget(Label(tr("Recent"), "small", weight=600))
        for path in recent[:5]:
            button = Button(Path(path).name, "new", "quiet")
            button.setToolTip(path)
            button.clicked.connect(lambda _, p=path: self.opened.emit(p))
            column.addWidget(button)
        column.addStretch()
        words = tr("Works without a network and without an account. Nothing you make leaves this computer.")
        column.addWidget(Label(words, "small", "text2", wrap=True))
        return box

    def _right(self, left: list[Leftover]) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(40, 48, 40, 40)
        for leftover in left:
            column.addWidget(self._offer(leftover))
        head = QHBoxLayout()
        head.addWidget(Label(tr("Start with an example"), "heading"))
        head.addStretch()
        head.addWidget(Label(tr("opens as a copy, already trained"), "small", "text2"))
        column.addLayout(head)
        column.addWidget(HLine())
        grid = QGridLayout()
        grid.setSpacing(20)
        for i, path in enumerate(examples()):
            try:
                document = read(path).document
            except (LoadError, OSError):
                continue
            grid.addWidget(_Card(document, partial(self.example.emit, str(path))), i // 3, i % 3)
        column.addLayout(grid)
        column.addStretch()
        return page

    def _offer(self, leftover: Leftover) -> QWidget:
        """A bar that offers unsaved work."""
        bar = QFrame()
        bar.setObjectName("recoveryBar")
        bar.setAccessibleName(leftover.sentence)
        line = QHBoxLayout(bar)
        line.setContentsMargins(16, 10, 12, 10)
        line.setSpacing(8)
        line.addWidget(Label(leftover.sentence, "body", wrap=True), 1)
        if not leftover.damaged:
            recover = PrimaryButton(tr("Recover"))
            recover.setObjectName("recover")
            recover.clicked.connect(lambda: self.recover.emit(leftover))
            line.addWidget(recover)
        discard = Button(tr("Discard"))
        discard.setObjectName("discard")
        # A lambda holds the leftover; a bound method of an object that Qt does not own would not.
        discard.clicked.connect(lambda: leftover.discard())
        discard.clicked.connect(bar.hide)
        line.addWidget(discard)
        return bar


class _Card(QFrame):
    """An example: its network in miniature and what it is about."""

    def __init__(self, document: Document, run: Callable[[], object]) -> None:
        super().__init__()
        self._document, self._run = document, run
        source = SOURCES.get(document.data.source or "")
        self._title = document.name
        self._words = source.summary if source else ""
        self.setFixedHeight(CARD_HEIGHT)
        self.setMinimumWidth(220)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{self._title}: {self._words}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._run()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Space):
            self._run()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(1, 1, -1, -5)
        edge = color("accent") if self.hasFocus() else color("line")
        draw_card(painter, rect, 10, color("raised"), edge, 4, 2 if self.hasFocus() else 1)
        painter.fillRect(rect.adjusted(1, 10, -1, PICTURE - rect.height()), color("canvas"))
        painter.setPen(QPen(color("line"), 1))
        painter.drawLine(QPointF(rect.left(), PICTURE), QPointF(rect.right(), PICTURE))
        self._draw_graph(painter, QRectF(rect.left() + 16, rect.top() + 14, rect.width() - 32, PICTURE - 28))
        painter.setPen(color("text"))
        painter.setFont(font("body", weight=600))
        painter.drawText(QPointF(16, PICTURE + 24), self._title)
        painter.setPen(color("text2"))
        painter.setFont(font("small"))
        painter.drawText(QPointF(16, PICTURE + 44), self._words)
        layers = len(self._document.nodes)
        painter.drawText(
            QPointF(16, PICTURE + 64), tr("{n} layers · {e} epochs", n=layers, e=self._document.training.epochs)
        )

    def _draw_graph(self, painter: QPainter, area: QRectF) -> None:
        nodes = self._document.nodes
        if not nodes:
            return
        xs, ys = [n.position[0] for n in nodes.values()], [n.position[1] for n in nodes.values()]
        wide, high = max(max(xs) - min(xs), 1), max(max(ys) - min(ys), 1)
        side = min(24.0, area.width() / (len(set(xs)) * 1.5))
        scale_x = min((area.width() - side) / wide, 0.35)
        scale_y = min((area.height() - side) / high, 0.3)
        left = area.center().x() - (wide * scale_x + side) / 2
        top = area.center().y() - (high * scale_y + side) / 2
        places = {
            i: QPointF(left + (n.position[0] - min(xs)) * scale_x, top + (n.position[1] - min(ys)) * scale_y)
            for i, n in nodes.items()
        }
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color("wire"), 1.5))
        for edge in self._document.edges:
            start = places[edge.source] + QPointF(side, side / 2)
            painter.drawPath(wire_path(start, places[edge.target] + QPointF(0, side / 2)))
        for i, node in nodes.items():
            draw_tile(painter, QRectF(places[i].x(), places[i].y(), side, side), category_of(node.type))
