"""The part of a model that trains: `compile`, `fit`, `evaluate`, `predict`, and the single steps."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine import callbacks as callbacks_module
from engine import ops
from engine.callbacks.callback_list import plain_logs
from engine.core import config, dtypes, tree
from engine.core.tape import GradientTape
from engine.core.tensor import convert_to_tensor
from engine.core.tracebacks import filtered
from engine.metrics.counting import batch_length
from engine.training.adapters import (
    as_batch,
    class_weights,
    get_adapter,
    pack_x_y_sample_weight,
    to_array,
    train_validation_split,
    unpack_x_y_sample_weight,
)
from engine.training.build import build_from_batch
from engine.training.compiled import Compiled, all_layers, is_built
from engine.training.loop import EpochSource
from engine.training.steps import StepFunction


class Trainer(Compiled):
    """Mixin of `Model`: everything about training. It adds no weights and needs no constructor.

    Attributes:
        compiled: whether `compile` was called.
        stop_training: set it to True (in a callback) to end `fit`.
        history: the `History` of the last `fit`.
    """

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The total loss of a batch: those of `compile` and those the layers added. Override for an own loss."""
        parts = []
        if self._compile_loss is not None:
            value = self._compile_loss(y, y_pred, sample_weight)
            parts += [] if value is None else [value]
        for extra in self.losses:  # type: ignore[attr-defined]
            extra = convert_to_tensor(extra)
            parts.append(ops.sum(extra if dtypes.is_float(extra.dtype) else ops.cast(extra, config.floatx())))
        if not parts:
            raise ValueError("No loss to compute. Provide a `loss` argument in `compile()`.")
        total = parts[0]
        for part in parts[1:]:
            total = ops.add(total, part)
        return total

    def _compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        """`compute_loss`, also one that was written without the argument `training`."""
        if "training" in inspect.signature(self.compute_loss).parameters:
            return self.compute_loss(x, y, y_pred, sample_weight, training=training)
        return self.compute_loss(x, y, y_pred, sample_weight)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Update the metrics of `compile` with a batch and return all figures."""
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of training: forward, loss, backward, update, metrics. Override for a step of one's own."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)  # type: ignore[operator]
            loss = self._compute_loss(x, y, y_pred, sample_weight, training=True)
            scaled = loss if self.optimizer is None else self.optimizer.scale_loss(loss)
        self._track_loss(loss, x)
        variables = self.trainable_variables  # type: ignore[attr-defined]
        if variables:
            self.optimizer.apply(tape.gradient(scaled, variables), variables)
        else:
            warnings.warn("The model does not have any trainable weights.", stacklevel=2)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """One step of evaluation on a batch."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)  # type: ignore[operator]
        own = type(self).compute_loss is not Trainer.compute_loss
        if own or self._compile_loss is not None or self.losses:  # type: ignore[attr-defined]
            self._track_loss(self._compute_loss(x, y, y_pred, sample_weight, training=False), x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Predictions for a batch."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(x, training=False)  # type: ignore[operator]

    def _track_loss(self, loss: Any, x: Any) -> None:
        first = next(leaf for leaf in tree.flatten(x) if leaf is not None)
        if self._loss_tracker is not None:
            self._loss_tracker.update_state(loss, sample_weight=batch_length(first))

    def make_train_function(self, force: bool = False) -> StepFunction:
        """The compiled training step."""
        return self._function("train", force)

    def make_test_function(self, force: bool = False) -> StepFunction:
        """The compiled evaluation step."""
        return self._function("test", force)

    def make_predict_function(self, force: bool = False) -> StepFunction:
        """The compiled prediction step."""
        return self._function("predict", force)

    def _function(self, kind: str, force: bool = False) -> StepFunction:
        """The step function of a kind; a new one when something it was compiled for has changed."""
        version = self._version()
        if version != self._step_version:
            self.__dict__.update(train_function=None, test_function=None, predict_function=None, _step_version=version)
        name = f"{kind}_function"
        found: StepFunction | None = getattr(self, name)
        if found is None or force:
            found = self.__dict__[name] = StepFunction(kind, eager=self.run_eagerly)
        return found

    def _version(self) -> Any:
        """What compiled steps depend on beside the batch: trainable parts, the optimizer, its rate, the policy."""
        layers = [self, *all_layers(self)]
        rate = getattr(self.optimizer, "_learning_rate", None)
        flags = tuple(
            (id(layer), bool(layer.trainable), str(getattr(layer, "dtype_policy", "")), getattr(layer, "fitted", 0))
            for layer in layers
        )
        variables = tuple(id(v) for v in self.trainable_variables)  # type: ignore[attr-defined]
        return flags, variables, id(self.optimizer), id(rate), self.run_eagerly

    def _assert_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"You must call `compile()` before using the model. `{method}()` was called on {self.name} before."  # type: ignore[attr-defined]
            )

    def _source(self, purpose: str, steps: int | None, **data: Any) -> EpochSource:
        return EpochSource(get_adapter(steps=steps, **data), steps, self.steps_per_execution, purpose)

    def _ready(self, source: EpochSource | None = None, batch: Any = None) -> None:
        """Build the model, the losses and metrics, and the optimizer, from the shapes of a batch."""
        spec = (self._compile_loss, self._compile_metrics)
        if not is_built(self) or any(part is not None and not part.built for part in spec):
            batch = source.peek() if batch is None and source is not None else batch
            if batch is not None:
                build_from_batch(self, batch)
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]

    @filtered
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Mapping[Any, Any] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> Any:
        """Train for `epochs - initial_epoch` epochs; arguments as in Keras.

        Returns:
            The `History` with the figures of each epoch.
        """
        self._assert_compiled("fit")
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = train_validation_split((x, y, sample_weight), validation_split)
        shuffles = shuffle and not _is_stream(x) if shuffle is True else shuffle
        source = self._source(
            "training",
            steps_per_epoch,
            x=x,
            y=y,
            sample_weight=sample_weight,
            batch_size=batch_size,
            shuffle=shuffles,
            class_weight=class_weight,
        )
        self._ready(source)
        source.reset()
        validation = None
        if validation_data is not None:
            arguments = (validation_data, validation_batch_size or batch_size, validation_steps)
            validation = self._validation_source(*arguments)
        epochs = _within_limit(epochs)
        listeners = self._listeners(callbacks, verbose, epochs, source, history=True)
        self.stop_training, self._initial_epoch = False, None
        listeners.on_train_begin()
        initial_epoch = self._initial_epoch or initial_epoch  # BackupAndRestore sets it
        try:
            logs = self._run_epochs(range(initial_epoch, epochs), source, validation, validation_freq, listeners)
        finally:
            source.close()
            if self.optimizer is not None and epochs > 0:
                self.optimizer.finalize_variable_values(self.trainable_variables)  # type: ignore[attr-defined]
        listeners.on_train_end(logs)
        return self.history

    def _validation_source(self, data: Any, batch_size: int | None, steps: int | None) -> EpochSource:
        if can_be_batches(data):
            return self._source("validation", steps, x=data)
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        return self._source("validation", steps, x=x, y=y, sample_weight=sample_weight, batch_size=batch_size)

    def _listeners(self, callbacks: Any, verbose: Any, epochs: int, source: EpochSource, history: bool = False) -> Any:
        if isinstance(callbacks, callbacks_module.CallbackList):
            return callbacks
        return callbacks_module.CallbackList(
            callbacks,
            add_history=history,
            add_progbar=verbose != 0,
            model=self,
            verbose=verbose,
            epochs=epochs,
            steps=source.num_batches,
        )

    def _run_epochs(
        self, epochs: range, source: EpochSource, validation: EpochSource | None, frequency: Any, listeners: Any
    ) -> dict[str, Any]:
        logs: dict[str, Any] = {}
        for epoch in epochs:
            self.reset_metrics()
            listeners.on_epoch_begin(epoch)
            logs = self._train_epoch(source, listeners)
            if validation is not None and _is_due(epoch, frequency):
                figures = self._evaluate_source(validation, listeners)
                logs = {**logs, **{f"val_{name}": value for name, value in figures.items()}}
            listeners.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        return logs

    def _train_epoch(self, source: EpochSource, listeners: Any) -> dict[str, Any]:
        step, figures = self.make_train_function(), listeners.reads_train_logs
        logs: Any = None
        for first, last, batches in source.epoch():
            listeners.on_train_batch_begin(first)
            for i, batch in enumerate(batches, 1):
                logs = step(self, batch, figures and i == len(batches))
            listeners.on_train_batch_end(last, self._merged(logs) if figures else None)
            if self.stop_training:
                break
        return self._final(step, logs)

    def _merged(self, logs: Any) -> Any:
        """Figures of a step together with those of metrics outside the plan."""
        if not isinstance(logs, dict) or not self.outside_figures():
            return logs
        results = self.get_metrics_result()
        return {**logs, **{name: results[name] for name in self.outside_figures()}}

    def _final(self, step: StepFunction, logs: Any) -> dict[str, Any]:
        """The figures at the end of an epoch."""
        return plain_logs(self.get_metrics_result() if step.from_state else self._merged(logs))

    @filtered
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Loss and metrics on data: a dict by name, or a list in the order of `metrics_names`, or the loss alone."""
        if kwargs:
            raise ValueError(f"Arguments not recognized: {kwargs}")
        self._assert_compiled("evaluate")
        source = self._source("evaluation", steps, x=x, y=y, sample_weight=sample_weight, batch_size=batch_size)
        self._ready(source)
        listeners = self._listeners(callbacks, verbose, 1, source)
        logs = self._evaluate_source(source, listeners)
        return logs if return_dict else self._flatten_metrics_in_order(logs)

    def _evaluate_source(self, source: EpochSource, listeners: Any) -> dict[str, Any]:
        step, figures = self.make_test_function(), listeners.reads_test_logs
        source.reset()
        self.stop_evaluating = False
        listeners.on_test_begin()
        self.reset_metrics()
        logs: Any = None
        for first, last, batches in source.epoch():
            listeners.on_test_batch_begin(first)
            for i, batch in enumerate(batches, 1):
                logs = step(self, batch, figures and i == len(batches))
            listeners.on_test_batch_end(last, self._merged(logs) if figures else None)
            if self.stop_evaluating:
                break
        source.close()
        result = self._final(step, logs)
        listeners.on_test_end(result)
        return result

    @filtered
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Predictions for all samples, as arrays in the structure of the outputs."""
        source = self._source("prediction", steps, x=x, batch_size=batch_size)
        step, listeners = self.make_predict_function(), self._listeners(callbacks, verbose, 1, source)
        self.stop_predicting = False
        listeners.on_predict_begin()
        parts: list[Any] = []
        for first, last, batches in source.epoch():
            listeners.on_predict_batch_begin(first)
            parts.append(_joined([step(self, batch) for batch in batches]))
            listeners.on_predict_batch_end(last, {"outputs": parts[-1]})
            if self.stop_predicting:
                break
        source.close()
        listeners.on_predict_end()
        if not parts:
            raise ValueError("predict: no batch was given, so there is nothing to predict.")
        return _joined(parts)

    @filtered
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[Any, Any] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step on one batch; its figures."""
        self._assert_compiled("train_on_batch")
        if class_weight is not None:
            if sample_weight is not None:
                raise ValueError(
                    "Arguments `sample_weight` and `class_weight` cannot be specified at the same time. Received: "
                    f"sample_weight={sample_weight}, class_weight={class_weight}"
                )
            sample_weight = class_weights(tree.map_structure(to_array, y), class_weight)
        return self._on_batch("train", (x, y, sample_weight), return_dict)

    @filtered
    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Loss and metrics on one batch."""
        self._assert_compiled("test_on_batch")
        return self._on_batch("test", (x, y, sample_weight), return_dict)

    def _on_batch(self, kind: str, data: tuple[Any, Any, Any], return_dict: bool) -> Any:
        batch = as_batch(pack_x_y_sample_weight(*data))
        self._ready(batch=batch)
        self.reset_metrics()
        step = self._function(kind)
        logs = plain_logs(self._merged(step(self, batch)))
        return logs if return_dict else self._flatten_metrics_in_order(logs)

    @filtered
    def predict_on_batch(self, x: Any) -> Any:
        """Predictions for one batch, as arrays."""
        return self.make_predict_function()(self, as_batch(pack_x_y_sample_weight(x)))


def _joined(parts: Sequence[Any]) -> Any:
    """Outputs of several batches as one."""
    return parts[0] if len(parts) == 1 else tree.map_structure(lambda *p: np.concatenate(p), *parts)


def _is_due(epoch: int, frequency: Any) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    if isinstance(frequency, (list, tuple, set)):
        return epoch + 1 in frequency
    raise ValueError(
        f"Expected `validation_freq` to be a list or int. Received: validation_freq={frequency} of the type "
        f"{type(frequency)}."
    )


def _is_stream(x: Any) -> bool:
    """Data that come shuffled; the default of `fit` asks for nothing there."""
    return not can_be_array(x)


def can_be_array(x: Any) -> bool:
    """Whether x is made of arrays or a PyDataset, which `fit` can shuffle."""
    from engine.training.adapters import can_slice
    from engine.training.py_dataset import PyDataset

    return isinstance(x, PyDataset) or can_slice(x)


def can_be_batches(data: Any) -> bool:
    """Whether validation data are a stream of batches rather than (x, y)."""
    from engine.training.py_dataset import PyDataset

    return (
        isinstance(data, PyDataset)
        or not isinstance(data, (tuple, list, dict, np.ndarray))
        and not hasattr(data, "__array__")
    )


def _within_limit(epochs: int) -> int:
    """`epochs`, or fewer if `config.set_max_epochs` says so."""
    limit = config.max_epochs()
    if not limit or epochs <= limit:
        return epochs
    warnings.warn(f"Limiting epochs to {limit}", stacklevel=3)
    return limit
