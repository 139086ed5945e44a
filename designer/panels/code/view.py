"""Source text in the theme's colours, with a bar in the family's colour beside the lines of each layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from designer.core.text import tr
from designer.look.fonts import font, px
from designer.look.theme import color, theme, theme_changed

BAR, GUTTER = 3, 14
Spans = Mapping[str, tuple[int, int]]


class CodeView(QPlainTextEdit):
    """Read-only text whose lines know their layers.

    Signals:
        picked(str): a line of this layer was clicked, or Enter pressed on it.
        hovered(object): the layer whose line is under the mouse, or None.
    """

    picked = Signal(str)
    hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("codeText")
        self.setAccessibleName(tr("Keras code"))
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        keyboard = Qt.TextInteractionFlag.TextSelectableByKeyboard
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | keyboard)
        self.viewport().setMouseTracking(True)
        self._spans: Spans = {}
        self._families: Mapping[str, str] = {}
        self._marked: tuple[str, ...] = ()
        self._hover: str | None = None
        self._colours = _Highlighter(self.document())
        self._gutter = Gutter(self)
        theme_changed.connect(self._restyle)
        self._restyle()

    def _restyle(self, _: object = None) -> None:
        self.setFont(font("micro", mono=True))
        self.setViewportMargins(px(GUTTER), 0, 0, 0)
        self._colours.rehighlight()
        self._renew()

    def _renew(self) -> None:
        self.viewport().update()
        self._gutter.follow()
        self._gutter.update()

    def sizeHint(self) -> QSize:
        return QSize(px(320), px(160))

    # What is shown.
    def show_source(self, text: str, spans: Spans, families: Mapping[str, str]) -> None:
        """Show a text; `spans` are the lines of each layer (first and last, from 1), `families` their colours."""
        self._spans, self._families = spans, families
        if self.toPlainText() != text:
            bar = self.verticalScrollBar().value()
            self.setPlainText(text)
            self.verticalScrollBar().setValue(bar)
        self._renew()

    def mark(self, nodes: Iterable[str]) -> None:
        """Mark the lines of these layers and scroll to the first."""
        marked = tuple(node for node in nodes if node in self._spans)
        if marked == self._marked:
            return
        self._marked = marked
        if marked:
            first, last = self._spans[marked[0]]
            top, bottom = self._visible_lines()
            if not top <= first <= last <= bottom:
                self._scroll_to(first)
        self._renew()

    def mark_hover(self, node: object) -> None:
        """Mark the lines of the layer under the mouse."""
        hover = node if isinstance(node, str) and node in self._spans else None
        if hover != self._hover:
            self._hover = hover
            self._renew()

    def _visible_lines(self) -> tuple[int, int]:
        top = self.firstVisibleBlock().blockNumber() + 1
        return top, top + self.viewport().height() // max(self.fontMetrics().lineSpacing(), 1) - 1

    def _scroll_to(self, line: int) -> None:
        self.verticalScrollBar().setValue(max(line - 3, 0))

    def node_at(self, line: int) -> str | None:
        """The layer that a line (from 1) belongs to."""
        return next((node for node, (first, last) in self._spans.items() if first <= line <= last), None)

    # Painting.
    def _band(self, node: str) -> QRectF | None:
        """The lines of a layer, in pixels of the viewport."""
        first, last = self._spans[node]
        start, end = (self.document().findBlockByNumber(line - 1) for line in (first, last))
        if not start.isValid() or not end.isValid():
            return None
        top = self.blockBoundingGeometry(start).translated(self.contentOffset()).top()
        bottom = self.blockBoundingGeometry(end).translated(self.contentOffset()).bottom()
        return QRectF(0, top, self.viewport().width(), bottom - top)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        for node in (*self._marked, *([self._hover] if self._hover else [])):
            band = self._band(node) if node in self._spans else None
            if band is not None:
                painter.fillRect(band, color("selection" if node in self._marked else "hover"))
        painter.end()
        super().paintEvent(event)

    def paint_bars(self, painter: QPainter) -> None:
        """Draw the families' bars, in pixels of this widget."""
        offset = self.viewport().y()
        for node, family in self._families.items():
            band = self._band(node) if node in self._spans else None
            if band is not None and band.bottom() > 0 and band.top() < self.viewport().height():
                wide = px(BAR) + (px(2) if node in self._marked else 0)
                bar = QRectF(px(5), band.top() + offset + 1, wide, band.height() - 2)
                painter.fillRect(bar, theme().family(family)[0])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._gutter.follow()

    # Hands.
    def _line_at(self, event: QMouseEvent) -> int:
        return self.cursorForPosition(event.position().toPoint()).blockNumber() + 1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.hovered.emit(self.node_at(self._line_at(event)))

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        self.hovered.emit(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self._pick(self._line_at(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pick(self.textCursor().blockNumber() + 1)
        else:
            super().keyPressEvent(event)

    def _pick(self, line: int) -> None:
        node = self.node_at(line)
        if node is not None:
            self.picked.emit(node)

    def go_to(self, line: int) -> None:
        """Put the cursor at the start of a line."""
        self.setTextCursor(QTextCursor(self.document().findBlockByNumber(line - 1)))


class Gutter(QWidget):
    """The strip beside the text on which the bars are drawn; it lies over the view and lets the mouse through."""

    def __init__(self, view: CodeView) -> None:
        super().__init__(view)
        self._view = view
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        view.updateRequest.connect(lambda *_: self.update())
        self.follow()

    def follow(self) -> None:
        """Take the height of the view."""
        self.setGeometry(0, 0, px(GUTTER), self._view.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        self._view.paint_bars(QPainter(self))


class _Highlighter(QSyntaxHighlighter):
    """Pygments' Python lexer, line by line; strings of this code end on their line."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._lexer: Any = None

    def highlightBlock(self, text: str) -> None:
        if not text.strip():
            return
        if self._lexer is None:
            from pygments.lexers import PythonLexer

            self._lexer = PythonLexer(stripnl=False)
        place = 0
        for kind, part in self._lexer.get_tokens(text):
            token = next((t for start, t in _TOKENS if str(kind).startswith(start)), None)
            if token is not None:
                self.setFormat(place, len(part), _format(token))
            place += len(part)


_TOKENS = (
    ("Token.Keyword", "accent"),
    ("Token.Literal.String", "success"),
    ("Token.Literal.Number", "series2"),
    ("Token.Comment", "text3"),
    ("Token.Operator", "text2"),
    ("Token.Punctuation", "text2"),
)


def _format(token: str) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(color(token)))
    if token == "accent":
        made.setFontWeight(600)
    return made
