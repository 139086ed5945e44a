"""The welcome page: begin, open, or start with an example."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from designer.app.recovery import Leftover
from designer.canvas.edge_item import wire_path
from designer.canvas.style import category_of
from designer.core.layout import layered
from designer.core.project import Project, read
from designer.core.resources import resource
from designer.core.text import count, tr
from designer.data.sources import SOURCES
from designer.look.fonts import font, px
from designer.look.icons import pixmap
from designer.look.painting import draw_card, draw_tile
from designer.look.theme import color
from designer.look.widgets import Button, Label, PrimaryButton
from engine.core.errors import LoadError

CARD_HEIGHT, PICTURE, COLUMNS = 186, 104, 3
TITLES = {
    "1-iris": tr("Iris flowers"),
    "2-moons": tr("Two moons"),
    "3-digits": tr("Handwritten digits"),
    "4-digits-residual": tr("Digits with a skip"),
    "5-sine-waves": tr("Sine waves"),
    "6-two-branches": tr("Wine by two branches"),
    "7-tiny-transformer": tr("Tiny Transformer"),
}
"""What the examples are called, by file."""


def examples() -> list[Path]:
    """Example projects."""
    return sorted(resource("examples").glob("*.keras"))


def title_of(example: Path) -> str:
    """What an example is called."""
    return TITLES.get(example.stem, example.stem)


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
        box.setProperty("kind", "panel")
        box.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box.setFixedWidth(px(360))
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
            column.addWidget(self._recent(Path(path)))
        column.addStretch()
        words = tr("Works without a network and without an account. Nothing you make leaves this computer.")
        column.addWidget(Label(words, "small", "text2", wrap=True))
        return box

    def _recent(self, path: Path) -> QWidget:
        """A project opened before: its name, its folder, and when it was saved."""
        box = QWidget()
        lines = QVBoxLayout(box)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        button = Button(path.name, "new", "quiet")
        button.setToolTip(str(path))
        button.setStyleSheet("text-align: left")
        button.clicked.connect(lambda: self.opened.emit(str(path)))
        when = datetime.fromtimestamp(path.stat().st_mtime)
        home = Path.home()
        folder = f"~/{path.parent.relative_to(home)}" if path.is_relative_to(home) else str(path.parent)
        words = Label(tr("{folder} · {when}", folder=folder, when=f"{when:%d.%m.%Y %H:%M}"), "small", "text3")
        words.setContentsMargins(px(36), 0, 0, 0)
        button.setAccessibleDescription(words.text())
        lines.addWidget(button)
        lines.addWidget(words)
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
        column.addSpacing(4)
        grid = QGridLayout()
        grid.setSpacing(20)
        for i, path in enumerate(examples()):
            try:
                project = read(path)
            except (LoadError, OSError):
                continue
            card = _Card(project, path.stem, partial(self.example.emit, str(path)))
            grid.addWidget(card, i // COLUMNS, i % COLUMNS)
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

    def __init__(self, project: Project, stem: str, run: Callable[[], object]) -> None:
        super().__init__()
        self._document, self._run = project.document, run
        source = SOURCES.get(project.document.data.source or "")
        self._title = TITLES.get(stem, project.document.name)
        self._words = source.summary if source else ""
        self._facts = _facts(project)
        self.setFixedHeight(px(CARD_HEIGHT))
        self.setMinimumWidth(px(220))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{self._title}: {self._words} {self._facts}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self._run()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._run()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect, picture = QRectF(self.rect()).adjusted(1, 1, -1, -5), px(PICTURE)
        shape = QPainterPath()
        shape.addRoundedRect(rect, 10, 10)
        edge = color("accent") if self.hasFocus() else color("line")
        draw_card(painter, rect, 10, color("raised"), edge, 4, 1)
        painter.save()
        painter.setClipPath(shape)
        painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), picture - rect.top()), color("canvas"))
        painter.restore()
        painter.setPen(QPen(color("line"), 1))
        painter.drawLine(QPointF(rect.left(), picture), QPointF(rect.right(), picture))
        painter.setPen(QPen(edge, 2 if self.hasFocus() else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(shape)
        self._draw_graph(painter, QRectF(rect.left() + 20, rect.top() + 12, rect.width() - 40, picture - 24))
        lines = ((self._title, "body", 600, "text"), (self._words, "small", None, "text2"))
        for i, (text, role, weight, token) in enumerate((*lines, (self._facts, "small", None, "text3"))):
            painter.setPen(color(token))
            painter.setFont(font(role, weight=weight))
            room = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self.width() - 32)
            painter.drawText(QPointF(16, picture + px(24 + 20 * i)), room)

    def _draw_graph(self, painter: QPainter, area: QRectF) -> None:
        """The layers in one line, branches above and below, whatever their places on the canvas."""
        nodes, places = self._document.nodes, layered(self._document)
        if not nodes:
            return
        columns = sorted({x for x, _ in places.values()})
        heights = sorted({y for _, y in places.values()})
        step = min(area.width() / len(columns), 52.0)
        side = min(step * 0.62, 28.0, area.height() / (1.5 * len(heights)))
        rise = min((area.height() - side) / max(len(heights) - 1, 1), side * 1.6)
        left = area.center().x() - (step * (len(columns) - 1) + side) / 2
        top = area.center().y() - (rise * (len(heights) - 1) + side) / 2
        at = {i: QPointF(left + step * columns.index(x), top + rise * heights.index(y)) for i, (x, y) in places.items()}
        painter.setPen(QPen(color("wire"), 1.5))
        for edge in self._document.edges:
            start, end = at[edge.source], at[edge.target]
            between = [p for p in at.values() if p.y() == start.y() == end.y() and start.x() < p.x() < end.x()]
            if between:
                room = start.y() - area.top() + 8
                painter.drawPath(_skip(start + QPointF(side / 2, 0), end + QPointF(side / 2, 0), min(side * 0.8, room)))
            else:
                painter.drawPath(wire_path(start + QPointF(side, side / 2), end + QPointF(0, side / 2)))
        for i, node in nodes.items():
            draw_tile(painter, QRectF(at[i].x(), at[i].y(), side, side), category_of(node.type))


def _skip(start: QPointF, end: QPointF, rise: float) -> QPainterPath:
    """A wire over the layers that it leaves out."""
    path, up = QPainterPath(start), QPointF(0, -rise)
    path.cubicTo(start + up, start + up, start + up + QPointF(rise, 0))
    path.lineTo(end + up - QPointF(rise, 0))
    path.cubicTo(end + up, end + up, end)
    return path


def _facts(project: Project) -> str:
    """How large it is, and how long its training took."""
    layers = count(len(project.document.nodes), tr("layer"), tr("layers"))
    if not project.runs or not project.runs[-1].seconds:
        return layers
    return tr("{layers} · trained in {seconds:,.0f} s", layers=layers, seconds=max(project.runs[-1].seconds, 1))
