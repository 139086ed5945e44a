"""One step of training, testing or prediction: traced once for each kind of batch, then run as a compiled plan."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.core import dtypes, tree
from engine.core.errors import TraceError
from engine.core.graph import Graph, trace
from engine.core.plan import Plan
from engine.core.plan import compile as compile_plan
from engine.core.tensor import Spec, Tensor
from engine.training.adapters import Rows

_WORDS = {"train": "Training", "test": "Evaluation", "predict": "Prediction"}


class CompiledStep:
    """The plans for one kind of batch.

    Attributes:
        from_state: the figures can be read from the metrics afterwards, so that a step without figures may leave
            them out.
    """

    def __init__(self, graph: Graph, pending: Sequence[tuple[Any, int]], from_state: bool) -> None:
        self.graph, self._pending, self.from_state = graph, pending, from_state
        self._full: Plan | None = None
        self._quiet: Plan | None = None

    def run(self, leaves: Sequence[Any], figures: bool) -> Any:
        """Run on the leaves of a batch; the figures (or predictions) when they are wanted or cannot be had later."""
        plan = self._plan(figures or not self.from_state)
        if plan.lead is not None:
            leaves = plan.lead(leaves)
        binding = plan.bind([leaf.shape for leaf in leaves])
        for buffer, leaf in zip(binding.inputs, leaves, strict=True):
            if type(leaf) is Rows:
                leaf.copy_into(buffer)
            else:
                np.copyto(buffer, leaf, casting="unsafe")
        binding.run()
        if plan is self._quiet:
            return None
        values = [None if v is None else np.array(v) for v in binding.outputs]
        result, arguments = tree.pack_sequence_as(plan.graph.structure, values)
        for (metric, count), given in zip(self._pending, arguments, strict=True):
            metric.update_state(*(None if a is None else Tensor(a) for a in given[:count]))
        return result

    def _plan(self, full: bool) -> Plan:
        if full or self._pending:
            self._full = self._full or compile_plan(self.graph)
            return self._full
        if self._quiet is None:
            self._quiet = compile_plan(dataclasses.replace(self.graph, outputs=[], structure=()))
        return self._quiet


class StepFunction:
    """Runs `model.<kind>_step` on batches, compiled where the model's Python allows it.

    Args:
        kind: "train", "test" or "predict".

    Attributes:
        eager: steps run op by op, because it was asked for or because the code cannot be traced.
    """

    def __init__(self, kind: str, eager: bool = False) -> None:
        self.kind, self.eager = kind, eager
        self._compiled: dict[Any, CompiledStep] = {}
        self._counting: set[Any] = set()  # kinds of batches for which the model's Python counts the samples
        self.from_state = True

    @property
    def graph(self) -> Graph | None:
        """What was traced for the last new kind of batch; None when steps run op by op."""
        last = next(reversed(self._compiled.values()), None)
        return None if last is None else last.graph

    def __call__(self, model: Any, batch: Any, figures: bool = True) -> Any:
        """One step on a batch of arrays. Figures as arrays in a dict (None when not asked for), or predictions."""
        if not self.eager:
            leaves = [leaf for leaf in _leaves(batch) if leaf is not None]
            key: tuple[Any, ...] = (_form(batch), tuple([(leaf.shape[1:], leaf.dtype) for leaf in leaves]))
            if key in self._counting:
                key = (*key, tuple(leaf.shape[:1] for leaf in leaves))
            try:
                compiled = self._compiled.get(key) or self._trace_for(model, batch, leaves, key)
                self.from_state = compiled.from_state
                return compiled.run(leaves, figures)
            except TraceError as error:
                self._give_up(model, error)
        return self._run_eagerly(model, batch)

    def _give_up(self, model: Any, error: TraceError) -> None:
        """From here on step by step; told once."""
        self.eager = True
        warnings.warn(
            f"{model.name}: {_WORDS[self.kind].lower()} runs step by step, which is slower, because the model's "
            f"code cannot be compiled. {error}",
            stacklevel=5,
        )

    def _run_eagerly(self, model: Any, batch: Any) -> Any:
        values = tree.map_structure(lambda a: None if a is None else Tensor(np.asarray(a)), batch)
        result = getattr(model, f"{self.kind}_step")(values)
        self.from_state = self.kind != "predict" and _readable_later(model, result)
        return tree.map_structure(lambda v: v if v is None else np.asarray(v), result)

    def _trace_for(self, model: Any, batch: Any, leaves: Sequence[Any], key: Any) -> CompiledStep:
        """Trace with an open batch axis; with fixed axes, once for each size, if the model's Python counts samples."""
        if key[:2] not in self._counting:
            try:
                compiled = self._compiled[key] = self._trace(model, batch, leaves, open_batch=True)
                return compiled
            except TypeError:
                self._counting.add(key)
                key = (*key, tuple(leaf.shape[:1] for leaf in leaves))
        compiled = self._compiled[key] = self._trace(model, batch, leaves, open_batch=False)
        return compiled

    def _trace(self, model: Any, batch: Any, leaves: Sequence[Any], open_batch: bool) -> CompiledStep:
        metrics = getattr(model, "_compile_metrics", None)
        outside = set(metrics.outside) if metrics is not None else set()
        specs = [_spec(leaf, open_batch) for leaf in leaves]
        taken: list[tuple[Any, int]] = []
        logs: list[Any] = []

        def step(*symbols: Any) -> Any:
            taken.clear()
            if metrics is not None:
                metrics.pending.clear()
            rest = iter(symbols)
            values = tree.map_structure(lambda a: None if a is None else next(rest), batch)
            result = getattr(model, f"{self.kind}_step")(values)
            logs[:] = [result]
            arguments = [] if metrics is None else [list(given) for _, given in metrics.pending]
            taken.extend([] if metrics is None else [(m, len(given)) for m, given in metrics.pending])
            return [result, arguments]

        try:
            graph = trace(step, specs)
        except TraceError:
            if metrics is not None and metrics.outside != outside:
                return self._trace(model, batch, leaves, open_batch)
            raise
        finally:
            if metrics is not None:
                metrics.pending.clear()
            forget_losses(model)
        from_state = self.kind != "predict" and _readable_later(model, logs[0])
        return CompiledStep(graph, taken, from_state)


def forget_losses(model: Any) -> None:
    """Drop the losses that layers added while they were traced: symbols mean nothing afterwards."""
    if hasattr(model, "_clear_losses"):
        model._clear_losses()


def _readable_later(model: Any, logs: Any) -> bool:
    """Whether a step's figures are just those that the metrics hold."""
    if not isinstance(logs, dict):
        return False
    with np.errstate(all="ignore"):  # the metrics may be empty still
        return set(logs) | set(model.outside_figures()) == set(model.get_metrics_result())


def _spec(leaf: Any, open_batch: bool) -> Spec:
    shape = tuple(leaf.shape)
    if open_batch and shape:
        shape = (None, *shape[1:])
    return Spec(shape, dtypes.standardize_dtype(leaf.dtype))


def _leaves(batch: Any) -> Any:
    """Leaves of a batch; the common case, arrays in one tuple, without a walk."""
    if type(batch) is tuple and not any(isinstance(part, (list, tuple, dict)) for part in batch):
        return batch
    return tree.flatten(batch)


def _form(batch: Any) -> Any:
    if isinstance(batch, dict):
        return ("dict", *((key, _form(batch[key])) for key in sorted(batch)))
    if isinstance(batch, (list, tuple)):
        return (type(batch).__name__, *(_form(part) for part in batch))
    return batch is None
