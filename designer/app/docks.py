"""The panels around the canvas: where they stand, what gives way when the window is small, and what is remembered."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget

from designer.app.editor import Editor
from designer.app.settings import Settings
from designer.core.text import count, tr
from designer.look import fonts

LEFT, RIGHT, BOTTOM, STRIP = 184, 264, 236, 32
CANVAS = 480, 320
"""Width and height in pixels below which the canvas never falls."""
MERGED, RAIL, DRAWER = 1366, 1200, 1024
"""Widths below which the bottom groups become one, the palette a rail, the inspector a drawer."""
FLAT, BARE = 720, 560
"""Heights below which the bottom keeps its tabs only, the status bar goes."""
_MOST = 16_777_215
_AREA = Qt.DockWidgetArea


class Docks(QObject):
    """The docks of one open project.

    Widths and heights are in pixels at a text scale of 100 %.
    """

    def __init__(self, window: QMainWindow, editor: Editor, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._editor, self._settings = window, editor, settings
        self._drawer_open, self._is_flat = False, False
        self._hidden: set[QWidget] = set()
        self.results, self.checks = _tabs(), _tabs()
        self._titles: dict[QWidget, str] = {
            editor.curves: tr("Curves"),
            editor.data: tr("Data"),
            editor.training: tr("Training"),
            editor.problems: tr("Problems"),
            editor.code: tr("Code"),
        }
        self.palette = self._dock("paletteDock", tr("Layers"), editor.palette, _AREA.LeftDockWidgetArea)
        self.inspector = self._dock("inspectorDock", tr("Inspector"), editor.inspector, _AREA.RightDockWidgetArea)
        self.left = self._dock("resultsDock", tr("Results"), self.results, _AREA.BottomDockWidgetArea)
        self.right = self._dock("problemsDock", tr("Problems and code"), self.checks, _AREA.BottomDockWidgetArea)
        self.all = [self.palette, self.inspector, self.left, self.right]
        self._split()
        self.results.setCornerWidget(editor.curves.tools)
        self.results.currentChanged.connect(self._show_tools)
        editor.workspace.problems_changed.connect(self.count_problems)
        for corner in (Qt.Corner.BottomLeftCorner, Qt.Corner.BottomRightCorner):
            window.setCorner(corner, _AREA.BottomDockWidgetArea)
        self.count_problems()
        editor.canvas.setMinimumSize(*CANVAS)
        self._size()

    def _dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(name)
        dock.setAccessibleName(title)
        dock.setWidget(widget)
        dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable)
        dock.setTitleBarWidget(QWidget())
        self._window.addDockWidget(area, dock)
        return dock

    def _size(self) -> None:
        window, across, down = self._window, Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        window.resizeDocks([self.palette, self.inspector], [fonts.px(LEFT), fonts.px(RIGHT)], across)
        window.resizeDocks([self.left, self.right], [fonts.px(BOTTOM)] * 2, down)
        window.resizeDocks([self.left, self.right], [860, 580], across)
        state = self._settings.layout(self._screen())
        if not state.isEmpty():
            # Docks that are not laid out yet would forget what they are given.
            QTimer.singleShot(0, self, lambda: self._restore(state))

    def _restore(self, state: QByteArray) -> None:
        self._window.restoreState(state)
        for dock in self.all:
            dock.setVisible(dock not in self._hidden)

    def _screen(self) -> str:
        """The key under which sizes are remembered: each screen has its own."""
        area = self._window.screen().availableGeometry()
        return f"docks/{area.width()}x{area.height()}"

    def remember(self) -> None:
        """Keep the sizes for the next start, unless a small window has changed them."""
        if not self._hidden and not self._is_flat:
            self._settings.set_layout(self._screen(), self._window.saveState())

    def close(self) -> None:
        """Take the docks away."""
        self.remember()
        for dock in self.all:
            self._window.removeDockWidget(dock)
            # A dock that waits for its end still counts in the window's layout, which would grow by it.
            dock.setParent(None)
            dock.deleteLater()
        self.deleteLater()

    # Tabs.
    @property
    def is_merged(self) -> bool:
        """Whether the bottom has one group of tabs."""
        return self.results.indexOf(self._editor.problems) >= 0

    def _split(self) -> None:
        editor = self._editor
        self._fill(self.results, editor.curves, editor.data, editor.training)
        self._fill(self.checks, editor.problems, editor.code)

    def _merge(self) -> None:
        self._fill(self.results, self._editor.problems, self._editor.code)

    def _fill(self, tabs: QTabWidget, *panels: QWidget) -> None:
        for panel in panels:
            tabs.addTab(panel, self._titles[panel])

    def show(self, panel: QWidget) -> None:
        """Bring a panel of the bottom to the front."""
        for tabs in (self.results, self.checks):
            if tabs.indexOf(panel) >= 0:
                tabs.setCurrentWidget(panel)
                self._open_bottom(True)

    def count_problems(self, _: object = None) -> None:
        """How many problems there are, beside the tab's title."""
        number = len(self._editor.workspace.problems)
        for tabs in (self.results, self.checks):
            place = tabs.indexOf(self._editor.problems)
            if place >= 0:
                tabs.setTabText(place, tr("Problems") + (f"  {number}" if number else ""))
                tabs.setTabToolTip(place, count(number, tr("problem"), tr("problems")))

    def _show_tools(self, place: int) -> None:
        self._editor.curves.tools.setVisible(self.results.widget(place) is self._editor.curves)

    # Giving way.
    def _width(self) -> float:
        return self._window.width() / fonts.text_scale()

    def _height(self) -> float:
        return self._window.height() / fonts.text_scale()

    def arrange(self) -> None:
        """Let panels give way to the canvas, as the window's size and the text scale ask."""
        width, height = self._width(), self._height()
        if (width < MERGED) != self.is_merged:
            current = self.checks.currentWidget() if not self.is_merged else None
            (self._merge if width < MERGED else self._split)()
            self._show(self.right, not self.is_merged)
            self.count_problems()
            if current is self._editor.problems and self._editor.workspace.errors:
                self.results.setCurrentWidget(current)
        self._editor.palette.set_rail(width < RAIL)
        self._show(self.inspector, width >= DRAWER or self._drawer_open)
        self._open_bottom(height >= FLAT)
        self._show(self._window.statusBar(), height >= BARE)

    def _show(self, widget: QWidget, shown: bool) -> None:
        # Showing a dock before it is laid out makes all of them forget their sizes: only what was hidden is shown.
        if shown == (widget in self._hidden):
            widget.setVisible(shown)
            (self._hidden.discard if shown else self._hidden.add)(widget)

    def _open_bottom(self, is_open: bool) -> None:
        if is_open != self._is_flat:
            return
        self._is_flat = not is_open
        for tabs, dock in ((self.results, self.left), (self.checks, self.right)):
            dock.setMaximumHeight(_MOST if is_open else max(tabs.tabBar().sizeHint().height(), fonts.px(STRIP)))
        if is_open:
            QTimer.singleShot(0, self, self._grow_bottom)

    def _grow_bottom(self) -> None:
        self._window.resizeDocks([self.left, self.right], [fonts.px(BOTTOM)] * 2, Qt.Orientation.Vertical)

    def toggle_inspector(self) -> None:
        """Show or hide the inspector; on narrow windows it is a drawer that stays shut until asked for."""
        self._drawer_open = self.inspector in self._hidden
        self._show(self.inspector, self._drawer_open)


def _tabs() -> QTabWidget:
    tabs = QTabWidget()
    tabs.setDocumentMode(True)
    tabs.tabBar().setDrawBase(False)
    tabs.setProperty("kind", "panel")
    tabs.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return tabs
