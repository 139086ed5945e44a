"""Small things to show: chips, pills, keys, tiles, empty states, the toast. Buttons are re-exported from `controls`."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from designer.look.controls import Button, IconButton, PrimaryButton, SectionHeader, SegmentedControl, clear, flag, row
from designer.look.fonts import font, px
from designer.look.painting import chip_width, draw_card, draw_chip, draw_tile, rounded, text_width
from designer.look.theme import theme, theme_changed

__all__ = [
    "Badge",
    "Button",
    "Chip",
    "EmptyState",
    "HLine",
    "IconButton",
    "KeyCap",
    "Label",
    "Panel",
    "Pill",
    "PrimaryButton",
    "SectionHeader",
    "SegmentedControl",
    "Tile",
    "Toast",
    "clear",
    "flag",
    "row",
]


class _Painted(QWidget):
    """A widget of a fixed size that draws itself from the theme."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme_changed.connect(self._renew)

    def _renew(self, _: object = None) -> None:
        self.updateGeometry()
        self.update()

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _painter(self) -> QPainter:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        return painter


class Panel(QWidget):
    """What stands in a dock: a ground of its own, a stable name for tests and one for screen readers."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setProperty("kind", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)


class Chip(_Painted):
    """A shape: numbers, hairline, axis letters."""

    def __init__(self, shape: str, axes: str = "", state: str = "normal", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.set_shape(shape, axes, state)

    def set_shape(self, shape: str, axes: str = "", state: str = "normal") -> None:
        """Show another shape; states as in `painting.draw_chip`."""
        self._content = (shape, axes, state)
        self.setAccessibleName(f"{shape} {axes}".strip())
        self._renew()

    def sizeHint(self) -> QSize:
        return QSize(round(chip_width(*self._content[:2], scaled=True)) + 1, px(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = self._painter()
        draw_chip(painter, 0, 0, *self._content, height=self.height(), scaled=True)


class Pill(_Painted):
    """A text in a rounded border, for a wire's shape or a status."""

    def __init__(self, text: str, token: str = "text", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text, self.token = text, token

    def set_text(self, text: str) -> None:
        """Show another text."""
        self.text = text
        self._renew()

    def sizeHint(self) -> QSize:
        return QSize(round(text_width(self.text, "micro", True, 600, True)) + px(16), px(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = self._painter(), theme()
        edge = "line" if self.token == "text" else self.token
        rounded(painter, QRectF(self.rect()), self.height() / 2, current.color("raised"), current.color(edge))
        painter.setPen(current.color(self.token))
        painter.setFont(font("micro", True, 600))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text)


class Badge(Pill):
    """A small count behind a title."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = self._painter(), theme()
        rounded(painter, QRectF(self.rect()), self.height() / 2, current.color("sunken"))
        painter.setPen(current.color("text2"))
        painter.setFont(font("micro", weight=600))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text)


class KeyCap(Pill):
    """A key of the keyboard."""

    def sizeHint(self) -> QSize:
        return QSize(round(text_width(self.text, "micro", True, None, True)) + px(12), px(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = self._painter(), theme()
        area = QRectF(self.rect()).adjusted(0, 0, 0, -2)
        draw_card(painter, area, 4, current.color("raised"), current.color("line"), 1.5)
        painter.setPen(current.color("text2"))
        painter.setFont(font("micro", True))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.text)


class Tile(_Painted):
    """A family's coloured tile with its glyph."""

    def __init__(self, family: str, size: int = 28, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._family, self._size = family, size

    def set_family(self, family: str) -> None:
        """Show another family."""
        self._family = family
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(self._size), px(self._size))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = self._painter()
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        draw_tile(painter, QRectF(self.rect()), self._family)


class Label(QLabel):
    """A text in a role of the type scale and a colour token; follows the theme and the text scale."""

    def __init__(self, text: str = "", role: str = "body", token: str = "text", weight: int | None = None,
                 mono: bool = False, wrap: bool = False, parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(text, parent)
        self._look = (role, mono, weight)
        self._token = token
        self.setWordWrap(wrap)
        self._dress()
        theme_changed.connect(self._dress)

    def set_token(self, token: str) -> None:
        """Use another colour."""
        self._token = token
        self._dress()

    def _dress(self, _: object = None) -> None:
        role, mono, weight = self._look
        self.setFont(font(role, mono, weight))
        self.setStyleSheet(f"color: {theme().color(self._token).name()}; background: transparent;")


class HLine(_Painted):
    """A hairline across."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(1)

    def sizeHint(self) -> QSize:
        return QSize(16, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._painter().fillRect(self.rect(), theme().color("line"))


class EmptyState(QWidget):
    """What stands where nothing is yet: a title and what to do."""

    def __init__(self, title: str, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = Label(title, "large", wrap=True)
        self._text = Label(text, "small", "text2", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(6)
        layout.addStretch(1)
        for label in (self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(label)
        layout.addStretch(1)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_words(self, title: str, text: str) -> None:
        """Say something else."""
        self._title.setText(title)
        self._text.setText(text)


class Toast(QFrame):
    """One sentence and at most one button at the bottom of a widget, for 5 s; it stays under the mouse."""

    SECONDS = 5

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self._label = Label("", "body")
        self._button = Button("", kind="link")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 16, 0)
        layout.setSpacing(16)
        layout.addWidget(self._label)
        layout.addWidget(self._button)
        self._action: Callable[[], None] | None = None
        self._button.clicked.connect(self._act)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(self.SECONDS * 1000)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    def say(self, sentence: str, action: str = "", run: Callable[[], None] | None = None) -> None:
        """Show a sentence, with a button that runs something."""
        self._label.setText(sentence)
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self._action = run
        self.setFixedHeight(px(36) + 4)
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def _act(self) -> None:
        self.hide()
        if self._action is not None:
            self._action()

    def _place(self) -> None:
        host = self._host
        self.move((host.width() - self.width()) // 2, host.height() - self.height() - 16)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def hideEvent(self, event: QEvent) -> None:  # type: ignore[override]
        self._timer.stop()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        if self.isVisible():
            self._timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0, 0, 0, -4)
        draw_card(painter, area, 10, current.color("raised"), current.color("line"), 4)
