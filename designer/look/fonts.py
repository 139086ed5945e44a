"""The type scale and the text scale. Sizes are logical pixels at 96 dpi (13 px = 9.75 pt)."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontDatabase

SIZES = {"micro": 11, "small": 12, "body": 13, "large": 15, "heading": 20, "display": 32}
WEIGHTS = {"large": 600, "heading": 700, "display": 700}
SCALES = (0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
_SCALE = [1.0]
_CACHE: dict[tuple[object, ...], QFont] = {}


def text_scale() -> float:
    """Factor of everything that is sized by text."""
    return _SCALE[0]


def set_text_scale(factor: float) -> None:
    """Set the factor (0.8 to 3); `theme.apply` tells everybody."""
    _SCALE[0] = min(max(factor, SCALES[0]), SCALES[-1])
    _CACHE.clear()


def px(size: float) -> int:
    """Logical pixels at the text scale."""
    return max(1, round(size * _SCALE[0]))


def font(role: str = "body", mono: bool = False, weight: int | None = None, scaled: bool = True) -> QFont:
    """A font of the type scale.

    Args:
        role: "micro", "small", "body", "large", "heading" or "display".
        mono: the system's fixed font, for shapes, counts and code.
        weight: 400 to 700; the role's own when None.
        scaled: False for the canvas, whose view scales what it draws.
    """
    key = (role, mono, weight, scaled)
    known = _CACHE.get(key)
    if known is None:
        known = _CACHE[key] = _make(role, mono, weight, scaled)
    return QFont(known)


def _make(role: str, mono: bool, weight: int | None, scaled: bool) -> QFont:
    kind = QFontDatabase.SystemFont.FixedFont if mono else QFontDatabase.SystemFont.GeneralFont
    made = QFont(QFontDatabase.systemFont(kind))
    made.setPixelSize(px(SIZES[role]) if scaled else SIZES[role])
    made.setWeight(QFont.Weight(weight or WEIGHTS.get(role, 400)))
    made.setFeature(QFont.Tag("tnum"), 1)
    if not scaled:
        # Drawn at every zoom: glyphs keep their proportions instead of snapping to pixels.
        made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made
