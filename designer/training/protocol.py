"""What the designer and the worker say to each other: one JSON object a line."""

from __future__ import annotations

from typing import Any

import msgspec

from designer.core.settings import DataSettings

VERSION = 1


class Job(msgspec.Struct, frozen=True):
    """What to train.

    Attributes:
        config: the compiled model as `config.json` holds it.
        weights: file with weights to begin with, or None.
        out: file for the weights, written after each epoch and at the end.
        limit: stop after so many batches (one step), or None.
    """

    config: dict[str, Any]
    data: DataSettings
    out: str
    epochs: int = 1
    batch_size: int = 32
    seed: int = 0
    shuffle: bool = True
    weights: str | None = None
    first_epoch: int = 0
    limit: int | None = None
    callbacks: tuple[dict[str, Any], ...] = ()
    version: int = VERSION


class Started(msgspec.Struct, tag="started", tag_field="t", frozen=True):
    """Data are loaded and the model is built."""

    parameters: int
    batches: int
    epochs: int
    first_epoch: int = 0


class Batch(msgspec.Struct, tag="batch", tag_field="t", frozen=True):
    """Figures after a batch (counted from 1); at most 30 of these come a second."""

    epoch: int
    batch: int
    logs: dict[str, float]


class Epoch(msgspec.Struct, tag="epoch", tag_field="t", frozen=True):
    """Figures after an epoch (counted from 1)."""

    epoch: int
    logs: dict[str, float]
    seconds: float


class Finished(msgspec.Struct, tag="finished", tag_field="t", frozen=True):
    """Training ended. Reasons: "done", "stopped", "early", "nan"."""

    reason: str
    epochs: int
    sentence: str = ""
    weights: str | None = None
    test: dict[str, float] = {}
    seconds: float = 0.0


class Failed(msgspec.Struct, tag="failed", tag_field="t", frozen=True):
    """Training could not be done."""

    sentence: str


class Paused(msgspec.Struct, tag="paused", tag_field="t", frozen=True):
    """The worker waits between two batches."""


class Resumed(msgspec.Struct, tag="resumed", tag_field="t", frozen=True):
    """The worker goes on."""


Event = Started | Batch | Epoch | Finished | Failed | Paused | Resumed
_EVENTS = msgspec.json.Decoder(Event)
_JOBS = msgspec.json.Decoder(Job)


def encode(message: Any) -> bytes:
    """A message as one line."""
    return msgspec.json.encode(message) + b"\n"


def decode_event(line: bytes) -> Event | None:
    """The event on a line, or None when the line is something else (a library may print)."""
    try:
        event: Event = _EVENTS.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return event


def decode_job(line: bytes) -> Job:
    """The job on a line.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return _JOBS.decode(line)
