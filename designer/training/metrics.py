"""Figures that grow while training runs, ready to be drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.training import protocol as p

Array = np.ndarray[Any, Any]


class _Growing:
    """An array that doubles its room when it is full."""

    def __init__(self) -> None:
        self._data = np.empty((2, 64))
        self._count = 0

    def append(self, x: float, y: float) -> None:
        if self._count == self._data.shape[1]:
            self._data = np.concatenate([self._data, np.empty_like(self._data)], axis=1)
        self._data[:, self._count] = x, y
        self._count += 1

    def arrays(self) -> tuple[Array, Array]:
        return self._data[0, : self._count], self._data[1, : self._count]


class MetricSeries:
    """Every figure over the epochs. Training figures also come between epochs, at fractions."""

    def __init__(self, batches: int = 1) -> None:
        self.batches = max(batches, 1)
        self._series: dict[str, _Growing] = {}
        self._epochs: dict[str, _Growing] = {}

    def add(self, event: p.Batch | p.Epoch) -> None:
        """Take in an event."""
        if isinstance(event, p.Epoch):
            for name, value in event.logs.items():
                self._epochs.setdefault(name, _Growing()).append(event.epoch, value)
            return
        for name, value in event.logs.items():
            place = event.epoch - 1 + event.batch / self.batches
            self._series.setdefault(name, _Growing()).append(place, value)

    def names(self) -> list[str]:
        """Quantities without their "val_": loss first."""
        found = dict.fromkeys(n.removeprefix("val_") for n in (*self._epochs, *self._series))
        return sorted((n for n in found if n != "learning_rate"), key=lambda n: (n != "loss", n))

    def series(self, name: str) -> tuple[Array, Array]:
        """Epochs and values at the end of each epoch; within the first epoch, after each batch."""
        ends = self._epochs.get(name)
        if ends is not None:
            return ends.arrays()
        within = self._series.get(name)
        return within.arrays() if within is not None else (np.empty(0), np.empty(0))

    def history(self) -> dict[str, list[float]]:
        """Figures of each epoch by name."""
        return {name: [float(v) for v in growing.arrays()[1]] for name, growing in self._epochs.items()}
