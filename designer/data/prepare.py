"""From a data source to what training takes: split and scaled; what a fitting network needs; the same as source."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.core.errors import Refused
from designer.core.settings import DataSettings
from designer.core.text import tr
from designer.data.sources import SOURCES, DataSource

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Prepared:
    """Data ready for training.

    Attributes:
        parts: (samples, targets) by "train", "validation" and "test"; empty parts are left out.
        class_counts: samples of each class over all parts; empty for regression.
    """

    source: DataSource
    parts: dict[str, tuple[Array, Array]]
    class_counts: tuple[int, ...]

    def part(self, name: str) -> tuple[Array, Array] | None:
        return self.parts.get(name)


@dataclass(frozen=True)
class Output:
    """What the end of a network needs for the data."""

    units: int
    activation: str
    loss: str
    metrics: tuple[str, ...]


def source_of(settings: DataSettings) -> DataSource:
    """The chosen source.

    Raises:
        Refused: none was chosen, or it is not known.
    """
    if settings.source is None:
        raise Refused(tr("No data are chosen. Choose some in the data panel."))
    source = SOURCES.get(settings.source)
    if source is None:
        raise Refused(tr("The data {name} are not known here.", name=repr(settings.source)))
    return source


def output_for(source: DataSource) -> Output:
    """Last layer, loss and metrics that fit the source."""
    if source.task == "regression":
        return Output(1, "linear", "mean_squared_error", ("mean_absolute_error",))
    return Output(len(source.classes), "softmax", "sparse_categorical_crossentropy", ("accuracy",))


def scaling_of(settings: DataSettings, source: DataSource) -> str:
    """The scaling that "auto" stands for."""
    if settings.scaling != "auto":
        return settings.scaling
    return {"image": "minmax", "sequence": "none"}.get(source.kind, "standard")


def prepare(settings: DataSettings) -> Prepared:
    """Load, split and scale; the scaler learns from the training part only.

    Raises:
        Refused: no data are chosen, or too few are left for a part.
    """
    source = source_of(settings)
    x, y = source.load(source.values(settings.options), settings.seed)
    counts = tuple(int(n) for n in np.bincount(y, minlength=len(source.classes))) if source.classes else ()
    parts = _split(x, y, settings, bool(source.classes))
    _scale(parts, scaling_of(settings, source), source)
    return Prepared(source, parts, counts)


def _split(x: Array, y: Array, settings: DataSettings, classes: bool) -> dict[str, tuple[Array, Array]]:
    from sklearn.model_selection import train_test_split

    parts: dict[str, tuple[Array, Array]] = {}
    for name, share in (("test", settings.test), ("validation", settings.validation)):
        if share:
            count = _count(len(y), share, settings) if name == "test" else round(settings.validation * _total(parts, y))
            try:
                stratify = y if classes else None
                x, held, y, labels = train_test_split(
                    x, y, test_size=count, random_state=settings.seed, stratify=stratify
                )
            except ValueError as error:
                words = tr(
                    "The data cannot be split: {count} samples are too few for {name}. Hold back another share.",
                    count=count,
                    name=name,
                )
                raise Refused(words) from error
            parts[name] = (held, labels)
    parts["train"] = (x, y)
    return parts


def _total(parts: dict[str, tuple[Array, Array]], y: Array) -> int:
    return len(y) + sum(len(labels) for _, labels in parts.values())


def _count(total: int, share: float, settings: DataSettings) -> int:
    if settings.validation + settings.test >= 1:
        raise Refused(tr("Validation and test take all the data. Hold back less, so that some are left to learn from."))
    return round(share * total)


def _scale(parts: dict[str, tuple[Array, Array]], scaling: str, source: DataSource) -> None:
    if scaling == "none":
        return
    if source.kind == "image" and scaling == "minmax":
        for name, (x, y) in parts.items():
            parts[name] = (x / np.float32(source.top), y)
        return
    x = parts["train"][0]
    if scaling == "standard":
        shift, factor = x.mean(axis=0), x.std(axis=0)
    else:
        shift, factor = x.min(axis=0), x.max(axis=0) - x.min(axis=0)
    factor = np.where(factor == 0, np.float32(1), factor)
    for name, (values, y) in parts.items():
        parts[name] = ((values - shift) / factor, y)


def code(settings: DataSettings) -> list[str]:
    """Source lines that do the same and set x_train, y_train, x_val, y_val, x_test, y_test."""
    source = source_of(settings)
    lines = source.lines(source.values(settings.options), settings.seed)
    total = len(source.load(source.values(settings.options), settings.seed)[1])
    stratify = ", stratify=y_train" if source.classes else ""
    lines.append("x_train, y_train = x, y")
    for share, name in ((settings.test, "test"), (settings.validation, "val")):
        if share:
            lines.insert(0, "from sklearn.model_selection import train_test_split")
            arguments = f"test_size={round(share * total)}, random_state={settings.seed}{stratify}"
            names = f"x_train, x_{name}, y_train, y_{name}"
            lines.append(f"{names} = train_test_split(x_train, y_train, {arguments})")
    return lines + _scale_lines(settings, source)


def _scale_lines(settings: DataSettings, source: DataSource) -> list[str]:
    scaling = scaling_of(settings, source)
    names = ["x_train", *(["x_val"] if settings.validation else []), *(["x_test"] if settings.test else [])]
    if scaling == "none":
        return []
    if source.kind == "image" and scaling == "minmax":
        return [f"{name} = {name} / {source.top:g}" for name in names]
    measured = {
        "standard": "mean, scale = x_train.mean(axis=0), x_train.std(axis=0)",
        "minmax": "mean, scale = x_train.min(axis=0), x_train.max(axis=0) - x_train.min(axis=0)",
    }[scaling]
    guard = "scale[scale == 0] = 1"
    return [measured, guard, *(f"{name} = ({name} - mean) / scale" for name in names)]


def import_libraries() -> None:
    """Import what loading data takes. Slow the first time; may be called from any thread."""
    import sklearn.datasets
    import sklearn.model_selection
    import sklearn.preprocessing  # noqa: F401


def libraries_are_imported() -> bool:
    """Whether loading data will begin at once."""
    return all(f"sklearn.{part}" in sys.modules for part in ("datasets", "model_selection", "preprocessing"))
