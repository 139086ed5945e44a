"""A progress bar: one line that renews itself on a terminal, one plain line at the end elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.core.config import SETTINGS
from engine.core.messages import tell

_FULL, _EMPTY = "━", "─"


class Progbar:
    """Progress of a loop with figures.

    Args:
        target: number of steps, None when unknown.
        width: characters of the bar.
        verbose: 0 silent, 1 bar, 2 one line at the end.
        interval: seconds between two drawings.
        stateful_metrics: figures shown as given; others are averaged over steps.
        stateless_metrics: figures averaged over steps; others are shown as given. Only one of both may be given.
        unit_name: what a step is called.

    Raises:
        ValueError: both lists of figures are given.
    """

    stream: Any = None
    """Where to write; standard output, or the log, when None."""

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Only one of `stateful_metrics` or `stateless_metrics` can be provided: each says how the figures that "
                "it does not name are shown."
            )
        self.target, self.width, self.verbose, self.interval = target, width, verbose, interval
        self.stateful_metrics = None if stateless_metrics is not None else set(stateful_metrics or ())
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self.unit_name = unit_name
        self._values: dict[str, list[float]] = {}
        self._start = time.monotonic()
        self._drawn_at = -np.inf
        self._seen = 0
        self._width_drawn = 0

    @property
    def dynamic(self) -> bool:
        """Whether the line can renew itself: on a terminal."""
        target = self.stream or (sys.stdout if SETTINGS.interactive_logging else None)
        return bool(getattr(target, "isatty", lambda: False)())

    def due(self) -> bool:
        """Whether enough time has passed to draw again (never without a terminal)."""
        return self.verbose == 1 and self.dynamic and time.monotonic() - self._drawn_at >= self.interval

    def update(
        self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Step `current` (from 1) is done; `values` are pairs of name and figure."""
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._take(current, values or (), finalize)
        self._seen = current
        if finalize and self.verbose:
            self._write(self._line(current, True) + "\n")
        elif self.due():
            self._drawn_at = time.monotonic()
            self._write(self._line(current, False))

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """`n` more steps are done."""
        self.update(self._seen + n, values)

    def _take(self, current: int, values: Iterable[tuple[str, Any]], finalize: bool) -> None:
        for key, value in values:
            number = float(np.mean(value))
            if finalize or self._as_given(key):
                self._values[key] = [number, 1]
            else:
                steps = max(current - self._seen, 1)
                total, count = self._values.get(key, [0.0, 0])
                self._values[key] = [total + number * steps, count + steps]

    def _as_given(self, key: str) -> bool:
        return (
            key in (self.stateful_metrics or ())
            if self.stateless_metrics is None
            else key not in self.stateless_metrics
        )

    def _line(self, current: int, finalize: bool) -> str:
        elapsed = time.monotonic() - self._start
        per_step = elapsed / current if current else 0.0
        parts = [self._count(current)]
        if self.target and self.verbose == 1:
            done = min(int(self.width * current / self.target), self.width)
            parts.append(_FULL * done + _EMPTY * (self.width - done))
        left = per_step * (self.target - current) if self.target and not finalize else None
        parts.append(f"{duration(elapsed)}" if left is None else f"{duration(left)} left")
        text = " ".join(parts) + f" {self._pace(per_step)}"
        for key, (total, count) in self._values.items():
            text += f" - {key}: {figure(total / max(count, 1))}"
        return text

    def _count(self, current: int) -> str:
        return f"{current:>{len(str(self.target))}}/{self.target}" if self.target else f"{current}/?"

    def _pace(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/{self.unit_name}"
        return (
            f"{seconds * 1e3:.0f}ms/{self.unit_name}" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/{self.unit_name}"
        )

    def _write(self, line: str) -> None:
        if self.dynamic:
            body, end = line.rstrip("\n"), line[len(line.rstrip("\n")) :]
            line = "\r" + body.ljust(self._width_drawn) + end
            self._width_drawn = len(body)
        tell(line, "", self.stream)


def duration(seconds: float) -> str:
    """Seconds as "7s", "1:05" or "1:00:00"."""
    whole = int(round(seconds))
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole >= 60 else f"{whole}s"


def figure(value: float) -> str:
    """A figure with four places, in powers of ten when small."""
    return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{value:.4e}"
