"""The palette panel: a search field over the list of layers, or a rail of family tiles that fly out."""

from __future__ import annotations

import html
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from designer.core.catalog import FAMILIES, search
from designer.core.text import tr
from designer.editing.workspace import Workspace
from designer.look.fonts import font, px
from designer.look.icons import pixmap, tile_icon
from designer.look.painting import draw_card
from designer.look.theme import color, theme_changed
from designer.look.widgets import KeyCap, Label, Panel
from designer.panels.palette.tree import LayerTree, title_of

RAIL = 48


class PalettePanel(Panel):
    """Families of layers under a search field; on narrow windows a rail of family tiles."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("palette", tr("Palette"), parent)
        self._workspace = workspace
        self._stack = QStackedLayout(self)
        self._rail: list[QToolButton] = []
        self._stack.addWidget(self._build_full())
        self._stack.addWidget(self._build_rail())
        theme_changed.connect(self._restyle)
        self._restyle()
        self._fill("")

    def _build_full(self) -> QWidget:
        page = QWidget()
        self.field = self._build_field()
        self.tree = LayerTree()
        self.tree.setObjectName("paletteTree")
        self.tree.setAccessibleName(tr("Layers by family"))
        self.tree.chosen.connect(self._workspace.place_requested)
        self._none = Label("", "small", "text2", wrap=True)
        self._none.setObjectName("paletteNone")
        self._none.setTextFormat(Qt.TextFormat.RichText)
        self._none.linkActivated.connect(self.field.setText)
        self._none.setContentsMargins(12, 4, 12, 4)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(6)
        box = QHBoxLayout()
        box.setContentsMargins(10, 0, 10, 0)
        box.addWidget(self.field)
        layout.addLayout(box)
        layout.addWidget(self._none)
        layout.addWidget(self.tree, 1)
        return page

    def _build_field(self) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(tr("Search layers"))
        field.setObjectName("paletteSearch")
        field.setAccessibleName(tr("Search layers"))
        field.setAccessibleDescription(tr("By name, alias or purpose. Enter places the first layer found."))
        self._loupe = QLabel(field)
        self._key = KeyCap("/", parent=field)
        inner = QHBoxLayout(field)
        inner.setContentsMargins(8, 2, 5, 0)
        inner.addWidget(self._loupe)
        inner.addStretch()
        inner.addWidget(self._key)
        field.textChanged.connect(self._fill)
        field.installEventFilter(self)
        return field

    def _build_rail(self) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(4)
        for name in FAMILIES:
            button = QToolButton()
            button.setObjectName(f"family_{name}")
            button.setAccessibleName(title_of(name))
            button.setToolTip(title_of(name))
            button.clicked.connect(partial(self.fly_out, name))
            self._rail.append(button)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        area.setMinimumWidth(0)
        area.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        return area

    # The rail.
    def set_rail(self, narrow: bool) -> None:
        """Show family tiles only, or everything."""
        self._stack.setCurrentIndex(1 if narrow else 0)
        self._hold_width()

    @property
    def is_rail(self) -> bool:
        return self._stack.currentIndex() == 1

    def _hold_width(self) -> None:
        self.setMinimumWidth(px(RAIL) if self.is_rail else px(152))
        self.setMaximumWidth(px(RAIL) if self.is_rail else 16_777_215)

    def fly_out(self, name: str, _: bool = False) -> Flyout:
        """Open a family of the rail beside it."""
        flyout = Flyout(name, self.window())
        flyout.tree.chosen.connect(self._workspace.place_requested)
        button = self._rail[FAMILIES.index(name)]
        flyout.open_at(button.mapTo(self.window(), QPoint(button.width() + 8, 0)))
        return flyout

    def _restyle(self, _: object = None) -> None:
        self._loupe.setPixmap(pixmap("search", px(14), "text2"))
        self.field.setTextMargins(px(18), 0, 0, 0)
        self.field.setFont(font("small"))
        side = px(28)
        for name, button in zip(FAMILIES, self._rail, strict=True):
            button.setIcon(tile_icon(name, side))
            button.setIconSize(QSize(side, side))
        self._hold_width()
        self._say_none()

    # Searching.
    def _fill(self, text: str) -> None:
        self._key.setVisible(not text)
        if text.strip():
            self.tree.show_found(search(text).found)
        else:
            self.tree.show_families()
        self._say_none()

    def _say_none(self) -> None:
        text = self.field.text().strip()
        result = search(text)
        self._none.setVisible(bool(text) and not result.found)
        words = tr('<b>No layer called "{text}".</b>', text=html.escape(text))
        if result.meant:
            link = f'<a href="{result.meant}" style="color: {color("accent").name()}">{result.meant}</a>'
            words += " " + tr("Did you mean {name}?", name=link)
        self._none.setText(words)

    def _place_first(self) -> None:
        result = search(self.field.text())
        item = self.tree.currentItem()
        if not self.field.text().strip():
            return
        if result.found:
            self._workspace.place_requested.emit(item.text(0) if item is not None else result.found[0].name)
        elif result.meant:
            self.field.setText(result.meant)

    def focus_search(self) -> None:
        """Put the cursor into the search field; a rail opens up for it."""
        self.set_rail(False)
        self.field.setFocus()
        self.field.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress or watched is not self.field:
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._place_first()
            return True
        if event.key() == Qt.Key.Key_Escape and self.field.text():
            self.field.clear()
            return True
        if event.key() == Qt.Key.Key_Down:
            self._enter_tree()
            return True
        return False

    def _enter_tree(self) -> None:
        top = self.tree.topLevelItem(0)
        if top is None:
            return
        searching = bool(self.field.text().strip())
        following = self.tree.topLevelItem(1) if searching else top.child(0)
        self.tree.setFocus()
        self.tree.setCurrentItem(following if following is not None else top)


class Flyout(QFrame):
    """One family beside the rail; it goes when the person turns elsewhere, drags a layer or places one."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("paletteFlyout")
        self.setAccessibleName(title_of(name))
        self.tree = LayerTree()
        self.tree.setAccessibleName(title_of(name))
        self.tree.show_family(name)
        self.tree.chosen.connect(lambda _: self.leave())
        self.tree.dragged.connect(self._on_drag)
        self.tree.installEventFilter(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 10)
        layout.addWidget(self.tree)
        self._dragging = False

    def open_at(self, place: QPoint) -> None:
        """Show beside a tile, inside the window."""
        family_row = self.tree.topLevelItem(0)
        rows = family_row.childCount() if family_row is not None else 0
        host = self.parentWidget()
        room = host.height() if host is not None else 0
        self.resize(px(216), min(px(26) + rows * px(23) + 20, max(room - 16, px(120))))
        self.move(place.x(), max(min(place.y(), room - self.height() - 8), 8))
        self.show()
        self.raise_()
        self.tree.setFocus()

    def leave(self) -> None:
        """Go away."""
        self.hide()
        self.deleteLater()

    def _on_drag(self, begins: bool) -> None:
        self._dragging = begins
        if begins:
            self.hide()
        else:
            self.leave()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        turned_away = event.type() == QEvent.Type.FocusOut and not self._dragging
        escaped = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if turned_away or escaped:
            self.leave()
        return escaped

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0, 0, 0, -4)
        draw_card(painter, area, 8, color("panel"), color("line"), 4)
