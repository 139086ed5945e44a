"""Data that come with the designer: scikit-learn's real sets and generated ones. Nothing is fetched from anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Option:
    """A setting of a generated data set."""

    name: str
    default: float
    minimum: float
    maximum: float
    whole: bool
    doc: str


@dataclass(frozen=True)
class DataSource:
    """One data set.

    Attributes:
        task: "classification" or "regression".
        kind: "image", "table", "points" or "sequence".
        sample_shape: axes of one sample.
        classes: names of the classes; empty for regression.
        rows: number of samples; None when an option sets it.
        load: options and seed to samples (float32) and targets (int32 classes, or float32 numbers in one column).
        lines: the same as Python source that needs NumPy and scikit-learn only; sets `x` and `y`.
        top: for pictures the largest value.
    """

    id: str
    title: str
    summary: str
    task: str
    kind: str
    sample_shape: tuple[int, ...]
    classes: tuple[str, ...]
    rows: int | None
    load: Callable[[Mapping[str, Any], int], Arrays]
    lines: Callable[[Mapping[str, Any], int], list[str]]
    options: tuple[Option, ...] = ()
    columns: tuple[str, ...] = ()
    top: float = 1.0

    def shape(self, options: Mapping[str, Any]) -> tuple[int, ...]:
        """Axes of one sample for these options."""
        steps = self.value("steps", options) if any(o.name == "steps" for o in self.options) else None
        return self.sample_shape if steps is None else (int(steps), *self.sample_shape[1:])

    def value(self, name: str, options: Mapping[str, Any]) -> Any:
        """An option's value, its default when no number is given, held inside its range."""
        option = next(o for o in self.options if o.name == name)
        given = options.get(name, option.default)
        number = float(given if isinstance(given, (int, float)) else option.default)
        number = min(max(number, option.minimum), option.maximum)
        return int(number) if option.whole else number

    def values(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """All options."""
        return {option.name: self.value(option.name, options) for option in self.options}


def _bundled(name: str, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Loader and source lines of a set that scikit-learn ships."""
    function = f"load_{name}"
    kind = "int32"

    def load(options: Mapping[str, Any], seed: int) -> Arrays:
        from sklearn import datasets

        bunch = getattr(datasets, function)()
        if name == "diabetes":
            return bunch.data.astype("float32"), bunch.target.astype("float32")[:, None]
        return bunch.data.reshape(-1, *shape).astype("float32"), bunch.target.astype(kind)

    def lines(options: Mapping[str, Any], seed: int) -> list[str]:
        target = 'y.astype("float32")[:, None]' if name == "diabetes" else 'y.astype("int32")'
        values = (
            f'x.reshape(-1, {", ".join(map(str, shape))}).astype("float32")'
            if len(shape) > 1
            else 'x.astype("float32")'
        )
        return [
            f"from sklearn.datasets import {function}",
            f"x, y = {function}(return_X_y=True)",
            f"x, y = {values}, {target}",
        ]

    return load, lines


_SAMPLES = Option("samples", 600, 60, 10_000, True, "Number of points.")


def _noise(default: float) -> Option:
    return Option("noise", default, 0.0, 1.0, False, "How far points stray.")


def _made(function: str, extra: str = "") -> tuple[Any, Any]:
    """Loader and source lines of points that scikit-learn generates."""
    factor = {"factor": 0.5} if function == "make_circles" else {}

    def load(options: Mapping[str, Any], seed: int) -> Arrays:
        from sklearn import datasets

        x, y = getattr(datasets, function)(options["samples"], noise=options["noise"], random_state=seed, **factor)
        return x.astype("float32"), y.astype("int32")

    def lines(options: Mapping[str, Any], seed: int) -> list[str]:
        more = "".join(f", {k}={v}" for k, v in factor.items())
        call = f"{function}({options['samples']}, noise={options['noise']}, random_state={seed}{more})"
        return [f"from sklearn.datasets import {function}", f"x, y = {call}", _POINTS]

    return load, lines


_POINTS = 'x, y = x.astype("float32"), y.astype("int32")'


def _blobs(options: Mapping[str, Any], seed: int) -> Arrays:
    from sklearn.datasets import make_blobs

    x, y = make_blobs(options["samples"], centers=3, cluster_std=options["noise"] * 4, random_state=seed)[:2]
    return x.astype("float32"), y.astype("int32")


def _blobs_lines(options: Mapping[str, Any], seed: int) -> list[str]:
    spread = options["noise"] * 4
    call = f"make_blobs({options['samples']}, centers=3, cluster_std={spread!r}, random_state={seed})"
    return ["from sklearn.datasets import make_blobs", f"x, y = {call}", _POINTS]


def _spirals(options: Mapping[str, Any], seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    half = options["samples"] // 2
    angle = np.sqrt(rng.uniform(0, 1, half)) * 3 * math.pi
    arm = np.stack([angle * np.cos(angle), angle * np.sin(angle)], axis=1) / (3 * math.pi)
    x = np.concatenate([arm, -arm]) + rng.normal(0, options["noise"] / 4, (2 * half, 2))
    y = np.repeat([0, 1], half)
    return x.astype("float32"), y.astype("int32")


def _spirals_lines(options: Mapping[str, Any], seed: int) -> list[str]:
    half = options["samples"] // 2
    return [
        "import numpy as np",
        f"rng = np.random.default_rng({seed})",
        f"angle = np.sqrt(rng.uniform(0, 1, {half})) * 3 * np.pi",
        "arm = np.stack([angle * np.cos(angle), angle * np.sin(angle)], axis=1) / (3 * np.pi)",
        f"x = np.concatenate([arm, -arm]) + rng.normal(0, {options['noise'] / 4!r}, ({2 * half}, 2))",
        f"y = np.repeat([0, 1], {half})",
        _POINTS,
    ]


def _xor(options: Mapping[str, Any], seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (options["samples"], 2))
    y = (x[:, 0] > 0) != (x[:, 1] > 0)
    x = x + rng.normal(0, options["noise"] / 4, x.shape)
    return x.astype("float32"), y.astype("int32")


def _xor_lines(options: Mapping[str, Any], seed: int) -> list[str]:
    return [
        "import numpy as np",
        f"rng = np.random.default_rng({seed})",
        f"x = rng.uniform(-1, 1, ({options['samples']}, 2))",
        "y = (x[:, 0] > 0) != (x[:, 1] > 0)",
        f"x = x + rng.normal(0, {options['noise'] / 4!r}, x.shape)",
        _POINTS,
    ]


def _sines(options: Mapping[str, Any], seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    steps, count = options["steps"], options["samples"]
    speed, start = rng.uniform(0.1, 0.4, (count, 1)), rng.uniform(0, 2 * math.pi, (count, 1))
    waves = np.sin(start + speed * np.arange(steps + 1)) + rng.normal(0, options["noise"] / 10, (count, steps + 1))
    return waves[:, :-1, None].astype("float32"), waves[:, -1:].astype("float32")


def _sines_lines(options: Mapping[str, Any], seed: int) -> list[str]:
    steps, count = options["steps"], options["samples"]
    return [
        "import numpy as np",
        f"rng = np.random.default_rng({seed})",
        f"speed = rng.uniform(0.1, 0.4, ({count}, 1))",
        f"start = rng.uniform(0, 2 * np.pi, ({count}, 1))",
        f"waves = np.sin(start + speed * np.arange({steps + 1}))",
        f"waves = waves + rng.normal(0, {options['noise'] / 10!r}, ({count}, {steps + 1}))",
        'x, y = waves[:, :-1, None].astype("float32"), waves[:, -1:].astype("float32")',
    ]


_TABLES = {
    "iris": ("sepal length", "sepal width", "petal length", "petal width"),
    "diabetes": ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
}
_TWO = ("A", "B")


def _sources() -> tuple[DataSource, ...]:
    def real(
        name: str, title: str, summary: str, kind: str, shape: tuple[int, ...], classes: Any, rows: int, **more: Any
    ) -> DataSource:
        load, lines = _bundled(name, shape)
        task = "classification" if classes else "regression"
        columns = _TABLES.get(name, ())
        return DataSource(
            name, title, summary, task, kind, shape, tuple(classes), rows, load, lines, columns=columns, **more
        )

    def points(
        name: str, title: str, summary: str, pair: tuple[Any, Any], noise: float, classes: Any = _TWO
    ) -> DataSource:
        options = (_SAMPLES, _noise(noise))
        return DataSource(
            name, title, summary, "classification", "points", (2,), classes, None, *pair, options, ("x", "y")
        )

    wine = tuple(f"class {i}" for i in range(3))
    return (
        real(
            "digits",
            "Handwritten digits",
            "1,797 pictures of 8 × 8 points.",
            "image",
            (8, 8, 1),
            map(str, range(10)),
            1797,
            top=16.0,
        ),
        real(
            "iris",
            "Iris flowers",
            "Three kinds from four lengths.",
            "table",
            (4,),
            ("setosa", "versicolor", "virginica"),
            150,
        ),
        real("wine", "Wine", "Three growers from 13 measurements.", "table", (13,), wine, 178),
        real(
            "breast_cancer",
            "Breast cancer",
            "Malignant or benign from 30 measurements.",
            "table",
            (30,),
            ("malignant", "benign"),
            569,
        ),
        real("diabetes", "Diabetes", "Progress of the disease from 10 measurements.", "table", (10,), (), 442),
        points("moons", "Two moons", "Two half circles that interlock.", _made("make_moons"), 0.2),
        points("circles", "Two circles", "A ring around a ring.", _made("make_circles"), 0.1),
        points("spirals", "Two spirals", "Two arms that wind around each other.", (_spirals, _spirals_lines), 0.1),
        points("blobs", "Three clouds", "Three clouds of points.", (_blobs, _blobs_lines), 0.25, ("A", "B", "C")),
        points("xor", "Four corners (XOR)", "Opposite corners belong together.", (_xor, _xor_lines), 0.1),
        DataSource(
            "sines",
            "Sine waves",
            "The next value of a wave from those before.",
            "regression",
            "sequence",
            (24, 1),
            (),
            None,
            _sines,
            _sines_lines,
            (_SAMPLES, _noise(0.1), Option("steps", 24, 4, 200, True, "Values before the one to predict.")),
        ),
    )


SOURCES: dict[str, DataSource] = {source.id: source for source in _sources()}
"""All data sets by id, in the order in which they are offered."""
