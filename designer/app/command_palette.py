"""The command palette: everything that can be done, found or added, by typing a few letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)

from designer.app import actions
from designer.app.welcome import examples, title_of
from designer.core.catalog import component, search
from designer.core.text import tr
from designer.look.fonts import font, px
from designer.look.icons import pixmap
from designer.look.painting import draw_card
from designer.look.theme import color, theme
from designer.look.widgets import HLine, Label, row
from engine import catalog

if TYPE_CHECKING:
    from designer.app.window import MainWindow

WIDTH, ROWS, ROW, FIELD = 560, 10, 34, 46
_ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Entry:
    """Something the palette offers.

    Attributes:
        title: what it does.
        place: where it stands: a menu's name, "Layer on the canvas", ...
        keys: its shortcut, or "".
        run: does it.
        blocked: why it cannot be done now, or "".
        words: what else it is found by.
    """

    title: str
    place: str
    run: Callable[[], object]
    keys: str = ""
    blocked: str = ""
    words: str = ""


def entries(window: MainWindow) -> Iterator[Entry]:
    """Everything there is: actions, layers on the canvas, panels, layers to add, examples, recent projects."""
    for spec in actions.ACTIONS:
        action = window.actions_by_id[spec.id]
        keys = QKeySequence(spec.keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if spec.keys else ""
        blocked = "" if action.isEnabled() else _why_not(window)
        yield Entry(action.text(), tr(spec.menu), action.trigger, keys, blocked)
    if window.is_editing:
        yield from _of_project(window)
    for path in examples():
        yield Entry(title_of(path), tr("Example"), partial(window.open_example, str(path)), words=path.stem)
    for recent in window.settings.recent:
        yield Entry(Path(recent).name, tr("Recent project"), partial(window.open, recent), words=recent)


def _why_not(window: MainWindow) -> str:
    """Why an action cannot run now."""
    return tr("There is nothing to do") if window.is_editing else tr("Open a network first")


def _of_project(window: MainWindow) -> Iterator[Entry]:
    workspace = window.editor.workspace
    for node in workspace.document.nodes.values():
        run = partial(window.editor.canvas.center_on, node.id)
        yield Entry(node.name, tr("Layer on the canvas, {type}", type=node.type), run, words=node.type)
    for name, title in window.panels().items():
        yield Entry(title, tr("Panel"), partial(window.show_panel, name))
    for layer in catalog.describe("layer"):
        if component(layer.name) is not None:
            words = f"{layer.summary} {' '.join(layer.aliases)}"
            yield Entry(layer.name, tr("Add layer"), partial(workspace.place_requested.emit, layer.name), words=words)


def found(text: str, offered: list[Entry]) -> list[Entry]:
    """Entries that hold every word of the text, the closest first; all for an empty text."""
    words = text.lower().split()
    if not words:
        return offered
    close = {c.name for c in search(text).found}
    scored = []
    for place, entry in enumerate(offered):
        title, rest = entry.title.lower(), f"{entry.place} {entry.words}".lower()
        ranks = [
            0 if title.startswith(w) else 1 if f" {w}" in title else 2 if w in title else 3 if w in rest else None
            for w in words
        ]
        if entry.title in close and None in ranks:
            ranks = [3]
        if None not in ranks:
            scored.append((max(r for r in ranks if r is not None), bool(entry.blocked), place, entry))
    return [entry for *_, entry in sorted(scored, key=lambda s: s[:3])]


class CommandPalette(QFrame):
    """A field over a list, near the top of the window. Enter does, Esc leaves."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.setObjectName("commandPalette")
        self.setAccessibleName(tr("Find or do anything"))
        self.field = QLineEdit()
        self.field.setObjectName("commandField")
        self.field.setProperty("kind", "bare")
        self.field.setFont(font("large", weight=400))
        self.field.setFixedHeight(px(FIELD))
        self.field.setPlaceholderText(tr("Find or do anything"))
        self.field.setAccessibleName(tr("Find or do anything"))
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setObjectName("commandList")
        self.list.setAccessibleName(tr("Found"))
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setStyleSheet("background: transparent;")
        self.list.itemClicked.connect(lambda _: self.accept())
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 1, 6, 9)
        column.setSpacing(0)
        sign = Label()
        sign.setPixmap(pixmap("search", px(16), "accent"))
        column.addLayout(row(sign, self.field, gap=10, margins=(10, 0, 10, 0)))
        column.addWidget(HLine())
        column.addWidget(self.list)
        self._offered = list(entries(window))
        self._fill("")
        self.show()
        self.raise_()
        self.field.setFocus()

    def _place(self) -> None:
        width = min(px(WIDTH), self._window.width() - 40)
        height = px(FIELD) + px(ROW) * min(self.list.count(), ROWS) + 18
        self.setGeometry((self._window.width() - width) // 2, px(36), width, min(height, self._window.height() - 60))

    def _fill(self, text: str) -> None:
        self.list.clear()
        for entry in found(text, self._offered)[:200]:
            item = QListWidgetItem(entry.title)
            item.setData(_ENTRY, entry)
            item.setData(
                Qt.ItemDataRole.AccessibleTextRole, f"{entry.title}, {entry.blocked or entry.place}, {entry.keys}"
            )
            self.list.addItem(item)
        if not self.list.count():
            item = QListWidgetItem(tr('Nothing matches "{text}".', text=text))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._place()

    def titles(self) -> list[str]:
        """What the list shows."""
        return [self.list.item(i).text() for i in range(self.list.count())]

    def accept(self) -> None:
        """Do what is chosen; what cannot be done says why and stays."""
        item = self.list.currentItem()
        entry: Entry | None = item.data(_ENTRY) if item is not None else None
        if entry is None or entry.blocked:
            return
        self.leave()
        entry.run()

    def leave(self) -> None:
        """Go away."""
        self.hide()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self.field:
            return False
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.leave()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: ROWS, Qt.Key.Key_PageUp: -ROWS}
        key = Qt.Key(event.key())
        if key in steps:
            last = self.list.count() - 1
            self.list.setCurrentRow(min(max(self.list.currentRow() + steps[key], 0), last))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
        elif key == Qt.Key.Key_Escape:
            self.leave()
            self._window.setFocus()
        else:
            return False
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_card(painter, self.rect().adjusted(0, 0, -1, -5).toRectF(), 10, color("raised"), color("line"), 4, 1)


class _Rows(QStyledItemDelegate):
    """A row: what, where, and its keys."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, px(ROW))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        area: QRect = option.rect  # type: ignore[attr-defined]
        entry: Entry | None = index.data(_ENTRY)
        current = theme()
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.fillRect(area, current.color("selection"))
        inner = area.adjusted(10, 0, -10, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font("body"))
        painter.setPen(current.color("text3" if entry is None or entry.blocked else "text"))
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, index.data(Qt.ItemDataRole.DisplayRole))
        if entry is None:
            return
        painter.setFont(font("small"))
        painter.setPen(current.color("text2"))
        told = entry.blocked or "   ".join(part for part in (entry.place, entry.keys) if part)
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, told)
