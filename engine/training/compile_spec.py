"""What `compile` sets: the losses and metrics of all outputs, resolved when the first batch shows their shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


class CompileLoss:
    """The weighted sum of the losses of all outputs.

    Args:
        loss: loss for all outputs, or a list or dict with one per output; several losses for a single output add up.
        loss_weights: their weights in the same form.
        output_names: names of the model's outputs.

    Attributes:
        metrics: with several losses, the running mean of each, before weighting.
    """

    def __init__(self, loss: Any, loss_weights: Any = None, output_names: Sequence[str] | None = None) -> None:
        self._loss, self._weights, self._names = loss, loss_weights, output_names
        self.built = False
        self.metrics: list[Metric] = []
        self._entries: list[LossEntry] = []

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Resolve names and shapes; `y_true` and `y_pred` need only shapes."""
        self._outputs = Outputs(y_pred, self._names)
        chosen = self._choose()
        weights = self._weights_of(chosen)
        wanted = [False] * self._outputs.count
        for index, _ in chosen:
            wanted[index] = True
        self._wanted = wanted
        targets = self._outputs.flatten(y_true, "y_true", wanted)
        predictions = tree.flatten(y_pred)
        for (index, identifier), weight in zip(chosen, weights, strict=True):
            loss = get_loss(identifier, targets[index], predictions[index])
            output = self._outputs.names[index]
            check_numbers("loss", loss.name, targets[index])
            check_class_numbers("loss", loss, output, targets[index], predictions[index])
            if losses.compares_same_shapes(loss):
                check_same_shape("loss", loss.name, output, targets[index], predictions[index])
            self._entries.append(LossEntry(index, loss, weight, str(loss.name if output is None else output)))
        if len(self._entries) > 1:
            self.metrics = [Mean(name=f"{entry.name}_loss") for entry in self._entries]
        self.built = True

    def _choose(self) -> list[tuple[int, Any]]:
        """(output, loss) for every loss that there is."""
        if self._outputs.count == 1 and isinstance(self._loss, (list, tuple)):
            return [(0, loss) for loss in self._loss if loss is not None]
        selected = self._outputs.select(self._loss, "loss")
        if isinstance(self._loss, dict) and not self._outputs.is_dict and set(self._loss) != set(self._outputs.names):
            raise ValueError(
                f"Expected keys {self._outputs.names} in loss dict, but found loss.keys()={list(self._loss)}"
            )
        return [(index, loss) for index, loss in enumerate(selected) if loss is not None]

    def _weights_of(self, chosen: Sequence[tuple[int, Any]]) -> list[float | None]:
        if self._weights is None:
            return [None] * len(chosen)
        if isinstance(self._weights, dict):
            selected = self._outputs.select(self._weights, "loss_weights")
            return [selected[index] for index, _ in chosen]
        flat = tree.flatten(self._weights)
        if len(flat) == self._outputs.count and len(chosen) != len(flat):
            return [flat[index] for index, _ in chosen]
        if len(flat) != len(chosen):
            raise ValueError(
                f"`loss_weights` must match the number of losses, got {len(chosen)} losses and {len(flat)} weights."
            )
        return flat

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The total loss; None when no output has one."""
        if not self.built:
            self.build(y_true, y_pred)
        targets = self._outputs.flatten(y_true, "y_true", self._wanted)
        predictions = tree.flatten(y_pred)
        weights = self._sample_weights(sample_weight)
        total = None
        for i, (index, loss, weight, name) in enumerate(self._entries):
            if targets[index] is None:
                raise ValueError(f"{name}: the loss needs targets, and none were given for this output.")
            output = self._outputs.names[index]
            with telling("loss", loss.name, output, targets[index], predictions[index], is_ours(loss)):
                value = loss(targets[index], predictions[index], weights[index])
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
            for identifier in tree.flatten(given):
                yield 0, identifier
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
