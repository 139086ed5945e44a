"""Icons and family glyphs: SVG files drawn in `currentColor`, recoloured from the theme and kept by size."""

from __future__ import annotations

import functools
import weakref
from typing import Any

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from designer.core.resources import resource
from designer.look.fonts import px
from designer.look.theme import theme, theme_changed

_PIXMAPS: dict[tuple[str, int, int, int], QPixmap] = {}
_LIMIT = 2000


@functools.cache
def _source(name: str) -> str:
    return resource(f"icons/{name}.svg").read_text(encoding="utf-8")


@functools.lru_cache(maxsize=512)
def renderer(name: str, rgba: int) -> QSvgRenderer:
    """The drawing of an icon in one colour (`QColor.rgba()`)."""
    plain = QColor.fromRgba(rgba).name()
    return QSvgRenderer(QByteArray(_source(name).replace("currentColor", plain).encode()))


def pixmap(name: str, size: int, color: QColor | str = "text", ratio: float | None = None, height: int = 0) -> QPixmap:
    """An icon as a picture.

    Args:
        name: file name without ending ("fit", "glyph-pooling").
        size: logical pixels of its width (and height, unless given).
        color: a colour or a token.
        ratio: device pixels per logical pixel; the screen's when None.
    """
    shade = theme().color(color) if isinstance(color, str) else color
    scale = _ratio() if ratio is None else ratio
    key = (name, round(size * scale), round((height or size) * scale), shade.rgba())
    known = _PIXMAPS.get(key)
    if known is None:
        if len(_PIXMAPS) > _LIMIT:
            _PIXMAPS.clear()
        known = _PIXMAPS[key] = _draw(name, key[1], key[2], shade)
    result = QPixmap(known)
    result.setDevicePixelRatio(scale)
    return result


def _ratio() -> float:
    app = QGuiApplication.instance()
    return app.devicePixelRatio() if isinstance(app, QGuiApplication) else 1.0


def _draw(name: str, width: int, height: int, color: QColor) -> QPixmap:
    picture = QPixmap(max(width, 1), max(height, 1))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer(name, color.rgba()).render(painter, QRectF(0, 0, width, height))
    painter.end()
    return picture


def icon(name: str, color_token: str = "text", size: int = 16, gap: int = 0) -> QIcon:
    """An icon in the theme of now, sharp at 1, 2 and 3 pixels per pixel, paler when disabled.

    Args:
        gap: empty pixels to its right, for buttons that put text beside it.
    """
    made = QIcon()
    for ratio in (1.0, 2.0, 3.0):
        made.addPixmap(_with_gap(pixmap(name, size, color_token, ratio), gap))
        made.addPixmap(_with_gap(pixmap(name, size, "text3", ratio), gap), QIcon.Mode.Disabled)
    return made


def _with_gap(picture: QPixmap, gap: int) -> QPixmap:
    if not gap:
        return picture
    ratio = picture.devicePixelRatio()
    wide = QPixmap(picture.width() + round(gap * ratio), picture.height())
    wide.fill(Qt.GlobalColor.transparent)
    wide.setDevicePixelRatio(ratio)
    painter = QPainter(wide)
    painter.drawPixmap(0, 0, picture)
    painter.end()
    return wide


def glyph(family: str) -> str:
    """Name of a layer family's glyph."""
    return f"glyph-{family if family in theme().families else 'custom'}"


def tile_icon(family: str, size: int = 16) -> QIcon:
    """A family's coloured tile with its glyph, for lists."""
    from designer.look.painting import draw_tile

    made = QIcon()
    for ratio in (1.0, 2.0):
        picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
        picture.fill(Qt.GlobalColor.transparent)
        picture.setDevicePixelRatio(ratio)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_tile(painter, QRectF(0, 0, size, size), family)
        painter.end()
        made.addPixmap(picture)
    return made


def bind_icon(target: Any, name: str, color_token: str = "text", size: int = 16, gap: int = 0) -> None:
    """Give a button or action an icon that follows the theme as long as the target lives.

    Args:
        size: its side in logical pixels at a text scale of 1; the icon follows the scale.
        gap: empty pixels to its right, as for `icon`.
    """
    kept = weakref.ref(target)

    def renew(_: object = None) -> None:
        alive = kept()
        if alive is not None:
            alive.setIcon(icon(name, color_token, px(size), gap))
            if hasattr(alive, "setIconSize"):
                alive.setIconSize(QSize(px(size) + gap, px(size)))

    renew()
    theme_changed.connect(renew)
    target.destroyed.connect(lambda: _release(renew))


def _release(slot: Any) -> None:
    try:
        theme_changed.disconnect(slot)
    except (RuntimeError, TypeError):
        # The program is ending and the signal went first.
        return
