"""What floats over the canvas: breadcrumb, buttons for layout, fit and zoom, and the reason at the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from designer.core.text import tr
from designer.look.fonts import font, px
from designer.look.painting import draw_card, rounded
from designer.look.theme import theme, theme_changed
from designer.look.widgets import IconButton

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

SAID_FOR = 3000


class ZoomControl(QWidget):
    """Minus, the zoom, plus in one frame; a click on the zoom brings 100 %."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self.setObjectName("zoomControl")
        self._out = IconButton("zoom-out", tr("Zoom out (Ctrl+-)"), parent=self)
        self._in = IconButton("zoom-in", tr("Zoom in (Ctrl+=)"), parent=self)
        self._value = QPushButton("100 %", self)
        self._value.setProperty("kind", "quiet")
        self._value.setToolTip(tr("Back to 100 % (Ctrl+0)"))
        self._value.setFixedWidth(px(60))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(1, 0, 1, 0)
        layout.setSpacing(0)
        for widget in (self._out, self._value, self._in):
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(widget)
        self._out.clicked.connect(view.zoom_out)
        self._in.clicked.connect(view.zoom_in)
        self._value.clicked.connect(view.reset_zoom)
        view.zoomed.connect(self.show_zoom)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_zoom(self, zoom: float) -> None:
        """Say the zoom in per cent."""
        self._value.setText(f"{zoom * 100:.0f} %")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rounded(painter, QRectF(self.rect()), 6, theme().color("raised"), theme().color("control"))


class CanvasButtons(QWidget):
    """Layout, fit and zoom, top right."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self.setObjectName("canvasButtons")
        arrange = IconButton("layout", tr("Arrange the layers (Ctrl+L)"), bordered=True, parent=self)
        fit = IconButton("fit", tr("Show everything (Home)"), bordered=True, parent=self)
        arrange.clicked.connect(lambda: view.arrange())
        fit.clicked.connect(lambda: view.fit(animated=True))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (arrange, fit):
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(widget)
        layout.addWidget(ZoomControl(view))
        self.adjustSize()


class Bubble(QLabel):
    """A reason at the cursor for three seconds."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self.setObjectName("reason")
        self.setWordWrap(True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._timer = QTimer(self)
        self._timer.setObjectName("reason at the cursor")
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAID_FOR)
        self._timer.timeout.connect(self.hide)
        theme_changed.connect(self.update)
        self.hide()

    def say(self, sentence: str, at: QPoint) -> None:
        """Show a sentence right below a point of the parent, kept inside it."""
        self.setFont(font("small"))
        self.setText(sentence)
        self.setContentsMargins(12, 8, 12, 12)
        room = self._host.rect()
        width = min(self.fontMetrics().horizontalAdvance(sentence) + 28, px(360), room.width() - 16)
        self.setFixedSize(QSize(width, self.heightForWidth(width)))
        x = min(max(at.x() + 12, 8), room.width() - width - 8)
        y = min(at.y() + 16, room.height() - self.height() - 8)
        self.move(x, max(y, 8))
        self.show()
        self.raise_()
        self._timer.start()

    def hideEvent(self, event: object) -> None:
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0, 0, 0, -4)
        draw_card(painter, area, 8, current.color("raised"), current.color("error"), 3, 1.5)
        painter.end()
        super().paintEvent(event)
