"""Learning rates that change with the number of steps."""

from __future__ import annotations

import math
from typing import Any

from engine import ops
from engine.core.objects import deserialize_object, serialize_object
from engine.core.params import Declared, Param, register_kind
from engine.core.tensor import convert_to_tensor

RATE_DOC = "Learning rate at step 0."
STEPS_DOC = "Number of steps over which the rate falls."


class LearningRateSchedule:
    """A learning rate as a function of the step: subclasses define `__call__(step)` with `engine.ops`."""

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `__call__(self, step)`."
        )

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal schedule."""
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `get_config()` in order to be serializable."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """A schedule from its saved arguments."""
        return cls(**config)


class DeclaredSchedule(Declared, LearningRateSchedule):
    """Base of the built-in schedules."""

    KIND = "schedule"

    def __init__(self) -> None:
        """Declared parameters are set by the constructor that each subclass gets."""

    def get_config(self) -> dict[str, Any]:
        return self.declared_config()


def _name(default: str) -> Any:
    return Param(default, kind="str", doc="Name of the schedule.", advanced=True)


def _float(value: Any) -> Any:
    return convert_to_tensor(value, "float32")


def _passed(step: Any, steps: float, staircase: bool) -> Any:
    """Periods passed; whole ones only when `staircase`."""
    fraction = ops.divide(_float(step), float(steps))
    return ops.floor(fraction) if staircase else fraction


class ExponentialDecay(DeclaredSchedule, keras="keras.optimizers.schedules:ExponentialDecay"):
    """initial · decay_rate^(step / decay_steps)."""

    initial_learning_rate: float = Param(ge=0, doc=RATE_DOC)
    decay_steps: int = Param(gt=0, doc=STEPS_DOC)
    decay_rate: float = Param(gt=0, doc="Factor per decay_steps.")
    staircase: bool = Param(False, doc="Fall in stairs instead of smoothly.")
    name: str = _name("ExponentialDecay")

    def __call__(self, step: Any) -> Any:
        passed = _passed(step, self.decay_steps, self.staircase)
        return ops.multiply(self.initial_learning_rate, ops.power(_float(self.decay_rate), passed))


class PiecewiseConstantDecay(DeclaredSchedule, keras="keras.optimizers.schedules:PiecewiseConstantDecay"):
    """values[i] for steps up to and including boundaries[i], the last value after that."""

    boundaries: Any = Param(doc="Steps at which the rate changes, rising.")
    values: Any = Param(doc="Rates between them, one more than boundaries.")
    name: str = _name("PiecewiseConstant")

    def setup(self) -> None:
        if len(self.boundaries) != len(self.values) - 1:
            raise ValueError(
                "The length of boundaries should be 1 less than the length of values. Received: "
                f"boundaries={self.boundaries} of length {len(self.boundaries)}, and values={self.values} "
                f"of length {len(self.values)}."
            )

    def __call__(self, step: Any) -> Any:
        step = _float(step)
        rate = _float(self.values[0])
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            rate = ops.where(ops.greater(step, float(boundary)), _float(value), rate)
        return rate


class PolynomialDecay(DeclaredSchedule, keras="keras.optimizers.schedules:PolynomialDecay"):
    """From the initial to the end rate along (1 - step / decay_steps)^power."""

    initial_learning_rate: float = Param(ge=0, doc=RATE_DOC)
    decay_steps: int = Param(gt=0, doc=STEPS_DOC)
    end_learning_rate: float = Param(0.0001, ge=0, doc="Rate at the end.")
    power: float = Param(1.0, gt=0, doc="1 is a straight line.")
    cycle: bool = Param(False, doc="Begin again, each time over more steps, when the end is passed.")
    name: str = _name("PolynomialDecay")

    def __call__(self, step: Any) -> Any:
        step, steps = _float(step), _float(float(self.decay_steps))
        if self.cycle:
            rounds = ops.maximum(ops.ceil(ops.divide(step, steps)), 1.0)
            steps = ops.multiply(steps, rounds)
        else:
            step = ops.minimum(step, steps)
        left = ops.power(ops.subtract(1.0, ops.divide(step, steps)), float(self.power))
        return ops.add(ops.multiply(self.initial_learning_rate - self.end_learning_rate, left), self.end_learning_rate)


class InverseTimeDecay(DeclaredSchedule, keras="keras.optimizers.schedules:InverseTimeDecay"):
    """initial / (1 + decay_rate · step / decay_steps)."""

    initial_learning_rate: float = Param(ge=0, doc=RATE_DOC)
    decay_steps: int = Param(gt=0, doc=STEPS_DOC)
    decay_rate: float = Param(ge=0, doc="How fast the rate falls.")
    staircase: bool = Param(False, doc="Fall in stairs instead of smoothly.")
    name: str = _name("InverseTimeDecay")

    def __call__(self, step: Any) -> Any:
        passed = _passed(step, self.decay_steps, self.staircase)
        return ops.divide(self.initial_learning_rate, ops.add(1.0, ops.multiply(self.decay_rate, passed)))


class CosineDecay(DeclaredSchedule, keras="keras.optimizers.schedules:CosineDecay"):
    """Half a cosine from the initial rate to alpha times it, after an optional straight warm-up (Loshchilov 2016)."""

    initial_learning_rate: float = Param(ge=0, doc=RATE_DOC)
    decay_steps: int = Param(gt=0, doc=STEPS_DOC)
    alpha: float = Param(0.0, ge=0, doc="Smallest rate as a share of the largest.")
    name: str = _name("CosineDecay")
    warmup_target: float | None = Param(None, ge=0, doc="Rate at the end of the warm-up; empty: no warm-up.")
    warmup_steps: int = Param(0, ge=0, doc="Steps of the warm-up.")

    def _decayed(self, step: Any, start: float) -> Any:
        fraction = ops.divide(step, float(self.decay_steps))
        cosine = ops.multiply(0.5, ops.add(1.0, ops.cos(ops.multiply(math.pi, fraction))))
        return ops.multiply(start, ops.add(ops.multiply(1.0 - self.alpha, cosine), self.alpha))

    def __call__(self, step: Any) -> Any:
        step = _float(step)
        if self.warmup_target is None:
            return self._decayed(ops.minimum(step, float(self.decay_steps)), self.initial_learning_rate)
        step = ops.minimum(step, float(self.decay_steps + self.warmup_steps))
        decayed = self._decayed(ops.subtract(step, float(self.warmup_steps)), self.warmup_target)
        if not self.warmup_steps:
            return decayed
        climb = self.warmup_target - self.initial_learning_rate
        fraction = ops.divide(step, float(self.warmup_steps))
        warm = ops.add(ops.multiply(climb, fraction), self.initial_learning_rate)
        return ops.where(ops.less(step, float(self.warmup_steps)), warm, decayed)


class CosineDecayRestarts(DeclaredSchedule, keras="keras.optimizers.schedules:CosineDecayRestarts"):
    """Cosine decay that begins again; each period t_mul times as long and m_mul times as high as the one before."""

    initial_learning_rate: float = Param(ge=0, doc=RATE_DOC)
    first_decay_steps: int = Param(gt=0, doc="Steps of the first period.")
    t_mul: float = Param(2.0, gt=0, doc="Factor on the length of periods.")
    m_mul: float = Param(1.0, ge=0, doc="Factor on the height of periods.")
    alpha: float = Param(0.0, ge=0, doc="Smallest rate as a share of the initial one.")
    name: str = _name("SGDRDecay")

    def __call__(self, step: Any) -> Any:
        restarts, fraction = self._place(ops.divide(_float(step), float(self.first_decay_steps)))
        height = ops.multiply(0.5, ops.power(_float(self.m_mul), restarts))
        cosine = ops.multiply(height, ops.add(1.0, ops.cos(ops.multiply(math.pi, fraction))))
        return ops.multiply(self.initial_learning_rate, ops.add(ops.multiply(1.0 - self.alpha, cosine), self.alpha))

    def _place(self, periods: Any) -> tuple[Any, Any]:
        """Number of restarts so far, and the share of the current period passed."""
        if self.t_mul == 1.0:
            restarts = ops.floor(periods)
            return restarts, ops.subtract(periods, restarts)
        grown = ops.log(ops.subtract(1.0, ops.multiply(periods, 1.0 - self.t_mul)))
        restarts = ops.floor(ops.divide(grown, ops.log(_float(self.t_mul))))
        factor = ops.power(_float(self.t_mul), restarts)
        begun = ops.divide(ops.subtract(1.0, factor), 1.0 - self.t_mul)
        return restarts, ops.divide(ops.subtract(periods, begun), factor)


def serialize(learning_rate_schedule: Any) -> Any:
    """Plain data that `deserialize` turns back into the schedule."""
    return serialize_object(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The schedule that `serialize` wrote."""
    return deserialize_object(config, custom_objects=custom_objects)


def _get_rate(value: Any) -> Any:
    from engine.optimizers.base import check_learning_rate

    return check_learning_rate(value)


register_kind("LearningRate", get=_get_rate, serialize=serialize)
