"""Data and training settings of a project: plain values that files hold and commands replace."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Seed = Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Amount = Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]


class DataSettings(msgspec.Struct, frozen=True):
    """Which data the network learns from and how they are prepared.

    Attributes:
        source: id of a data source ("digits"), or None.
        options: the source's own settings.
        validation, test: shares held back.
        scaling: "auto", "none", "minmax" or "standard".
        seed: fixes what is drawn and how it is split.
    """

    source: str | None = None
    options: dict[str, Any] = {}
    validation: Share = 0.2
    test: Share = 0.2
    scaling: Literal["auto", "none", "minmax", "standard"] = "auto"
    seed: Seed = 0


class Choice(msgspec.Struct, frozen=True):
    """A component of the catalogue and its settings that differ from their defaults."""

    name: str
    params: dict[str, Any] = {}


class TrainingSettings(msgspec.Struct, frozen=True):
    """How the network learns.

    Attributes:
        optimizer: an optimizer of the catalogue.
        loss: a loss, or None for the one that fits the data.
        metrics: names of metrics, or None for those that fit the data.
    """

    optimizer: Choice = Choice("Adam")
    loss: Choice | None = None
    metrics: tuple[str, ...] | None = None
    epochs: Amount = 20
    batch_size: Amount = 32
    seed: Seed = 0
    shuffle: bool = True
    callbacks: tuple[Choice, ...] = ()
