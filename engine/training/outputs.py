"""Matching what `compile` and `fit` are given (lists, dicts, single things) with a model's outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine import losses, metrics
from engine.core import tree
from engine.core.errors import ShapeError
from engine.core.shapes import text as shape_text


class Outputs:
    """The outputs of a model, flat.

    Attributes:
        names: their names; None where an output has none.
        paths: the keys and indices that lead to each.
        count: how many there are.
        is_flat: whether they lie in one list or dict.
        is_dict: whether the model gives a dict.
    """

    def __init__(self, y_pred: Any, output_names: Sequence[str] | None) -> None:
        self.structure = tree.map_structure(lambda _: None, y_pred)
        self.paths = [path for path, _ in tree.flatten_with_path(y_pred)]
        self.count = len(self.paths)
        self.is_dict = isinstance(y_pred, dict)
        self.nested = tree.is_nested(y_pred)
        self.is_flat = self.nested and len(y_pred) == self.count
        if self.is_dict and self.is_flat:
            self.names: list[Any] = [path[0] for path in self.paths]
        elif output_names is not None and len(output_names) == self.count:
            self.names = list(output_names)
        else:
            self.names = [None] * self.count

    @property
    def have_names(self) -> bool:
        """Whether outputs can be told by name."""
        return None not in self.names and (self.is_flat or not self.nested)

    def under(self, path: tuple[Any, ...]) -> list[int]:
        """The outputs below a path."""
        return [i for i, other in enumerate(self.paths) if other[: len(path)] == path]

    def at(self, path: tuple[Any, ...]) -> Any:
        """The part of the structure at a path."""
        part = self.structure
        for key in path:
            part = part[key]
        return part

    def flatten(self, value: Any, what: str, wanted: Sequence[bool] | None = None) -> list[Any]:
        """One entry per output from a structure of targets or weights.

        Args:
            value: in the structure of the outputs, as a list, a dict by name, or single for a single output.
            what: its name in errors.
            wanted: which outputs need an entry; a list may leave out the others.
        """
        if value is None:
            return [None] * self.count
        if isinstance(value, dict) and self.have_names:
            if set(value) <= set(self.names):
                return [value.get(name) for name in self.names]
            raise self._differs(value, what)
        flat = tree.flatten(value)
        if len(flat) == self.count:
            return flat
        if wanted is not None and len(flat) == sum(wanted):
            rest = iter(flat)
            return [next(rest) if want else None for want in wanted]
        raise self._differs(value, what)

    def _differs(self, value: Any, what: str) -> ValueError:
        stars = tree.map_structure(lambda _: "*", value)
        return ValueError(
            f"{what} and y_pred have different structures.\n{what}: {stars}\n"
            f"y_pred: {tree.map_structure(lambda _: '*', self.structure)}\n" + self._name_list()
        )

    def select(self, value: Any, what: str) -> list[Any]:
        """One entry per output from what `compile` was given: a list, a dict by name, or the outputs' structure."""
        if self.is_flat and isinstance(value, (list, tuple)) and len(value) == self.count:
            return list(value)
        if isinstance(value, dict) and self.is_flat and self.have_names:
            if not set(value) <= set(self.names):
                raise ValueError(
                    f"{self._keras_words(what)}Expected keys {self.names} in {what} dict, but found "
                    f"{what}.keys()={list(value)}"
                )
            return [value.get(name) for name in self.names]
        found = list(_parts(self.structure, value))
        if not any(part is _MISFIT for part in found):
            return found
        given = f"{len(value)} entries" if isinstance(value, (list, tuple)) else f"keys {list(value)}"
        raise ValueError(
            f"{self._keras_words(what)}`{what}` has {given} for a model with {self.count} outputs{self._name_list()}. "
            "Give one entry for each output, None for an output without, in the structure of the outputs "
            f"{tree.map_structure(lambda _: '*', self.structure)}."
        )

    def _keras_words(self, what: str) -> str:
        """How Keras begins when metrics do not fit the outputs."""
        if "metrics" not in what:
            return ""
        names = f"be a dict or a list matching the output names of the functional model {self.names} or "
        return (
            f"Invalid `{what}`. `{what}` should contain metrics objects and "
            f"{'either ' + names if self.have_names else ''}match the output structure of the model. "
        )

    def _name_list(self) -> str:
        return "" if None in self.names else " (" + ", ".join(map(str, self.names)) + ")"


_MISFIT = object()


def _parts(structure: Any, value: Any) -> Iterator[Any]:
    """The part of `value` for each leaf of the structure; None stands for a whole branch, _MISFIT for what differs."""
    if not tree.is_nested(structure):
        yield value
    elif value is None:
        yield from (None for _ in tree.flatten(structure))
    elif isinstance(structure, dict):
        fits = isinstance(value, dict) and set(value) <= set(structure)
        for key in sorted(structure):
            yield from _parts(structure[key], value.get(key)) if fits else (_MISFIT,)
    elif isinstance(value, (list, tuple)) and len(value) == len(structure):
        for part, given in zip(structure, value, strict=True):
            yield from _parts(part, given)
    else:
        yield _MISFIT


def kind_of_targets(y_true: Any, y_pred: Any) -> str:
    """ "binary", "sparse" (class numbers) or "categorical" (one-hot), from the shapes."""
    if y_pred.shape[-1] == 1:
        return "binary"
    fewer = len(y_true.shape) < len(y_pred.shape)
    return "sparse" if fewer or (y_true.shape[-1] == 1 and y_pred.shape[-1] > 1) else "categorical"


_CROSSENTROPIES = {
    "binary": losses.binary_crossentropy,
    "sparse": losses.sparse_categorical_crossentropy,
    "categorical": losses.categorical_crossentropy,
}
_ACCURACIES = {
    "binary": metrics.BinaryAccuracy,
    "sparse": metrics.SparseCategoricalAccuracy,
    "categorical": metrics.CategoricalAccuracy,
}
_METRIC_CROSSENTROPIES = {
    "binary": metrics.BinaryCrossentropy,
    "sparse": metrics.SparseCategoricalCrossentropy,
    "categorical": metrics.CategoricalCrossentropy,
}


def object_name(value: Any) -> str:
    """Name of a loss, metric or function in logs."""
    return str(getattr(value, "name", None) or getattr(value, "__name__", None) or type(value).__name__)


def get_loss(identifier: Any, y_true: Any, y_pred: Any) -> Any:
    """The loss object; "crossentropy" and "ce" choose by the shapes."""
    if identifier is None:
        return None
    if str(identifier).lower() in ("crossentropy", "ce"):
        loss = _CROSSENTROPIES[kind_of_targets(y_true, y_pred)]
    else:
        loss = losses.get(identifier)
    if isinstance(loss, losses.Loss):
        return loss
    return losses.LossFunctionWrapper(loss, name=identifier if isinstance(identifier, str) else object_name(loss))


def get_metric(identifier: Any, y_true: Any, y_pred: Any) -> Any:
    """The metric object; "accuracy", "acc", "crossentropy" and "ce" choose by the shapes."""
    if identifier is None:
        raise ValueError("Expected metric, received `None`")
    word = str(identifier).lower()
    if word in ("accuracy", "acc"):
        return _ACCURACIES[kind_of_targets(y_true, y_pred)](name=str(identifier))
    if word in ("crossentropy", "ce"):
        return _METRIC_CROSSENTROPIES[kind_of_targets(y_true, y_pred)](name=str(identifier))
    metric = metrics.get(identifier)
    name = identifier if isinstance(identifier, str) else object_name(metric)
    if not isinstance(metric, metrics.Metric):
        metric = metrics.MeanMetricWrapper(metric, name=name)
    metric.name = name
    return metric


def check_same_shape(what: str, name: str, output: Any, y_true: Any, y_pred: Any) -> None:
    """Refuse targets that would be broadcast against the predictions.

    Raises:
        ShapeError: the shapes differ after the rule for a last axis of 1.
    """
    if y_true is None:
        return
    true, pred = _same_rank(tuple(y_true.shape), tuple(y_pred.shape))
    if len(true) == len(pred) and all(a is None or b is None or a == b for a, b in zip(true, pred, strict=True)):
        return
    hint = "Give targets of the shape of the output, or change the last layer."
    if "crossentropy" in name and len(true) >= 1 and (len(true) < len(pred) or true[-1] == 1):
        hint = (
            "Targets that are class numbers go with sparse_categorical_crossentropy; one-hot targets have one column "
            "per class."
        )
    raise ShapeError(
        f"the {what} {name} compares targets of shape {shape_text(y_true.shape)} with an output of shape "
        f"{shape_text(y_pred.shape)}, and the two differ.",
        layer=str(output) if output is not None else "model output",
        hint=hint,
    )


def _same_rank(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    if len(a) == len(b) + 1 and a[-1] == 1:
        return (a, (*b, 1)) if len(b) == 1 else (a[:-1], b)
    if len(b) == len(a) + 1 and b[-1] == 1:
        return ((*a, 1), b) if len(a) == 1 else (a, b[:-1])
    return a, b
