"""The state of a layer: its weights, inner layers, metrics and seed generators, found through its attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.core.rng import SeedGenerator
from engine.core.stateless import StatelessScope, stand_ins, stood_in
from engine.core.tensor import Variable

_UNTRACKED = frozenset({"_arguments", "_inbound_nodes", "_outbound_nodes", "_losses", "_tracker", "_build_shapes"})


def _contents(value: Any) -> Iterator[Any]:
    """Trackable things in an attribute: itself, or those in lists, tuples and dicts."""
    if isinstance(value, (list, tuple, set)):
        for item in value:
            yield from _contents(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _contents(item)
    else:
        yield value


class HasState:
    """Mixin: collects variables. Order: a layer's own weights, then those of inner layers, each in order of making."""

    _trainable: bool = True

    @property
    def _added(self) -> list[Variable]:
        """Weights made with `add_weight`, in order."""
        found: list[Variable] = self.__dict__.setdefault("_weights_added", [])
        return found

    def _attributes(self) -> Iterator[Any]:
        for name, value in self.__dict__.items():
            if name not in _UNTRACKED:
                yield from _contents(value)

    def _own_variables(self) -> list[Variable]:
        found = {id(v): v for v in self._added}
        for value in self._attributes():
            if isinstance(value, Variable):
                found.setdefault(id(value), value)
        return list(found.values())

    def _children(self) -> list[Any]:
        found: dict[int, Any] = {}
        for value in self._attributes():
            if isinstance(value, HasState) and value is not self and not getattr(value, "_is_metric", False):
                found.setdefault(id(value), value)
        return list(found.values())

    def _seed_generators(self) -> list[SeedGenerator]:
        return [value for value in self._attributes() if isinstance(value, SeedGenerator)]

    def _metric_objects(self) -> list[Any]:
        return [value for value in self._attributes() if getattr(type(value), "KIND", "") == "metric"]

    def _all(self) -> Iterator[Any]:
        """This layer and all layers inside, each once."""
        seen: set[int] = set()
        stack = [self]
        while stack:
            layer = stack.pop(0)
            if id(layer) not in seen:
                seen.add(id(layer))
                yield layer
                stack[:0] = layer._children()

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        layers = list(self._all()) if recursive else [self, *self._children()]
        return layers if include_self else layers[1:]

    @property
    def weights(self) -> list[Variable]:
        """All weights, without seeds and metrics."""
        found: dict[int, Variable] = {}
        for layer in self._all():
            for variable in layer._own_variables():
                found.setdefault(id(variable), variable)
        return list(found.values())

    @property
    def variables(self) -> list[Variable]:
        """All weights, then the seeds of random layers."""
        found = {id(v): v for v in self.weights}
        for layer in self._all():
            for generator in layer._seed_generators():
                found.setdefault(id(generator.state), generator.state)
        return list(found.values())

    @property
    def trainable(self) -> bool:
        """Whether optimizers change the weights; setting it sets all inner layers."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._all():
            layer.__dict__["_trainable"] = bool(value)

    def _trainable_ids(self) -> set[int]:
        found: set[int] = set()
        if not self._trainable:
            return found
        found.update(id(v) for v in self._own_variables() if v.trainable)
        for child in self._children():
            found |= child._trainable_ids()
        return found

    @property
    def trainable_weights(self) -> list[Variable]:
        """Weights that optimizers change."""
        wanted = self._trainable_ids()
        return [v for v in self.weights if id(v) in wanted]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """Weights that optimizers leave alone."""
        wanted = self._trainable_ids()
        return [v for v in self.weights if id(v) not in wanted]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """Weights that optimizers leave alone, and the seeds of random layers."""
        wanted = self._trainable_ids()
        return [v for v in self.variables if id(v) not in wanted]

    def stateless_call(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call with values in place of the variables, which stay as they are.

        Returns:
            (outputs, new values of the variables that are not trainable), and with `return_losses` a list of losses.

        Raises:
            ValueError: the layer is not built, or a list of values is not as long as the list of variables.
        """
        if not getattr(self, "built", True):
            raise ValueError(
                f"To call stateless_call, {type(self).__name__} must be built (i.e. its variables must have been "
                "already created). You can build it by calling it on some data."
            )
        mapping = [
            *stand_ins(self, "trainable_variables", self.trainable_variables, trainable_variables),
            *stand_ins(self, "non_trainable_variables", self.non_trainable_variables, non_trainable_variables),
        ]
        with StatelessScope(state_mapping=mapping, collect_losses=return_losses) as scope:
            outputs = self(*args, **kwargs)  # type: ignore[operator]
            losses = [*scope.losses, *self._regularization_losses()] if return_losses else []
        fresh = stood_in(scope, self.non_trainable_variables)
        return (outputs, fresh, losses) if return_losses else (outputs, fresh)

    @property
    def metrics(self) -> list[Any]:
        """Metrics kept in attributes of the layer and of those inside."""
        return [metric for layer in self._all() for metric in layer._metric_objects()]

    @property
    def metrics_variables(self) -> list[Variable]:
        """State of `metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Not for use: metrics are given to `compile`, or kept in attributes and updated in `call`."""
        raise NotImplementedError(
            "Layer `add_metric()` method is deprecated. Pass metrics to `Model.compile(metrics=[...])`, or keep them "
            "in attributes of the layer and call `update_state()` on them."
        )

    def count_params(self) -> int:
        """Number of all weights' elements."""
        return sum(int(v.size or 0) for v in self.weights)

    def get_weights(self) -> list[Any]:
        """Copies of all weights as arrays."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Any) -> None:
        """Set all weights from arrays in the order of `weights`.

        Raises:
            ValueError: another number of arrays, or another shape.
        """
        own, name = self.weights, getattr(self, "name", "layer")
        if len(own) != len(weights):
            raise ValueError(
                f"You called `set_weights(weights)` on layer '{name}' with a weight list of length {len(weights)}, "
                f"but the layer was expecting {len(own)} weights."
            )
        for variable, value in zip(own, weights, strict=True):
            if tuple(np.shape(value)) != variable.shape:
                raise ValueError(
                    f"Layer {name} weight shape {variable.shape} is not compatible with provided weight shape "
                    f"{np.shape(value)}."
                )
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        """Write the layer's own weights under "0", "1", ... in order of making."""
        for i, variable in enumerate(self._stored()):
            store[str(i)] = self._stored_value(variable)

    def _stored(self) -> list[Variable]:
        """Weights that stand in files, in order."""
        return self._own_variables()

    def _stored_value(self, variable: Variable) -> Any:
        return variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote.

        Raises:
            ValueError: another number of weights, because the layer was never built or the file is another layer's.
        """
        own = self._stored()
        if len(store.keys()) != len(own):
            name = getattr(self, "name", "layer")
            raise ValueError(
                f"Layer '{name}' expected {len(own)} variables, but received {len(store.keys())} variables during "
                f"loading. Expected: {[v.name for v in own]}"
            )
        for i, variable in enumerate(own):
            variable.assign(store[str(i)])
