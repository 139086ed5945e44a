"""All state of a model as nested dicts by path, and its loss as a function of that state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.core.stateless import StatelessScope, stand_ins, stood_in
from engine.core.tensor import Variable

_KINDS = ("trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables")
_FORMATS = ("backend_tensor", "numpy_array")


class HasStateTree:
    """Mixin of `Model`: its variables as a tree of values."""

    trainable_variables: Any
    non_trainable_variables: Any
    metrics_variables: Any

    def _variables_of(self, kind: str) -> list[Variable]:
        if kind not in _KINDS:
            raise ValueError(f"Unknown variable name: {kind}. The parts of a state tree are {', '.join(_KINDS)}.")
        if kind == "optimizer_variables":
            optimizer = getattr(self, "optimizer", None)
            return [] if optimizer is None else optimizer.variables
        found: list[Variable] = getattr(self, kind)
        return found

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """Values of all variables, nested by the parts of their paths.

        Args:
            value_format: "backend_tensor" or "numpy_array".

        Raises:
            ValueError: two variables have one path, or the format is none of both.
        """
        if value_format not in _FORMATS:
            raise ValueError(
                f"Invalid `value_format` argument. Expected one of {_FORMATS}. Received: value_format={value_format}"
            )
        as_array = value_format == "numpy_array"
        return {kind: _nested(self._variables_of(kind), as_array) for kind in _KINDS}

    def set_state_tree(self, state_tree: Mapping[str, Any]) -> None:
        """Assign the values of a tree as `get_state_tree` gives it; parts may be left out.

        Raises:
            ValueError: a part of the tree has another name.
        """
        for kind, values in state_tree.items():
            by_path = {variable.path: variable for variable in self._variables_of(kind)}
            for path, value in _flat(values):
                if path in by_path:
                    by_path[path].assign(value)

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
        """`compute_loss` with values in place of the variables, which stay as they are.

        Returns:
            (loss, (trainable, non-trainable and metrics' values afterwards)).
        """
        given = (trainable_variables, non_trainable_variables, metrics_variables)
        kinds = ("trainable_variables", "non_trainable_variables", "metrics_variables")
        own = [self._variables_of(kind) for kind in kinds]
        mapping = [
            pair for kind, mine, values in zip(kinds, own, given, strict=True)
            for pair in stand_ins(self, kind, mine, values)
        ]  # fmt: skip
        with StatelessScope(state_mapping=mapping) as scope:
            loss = self.compute_loss(x, y, y_pred, sample_weight, training)  # type: ignore[attr-defined]
        return loss, (trainable_variables, stood_in(scope, own[1]), stood_in(scope, own[2]))


def _nested(variables: Iterable[Variable], as_array: bool) -> dict[str, Any]:
    result: dict[str, Any] = {}
    paths: set[str] = set()
    for variable in variables:
        if variable.path in paths:
            raise ValueError(
                f"The following variable path is found twice in the model: '{variable.path}'. `get_state_tree()` can "
                "only be called when all variable paths are unique. Give the layers unique names."
            )
        paths.add(variable.path)
        *folders, name = variable.path.split("/")
        place = result
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = variable.numpy() if as_array else variable.value
    return result


def _flat(tree: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{start}{key}/")
        else:
            yield start + key, value
