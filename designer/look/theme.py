"""The theme in use: its colours, Qt's palette made from them, and the signal that it changed."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from designer.look import fonts, stylesheet, tokens


@dataclass(frozen=True, eq=False)
class Theme:
    """A set of colours. Themes live as long as the program, so their colours are kept.

    Attributes:
        name: "light", "dark" or "high contrast".
        tokens: colours by name, as #RRGGBB or #AARRGGBB.
        families: ground and ink of each layer family.
        tint: share of the family colour in a node's header.
        line_width: of the edges of nodes and grounds.
    """

    name: str
    tokens: Mapping[str, str]
    families: Mapping[str, tuple[str, str]]
    tint: float
    line_width: float = 1.0

    @property
    def dark(self) -> bool:
        return self.name != "light"

    @property
    def high_contrast(self) -> bool:
        return self.name == "high contrast"

    @functools.cache  # noqa: B019
    def color(self, token: str) -> QColor:
        """A token's colour. Copy it before changing it."""
        return QColor(self.tokens[token])

    @functools.cache  # noqa: B019
    def family(self, category: str) -> tuple[QColor, QColor]:
        """Ground and ink of a layer family; unknown ones look like custom layers."""
        ground, ink = self.families.get(category, self.families["custom"])
        return QColor(ground), QColor(ink)

    @functools.cache  # noqa: B019
    def header(self, category: str) -> QColor:
        """Ground of a node's header: the family colour, thinly, over the node's."""
        return blend(self.color("node"), self.family(category)[0], self.tint)

    @functools.cache  # noqa: B019
    def faded(self, token: str, share: float, over: str = "canvas") -> QColor:
        """A token's colour at a share over another, opaque."""
        return blend(self.color(over), self.color(token), share)


def blend(below: QColor, above: QColor, share: float) -> QColor:
    """`share` of one colour over another, in plain sRGB as a painter would."""
    pairs = ((below.red(), above.red()), (below.green(), above.green()), (below.blue(), above.blue()))
    return QColor(*(round(b + (a - b) * share) for b, a in pairs))


LIGHT = Theme("light", tokens.LIGHT, tokens.FAMILIES_LIGHT, 0.12)
DARK = Theme("dark", tokens.DARK, tokens.FAMILIES_DARK, 0.20)
HIGH_CONTRAST = Theme("high contrast", tokens.HIGH_CONTRAST, tokens.FAMILIES_DARK, 0.0, line_width=2.0)
THEMES = {theme.name: theme for theme in (LIGHT, DARK, HIGH_CONTRAST)}


class _Notifier(QObject):
    changed = Signal(object)


_NOTIFIER = _Notifier()
_CURRENT = [LIGHT]
theme_changed = _NOTIFIER.changed
"""Sent with the new theme, also when the text scale changes."""


def theme() -> Theme:
    """The theme in use."""
    return _CURRENT[0]


def color(token: str) -> QColor:
    """A colour of the theme in use."""
    return _CURRENT[0].color(token)


def system_theme(app: QApplication) -> Theme:
    """What the system's settings ask for."""
    hints = app.styleHints()
    if hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
        return HIGH_CONTRAST
    return DARK if hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT


def apply(app: QApplication, chosen: Theme, text_scale: float | None = None) -> None:
    """Dress the whole application: Fusion, palette, font, stylesheet; then tell everybody."""
    _CURRENT[0] = chosen
    if text_scale is not None:
        fonts.set_text_scale(text_scale)
    if not app.property("dressed"):
        app.setStyle("Fusion")
        app.setProperty("dressed", True)
    app.setPalette(palette(chosen))
    app.setFont(fonts.font("body"))
    app.setStyleSheet(stylesheet.build(chosen))
    _NOTIFIER.changed.emit(chosen)


def palette(chosen: Theme) -> QPalette:
    """Qt's palette from the tokens, so that plain X11 and every style agree."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    table = {
        role.Window: "window",
        role.WindowText: "text",
        role.Base: "raised",
        role.AlternateBase: "panel",
        role.Text: "text",
        role.Button: "panel",
        role.ButtonText: "text",
        role.BrightText: "error",
        role.Highlight: "accent",
        role.HighlightedText: "on_accent",
        role.Link: "accent",
        role.LinkVisited: "accent",
        role.ToolTipBase: "raised",
        role.ToolTipText: "text",
        role.PlaceholderText: "text3",
        role.Light: "raised",
        role.Midlight: "panel",
        role.Mid: "line",
        role.Dark: "control",
        role.Shadow: "text3",
        role.Accent: "accent",
    }
    result = QPalette()
    for key, token in table.items():
        result.setColor(key, chosen.color(token))
    for key in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(group.Disabled, key, chosen.color("text3"))
    result.setColor(group.Disabled, role.Base, chosen.color("panel"))
    result.setColor(group.Disabled, role.Highlight, chosen.color("control"))
    return result
