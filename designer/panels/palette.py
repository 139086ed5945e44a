"""The palette: layers by family, with search; dragged or placed by double-click."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QSize, Qt
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from designer.core.catalog import FAMILIES, family, search
from designer.core.text import tr
from designer.editing.workspace import Workspace
from designer.look.fonts import font
from designer.look.icons import tile_icon
from designer.look.theme import theme_changed
from designer.look.widgets import Label

MIME = "application/x-bricklayer-component"
NAME = Qt.ItemDataRole.UserRole


class _Tree(QTreeWidget):
    """Rows that can be dragged to the canvas."""

    def mimeData(self, items: list[QTreeWidgetItem]) -> QMimeData:  # type: ignore[override]
        data = QMimeData()
        name = items[0].data(0, NAME) if items else None
        if name:
            data.setData(MIME, name.encode())
            data.setText(name)
        return data

    def mimeTypes(self) -> list[str]:
        return [MIME]


class PalettePanel(QWidget):
    """Families of layers under a search field."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self._workspace = workspace
        self.field = QLineEdit(placeholderText=tr("Search layers"))
        self.field.setObjectName("paletteSearch")
        self.field.setAccessibleName(tr("Search layers"))
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._fill)
        self.field.returnPressed.connect(self._place_first)
        self.tree = _Tree()
        self.tree.setObjectName("paletteTree")
        self.tree.setAccessibleName(tr("Layers by family"))
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(18)
        self.tree.setIconSize(QSize(16, 16))
        self.tree.setDragEnabled(True)
        self.tree.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.itemActivated.connect(lambda item, _: self._place(item))
        self._none = Label("", "small", "text2", wrap=True)
        self._none.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.field)
        layout.addWidget(self._none)
        layout.addWidget(self.tree, 1)
        theme_changed.connect(self._refill)
        self._fill("")

    def _refill(self, _: object = None) -> None:
        self._fill(self.field.text())

    def _fill(self, text: str) -> None:
        self.tree.clear()
        result = search(text)
        shown = {c.name for c in result.found}
        for name in FAMILIES:
            members = [c for c in family(name) if c.name in shown]
            if not members:
                continue
            top = QTreeWidgetItem([name.capitalize()])
            top.setIcon(0, tile_icon(name, 16))
            top.setFont(0, font("small", weight=600))
            top.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.tree.addTopLevelItem(top)
            for c in members:
                row = QTreeWidgetItem([c.name])
                row.setData(0, NAME, c.name)
                row.setFont(0, font("small"))
                row.setToolTip(0, c.summary)
                row.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
                top.addChild(row)
            top.setExpanded(bool(text) or name in ("core", "convolution", "pooling", "regularization", "reshaping"))
        words = tr('No layer called "{text}".', text=text)
        words += tr(" Did you mean {name}?", name=result.meant) if result.meant else ""
        self._none.setText(words)
        self._none.setVisible(bool(text) and not result.found)

    def _place(self, item: QTreeWidgetItem) -> None:
        name = item.data(0, NAME)
        if name:
            self._workspace.place_requested.emit(name)

    def _place_first(self) -> None:
        top = self.tree.topLevelItem(0)
        first = top.child(0) if top else None
        found = search(self.field.text()).found
        if first is not None and found:
            self._workspace.place_requested.emit(found[0].name)

    def row_of(self, name: str) -> QTreeWidgetItem | None:
        """The row of a layer."""
        for i in range(self.tree.topLevelItemCount()):
            top = self.tree.topLevelItem(i)
            for k in range(top.childCount() if top else 0):
                row = top.child(k) if top else None
                if row is not None and row.data(0, NAME) == name:
                    return row
        return None
