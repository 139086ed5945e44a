"""What `compile` sets: the losses and metrics of all outputs, resolved when the first batch shows their shapes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine import losses, ops
from engine.core import tree
from engine.core.errors import TraceError
from engine.core.state import STATE
from engine.losses.loss import squeeze_or_expand_to_same_rank
from engine.metrics import Mean, Metric
from engine.metrics.counting import batch_length
from engine.training.outputs import Outputs, check_same_shape, get_loss, get_metric
from engine.training.telling import check_class_numbers, check_numbers, is_ours, telling


class LossEntry(NamedTuple):
    """One loss on one output."""

    output: int
    loss: Any
    weight: float | None
    name: str


@dataclass(frozen=True)
class WeightedLeaf:
    """A loss as `compile` was given it, with its weight."""

    loss: Any
    weight: Any


class CompileLoss:
    """The weighted sum of the losses of all outputs.

    Args:
        loss: loss for all outputs, or losses in a list, a dict by output name, or the structure of the outputs.
        loss_weights: their weights in the same form.
        output_names: names of the model's outputs.

    Attributes:
        metrics: with several losses, the running mean of each, before weighting.
        entries: the losses, when built.
    """

    def __init__(self, loss: Any, loss_weights: Any = None, output_names: Sequence[str] | None = None) -> None:
        if loss_weights and not isinstance(loss_weights, (list, tuple, dict, float, int)):
            raise ValueError(
                "Expected `loss_weights` argument to be a float (single output case) or a list, tuple, or dict "
                f"(multiple output case). Received instead: loss_weights={loss_weights} of type {type(loss_weights)}"
            )
        self._loss, self._weights, self._names = loss, loss_weights, output_names
        self.built = False
        self.metrics: list[Metric] = []
        self.entries: list[LossEntry] = []

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Resolve names and shapes; `y_true` and `y_pred` need only shapes."""
        self._outputs = Outputs(y_pred, self._names)
        chosen = list(self._resolve(self._packed(), ()))
        self._wanted = [any(index == output for output, _, _ in chosen) for index in range(self._outputs.count)]
        targets = self._outputs.flatten(y_true, "y_true", self._wanted)
        predictions = tree.flatten(y_pred)
        for index, path, given in chosen:
            loss = get_loss(given.loss, targets[index], predictions[index])
            output = self._outputs.names[index]
            check_numbers("loss", loss.name, targets[index])
            check_class_numbers("loss", loss, output, targets[index], predictions[index])
            if losses.compares_same_shapes(loss):
                check_same_shape("loss", loss.name, output, targets[index], predictions[index])
            by_loss = output is None or not self._outputs.nested
            name = _path_name(path, loss.name if by_loss else output)
            self.entries.append(LossEntry(index, loss, given.weight, name))
        if len(self.entries) > 1:
            self.metrics = [Mean(name=f"{entry.name}_loss") for entry in self.entries]
        if len(self.entries) > 1 and not self._outputs.nested:
            # So it is in Keras: the sum over several losses is taken for several outputs only.
            warnings.warn(
                f"{len(self.entries)} losses were given for a model with one output; it trains on the first, "
                f"{self.entries[0].loss.name}. To train on their sum, write a function that adds them.",
                stacklevel=2,
            )
        self.built = True

    def _packed(self) -> Any:
        """Losses and weights in one structure, None where there is no loss."""
        loss, weights, names = self._loss, self._weights, self._outputs.names
        if isinstance(loss, dict) and not self._outputs.is_dict:
            if set(loss) != set(names):
                raise ValueError(f"Expected keys {names} in loss dict, but found loss.keys()={list(loss)}")
            loss = [loss[name] for name in names]
            weights = [weights.get(name) for name in names] if isinstance(weights, dict) else weights
        if not tree.is_nested(loss):
            if isinstance(weights, (list, tuple, dict)):
                each = tree.flatten(weights)
                if len(each) != self._outputs.count:
                    raise _mismatch(1, len(each))
                if isinstance(weights, dict):
                    each = self._outputs.select(weights, "loss_weights")
                return tree.pack_sequence_as(self._outputs.structure, [WeightedLeaf(loss, w) for w in each])
            return WeightedLeaf(loss, weights)
        return tree.map_structure(WeightedLeaf, loss, self._weights_like(loss, weights))

    def _weights_like(self, loss: Any, weights: Any) -> Any:
        """The weights in the structure of the losses."""
        if weights is None:
            return tree.map_structure(lambda _: None, loss)
        if isinstance(loss, dict) and isinstance(weights, dict) and set(weights) < set(loss):
            return {name: weights.get(name) for name in loss}
        flat = tree.flatten(weights)
        if len(flat) != len(tree.flatten(loss)):
            raise _mismatch(len(tree.flatten(loss)), len(flat))
        return tree.pack_sequence_as(loss, flat)

    def _resolve(self, given: Any, path: tuple[Any, ...]) -> Iterator[tuple[int, tuple[Any, ...], WeightedLeaf]]:
        """(output, path, loss) for every loss that there is, in the order in which they were given."""
        below, part = self._outputs.under(path), self._outputs.at(path)
        if isinstance(given, WeightedLeaf):
            if given.loss is not None:
                yield from ((index, self._outputs.paths[index], given) for index in below)
        elif isinstance(given, (list, tuple)) and len(given) == len(below) and not any(map(tree.is_nested, given)):
            for index, one in zip(below, given, strict=True):
                yield from self._resolve(one, self._outputs.paths[index])
        elif isinstance(given, (list, tuple)) and not isinstance(part, (list, tuple)):
            for one in given:
                yield from self._resolve(one, path)
        else:
            for key, one in given.items() if isinstance(given, dict) else enumerate(given):
                if not (isinstance(one, WeightedLeaf) and one.loss is None):
                    yield from self._resolve(one, self._known((*path, key)))

    def _known(self, path: tuple[Any, ...]) -> tuple[Any, ...]:
        if not self._outputs.under(path):
            count, names = self._outputs.count, [name for name in self._outputs.names if name is not None]
            raise KeyError(
                f"The path: {path} in the `loss` argument, can't be found in the model's output (`y_pred`). "
                f"The model has {count} outputs: {names or self._outputs.paths}."
            )
        return path

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The total loss; None when no output has one."""
        if not self.built:
            self.build(y_true, y_pred)
        targets = self._outputs.flatten(y_true, "y_true", self._wanted)
        predictions = tree.flatten(y_pred)
        weights = self._sample_weights(sample_weight)
        total = None
        for i, (index, loss, weight, name) in enumerate(self.entries):
            if targets[index] is None:
                raise ValueError(f"{name}: the loss needs targets, and none were given for this output.")
            output = self._outputs.names[index]
            with telling("loss", loss.name, output, targets[index], predictions[index], is_ours(loss)):
                value = loss(targets[index], predictions[index], weights[index])
            if not self._outputs.nested:
                return value if weight is None else ops.multiply(value, weight)
            if self.metrics:
                self.metrics[i].update_state(value, sample_weight=batch_length(predictions[index]))
            value = value if weight is None else ops.multiply(value, weight)
            total = value if total is None else ops.add(total, value)
        return total

    def _sample_weights(self, sample_weight: Any) -> list[Any]:
        if sample_weight is None or tree.is_nested(sample_weight):
            return self._outputs.flatten(sample_weight, "sample_weight", self._wanted)
        return [sample_weight] * self._outputs.count

    @property
    def variables(self) -> list[Any]:
        """State of the running means."""
        return [v for metric in self.metrics for v in metric.variables]


class MetricEntry(NamedTuple):
    """One metric on one output."""

    output: int
    metric: Metric
    name: str
    weighted: bool


class CompileMetrics(Metric):
    """The metrics of all outputs, as one metric whose result is a dict.

    Args:
        metrics: for a single output a list; for several a list or dict with a metric, a list or None per output.
        weighted_metrics: the same, updated with sample weights.
        output_names: names of the model's outputs.

    Attributes:
        outside: metrics whose Python code cannot be traced; `fit` updates them beside the compiled step.
    """

    def __init__(self, metrics: Any, weighted_metrics: Any, output_names: Sequence[str] | None = None) -> None:
        for name, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if value and not isinstance(value, (list, tuple, dict)):
                raise ValueError(
                    f"Expected `{name}` argument to be a list, tuple, or dict. Received instead: {name}={value} "
                    f"of type {type(value)}"
                )
        super().__init__(name="compile_metrics")
        self._given = {"metrics": metrics, "weighted_metrics": weighted_metrics}
        self._output_names = output_names
        self.built = False
        self.entries: list[MetricEntry] = []
        self.outside: set[int] = set()
        self.pending: list[tuple[Metric, tuple[Any, ...]]] = []

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Resolve names and shapes; `y_true` and `y_pred` need only shapes."""
        self._outputs = Outputs(y_pred, self._output_names)
        targets = self._targets(y_true)
        predictions = tree.flatten(y_pred)
        taken: dict[str, int] = {}
        for key, weighted in (("metrics", False), ("weighted_metrics", True)):
            for index, identifier in self._choose(self._given[key], key):
                metric = get_metric(identifier, targets[index], predictions[index])
                output = self._outputs.names[index] if self._outputs.count > 1 else None
                check_numbers("metric", metric.name, targets[index])
                check_class_numbers("metric", metric, output, targets[index], predictions[index])
                if compares_same_shapes(metric):
                    check_same_shape("metric", metric.name, output, targets[index], predictions[index])
                name = _unique(metric.name, output, weighted, taken)
                self.entries.append(MetricEntry(index, metric, name, weighted))
        self.built = True

    def _choose(self, given: Any, what: str) -> Iterator[tuple[int, Any]]:
        if not given:
            return
        if self._outputs.count == 1:
            yield from ((0, identifier) for identifier in tree.flatten(given))
            return
        for index, entry in enumerate(self._outputs.select(given, what)):
            for identifier in entry if isinstance(entry, (list, tuple)) else [entry]:
                if identifier is not None:
                    yield index, identifier

    def _targets(self, y_true: Any) -> list[Any]:
        if tree.is_nested(y_true) or y_true is None:
            flat = tree.flatten(y_true)
            if len(flat) != self._outputs.count and isinstance(y_true, (list, tuple)):
                return [*flat, *[None] * self._outputs.count][: self._outputs.count]
        return self._outputs.flatten(y_true, "y_true")

    @property
    def metrics(self) -> list[Metric]:
        """All metrics, the weighted ones last."""
        return [entry.metric for entry in self.entries]

    @property
    def variables(self) -> list[Any]:
        return [v for metric in self.metrics for v in metric.variables]

    def reset_state(self) -> None:
        for metric in self.metrics:
            metric.reset_state()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if not self.built:
            self.build(y_true, y_pred)
        targets, predictions = self._targets(y_true), tree.flatten(y_pred)
        weights = self._weights(sample_weight)
        for entry in self.entries:
            arguments: tuple[Any, ...] = (targets[entry.output], predictions[entry.output])
            if compares_same_shapes(entry.metric):
                arguments = squeeze_or_expand_to_same_rank(*arguments)
            if entry.weighted:
                arguments = (*arguments, weights[entry.output])
            output = self._outputs.names[entry.output] if self._outputs.count > 1 else None
            with telling("metric", entry.name, output, *arguments[:2], is_ours(entry.metric)):
                self._update(entry.metric, arguments)

    def _weights(self, sample_weight: Any) -> list[Any]:
        if sample_weight is None:
            return [None] * self._outputs.count
        flat = (
            self._outputs.flatten(sample_weight, "sample_weight") if tree.is_nested(sample_weight) else [sample_weight]
        )
        return flat if len(flat) == self._outputs.count else [flat[0]] * self._outputs.count

    def _update(self, metric: Metric, arguments: tuple[Any, ...]) -> None:
        if STATE.trace is None:
            metric.update_state(*arguments)
        elif id(metric) in self.outside:
            self.pending.append((metric, arguments))
        else:
            try:
                metric.update_state(*arguments)
            except TraceError:
                # The step is traced again; then this metric only hands its arguments out of the plan.
                self.outside.add(id(metric))
                raise

    def result(self) -> dict[str, Any]:
        """Figures by name; while tracing, those that are inside the trace."""
        shown = [e for e in self.entries if STATE.trace is None or id(e.metric) not in self.outside]
        return {entry.name: entry.metric.result() for entry in shown}


def _mismatch(losses: int, weights: int) -> ValueError:
    return ValueError(f"`loss_weights` must match the number of losses, got {losses} losses and {weights} weights.")


def _path_name(path: tuple[Any, ...], output: Any) -> str:
    """Name of a loss in logs: the keys that lead to the output, and the output's name in place of its index."""
    if not path or isinstance(path[-1], int):
        path = (*path[:-1], output)
    return "/".join(map(str, path))


def compares_same_shapes(metric: Any) -> bool:
    """Whether targets must have the shape of the predictions for this metric."""
    if "same_shape" in dir(type(metric)):
        return bool(metric.same_shape)
    function = getattr(metric, "_fn", None)
    return function is not None and losses.is_builtin(function) and losses.same_shapes(function)


def _unique(name: str, output: Any, weighted: bool, taken: dict[str, int]) -> str:
    """Name in logs: with the output in front, told apart from those before it as Keras does."""
    full = f"{output}_{name}" if output else name
    if weighted and full in taken:
        full = f"{output}_weighted_{name}" if output else f"weighted_{name}"
    count = taken.get(full, 0)
    taken[full] = count + 1
    return f"{full}_{count}" if count else full
