"""The call of a layer: its arguments by name, the `training` flag handed down, masks handed on."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any

from engine.core import tree
from engine.core.tensor import Value


class Context:
    """What the outermost call hands down."""

    def __init__(self) -> None:
        self.training: bool | None = None


class _Call(threading.local):
    def __init__(self) -> None:
        self.context: Context | None = None


CALL = _Call()


def in_this_context(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with what the calls around it hand down now, whenever it runs."""
    training = CALL.context.training if CALL.context is not None else None

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        outer, CALL.context = CALL.context, Context()
        CALL.context.training = training
        try:
            return function(*args, **kwargs)
        finally:
            CALL.context = outer

    return run


@functools.cache
def _signature(function: Any) -> inspect.Signature:
    return inspect.signature(function)


class CallSpec:
    """Arguments of one call of `layer.call`, bound to their names."""

    def __init__(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.layer, self.args, self.kwargs = layer, args, dict(kwargs)
        call = type(layer).call
        parameters = list(_signature(call).parameters.values())[1:]
        self._names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self._accepts = {p.name for p in parameters if p.kind is not p.VAR_POSITIONAL}
        self._default = {p.name: p.default for p in parameters}
        self._open = any(p.kind is p.VAR_KEYWORD for p in parameters)
        if "training" in self.kwargs and "training" not in self._accepts and not self._open:
            self._given = self.kwargs.pop("training")
        else:
            self._given = self.kwargs.get("training")

    def named(self) -> dict[str, Any]:
        """Arguments by name."""
        return {**dict(zip(self._names, self.args, strict=False)), **self.kwargs}

    def first(self) -> Any:
        """The first argument: the inputs."""
        return self.args[0] if self.args else next(iter(self.kwargs.values()), None)

    def first_shape(self) -> Any:
        return (
            tree.map_structure(lambda x: getattr(x, "shape", None), self.first())
            if tree.is_nested(self.first())
            else getattr(self.first(), "shape", None)
        )

    def shapes(self) -> dict[str, Any]:
        """Shapes of the tensor arguments: {"query_shape": ..., "value_shape": ...}."""
        found: dict[str, Any] = {}
        for name, value in self.named().items():
            leaves = [x for x in tree.flatten(value) if isinstance(x, Value)]
            if leaves and name not in ("training", "mask"):
                found[f"{name}_shape"] = (
                    tree.map_structure(lambda x: getattr(x, "shape", None), value)
                    if tree.is_nested(value)
                    else tuple(value.shape)
                )
        return found

    def fill_training(self, context: Context) -> None:
        """`training` from the call, the calls around it, or the default of `call`."""
        value = self._given
        if value is None:
            position = self._names.index("training") if "training" in self._names else len(self.args)
            value = self.args[position] if position < len(self.args) else context.training
        if value is None:
            default = self._default.get("training")
            value = default if isinstance(default, bool) else None
        if value is not None:
            context.training = bool(value) if isinstance(value, (int, bool)) else value
        placed = "training" in self._names and self._names.index("training") < len(self.args)
        if "training" in self._accepts and not placed and value is not None:
            self.kwargs["training"] = value

    def fill_masks(self) -> None:
        """`mask` (or `<name>_mask`) from the values' own masks, where `call` asks for it and none was given."""
        tensors = {k: v for k, v in self.named().items() if any(isinstance(x, Value) for x in tree.flatten(v))}
        for i, (name, value) in enumerate(tensors.items()):
            target = f"{name}_mask"
            if target not in self._accepts:
                target = "mask" if i == 0 and "mask" in self._accepts else ""
            if target and self.named().get(target) is None and target != name:
                masks = tree.map_structure(lambda x: getattr(x, "_keras_mask", None), value)
                if any(m is not None for m in tree.flatten(masks)):
                    self.kwargs[target] = masks
