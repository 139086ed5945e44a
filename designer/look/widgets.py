"""Small widgets that several panels share."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from designer.look.icons import icon
from designer.look.theme import color, font, look


class Text(QLabel):
    """A label of the type scale in a token's colour; follows the theme."""

    def __init__(self, text: str = "", role: str = "body", token: str = "text", mono: bool = False, weight: int | None = None) -> None:
        super().__init__(text)
        self._style = (role, token, mono, weight)
        self.setTextFormat(Qt.TextFormat.PlainText)
        look().changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        role, token, mono, weight = self._style
        self.setFont(font(role, mono, weight))
        palette = self.palette()
        palette.setColor(self.foregroundRole(), color(token))
        self.setPalette(palette)

    def set_token(self, token: str) -> None:
        """Another colour."""
        role, _, mono, weight = self._style
        self._style = (role, token, mono, weight)
        self._restyle()


class EmptyState(QWidget):
    """What a panel says while there is nothing to show: a title and what to do first."""

    def __init__(self, title: str, words: str) -> None:
        super().__init__()
        self.title, self.words = Text(title, "large"), Text(words, "body", "text2")
        self.words.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addStretch()
        for label in (self.title, self.words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(label)
        layout.addStretch()

    def say(self, title: str, words: str) -> None:
        """Another sentence."""
        self.title.setText(title)
        self.words.setText(words)


class Line(QFrame):
    """A hairline."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(1)
        self.setAutoFillBackground(True)
        look().changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        palette = self.palette()
        palette.setColor(self.backgroundRole(), color("line"))
        self.setPalette(palette)


class Button(QPushButton):
    """A button with an icon; `primary` ones are filled."""

    def __init__(self, text: str, icon_name: str = "", primary: bool = False, tip: str = "") -> None:
        super().__init__(text)
        self._icon_name, self._primary = icon_name, primary
        self.setProperty("primary", primary)
        self.setToolTip(tip)
        self.setAccessibleName(text or tip)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look().changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        if self._icon_name:
            self.setIcon(icon(self._icon_name, "on_accent" if self._primary and self.isEnabled() else "text"))

    def set_icon(self, name: str) -> None:
        """Another icon."""
        self._icon_name = name
        self._restyle()


class IconButton(QToolButton):
    """A square button with an icon only; its name is read aloud and shown as a tip."""

    def __init__(self, icon_name: str, name: str) -> None:
        super().__init__()
        self._icon_name = icon_name
        self.setToolTip(name)
        self.setAccessibleName(name)
        look().changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self.setIcon(icon(self._icon_name))
