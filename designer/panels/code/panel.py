"""The code panel: one tab for each language, the text below, copy and export beside the tabs."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from designer.codegen.keras import CodeText, to_keras
from designer.core import changes as ch
from designer.core.catalog import component
from designer.core.errors import Refused
from designer.core.text import count, tr
from designer.editing.workspace import Workspace
from designer.look.widgets import Button, EmptyState, Label, Panel
from designer.panels.code.view import CodeView

DELAY_MS = 150
LANGUAGES = (("keras", "Keras"),)


class CodePanel(Panel):
    """Writes the code again after each edit, while it can be seen.

    Signals:
        export_requested(): the person wants the code as a file.
    """

    export_requested = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("code", tr("Code"), parent)
        self._workspace = workspace
        self._code = CodeText("", {})
        self._stale = True
        self._build()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(DELAY_MS)
        self._later.timeout.connect(self.refresh)
        workspace.changed.connect(self._on_changes)
        workspace.selection.changed.connect(self._mark)
        workspace.hovered.connect(self.text.mark_hover)
        self.text.hovered.connect(workspace.hovered)
        self.text.picked.connect(self._pick)

    def _build(self) -> None:
        self.tabs = QTabBar()
        self.tabs.setAccessibleName(tr("Language"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        for _, title in LANGUAGES:
            self.tabs.addTab(title)
        self.facts = Label("", "micro", "text3")
        self.copy = Button(tr("Copy"), "copy", "tool")
        self.copy.setObjectName("copyCode")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.source))
        self.export = Button(tr("Export …"), "export", "tool")
        self.export.setObjectName("exportCode")
        self.export.clicked.connect(self.export_requested)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 8, 0)
        head.addWidget(self.tabs)
        head.addStretch(1)
        for widget in (self.facts, self.copy, self.export):
            head.addWidget(widget)
        words = tr("Add an input and a layer; the code follows each step.")
        self._empty = EmptyState(tr("Nothing to write yet"), words)
        self.text = CodeView()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)

    @property
    def source(self) -> str:
        """The code as it is shown."""
        return self._code.text

    def _on_changes(self, changes: list[ch.Change]) -> None:
        if ch.only_appearance(changes):
            return
        self._stale = True
        if self.isVisible():
            self._later.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def refresh(self) -> None:
        """Write the code again."""
        self._stale = False
        document = self._workspace.document
        self._code = CodeText("", {})
        if not document.nodes:
            self._say(tr("Nothing to write yet"), tr("Add an input and a layer; the code follows each step."))
            return
        try:
            self._code = to_keras(document)
        except Refused as refusal:
            self._say(tr("Nothing to write yet"), refusal.sentence)
            return
        except KeyError as error:
            self._say(tr("Nothing to write"), str(error.args[0]))
            return
        families = {i: (c.category if (c := component(n.type)) else "custom") for i, n in document.nodes.items()}
        self.text.show_source(self.source, self._code.spans, families)
        self.facts.setText(count(self.source.count("\n"), tr("line"), tr("lines")))
        self._show(1)
        self._mark()

    def _say(self, title: str, sentence: str) -> None:
        self._empty.set_words(title, sentence)
        self.facts.setText("")
        self._show(0)

    def _show(self, page: int) -> None:
        self._stack.setCurrentIndex(page)
        for button in (self.copy, self.export):
            button.setEnabled(page == 1)

    def _mark(self) -> None:
        self.text.mark(self._workspace.selection.ids)

    def _pick(self, node: str) -> None:
        if node in self._workspace.document.nodes:
            self._workspace.selection.set([node])
