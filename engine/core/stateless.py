"""Scopes in which variables keep their values: given values stand in for them, and new ones are collected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.core.state import STATE, loss_collector
from engine.core.tensor import Variable, convert_to_tensor


class StatelessScope:
    """Inside, variables are read from a mapping and assigned into it; the variables themselves stay as they are.

    Args:
        state_mapping: pairs (variable, value that stands in for it).
        collect_losses: keep what layers add by `add_loss` in `losses`, instead of in the layers.
        initialize_variables: accepted as in Keras; variables made inside get their values when first read.

    Raises:
        ValueError: a key is not a variable, or a value has another shape.
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self._added: list[Any] = []
        self._found: list[tuple[Any, Any]] = []
        self._values: dict[int, Any] = {}
        self._outer: StatelessScope | None = None
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ValueError(
                    "Invalid reference variable in StatelessScope: all keys in argument `mapping` must be Variable "
                    f"instances. Received instead: {variable}"
                )
            self._values[id(variable)] = self._checked(variable, convert_to_tensor(value, dtype=variable.dtype))

    @staticmethod
    def _checked(variable: Variable, value: Any) -> Any:
        if tuple(value.shape) != tuple(variable.shape):
            raise ValueError(
                "Invalid variable value in StatelessScope: all values in argument `mapping` must be tensors with a "
                f"shape that matches the corresponding variable shape. For variable {variable}, received invalid "
                f"value {value} with shape {value.shape}."
            )
        return value

    def __enter__(self) -> StatelessScope:
        self._outer, STATE.stateless = STATE.stateless, self
        self._collecting = loss_collector() if self.collect_losses else None
        if self._collecting:
            self._found = self._collecting.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        STATE.stateless = self._outer
        if self._collecting:
            self._collecting.__exit__(None, None, None)

    @property
    def losses(self) -> list[Any]:
        """Losses added so far."""
        return [*self._added, *(loss for _, loss in self._found)]

    def add_loss(self, loss: Any) -> None:
        """Collect a loss."""
        self._added.append(loss)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Let a pair (variable, value) take the place of the variable's value from here on."""
        variable, value = update
        self._values[id(variable)] = value

    def get_current_value(self, variable: Variable) -> Any:
        """What stands in for the variable at this moment; None where nothing does."""
        return self._values.get(id(variable))


class SymbolicScope:
    """Inside, variables that are made allocate nothing before they are read."""

    def __enter__(self) -> SymbolicScope:
        self._outer, STATE.abstract = STATE.abstract, True
        return self

    def __exit__(self, *exc: object) -> None:
        STATE.abstract = self._outer


def stand_ins(owner: Any, what: str, variables: list[Variable], values: Any) -> list[tuple[Variable, Any]]:
    """Pairs of variables and the values given for them.

    Raises:
        ValueError: there are more or fewer values than variables.
    """
    given = list(values)
    if len(given) != len(variables):
        raise ValueError(
            f"Argument `{what}` must be a list of tensors corresponding 1:1 to {type(owner).__name__}().{what}. "
            f"Received list with length {len(given)}, but expected {len(variables)} variables."
        )
    return list(zip(variables, given, strict=True))


def stood_in(scope: StatelessScope, variables: list[Variable]) -> list[Any]:
    """Values of the variables at the end of a scope; those it never met keep their own."""
    found = [scope.get_current_value(v) for v in variables]
    return [v.value if value is None else value for v, value in zip(variables, found, strict=True)]
