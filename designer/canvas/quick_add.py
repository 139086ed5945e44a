"""Quick add: a search box at the cursor with the layers that fit, best guess first."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from designer.core.catalog import search, suggest
from designer.core.document import NodeId
from designer.core.ports import shape_text
from designer.core.text import tr
from designer.editing.workspace import Workspace
from designer.look.fonts import font
from designer.look.icons import tile_icon
from designer.look.theme import color
from designer.look.widgets import HLine, Label

WIDTH, SHOWN = 560, 40
NAME = Qt.ItemDataRole.UserRole


class QuickAdd(QFrame):
    """Signals:
    chosen(str, bool): a layer type, and whether the box stays for another.
    """

    chosen = Signal(str, bool)

    def __init__(self, parent: QWidget, workspace: Workspace, source: NodeId | None = None) -> None:
        super().__init__(parent)
        self._home = parent
        self.setObjectName("quickAdd")
        self._workspace, self._source = workspace, source
        self._spec = workspace.analysis.info(source).output if source else None
        self.setFixedSize(WIDTH, 420)
        self.setStyleSheet(
            f"#quickAdd {{ background: {color('raised').name()}; border: 1px solid {color('line').name()};"
            " border-radius: 10px; }"
        )
        self.field = QLineEdit(placeholderText=tr("Search all layers"))
        self.field.setAccessibleName(tr("Search all layers"))
        self.field.setFont(font("large", weight=400))
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._fill)
        self._title = Label("", "small", "text2", weight=600)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Layers"))
        self.list.setIconSize(QSize(24, 24))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFont(font("small"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(lambda _: self._choose())
        self._about = Label("", "small", "text2")
        self._about.setWordWrap(True)
        self._about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.list.currentItemChanged.connect(lambda *_: self._tell())
        self._lay_out()
        self._fill("")

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 12, 12, 10)
        outer.addWidget(self.field)
        outer.addWidget(self._title)
        row = QHBoxLayout()
        row.addWidget(self.list, 3)
        self._about.setFixedWidth(176)
        row.addWidget(self._about)
        outer.addLayout(row, 1)
        outer.addWidget(HLine())
        outer.addWidget(Label(tr("↑ ↓ choose    Enter add and wire    Esc cancel"), "micro", "text3"))

    def open_at(self, place: QPoint) -> None:
        """Show near a place of the parent, kept inside it."""
        area = self._home.rect()
        x = min(max(place.x(), 8), max(area.width() - self.width() - 8, 8))
        y = min(max(place.y() - 40, 8), max(area.height() - self.height() - 8, 8))
        self.move(x, y)
        self.show()
        self.raise_()
        self.field.setFocus()

    def _fill(self, text: str) -> None:
        self.list.clear()
        good, bad = suggest(self._spec)
        if text:
            result = search(text)
            names = [c.name for c in result.found]
            good = tuple(sorted((c for c in good if c.name in names), key=lambda c: names.index(c.name)))
            bad = tuple((c, why) for c, why in bad if c.name in names)
            if not result.found:
                meant = tr(" Did you mean {name}?", name=result.meant) if result.meant else ""
                self._title.setText(tr('No layer called "{text}".', text=text) + meant)
                return
        after = tr("Fits {shape}, best guess first", shape=shape_text(self._spec)) if self._spec else tr("Layers")
        self._title.setText(after)
        for c in good[:SHOWN]:
            item = QListWidgetItem(tile_icon(c.category, 24), f"{c.name}\n{c.summary[:54]}")
            item.setData(NAME, c.name)
            item.setToolTip(c.summary)
            self.list.addItem(item)
        for c, why in bad[:SHOWN]:
            item = QListWidgetItem(tile_icon(c.category, 24), f"{c.name}\n{why}")
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            item.setToolTip(why)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _tell(self) -> None:
        from engine import catalog

        item = self.list.currentItem()
        name = item.data(NAME) if item else None
        self._about.setText(f"{name}\n\n{catalog.component('layer', name).doc}" if name else "")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                self.list.setCurrentRow(min(max(self.list.currentRow() + step, 0), self.list.count() - 1))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._end()
                return True
        if event.type() == QEvent.Type.FocusOut:
            self._end()
        return super().eventFilter(watched, event)

    def _choose(self) -> None:
        item = self.list.currentItem()
        name = item.data(NAME) if item else None
        if name:
            self._end()
            self.chosen.emit(name, False)

    def _end(self) -> None:
        self.field.removeEventFilter(self)
        self.hide()
        self.deleteLater()
        self._home.setFocus()
