"""What `compile` sets on a model, its metrics and figures, and the way into files and back."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from engine import losses, metrics, optimizers
from engine.core import tree
from engine.core.objects import deserialize_object, serialize_object
from engine.training.compile_spec import CompileLoss, CompileMetrics
from engine.training.steps import StepFunction

_COMPILE_ARGUMENTS = (
    "optimizer",
    "loss",
    "loss_weights",
    "metrics",
    "weighted_metrics",
    "run_eagerly",
    "steps_per_execution",
    "jit_compile",
)


_TRAINING_ATTRIBUTES = frozenset(
    {"optimizer", "loss", "history", "_compile_loss", "_compile_metrics", "_loss_tracker", "_compile_arguments"}
)


class Compiled:
    """The compiled side of a model: optimizer, loss, metrics and the figures they give."""

    compiled = False
    stop_training = False
    stop_evaluating = False
    stop_predicting = False
    run_eagerly = False
    steps_per_execution = 1
    jit_compile: Any = "auto"
    loss: Any = None
    optimizer: Any = None
    history: Any = None
    _compile_loss: CompileLoss | None = None
    _compile_metrics: CompileMetrics | None = None
    _loss_tracker: metrics.Mean | None = None
    _compile_arguments: dict[str, Any] | None = None
    train_function: StepFunction | None = None
    test_function: StepFunction | None = None
    predict_function: StepFunction | None = None
    _step_version: Any = None
    _initial_epoch: int | None = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Set what training needs.

        Args:
            optimizer: name or optimizer.
            loss: name, function or loss; for several outputs a list or a dict by output name.
            loss_weights: weights of the outputs' losses, in the same form.
            metrics: names, functions or metrics; per output in a list or dict. "accuracy" and "crossentropy" choose
                their kind by the shapes of targets and outputs.
            weighted_metrics: the same, updated with sample and class weights.
            run_eagerly: run op by op instead of compiled, for looking inside.
            steps_per_execution: batches between two calls of the callbacks' batch hooks.
            jit_compile: kept for files; steps are compiled unless `run_eagerly`. Freezing or thawing layers afterwards
                takes effect with the next step: the steps are compiled anew.
            auto_scale_loss: under the policy "mixed_float16" wrap the optimizer in a `LossScaleOptimizer`.
        """
        given = dict(locals())
        if jit_compile is True and run_eagerly:
            warnings.warn(
                "If `run_eagerly` is True, then `jit_compile` cannot also be True. Disabling `jit_compile`.",
                stacklevel=2,
            )
        chosen = optimizers.get(optimizer)
        given["optimizer"] = chosen
        policy = getattr(getattr(self, "dtype_policy", None), "name", "")
        scaled = chosen is None or isinstance(chosen, optimizers.LossScaleOptimizer)
        if auto_scale_loss and policy == "mixed_float16" and not scaled:
            chosen = optimizers.LossScaleOptimizer(chosen, name="loss_scale_optimizer")
        names = getattr(self, "output_names", None)
        # Straight into __dict__: what belongs to training is no part of the layer that the model is.
        self.__dict__.update(
            optimizer=chosen,
            _loss_tracker=_mean_loss(),
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=False if run_eagerly else jit_compile,
            stop_training=False,
            compiled=True,
            train_function=None,
            test_function=None,
            predict_function=None,
            _compile_arguments={key: given[key] for key in _COMPILE_ARGUMENTS},
        )
        # As in Keras, compiling again without a loss or without metrics keeps those of before.
        if loss is not None:
            self.__dict__.update(loss=loss, _compile_loss=CompileLoss(loss, loss_weights, names))
        if metrics is not None or weighted_metrics is not None:
            self.__dict__["_compile_metrics"] = CompileMetrics(metrics, weighted_metrics, names)

    @property
    def metrics(self) -> list[metrics.Metric]:
        """All metrics: the loss, those of `compile`, those of outputs' losses, own ones, those of the layers."""
        found: list[Any] = []
        if self.compiled:
            own = (self._loss_tracker, self._compile_metrics)
            found = [metric for metric in own if metric is not None]
            found += self._compile_loss.metrics if self._compile_loss is not None else []
        for layer in [self, *all_layers(self)]:
            if layer is self or not isinstance(layer, Compiled):
                found += _own_metrics(layer)
        return list({id(metric): metric for metric in found}.values())

    @property
    def metrics_variables(self) -> list[Any]:
        """State of all metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    @property
    def metrics_names(self) -> list[str]:
        """Names of the figures in the order in which `evaluate` lists them."""
        names: list[str] = []
        for metric in self.metrics:
            names += [e.name for e in metric.entries] if isinstance(metric, CompileMetrics) else [metric.name]
        return self._in_order(names)

    def metric_directions(self) -> dict[str, str]:
        """For figures whose metric knows it: "up" when larger is better, "down" when smaller is."""
        found = {}
        for metric in self.metrics:
            if isinstance(metric, CompileMetrics):
                found.update({e.name: e.metric._direction for e in metric.entries})
            else:
                found[metric.name] = metric._direction
        return {"loss": "down", **{name: way for name, way in found.items() if way is not None}}

    def reset_metrics(self) -> None:
        """Set the state of all metrics back."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """The figures so far, by name."""
        results: dict[str, Any] = {}
        for metric in self.metrics:
            value = metric.result()
            results.update(value if isinstance(value, dict) else {metric.name: value})
        return results

    def outside_figures(self) -> list[str]:
        """Names of the figures of metrics that are updated beside the compiled step."""
        compiled = self._compile_metrics
        return [] if compiled is None else [e.name for e in compiled.entries if id(e.metric) in compiled.outside]

    def _flatten_metrics_in_order(self, logs: dict[str, Any]) -> Any:
        values = [logs[name] for name in self._in_order(list(logs))]
        return values[0] if len(values) == 1 else values

    def _in_order(self, names: Sequence[str]) -> list[str]:
        """Names of figures as `evaluate` lists them: the loss, then as compiled, then the rest by alphabet."""
        first: list[str] = []
        for metric in self.metrics:
            first += [m.name for m in metric.metrics] if isinstance(metric, CompileMetrics) else [metric.name]
        # A name that two metrics share stands there twice, as in Keras.
        return [name for name in first if name in names] + sorted(set(names) - set(first))

    def get_compile_config(self) -> dict[str, Any]:
        """Plain data of the arguments of `compile`; empty before, and when no file can hold them."""
        if not self.compiled or self._compile_arguments is None:
            return {}
        try:
            result: dict[str, Any] = serialize_object(self._compile_arguments)
        except (TypeError, ValueError) as error:
            warnings.warn(
                f"{self.name}: the settings of `compile()` are left out, because they cannot be written: {error} "  # type: ignore[attr-defined]
                "After loading, call `compile()` again.",
                stacklevel=4,
            )
            return {}
        return result

    def compiled_loss(self, y: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None) -> Any:
        """`compute_loss` under its name in Keras 2."""
        warnings.warn(
            "`model.compiled_loss()` is deprecated. Instead, use "
            "`model.compute_loss(x, y, y_pred, sample_weight, training)`.",
            stacklevel=2,
        )
        return self.compute_loss(x=None, y=y, y_pred=y_pred, sample_weight=sample_weight)  # type: ignore[attr-defined]

    @property
    def compiled_metrics(self) -> CompileMetrics:
        """The metrics of `compile` under their name in Keras 2, with `update_state(y, y_pred, sample_weight)`."""
        warnings.warn(
            "`model.compiled_metrics` is deprecated. Instead, use "
            "`model.compute_metrics(x, y, y_pred, sample_weight)`.",
            stacklevel=2,
        )
        return self._compile_metrics or CompileMetrics(None, None)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """`compile` with what `get_compile_config` gave, and build the optimizer if the model is built."""
        if type(self).compile is not Compiled.compile:
            warnings.warn(
                f"{self.name}: `compile()` was not called while loading, because the model's `compile()` is its own. "  # type: ignore[attr-defined]
                "Override `get_compile_config()` and `compile_from_config(config)` too, or call `compile()` yourself.",
                stacklevel=2,
            )
            return
        known = {key: value for key, value in config.items() if key in _COMPILE_ARGUMENTS}
        self.compile(**deserialize_object(known, {**metrics.FUNCTIONS, **losses.FUNCTIONS}))
        if self.optimizer is not None and is_built(self):
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]


def _mean_loss() -> metrics.Mean:
    return metrics.Mean(name="loss")


def _own_metrics(layer: Any) -> list[metrics.Metric]:
    """Metrics among the attributes of a layer, those of training aside."""
    kept = [value for name, value in vars(layer).items() if name not in _TRAINING_ATTRIBUTES]
    return [value for value in tree.flatten(kept) if isinstance(value, metrics.Metric)]


def all_layers(model: Any) -> list[Any]:
    """All layers inside a model, at any depth."""
    if hasattr(model, "_flatten_layers"):
        found: list[Any] = model._flatten_layers(include_self=False)
        return found
    return list(model.layers)


def is_built(model: Any) -> bool:
    """Whether the model and all its layers have their weights."""
    return bool(getattr(model, "built", False)) and all(getattr(layer, "built", True) for layer in all_layers(model))
