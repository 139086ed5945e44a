"""The list of layers: families that fold, or what a search found. Rows are dragged, or activated by Enter."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QToolTip, QTreeWidget, QTreeWidgetItem, QWidget

from designer.core.catalog import FAMILIES, component, family, usual
from designer.core.text import tr
from designer.look.fonts import px
from designer.look.theme import theme_changed
from designer.panels.palette.rows import FAMILY, KIND, MORE, MORE_WIDTH, NAME, OPEN, RowDelegate, drag_picture
from engine.catalog import Component

MIME = "application/x-bricklayer-component"
OPEN_AT_FIRST = ("core", "convolution", "pooling", "normalization", "regularization", "reshaping", "merging")
_TITLES = {"block": "Blocks"}
_EMPTY = {"block": "No blocks yet.", "custom": "No custom layers yet."}


def title_of(name: str) -> str:
    """A family's name as people read it."""
    return tr(_TITLES.get(name, name.capitalize()))


def help_of(known: Component) -> str:
    """What a layer is, for a tooltip."""
    words = (
        f"<p><b>{html.escape(known.name)}</b> · {title_of(known.category)}</p><p>{html.escape(known.summary)}</p><p>"
    )
    return words + tr("Drag it to the canvas, or press Enter.") + "</p>"


class LayerTree(QTreeWidget):
    """Layers as rows.

    Signals:
        chosen(str): the person wants this layer on the canvas.
        dragged(bool): a drag begins (True), or has ended.
    """

    chosen = Signal(str)
    dragged = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._open = set(OPEN_AT_FIRST)
        self._whole: set[str] = set()
        self._pressed = QPoint()
        self.setItemDelegate(RowDelegate(self))
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setMouseTracking(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setExpandsOnDoubleClick(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.itemActivated.connect(lambda item, _: self._activate(item))
        self.itemExpanded.connect(lambda item: self._remember(item, True))
        self.itemCollapsed.connect(lambda item: self._remember(item, False))
        theme_changed.connect(self._renew)

    def _renew(self, _: object = None) -> None:
        self.doItemsLayout()
        self.viewport().update()

    # What is shown.
    def show_families(self, names: Sequence[str] = FAMILIES) -> None:
        """All families, folded as the person left them."""
        self._empty(searching=False)
        for name in names:
            self._add_family(name)

    def show_found(self, found: Iterable[Component]) -> None:
        """What a search found, best first."""
        self._empty(searching=True)
        for known in found:
            self.addTopLevelItem(_layer(known, "found"))
        if self.topLevelItemCount():
            self.setCurrentItem(self._top(0))

    def show_family(self, name: str) -> None:
        """One family with all its layers."""
        self._empty(searching=False)
        self._open.add(name)
        self._whole.add(name)
        self._add_family(name)
        self._top(0).setData(0, MORE, "")

    def _empty(self, searching: bool) -> None:
        self.setProperty("searching", searching)
        self.clear()

    def _add_family(self, name: str) -> None:
        first, members = usual(name), family(name)
        rest = [c for c in members if c not in first]
        if len(rest) == 1:
            first, rest = (*first, *rest), []
        top = QTreeWidgetItem([title_of(name)])
        top.setData(0, FAMILY, name)
        top.setData(0, KIND, "family")
        top.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        self.addTopLevelItem(top)
        whole = name in self._whole
        for known in (*first, *(rest if whole else ())):
            top.addChild(_layer(known, "layer"))
        if not members:
            words = QTreeWidgetItem([tr(_EMPTY.get(name, "Nothing here yet."))])
            words.setData(0, KIND, "words")
            words.setFlags(Qt.ItemFlag.ItemIsEnabled)
            top.addChild(words)
        top.setExpanded(name in self._open)
        self._say_more(top, len(rest))

    def _say_more(self, top: QTreeWidgetItem, hidden: int) -> None:
        name = top.data(0, FAMILY)
        is_open, whole = top.isExpanded(), name in self._whole
        top.setData(0, OPEN, is_open)
        words = "" if not hidden or not is_open else tr("fewer") if whole else tr("{n} more", n=hidden)
        top.setData(0, MORE, words)
        if hidden and not whole:
            told = tr("{n} more layers: press Right to see them", n=hidden)
            top.setData(0, Qt.ItemDataRole.AccessibleDescriptionRole, told)

    def _hidden(self, name: str) -> int:
        rest = len(family(name)) - len(usual(name))
        return rest if rest > 1 else 0

    def _remember(self, item: QTreeWidgetItem, expanded: bool) -> None:
        name = item.data(0, FAMILY)
        (self._open.add if expanded else self._open.discard)(name)
        self._say_more(item, self._hidden(name))

    def show_whole(self, name: str, whole: bool = True) -> None:
        """Show all layers of a family, or the usual ones again."""
        (self._whole.add if whole else self._whole.discard)(name)
        place = next(i for i in range(self.topLevelItemCount()) if self._top(i).data(0, FAMILY) == name)
        bar = self.verticalScrollBar().value()
        names = [str(self._top(i).data(0, FAMILY)) for i in range(self.topLevelItemCount())]
        self.show_families(names)
        self.setCurrentItem(self._top(place))
        self.verticalScrollBar().setValue(bar)

    def _top(self, index: int) -> QTreeWidgetItem:
        item = self.topLevelItem(index)
        if item is None:
            raise IndexError(index)
        return item

    def row_of(self, name: str) -> QTreeWidgetItem | None:
        """The row of a layer, if it is shown."""
        tops = [self._top(i) for i in range(self.topLevelItemCount())]
        rows = [*tops, *(top.child(k) for top in tops for k in range(top.childCount()))]
        return next((row for row in rows if row is not None and row.data(0, NAME) == name), None)

    def family_row(self, name: str) -> QTreeWidgetItem:
        """The row of a family."""
        return next(t for i in range(self.topLevelItemCount()) if (t := self._top(i)).data(0, FAMILY) == name)

    # Choosing.
    def _activate(self, item: QTreeWidgetItem) -> None:
        if item.data(0, NAME):
            self.chosen.emit(str(item.data(0, NAME)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        place = event.position().toPoint()
        item = self.itemAt(place)
        moved = (place - self._pressed).manhattanLength() > 6
        if event.button() != Qt.MouseButton.LeftButton or item is None or moved or item.data(0, KIND) != "family":
            return
        if item.data(0, MORE) and place.x() > self.viewport().width() - px(MORE_WIDTH):
            name = str(item.data(0, FAMILY))
            self.show_whole(name, name not in self._whole)
        else:
            item.setExpanded(not item.isExpanded())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        key = event.key()
        is_family = item is not None and item.data(0, KIND) == "family"
        if item is not None and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if is_family:
                item.setExpanded(not item.isExpanded())
            else:
                self._activate(item)
        elif item is not None and key == Qt.Key.Key_F1:
            self._explain(item)
        elif item is not None and is_family and key == Qt.Key.Key_Right and self._can_show_whole(item):
            self.show_whole(str(item.data(0, FAMILY)))
        else:
            super().keyPressEvent(event)

    def _can_show_whole(self, item: QTreeWidgetItem) -> bool:
        name = str(item.data(0, FAMILY))
        return item.isExpanded() and name not in self._whole and self._hidden(name) > 0

    def _explain(self, item: QTreeWidgetItem) -> None:
        known = component(str(item.data(0, NAME) or ""))
        if known is not None:
            below = self.visualItemRect(item).bottomLeft() + QPoint(px(50), 0)
            QToolTip.showText(self.viewport().mapToGlobal(below), help_of(known), self)

    # Dragging.
    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, items: Sequence[QTreeWidgetItem]) -> QMimeData:
        data = QMimeData()
        name = items[0].data(0, NAME) if items else None
        if name:
            data.setData(MIME, str(name).encode())
            data.setText(str(name))
        return data

    def startDrag(self, actions: Qt.DropAction) -> None:
        item = self.currentItem()
        if item is None or not item.data(0, NAME):
            return
        drag = QDrag(self)
        drag.setMimeData(self.mimeData([item]))
        drag.setPixmap(drag_picture(str(item.data(0, NAME)), str(item.data(0, FAMILY))))
        drag.setHotSpot(QPoint(px(22), px(20)))
        self.dragged.emit(True)
        drag.exec(Qt.DropAction.CopyAction)
        self.dragged.emit(False)


def _layer(known: Component, kind: str) -> QTreeWidgetItem:
    row = QTreeWidgetItem([known.name])
    row.setData(0, NAME, known.name)
    row.setData(0, FAMILY, known.category)
    row.setData(0, KIND, kind)
    row.setToolTip(0, help_of(known))
    row.setData(0, Qt.ItemDataRole.AccessibleDescriptionRole, known.summary)
    row.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
    return row
