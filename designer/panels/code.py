"""The code pane: the network as Keras code, coloured, following every edit."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QGuiApplication, QSyntaxHighlighter, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from designer.codegen.keras import CodeText, to_keras
from designer.core.text import tr
from designer.editing.workspace import Workspace
from designer.look.fonts import font
from designer.look.theme import color, theme_changed
from designer.look.widgets import Button, Label

DELAY_MS = 150


class CodePanel(QWidget):
    """Read-only source text; the selected layers' lines are marked."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("code")
        self._workspace = workspace
        self._code = CodeText("", {})
        self.text = QPlainTextEdit()
        self.text.setObjectName("codeText")
        self.text.setAccessibleName(tr("Keras code"))
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._colours = _Highlighter(self.text.document())
        copy = Button(tr("Copy"), "copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._code.text))
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 12, 0)
        head.addWidget(Label(tr("Keras"), "small", weight=600))
        head.addStretch()
        head.addWidget(copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.text, 1)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(DELAY_MS)
        self._later.timeout.connect(self.refresh)
        workspace.changed.connect(lambda _: self._later.start())
        workspace.selection.changed.connect(self._mark)
        theme_changed.connect(self._restyle)
        self._restyle()
        self._later.start()

    def _restyle(self, _: object = None) -> None:
        self.text.setFont(font("micro", mono=True))
        self._colours.rehighlight()

    def refresh(self) -> None:
        """Write the code again."""
        if not self._workspace.document.nodes:
            self._code = CodeText(
                tr("# Nothing to write yet. Add an input and a layer; the code follows each step.\n"), {}
            )
        else:
            self._code = to_keras(self._workspace.document)
        if self.text.toPlainText() != self._code.text:
            bar = self.text.verticalScrollBar().value()
            self.text.setPlainText(self._code.text)
            self.text.verticalScrollBar().setValue(bar)
        self._mark()

    def _mark(self) -> None:
        marks = []
        for node in self._workspace.selection.ids:
            if node in self._code.spans:
                first, last = self._code.spans[node]
                selection = QTextEdit.ExtraSelection()
                cursor = QTextCursor(self.text.document().findBlockByNumber(first - 1))
                cursor.movePosition(QTextCursor.MoveOperation.Down, QTextCursor.MoveMode.KeepAnchor, last - first)
                cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
                selection.cursor = cursor  # type: ignore[attr-defined]
                form = QTextCharFormat()
                form.setBackground(color("selection"))
                selection.format = form  # type: ignore[attr-defined]
                marks.append(selection)
        self.text.setExtraSelections(marks)


class _Highlighter(QSyntaxHighlighter):
    """Pygments' Python lexer, line by line; docstrings here stand on one line."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._lexer = None

    def highlightBlock(self, text: str) -> None:
        if not text.strip():
            return
        from pygments.lexers import PythonLexer

        lexer = self._lexer = self._lexer or PythonLexer()
        place = 0
        for kind, part in lexer.get_tokens(text):
            name = str(kind)
            token = next((t for start, t in _TOKENS if name.startswith(start)), None)
            if token:
                self.setFormat(place, len(part), QColor(color(token)))
            place += len(part)


_TOKENS = (
    ("Token.Keyword", "accent"),
    ("Token.Literal.String", "success"),
    ("Token.Literal.Number", "series2"),
    ("Token.Comment", "text3"),
    ("Token.Name.Function", "accent"),
)
