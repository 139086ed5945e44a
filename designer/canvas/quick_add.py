"""Quick add: a search box at the cursor. What fits comes first, best guess on top; what does not says why."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from designer.canvas.operations import Feeding
from designer.canvas.quick_add_rows import ROLE, Row, RowDelegate, ShapePicture, rows_for
from designer.core.document import NodeId
from designer.core.ports import shape_text
from designer.core.text import tr
from designer.editing.workspace import Workspace
from designer.look.fonts import font, px
from designer.look.icons import pixmap
from designer.look.painting import draw_card
from designer.look.theme import theme
from designer.look.widgets import HLine, KeyCap, Label, Tile, row

WIDTH, HEIGHT, LEFT, SEARCH = 636, 488, 420, 46


class QuickAdd(QFrame):
    """The box, shown over the whole window.

    Signals:
        chosen(str, bool): a component, and whether the box stays open for the next.
        closed(): it is gone.
    """

    chosen = Signal(str, bool)
    closed = Signal()

    def __init__(
        self, parent: QWidget, workspace: Workspace, source: NodeId | None = None, feeding: Feeding | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("quickAdd")
        self.setAccessibleName(tr("Add a layer"))
        self.workspace, self.source, self.feeding = workspace, source, feeding
        self._gone, self._host = False, parent
        self.field = QLineEdit()
        self.field.setProperty("kind", "bare")
        self.field.setFont(font("large", weight=400))
        self.field.setPlaceholderText(tr("Search all layers"))
        self.field.setAccessibleName(tr("Search all layers"))
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self._after = Label("", "small", "text2")
        self.list = QListWidget()
        self.list.setObjectName("quickAddList")
        self.list.setAccessibleName(tr("Layers"))
        self.list.setItemDelegate(RowDelegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setStyleSheet("background: transparent;")
        self.list.setMouseTracking(True)
        self.list.itemClicked.connect(lambda item: self._choose(item, False))
        self.list.currentItemChanged.connect(lambda *_: self._show_current())
        self._build()
        self._refill()

    # Building.
    def _build(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 5)
        outer.setSpacing(0)
        search = QWidget()
        search.setFixedHeight(px(SEARCH))
        sign = Label()
        sign.setPixmap(pixmap("search", px(16), "accent"))
        search.setLayout(row(sign, self.field, self._after, gap=10, margins=(13, 0, 12, 0)))
        outer.addWidget(search)
        outer.addWidget(HLine())
        middle = QHBoxLayout()
        middle.setSpacing(0)
        self.list.setFixedWidth(px(LEFT))
        middle.addWidget(self.list)
        middle.addWidget(self._build_side(), 1)
        outer.addLayout(middle, 1)
        outer.addWidget(HLine())
        outer.addWidget(self._build_foot())
        self.setFixedSize(px(WIDTH), px(HEIGHT))

    def _build_side(self) -> QWidget:
        side = QWidget()
        side.setObjectName("quickAddSide")
        side.setStyleSheet(
            f"#quickAddSide {{ background: {theme().color('panel').name()};"
            f" border-left: 1px solid {theme().color('line').name()}; }}"
        )
        layout = QVBoxLayout(side)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(10)
        self._tile = Tile("custom", 28)
        self._name = Label("", "body", weight=600)
        self._picture = ShapePicture()
        self._words = Label("", "small", "text2", wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout.addLayout(row(self._tile, self._name, None, gap=8))
        layout.addWidget(self._picture)
        layout.addWidget(self._words, 1)
        return side

    @staticmethod
    def _build_foot() -> QWidget:
        foot = QWidget()
        foot.setFixedHeight(px(38))
        foot.setLayout(
            row(
                KeyCap("↑"), KeyCap("↓"), Label(tr("choose"), "small", "text2"), 8,
                KeyCap("Enter"), Label(tr("add and wire"), "small", "text2"), 8,
                KeyCap("Shift+Enter"), Label(tr("add, keep adding"), "small", "text2"), None,
                KeyCap("Esc"), Label(tr("cancel"), "small", "text2"),
                gap=5, margins=(12, 0, 12, 0),
            )
        )  # fmt: skip
        return foot

    def open_at(self, place: QPoint) -> None:
        """Show it beside a point of the parent, kept on screen."""
        room = self._host.rect()
        x = min(max(place.x() + 12, 8), max(room.width() - self.width() - 8, 0))
        y = min(max(place.y() - px(100), 8), max(room.height() - self.height() - 8, 0))
        self.move(x, y)
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def go_on_after(self, node: NodeId) -> None:
        """Offer what fits after a layer that was just added."""
        self.source, self.feeding = node, None
        self.field.clear()
        self._refill()

    def dismiss(self) -> None:
        """Close without a choice; all stays as it was."""
        if not self._gone:
            self._gone = True
            self.hide()
            self.closed.emit()
            self.deleteLater()

    # Content.
    def _refill(self) -> None:
        document = self.workspace.document
        self._after.setText("")
        if self.source is not None and self.source in document.nodes:
            self._after.setText(tr("after {name}", name=f"<b>{document.nodes[self.source].name}</b>"))
        elif self.feeding is not None:
            self._after.setText(tr("before {name}", name=f"<b>{document.nodes[self.feeding.node].name}</b>"))
        self._fill(self.field.text())

    def _fill(self, text: str) -> None:
        self.list.clear()
        spec = self.workspace.analysis.info(self.source).output if self.source is not None else None
        for entry in rows_for(text, spec, shape_text(spec) if spec is not None else "", self.source is not None):
            item = QListWidgetItem()
            item.setData(ROLE, entry)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, entry.spoken)
            if entry.component is None:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        first = next((i for i in range(self.list.count()) if self._row(i).component is not None), -1)
        self.list.setCurrentRow(first)
        self._show_current()

    def _row(self, index: int) -> Row:
        found: Row = self.list.item(index).data(ROLE)
        return found

    @property
    def current(self) -> Row | None:
        item = self.list.currentItem()
        return item.data(ROLE) if item is not None else None

    def _show_current(self) -> None:
        entry = self.current
        known = entry.component if entry is not None else None
        for widget in (self._tile, self._name, self._picture, self._words):
            widget.setVisible(known is not None)
        if entry is not None and known is not None:
            self._tile.set_family(known.category)
            self._name.setText(self._name.fontMetrics().elidedText(known.name, Qt.TextElideMode.ElideMiddle, px(150)))
            self._picture.set_row(entry)
            self._words.setText(entry.reason or known.summary.replace("`", ""))

    # Choosing.
    def _choose(self, item: QListWidgetItem | None, again: bool) -> None:
        entry = item.data(ROLE) if item is not None else None
        if entry is None or entry.component is None:
            return
        if not again:
            self.dismiss()
        self.chosen.emit(entry.component.name, again)

    def _step(self, direction: int) -> None:
        index = self.list.currentRow() + direction
        while 0 <= index < self.list.count() and self._row(index).component is None:
            index += direction
        if 0 <= index < self.list.count():
            self.list.setCurrentRow(index)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut and watched is self.field and not self.list.underMouse():
            if self.isVisible() and self.window().isActiveWindow():
                self.dismiss()
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return False
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_Escape:
            self.dismiss()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            again = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._choose(self.list.currentItem(), again)
        else:
            return False
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect().adjusted(0, 0, 0, -4).toRectF()
        draw_card(painter, area, 10, current.color("raised"), current.color("line"), 4)
