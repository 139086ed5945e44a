"""A model's state as plain nested values, and its loss as a function of that state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.core.stateless import StatelessScope, stand_ins, stood_in
from engine.core.tensor import Variable

_FORMATS = ("backend_tensor", "numpy_array")


class HasStateTree:
    """Reading and writing all variables of a model at once, by their paths."""

    def _variable_groups(self) -> dict[str, Sequence[Variable]]:
        owner: Any = self
        optimizer = getattr(owner, "optimizer", None)
        return {
            "trainable_variables": owner.trainable_variables,
            "non_trainable_variables": owner.non_trainable_variables,
            "optimizer_variables": [] if optimizer is None else optimizer.variables,
            "metrics_variables": owner.metrics_variables,
        }

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """Values of all variables: by group, then nested by the parts of their paths.

        Args:
            value_format: "backend_tensor" for tensors, "numpy_array" for copies as arrays.

        Raises:
            ValueError: an unknown format, or two variables with one path.
        """
        if value_format not in _FORMATS:
            raise ValueError(
                "Invalid `value_format` argument. Expected one of {'numpy_array', 'backend_tensor'}. "
                f"Received: value_format={value_format}"
            )
        as_array = value_format == "numpy_array"
        return {name: _nested(variables, as_array) for name, variables in self._variable_groups().items()}

    def set_state_tree(self, state_tree: dict[str, Any]) -> None:
        """Assign what `get_state_tree` gave; groups and paths that are not named keep their values.

        Raises:
            ValueError: an unknown group, or a value of another shape than its variable.
        """
        groups = self._variable_groups()
        for name, nested in state_tree.items():
            if name not in groups:
                raise ValueError(f"Unknown variable name: {name}")
            values = dict(_paths(nested))
            for variable in groups[name]:
                if variable.path in values:
                    variable.assign(values[variable.path])

    def stateless_compute_loss(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        metrics_variables: Any,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The loss with values in place of the variables, which stay as they are.

        Returns:
            (loss, (trainable, non-trainable and metrics' values afterwards)).
        """
        owner: Any = self
        mapping = [
            *stand_ins(self, "trainable_variables", owner.trainable_variables, trainable_variables),
            *stand_ins(self, "non_trainable_variables", owner.non_trainable_variables, non_trainable_variables),
            *stand_ins(self, "metrics_variables", owner.metrics_variables, metrics_variables),
        ]
        with StatelessScope(mapping) as scope:
            loss = owner._compute_loss(x, y, y_pred, sample_weight=sample_weight, training=training)
        state = stood_in(scope, owner.non_trainable_variables), stood_in(scope, owner.metrics_variables)
        return loss, (trainable_variables, *state)


def _nested(variables: Sequence[Variable], as_array: bool) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for variable in variables:
        *groups, name = variable.path.split("/")
        place = tree
        for group in groups:
            place = place.setdefault(group, {})
        if name in place:
            raise ValueError(
                f"The following variable path is found twice in the model: '{variable.path}'. `get_state_tree()` can "
                "only be called when all variable paths are unique. Make sure to give unique names to your layers "
                "(and other objects)."
            )
        place[name] = np.array(variable.numpy()) if as_array else variable.value
    return tree


def _paths(nested: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in nested.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", value
