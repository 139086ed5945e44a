"""How long training will take: counted from the settings, timed only by a run of the same network on this computer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from designer.core.document import Document
from designer.core.text import count, tr
from designer.data.sources import SOURCES
from designer.training.session import Progress

_ENOUGH = 20
"""Batches that a run must have had before its speed counts: the first ones are slow."""


@dataclass(frozen=True)
class Plan:
    """What training will do.

    Attributes:
        batches: in one epoch.
        seconds: how long all of it takes, or None when nothing of the kind was measured.
    """

    epochs: int
    batches: int
    seconds: float | None = None

    def words(self) -> str:
        """The plan as rich text."""
        shown = tr(
            "<b>Forecast</b> {e} × {b}",
            e=count(self.epochs, tr("epoch"), tr("epochs")),
            b=count(self.batches, tr("batch"), tr("batches")),
        )
        return shown if self.seconds is None else shown + tr(", about {t}", t=duration(self.seconds))


class Forecaster:
    """Remembers how fast the last run was, and of which network."""

    def __init__(self) -> None:
        self._speed: tuple[str, float] | None = None

    def measure(self, document: Document, progress: Progress) -> None:
        """Take in the speed of a run that has ended."""
        done = (progress.epoch - 1) * progress.batches + progress.batch
        if progress.batches_per_second > 0 and done >= _ENOUGH:
            self._speed = (_what_runs(document), progress.batches_per_second)

    def plan(self, document: Document) -> Plan | None:
        """The plan of the document's settings; None without data."""
        source = SOURCES.get(document.data.source or "")
        if source is None:
            return None
        data, training = document.data, document.training
        total = source.rows if source.rows is not None else int(source.value("samples", data.options))
        held = round(total * data.test)
        rows = total - held - round(total * data.validation)
        batches = math.ceil(max(rows, 0) / training.batch_size)
        seconds = None
        if self._speed is not None and self._speed[0] == _what_runs(document):
            seconds = training.epochs * batches / self._speed[1]
        return Plan(training.epochs, batches, seconds)


def _what_runs(document: Document) -> str:
    """Everything that makes a batch fast or slow."""
    layers = [(n.id, n.type, dict(n.params), n.trainable, n.bypassed) for n in document.nodes.values()]
    training = document.training
    return repr((layers, document.edges, document.data, training.batch_size, training.optimizer, training.loss))


def duration(seconds: float) -> str:
    """A time in words: "3 s", "2 min 5 s", "1 h 4 min"."""
    whole = max(math.ceil(seconds - 0.5), 0)
    if whole < 1:
        return tr("1 s") if seconds > 0 else tr("0 s")
    if whole < 60:
        return tr("{s} s", s=whole)
    if whole < 3600:
        return tr("{m} min {s} s", m=whole // 60, s=whole % 60)
    return tr("{h} h {m} min", h=whole // 3600, m=whole % 3600 // 60)
