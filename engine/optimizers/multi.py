"""Several optimizers in one model, each for the variables whose paths are mapped to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any

from engine.core import registry
from engine.core.objects import deserialize_object, serialize_object
from engine.core.patterns import compile_pattern
from engine.core.tensor import Variable
from engine.optimizers.base import Optimizer
from engine.optimizers.loss_scale import LossScaleOptimizer


class OptimizerMap(MutableMapping[str, Optimizer]):
    """Optimizers by path of a variable, or by pattern that the whole path matches.

    Args:
        default_optimizer: for variables that nothing else is mapped to.
        optimizer_map: paths and patterns with their optimizers.
    """

    def __init__(self, default_optimizer: Any, optimizer_map: Any = None) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(f"default_optimizer must be a Keras Optimizer instance. Received: {default_optimizer}")
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(f"optimizer_map must be a dictionary. Received: {optimizer_map}")
        self._default_optimizer = default_optimizer
        self._optimizer_map: dict[str, Optimizer] = optimizer_map or {}

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of variables that no pattern names."""
        return self._default_optimizer

    def __getitem__(self, key: str) -> Optimizer:
        """The optimizer of a path: mapped exactly, by the one pattern that fits, or the default.

        Raises:
            ValueError: several patterns fit.
        """
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        fitting = [pattern for pattern in self._optimizer_map if compile_pattern(pattern).fullmatch(key)]
        if len(fitting) > 1:
            raise ValueError(f"Multiple optimizers assigned to variable {key}. The patterns {fitting} all fit.")
        return self._optimizer_map[fitting[0]] if fitting else self._default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if key in self._optimizer_map:
            raise ValueError(
                f"'{key}' already exists in the OptimizerMap with value {self._optimizer_map[key]}. "
                "Delete it first to map it anew."
            )
        if not isinstance(key, str):
            raise ValueError(f"key must be a string. Received: {key}")
        if not isinstance(optimizer, Optimizer):
            raise ValueError(f"optimizer must be a Keras Optimizer instance. Received: {optimizer}")
        if isinstance(optimizer, (LossScaleOptimizer, MultiOptimizer)):
            raise ValueError(f"optimizer cannot be {type(optimizer).__name__}.")
        self._optimizer_map[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizer_map[key]

    def __len__(self) -> int:
        return len(self._optimizer_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizer_map)

    def __call__(self, variable: Any) -> Optimizer:
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal map."""
        return {
            "default_optimizer": serialize_object(self._default_optimizer),
            "optimizer_map": serialize_object(self._optimizer_map),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> OptimizerMap:
        """A map from its saved arguments."""
        default, mapped = (
            deserialize_object(config[key], custom_objects=custom_objects)
            for key in ("default_optimizer", "optimizer_map")
        )
        return cls(default, mapped)


class MultiOptimizer(Optimizer):
    """Hands each variable to the optimizer that the map, or a function of the variable, gives for it.

    Args:
        optimizer_map: an `OptimizerMap`, or a function from a variable to its optimizer.
        loss_scale_factor: factor on the loss, in place of the inner optimizers' own.
        name: name of the optimizer.
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Any], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        self._inner: list[Optimizer] = []
        super().__init__(learning_rate=0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._optimizer_map = optimizer_map
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in [*optimizer_map.values(), optimizer_map.default_optimizer]:
                self._place(optimizer)

    def _place(self, optimizer: Optimizer) -> int:
        """Number of an inner optimizer, which is taken in when it is new."""
        for i, known in enumerate(self._inner):
            if known is optimizer:
                return i
        if isinstance(optimizer, (LossScaleOptimizer, MultiOptimizer)):
            raise ValueError(f"{type(optimizer).__name__} cannot be used inside an MultiOptimizer.")
        optimizer.loss_scale_factor = self.loss_scale_factor
        self._inner.append(optimizer)
        return len(self._inner) - 1

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        parts: dict[int, list[Variable]] = {}
        self._places: dict[int, int] = {}
        for variable in variables:
            optimizer = self._optimizer_map(variable)
            if not isinstance(optimizer, Optimizer):
                raise ValueError(f"Optimizer for variable {variable} is not an Optimizer instance.")
            self._places[id(variable)] = place = self._place(optimizer)
            parts.setdefault(place, []).append(variable)
        for place, part in parts.items():
            self._inner[place].build(part)
        super().build(variables)

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers inside."""
        return self._inner

    @property
    def variables(self) -> list[Variable]:
        return super().variables + [v for optimizer in self._inner for v in optimizer.variables]

    @property
    def learning_rate(self) -> Any:
        raise AttributeError(
            "Learning rate cannot be accessed on a MultiOptimizer. "
            "Access the learning rate on the individual sub-optimizers instead."
        )

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError(
            "Learning rate cannot be set on a MultiOptimizer. "
            "Set the learning rate on the individual sub-optimizers instead."
        )

    @property
    def loss_scale_factor(self) -> float | None:  # type: ignore[override]
        """Factor on the loss against underflow."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value: float | None) -> None:
        self._loss_scale_factor = value
        for optimizer in self._inner:
            optimizer.loss_scale_factor = value

    @property
    def iterations(self) -> Any:
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        if not len(grads):
            return
        variables = self._checked_variables(grads, trainable_variables)
        if len(grads) != len(variables):
            raise ValueError(
                "Gradients must match trainable variables one-to-one. "
                f"Received {len(grads)} gradients and {len(variables)} variables."
            )
        for place, optimizer in enumerate(self._inner):
            pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if self._places[id(v)] == place]
            if pairs:
                optimizer.apply([g for g, _ in pairs], [v for _, v in pairs])
        self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        for place, optimizer in enumerate(self._inner):
            part = [v for v in var_list if self._places[id(v)] == place]
            if part:
                optimizer.finalize_variable_values(part)

    def get_config(self) -> dict[str, Any]:
        return {
            "optimizer_map": serialize_object(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Optimizer:
        mapped = deserialize_object(config["optimizer_map"], custom_objects=custom_objects)
        return cls(**{**config, "optimizer_map": mapped})


registry.register("optimizer", MultiOptimizer, "MultiOptimizer", "keras.optimizers:MultiOptimizer")
registry.register("optimizer map", OptimizerMap, "OptimizerMap", "keras.optimizers:OptimizerMap")
