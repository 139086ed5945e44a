"""How long things move: the durations of the design, all 0 with reduced motion."""

from __future__ import annotations

PRESS, POPUP, DRAWER, VIEW, FLASH = 80, 120, 160, 240, 400
_REDUCED = [False]


def reduced() -> bool:
    """Whether nothing should move."""
    return _REDUCED[0]


def set_reduced(value: bool) -> None:
    """Follow the system's or the person's setting."""
    _REDUCED[0] = value


def duration(milliseconds: int) -> int:
    """The duration, or 0 with reduced motion."""
    return 0 if _REDUCED[0] else milliseconds
