"""The base of optimizers: clipping, weight decay, accumulation, averaging, loss scale, learning rate, files."""

from __future__ import annotations

import dataclasses
import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from engine import initializers, ops
from engine.core import config, naming
from engine.core.errors import TraceError
from engine.core.objects import deserialize_object
from engine.core.params import Declared, Param, ParamInfo, serialize_value
from engine.core.state import STATE
from engine.core.stateless import StatelessScope, stand_ins, stood_in
from engine.core.tensor import Variable, convert_to_tensor
from engine.optimizers.clipping import clip_by_global_norm, clip_by_norm
from engine.optimizers.common import COMMON, CONFIG_ORDER
from engine.optimizers.schedules import LearningRateSchedule


class Optimizer:
    """Changes variables so that a loss falls.

    Subclasses make their state in `build(variables)` with `add_optimizer_variables` and write
    `update_step(gradient, variable, learning_rate)` with `assign`, `assign_add` and `assign_sub` of the optimizer.

    Order of a step: unscale, clip, weight decay, update, averages, constraints, `iterations += 1`.
    """

    name: Any
    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise ValueError(f"Argument(s) not recognized: {kwargs}")
        given = dict(locals())
        for key, info in COMMON.items():
            value = given[key]
            setattr(self, key, dataclasses.replace(info, name=key).check(value, type(self).__name__))
        self._start(learning_rate)

    def _start(self, learning_rate: Any) -> None:
        """Check the parameters against each other and make the counter and the learning rate."""
        clips = {key: getattr(self, key) for key in ("clipnorm", "clipvalue", "global_clipnorm")}
        if sum(value is not None for value in clips.values()) > 1:
            given = ", ".join(f"{key}={value}" for key, value in clips.items())
            raise ValueError(f"Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: {given}")
        self.name = self.name or naming.auto_name(type(self).__name__)
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._index: dict[int, int] = {}
        self._update_when: Any = None
        # During an update: what it computes once for all variables, by type.
        self._step_values: dict[str, Any] | None = None
        self._excluded_ids: set[int] = set()
        self._excluded_pattern: re.Pattern[str] | None = None
        self._iterations = self.add_variable((), dtype="int32", name="iteration")
        rate = check_learning_rate(learning_rate)
        if not callable(rate):
            rate = self.add_variable((), initializers.Constant(float(rate)), name="learning_rate")
        self._learning_rate = rate

    @property
    def iterations(self) -> Any:
        """Number of updates done."""
        if self.gradient_accumulation_steps:
            return ops.floor_divide(self._iterations, self.gradient_accumulation_steps)
        return self._iterations

    @property
    def variables(self) -> list[Variable]:
        """All state in the order of files: counter, learning rate, then the slots."""
        return list(self._variables)

    @property
    def learning_rate(self) -> Any:
        """The rate of the next update."""
        return self._current_learning_rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if not hasattr(self, "_learning_rate"):
            self._pending_learning_rate = value
            return
        old = self._learning_rate
        if isinstance(value, LearningRateSchedule) or (callable(value) and not isinstance(value, Variable)):
            self._learning_rate = value
            self._variables = [v for v in self._variables if v is not old]
        elif isinstance(old, LearningRateSchedule):
            raise TypeError(
                "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` constructor "
                "argument, hence its learning rate is not settable. Create the optimizer with a float to set it later."
            )
        else:
            old.assign(value)

    def _current_learning_rate(self) -> Any:
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            return rate(self._iterations)
        if isinstance(rate, Variable):
            return rate
        if STATE.trace is not None:
            raise TraceError("The learning rate is a Python function, which is asked anew at each step.")
        return rate()

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """A new state variable, counted among `variables`."""
        with naming.name_scope(self.name):
            variable = Variable(
                initializers.get(initializer),
                shape=tuple(shape),
                dtype=dtype or config.floatx(),
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                name=name,
            )
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Any, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A state variable of the shape and type of a model variable, named after it."""
        path = getattr(reference_variable, "path", reference_variable.name)
        full = f"{path.replace('/', '_').replace(':', '_')}_{name or 'var'}"
        return self.add_variable(reference_variable.shape, initializer, reference_variable.dtype, name=full)

    def add_optimizer_variables(self, trainable_variables: Iterable[Any], name: Any, initializer: Any = "zeros") -> Any:
        """One state variable (or one per name, interleaved) for each model variable, as a list (or tuple of lists)."""
        names = [name] if isinstance(name, str) else list(name)
        starts = initializer if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
        if len(names) != len(starts):
            raise ValueError(
                "The number of provided names must match the number of provided initializers. "
                f"Received name='{name}', initializer='{initializer}'"
            )
        slots: tuple[list[Variable], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for slot, slot_name, start in zip(slots, names, starts, strict=True):
                slot.append(self.add_variable_from_reference(variable, slot_name, start))
        return slots[0] if isinstance(name, str) else slots

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the state for these model variables."""
        variables = list(variables)
        self._model_variables_moving_average = (
            self.add_optimizer_variables(variables, "average") if self.use_ema else []
        )
        accumulate = bool(self.gradient_accumulation_steps)
        self._accumulated_gradients = (
            self.add_optimizer_variables(variables, "gradient_accumulator") if accumulate else []
        )
        self._index = {id(v): i for i, v in enumerate(variables)}
        self._trainable_variables = variables
        self.built = True

    def _get_variable_index(self, variable: Any) -> int:
        return self._index[id(variable)]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Change one variable by its gradient."""
        raise NotImplementedError(f"{type(self).__name__} defines no `update_step`.")

    def assign(self, variable: Any, value: Any) -> None:
        """Set a variable; under accumulation only when the update is due."""
        if self._update_when is not None:
            value = ops.where(self._update_when, value, convert_to_tensor(variable))
        variable.assign(value)

    def assign_add(self, variable: Any, value: Any) -> None:
        """Add to a variable (see `assign`)."""
        self.assign(variable, ops.add(variable, value))

    def assign_sub(self, variable: Any, value: Any) -> None:
        """Subtract from a variable (see `assign`)."""
        self.assign(variable, ops.subtract(variable, value))

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> Any:
        """One step from (gradient, variable) pairs; returns `iterations`."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """One step. Without variables, `grads` belong to those the optimizer was built with, in order.

        Raises:
            ValueError: no gradient at all, or variables the optimizer was not built for.
        """
        if not len(grads):
            return
        variables = self._checked_variables(grads, trainable_variables)
        grads, variables = _without_missing(grads, variables)
        if self.loss_scale_factor is not None:
            grads = [ops.divide(g, self.loss_scale_factor) for g in grads]
        with naming.name_scope(self.name):
            self._apply_all(grads, variables)
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(convert_to_tensor(variable)))
        self._iterations.assign_add(1)

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        """One step on values given for the variables; returns the new values of both, and changes nothing.

        Raises:
            ValueError: the optimizer is not built, or a list is not as long as the list of variables.
        """
        if not self.built:
            raise ValueError(
                f"To call `stateless_apply`, {type(self).__name__} must be built (i.e. its variables must have been "
                "created). You can build it via `optimizer.build(trainable_variables)`."
            )
        own, weights = self.variables, self._trainable_variables
        mapping = [
            *stand_ins(self, "trainable_variables", weights, trainable_variables),
            *stand_ins(self, "optimizer_variables", own, optimizer_variables),
        ]
        with StatelessScope(mapping) as scope:
            self.apply(grads)
        return stood_in(scope, weights), stood_in(scope, own)

    def _checked_variables(self, grads: Sequence[Any], given: Sequence[Any] | None) -> list[Any]:
        if given is None:
            if not self.built:
                raise ValueError(
                    "When passing `grads` without `variables`, the optimizer must already be built on a list of "
                    "variables. Call `optimizer.build(trainable_variables)` first."
                )
            if len(grads) != len(self._trainable_variables):
                raise ValueError(
                    f"{self.name}: {len(grads)} gradients were given for {len(self._trainable_variables)} variables. "
                    "Give one for each variable, or pass the variables too."
                )
            return self._trainable_variables
        variables = list(given)
        if not self.built:
            self.build(variables)
        unknown = next((v for v in variables if id(v) not in self._index), None)
        if unknown is not None:
            raise ValueError(
                f"Unknown variable: {unknown}. This optimizer can only be called for the variables it was originally "
                "built with. When working with a new set of variables, you should recreate a new optimizer instance."
            )
        return variables

    def _apply_all(self, grads: list[Any], variables: list[Any]) -> None:
        if self.gradient_accumulation_steps:
            self._accumulate_and_update(grads, variables)
        else:
            self._update(grads, variables)
        if self.use_ema:
            self._update_averages()

    def _update(self, grads: list[Any], variables: list[Any]) -> None:
        grads = self._clip_gradients(grads)
        rate = self.learning_rate
        self._apply_weight_decay(variables, rate)
        self._step_values = {}
        try:
            self._update_variables(grads, variables, rate)
        finally:
            self._step_values = None

    def _update_variables(self, grads: list[Any], variables: list[Any], learning_rate: Any) -> None:
        for gradient, variable in zip(grads, variables, strict=True):
            self.update_step(gradient, variable, learning_rate)

    def _accumulate_and_update(self, grads: list[Any], variables: list[Any]) -> None:
        steps = self.gradient_accumulation_steps
        due = ops.equal(ops.mod(ops.add(self._iterations, 1), steps), 0)
        sums = [self._accumulated_gradients[self._get_variable_index(v)] for v in variables]
        totals = [ops.add(g, total) for g, total in zip(grads, sums, strict=True)]
        outer, self._update_when = self._update_when, due
        try:
            self._update([ops.divide(t, steps) for t in totals], variables)
        finally:
            self._update_when = outer
        for accumulator, total in zip(sums, totals, strict=True):
            self.assign(accumulator, ops.where(due, ops.zeros_like(total), total))

    def _clip_gradients(self, grads: list[Any]) -> list[Any]:
        if self.clipnorm:
            return [clip_by_norm(g, self.clipnorm) for g in grads]
        if self.global_clipnorm:
            return clip_by_global_norm(grads, self.global_clipnorm)
        if self.clipvalue:
            return [ops.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        return grads

    def exclude_from_weight_decay(
        self, var_list: Sequence[Any] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Leave variables, or those in whose name one of the patterns is found, without weight decay.

        Raises:
            ValueError: the optimizer is built.
        """
        if self.built:
            raise ValueError("`exclude_from_weight_decay()` can only be configured before the optimizer is built.")
        self._excluded_ids = {id(v) for v in var_list or ()}
        self._excluded_pattern = re.compile("|".join(sorted(var_names))) if var_names else None

    def _use_weight_decay(self, variable: Any) -> bool:
        pattern = self._excluded_pattern
        return id(variable) not in self._excluded_ids and not (pattern and pattern.search(variable.name))

    def _apply_weight_decay(self, variables: Sequence[Any], rate: Any) -> None:
        if self.weight_decay is None:
            return
        for variable in variables:
            if self._use_weight_decay(variable):
                shrink = ops.multiply(ops.multiply(variable, self.weight_decay), ops.cast(rate, variable.dtype))
                self.assign_sub(variable, shrink)

    def _update_averages(self) -> None:
        """Move the averages towards the weights; the first step copies them."""
        started = ops.not_equal(self.iterations, 0)
        for variable, average in zip(self._trainable_variables, self._model_variables_moving_average, strict=True):
            momentum = ops.multiply(ops.cast(started, variable.dtype), self.ema_momentum)
            kept = ops.multiply(momentum, average)
            self.assign(average, ops.add(kept, ops.multiply(ops.subtract(1.0, momentum), variable)))
        if self.ema_overwrite_frequency:
            due = ops.equal(ops.mod(ops.add(self.iterations, 1), self.ema_overwrite_frequency), 0)
            for variable, average in zip(self._trainable_variables, self._model_variables_moving_average, strict=True):
                self.assign(variable, ops.where(due, convert_to_tensor(average), convert_to_tensor(variable)))

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """End of training: with `use_ema`, put the averages into the weights."""
        if not self.use_ema:
            return
        if len(var_list) != len(self._model_variables_moving_average):
            raise ValueError(
                f"{self.name}: {len(var_list)} variables were given, but averages of "
                f"{len(self._model_variables_moving_average)} are kept."
            )
        for variable, average in zip(var_list, self._model_variables_moving_average, strict=True):
            variable.assign(convert_to_tensor(average))

    def scale_loss(self, loss: Any) -> Any:
        """The loss as it is differentiated (times `loss_scale_factor`)."""
        return loss if self.loss_scale_factor is None else ops.multiply(loss, self.loss_scale_factor)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all state, in the order of `variables`."""
        if not self.built:
            raise ValueError(
                "You are calling `set_weights()` on an optimizer that has not yet been built. Please call "
                "`optimizer.build(trainable_variables)` to create the optimizer weights before calling `set_weights()`."
            )
        for variable, weight in zip(self.variables, weights, strict=True):
            variable.assign(weight)

    def save_own_variables(self, store: Any) -> None:
        """Write the state into a mapping under "0", "1", ..."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote; another number of variables is told and skipped."""
        if len(store.keys()) != len(self.variables):
            warnings.warn(
                f"Skipping variable loading for optimizer '{self.name}', because it has {len(self.variables)} "
                f"variables whereas the saved optimizer has {len(store.keys())} variables.",
                stacklevel=2,
            )
            return
        for i, variable in enumerate(self.variables):
            variable.assign(np.asarray(store[str(i)]))

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal optimizer, without its state."""
        rate = self._learning_rate
        if isinstance(rate, Variable):
            rate = float(rate.numpy())
        else:
            rate = serialize_value(_RATE, rate)
        return {"name": self.name, "learning_rate": rate, **{key: getattr(self, key) for key in CONFIG_ORDER}}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Optimizer:
        """An optimizer from its saved arguments."""
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config = {**config, "learning_rate": deserialize_object(rate, custom_objects=custom_objects)}
        return cls(**config)


_RATE = Param(None, kind="LearningRate")


class DeclaredOptimizer(Declared, Optimizer):
    """Base of the built-in optimizers: own parameters declared in the class, the common ones added after them."""

    KIND = "optimizer"
    OPEN = True

    def __init_subclass__(cls, last: Sequence[str] = (), **kwargs: Any) -> None:
        """`last` names own parameters that come after the common ones."""
        if isinstance(vars(cls).get("learning_rate"), ParamInfo):
            moved = {key: vars(cls)[key] for key in last}
            for key in moved:
                delattr(cls, key)
            common = {key: dataclasses.replace(info) for key, info in COMMON.items() if key not in vars(cls)}
            for key, info in {**common, **moved}.items():
                setattr(cls, key, info)
        super().__init_subclass__(**kwargs)
        if "learning_rate" in vars(cls):
            del cls.learning_rate  # the property of Optimizer serves it

    def __init__(self, **kwargs: Any) -> None:
        """Declared parameters are set by the constructor that each subclass gets; no others are known."""
        if kwargs:
            raise ValueError(f"Argument(s) not recognized: {kwargs}")

    def setup(self) -> None:
        self._start(self._pending_learning_rate)

    def get_config(self) -> dict[str, Any]:
        own = {key: getattr(self, key) for key in self.PARAMS if key not in COMMON and key != "learning_rate"}
        return {**Optimizer.get_config(self), **own}


def check_learning_rate(value: Any) -> Any:
    """A learning rate: float, schedule or callable.

    Raises:
        ValueError: anything else, whole numbers included.
    """
    if isinstance(value, dict):
        value = deserialize_object(value)
    if callable(value) or isinstance(value, (float, np.floating)):
        return value
    raise ValueError(
        "Argument `learning_rate` should be float, or an instance of LearningRateSchedule, or a callable that takes "
        f"nothing and returns the learning rate. Received instead: learning_rate={value}"
    )


def _without_missing(grads: Sequence[Any], variables: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    missing = [v for g, v in zip(grads, variables, strict=True) if g is None]
    if len(missing) == len(variables):
        raise ValueError("No gradients provided for any variable.")
    if missing:
        names = [getattr(v, "path", v.name) for v in missing]
        warnings.warn(
            f"Gradients do not exist for variables {names} when minimizing the loss. They have no part in it; "
            "if you use `model.compile()`, check that it has a `loss` for every output.",
            stacklevel=4,
        )
    pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
    return [g for g, _ in pairs], [v for _, v in pairs]
