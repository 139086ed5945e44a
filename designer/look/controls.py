"""Buttons, segmented control, section header: what the person presses, in the theme's colours."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from designer.look.fonts import font, px
from designer.look.icons import bind_icon, pixmap
from designer.look.painting import rounded, text_width
from designer.look.theme import theme, theme_changed

GAP = 4
"""Between an icon and its words, on top of what the style leaves."""


class Button(QPushButton):
    """A push button 28 high.

    Args:
        kind: "" (bordered), "primary", "success", "quiet", "tool", "problem" or "link".
    """

    def __init__(self, text: str, icon: str = "", kind: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        if kind:
            self.setProperty("kind", kind)
        if icon:
            token = {"primary": "on_accent", "success": "on_accent", "problem": "error"}.get(kind, "text")
            gap = GAP if text else 0
            bind_icon(self, icon, token, 16, gap)
        self.setCursor(Qt.CursorShape.PointingHandCursor if kind == "link" else Qt.CursorShape.ArrowCursor)

    def set_flag(self, name: str, value: object) -> None:
        """Set a property that the stylesheet looks at ("blocked", "state") and redraw."""
        flag(self, name, value)


class PrimaryButton(Button):
    """The one button of a place that does the main thing."""

    def __init__(self, text: str, icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, icon, "primary", parent)


class IconButton(QToolButton):
    """A square button with an icon, a tooltip and the same words for screen readers.

    Args:
        bordered: with an edge and a ground, as over the canvas.
    """

    def __init__(self, icon: str, tooltip: str, bordered: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTip(tooltip)
        self.setAccessibleName(tooltip)
        self.setAutoRaise(not bordered)
        if bordered:
            self.setProperty("kind", "button")
        bind_icon(self, icon)
        theme_changed.connect(self._resize)
        self._resize()

    def _resize(self, _: object = None) -> None:
        self.setFixedSize(px(28), px(28))


class SegmentedControl(QWidget):
    """A choice of one of a few words side by side. `changed(str)` carries the key."""

    changed = Signal(str)

    def __init__(self, options: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        """Options are (key, words); the first is chosen."""
        super().__init__(parent)
        self._options = list(options)
        self._chosen = 0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._name()
        theme_changed.connect(self.update)

    def value(self) -> str:
        """Key of the chosen option."""
        return self._options[self._chosen][0]

    def set_value(self, key: str) -> None:
        """Choose by key, without a signal."""
        self._chosen = next(i for i, (known, _) in enumerate(self._options) if known == key)
        self._name()
        self.update()

    def _name(self) -> None:
        self.setAccessibleName(self._options[self._chosen][1])

    def _choose(self, index: int) -> None:
        index = min(max(index, 0), len(self._options) - 1)
        if index != self._chosen:
            self._chosen = index
            self._name()
            self.update()
            self.changed.emit(self.value())

    def _widths(self) -> list[float]:
        return [text_width(words, "body", False, 600, True) + px(22) for _, words in self._options]

    def sizeHint(self) -> QSize:
        return QSize(round(sum(self._widths())) + 2, px(28))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        for index, width in enumerate(self._widths()):
            if x < width:
                self._choose(index)
                return
            x -= width

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._choose(self._chosen + step)

    def paintEvent(self, event: QPaintEvent) -> None:
        current, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outer = QRectF(self.rect())
        rounded(painter, outer, 6, current.color("raised"))
        x = 0.0
        for index, ((_, words), width) in enumerate(zip(self._options, self._widths())):
            cell = QRectF(x, 0, width, outer.height())
            chosen = index == self._chosen
            if chosen:
                rounded(painter, cell.adjusted(1, 1, -1, -1), 5, current.color("selection"))
                painter.fillRect(QRectF(x + 3, outer.height() - 3, width - 6, 2), current.color("accent"))
            if index:
                painter.fillRect(QRectF(x, 1, 1, outer.height() - 2), current.color("line"))
            painter.setPen(current.color("text" if chosen else "text2"))
            painter.setFont(font("body", weight=600 if chosen else None))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, words)
            x += width
        focus = self.hasFocus()
        rounded(painter, outer, 6, None, current.color("accent" if focus else "control"), 2.0 if focus else 1.0)


class SectionHeader(QToolButton):
    """A title with a chevron that folds what stands under it. `folded(bool)` tells.

    Args:
        quiet: for a part of a section: regular weight, further left.
    """

    folded = Signal(bool)

    def __init__(self, title: str, quiet: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(title)
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setProperty("quiet", quiet)
        self.toggled.connect(lambda open_: self.folded.emit(not open_))
        theme_changed.connect(self._resize)
        self._resize()

    def _resize(self, _: object = None) -> None:
        self.setFixedHeight(px(28))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        current, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse():
            rounded(painter, QRectF(self.rect()), 5, current.color("hover"))
        side = px(14)
        name = "chevron-down" if self.isChecked() else "chevron-right"
        quiet = bool(self.property("quiet"))
        left = 0 if quiet else px(10)
        painter.drawPixmap(left, (self.height() - side) // 2, pixmap(name, side, "text2"))
        painter.setPen(current.color("text2" if quiet else "text"))
        painter.setFont(font("small", weight=None if quiet else 600))
        area = self.rect().adjusted(left + px(20), 0, -4, 0)
        words = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, words)
        if self.hasFocus():
            rounded(painter, QRectF(self.rect()), 5, None, current.color("accent"), 2.0)


def flag(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the stylesheet looks at, and dress the widget again if it is another value."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    own = widget.font() if widget.testAttribute(Qt.WidgetAttribute.WA_SetFont) else None
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    if own is not None:
        # Dressing again brings back the font of the first time.
        widget.setFont(own)


def clear(layout: QLayout) -> None:
    """Take everything out of a layout; hidden at once, so that nothing flashes before Qt deletes it."""
    while layout.count():
        item = layout.takeAt(0)
        widget, inner = (item.widget(), item.layout()) if item is not None else (None, None)
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


def row(*widgets: QWidget | int | None, gap: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)) -> QHBoxLayout:
    """Widgets side by side; None stretches, a number is a gap in pixels."""
    made = QHBoxLayout()
    made.setSpacing(gap)
    made.setContentsMargins(*margins)
    for widget in widgets:
        if widget is None:
            made.addStretch(1)
        elif isinstance(widget, int):
            made.addSpacing(widget)
        else:
            made.addWidget(widget)
    return made
