"""Tracebacks without the engine's own frames, so that the line of one's own code stands last."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, TypeVar

from engine.core.config import SETTINGS

P = ParamSpec("P")
R = TypeVar("R")

_ENGINE = str(Path(__file__).resolve().parent.parent)


def filtered(function: Callable[P, R]) -> Callable[P, R]:
    """Leave the engine's frames out of tracebacks that come through `function`, while that is switched on."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if SETTINGS.traceback_filtering:
                error.__traceback__ = of_others(error.__traceback__)
            raise

    return guarded


def of_others(trace: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that does not lie in the engine."""
    frames = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_ENGINE):
            frames.append(trace)
        trace = trace.tb_next
    kept: TracebackType | None = None
    for entry in reversed(frames):
        kept = TracebackType(kept, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return kept
