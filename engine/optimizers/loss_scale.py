"""A wrapper that scales the loss so that small gradients survive 16-bit arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import initializers, ops
from engine.core import registry
from engine.core.objects import deserialize_object, serialize_object
from engine.core.tensor import Variable, convert_to_tensor
from engine.optimizers.base import Optimizer


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss, divides the gradients, and skips steps whose gradients are not finite.

    Args:
        inner_optimizer: the optimizer that makes the steps.
        initial_scale: factor at the start; halved after a skipped step.
        dynamic_growth_steps: finite steps in a row after which the factor doubles.
        name: name of the wrapper.
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        _refuse_settings(kwargs)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None
        super().__init__(learning_rate=0.0, name=name)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        start = initializers.Constant(self.initial_scale)
        self.dynamic_scale = self.add_variable((), start, "float32", name="dynamic_scale")
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        return super().variables + self.inner_optimizer.variables

    @property
    def learning_rate(self) -> Any:
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def iterations(self) -> Any:
        return self.inner_optimizer.iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        if not self.built:
            self.build(list(trainable_variables or ()))
        scale = convert_to_tensor(self.dynamic_scale)
        finite = _all_finite([g for g in grads if g is not None])
        unscaled = [None if g is None else ops.divide(g, ops.cast(scale, g.dtype)) for g in grads]
        self._apply_inner(unscaled, trainable_variables, finite)
        due = ops.equal(self.step_counter, self.dynamic_growth_steps - 1)
        grown = ops.where(due, ops.multiply(scale, 2.0), scale)
        self.dynamic_scale.assign(ops.where(finite, grown, ops.multiply(scale, 0.5)))
        again = ops.logical_or(due, ops.logical_not(finite))
        counted = ops.add(self.step_counter, 1)
        self.step_counter.assign(ops.where(again, ops.zeros_like(counted), counted))

    def _apply_inner(self, grads: Sequence[Any], variables: Sequence[Any] | None, finite: Any) -> None:
        inner = self.inner_optimizer
        kept = [*inner.variables, *(variables if variables is not None else self._trainable_variables)]
        before = [convert_to_tensor(v) for v in kept]
        inner.apply(grads, variables)
        for variable, old in zip(kept, before, strict=True):
            variable.assign(ops.where(finite, convert_to_tensor(variable), old))

    def scale_loss(self, loss: Any) -> Any:
        loss = convert_to_tensor(loss)
        scale = self.dynamic_scale if self.built else self.initial_scale
        return ops.multiply(loss, ops.cast(scale, loss.dtype))

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": serialize_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Optimizer:
        inner = deserialize_object(config["inner_optimizer"], custom_objects=custom_objects)
        return cls(inner, **{key: value for key, value in config.items() if key != "inner_optimizer"})


_DEFAULTS = {"use_ema": False, "ema_momentum": 0.99}
_COMMON = (
    "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum", "ema_overwrite_frequency",
    "loss_scale_factor", "gradient_accumulation_steps",
)  # fmt: skip


def _refuse_settings(given: dict[str, Any]) -> None:
    """Settings of the base belong to the inner optimizer; older files write their defaults here too.

    Raises:
        ValueError: one of them has another value, or an argument is not known.
    """
    given = {key: value for key, value in given.items() if key != "dynamic"}
    for name in _COMMON:
        if given.pop(name, _DEFAULTS.get(name)) != _DEFAULTS.get(name):
            raise ValueError(
                f"LossScaleOptimizer does not support `{name}`. Instead, set `{name}` on the `inner_optimizer`."
            )
    if given:
        raise ValueError(f"LossScaleOptimizer does not support arguments: `{'`, `'.join(given)}`.")


def _all_finite(grads: Sequence[Any]) -> Any:
    result = ops.all(ops.isfinite(grads[0]))
    for gradient in grads[1:]:
        result = ops.logical_and(result, ops.all(ops.isfinite(gradient)))
    return result


registry.register("optimizer", LossScaleOptimizer, "LossScaleOptimizer", "keras.optimizers:LossScaleOptimizer")
