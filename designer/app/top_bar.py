"""What stands in the menu bar beside the menus: the project's name in the middle, the command field on the right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QMenuBar, QWidget

from designer.core.text import tr
from designer.look.widgets import Button, KeyCap, Label, row


class TopBar(QObject):
    """The title and the command field in a menu bar.

    Args:
        bar: the window's menu bar.
        keys: shortcut of the command palette, as it is shown.
        open_palette: called by the field.
    """

    def __init__(self, bar: QMenuBar, keys: str, open_palette: Callable[[], object]) -> None:
        super().__init__(bar)
        self._bar = bar
        self.title = Label("", "body", weight=600, parent=bar)
        self.title.setObjectName("windowTitle")
        self.title.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.field = Button(tr("Find or do anything"), "search", "quiet")
        self.field.setObjectName("commandButton")
        self.field.setAccessibleName(tr("Find or do anything"))
        self.field.setToolTip(tr("All actions, layers, panels and projects ({keys})", keys=keys))
        self.field.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.field.clicked.connect(lambda: open_palette())
        corner = QWidget()
        corner.setLayout(row(self.field, KeyCap(keys), gap=2, margins=(0, 0, 12, 0)))
        bar.setCornerWidget(corner, Qt.Corner.TopRightCorner)
        self._corner = corner
        bar.installEventFilter(self)

    def set_title(self, file: str, state: str) -> None:
        """Show a file's name and whether it is saved."""
        self.title.setText(f"{file} · {state}" if state else file)
        self._place()

    def _place(self) -> None:
        self.title.adjustSize()
        bar, used = self._bar, sum(self._bar.actionGeometry(a).width() for a in self._bar.actions())
        left = (bar.width() - self.title.width()) // 2
        right = bar.width() - self._corner.width()
        self.title.setVisible(used + 16 < left and left + self.title.width() + 8 < right)
        self.title.move(left, (bar.height() - self.title.height()) // 2)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.LayoutRequest):
            self._place()
        return False
