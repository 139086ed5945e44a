"""The base of callbacks that watch one figure and know whether it should rise or fall."""

from __future__ import annotations

import operator
import warnings
from typing import Any

from engine.callbacks.callback import DeclaredCallback
from engine.core.params import Param

MODES = ("auto", "min", "max")


def monitor_param() -> Any:
    """The figure that is watched."""
    return Param("val_loss", kind="str", doc="Name of the figure in the logs.")


def mode_param() -> Any:
    """Which way is better."""
    return Param("auto", kind="Any", doc="'min': smaller is better, 'max': larger, 'auto': the metric knows.")


class MonitorCallback(DeclaredCallback):
    """Watches `monitor`.

    Attributes:
        best: best value so far, None before the first.
        monitor_op: comparison by which a value is better; set when the first epoch ends.
        min_delta: change that counts, negative where smaller is better.
    """

    monitor: str
    mode: str
    min_delta: float = 0.0

    def setup(self) -> None:
        if self.mode not in MODES:
            warnings.warn(f"{type(self).__name__} mode '{self.mode}' is unknown, fallback to auto mode.", stacklevel=3)
            self.mode = "auto"
        self.min_delta = abs(self.min_delta)
        self.best: Any = None
        self.monitor_op: Any = None

    def _set_monitor_op(self) -> None:
        direction = {"min": "down", "max": "up"}.get(self.mode) or self._direction()
        if direction is None:
            raise ValueError(
                f"{type(self).__name__} callback received monitor={self.monitor}, and nothing tells whether that "
                "figure should rise or fall. Pass `mode='max'` or `mode='min'`."
            )
        self.monitor_op = operator.gt if direction == "up" else operator.lt
        if direction == "down":
            self.min_delta = -self.min_delta

    def _direction(self) -> str | None:
        name = self.monitor.removeprefix("val_")
        known: dict[str, str] = getattr(self.model, "metric_directions", dict)()
        return known.get(name) or ("down" if name == "loss" or name.endswith("_loss") else None)

    def _is_improvement(self, value: Any, reference: Any) -> bool:
        return reference is None or bool(self.monitor_op(value - self.min_delta, reference))
