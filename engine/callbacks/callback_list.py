"""All callbacks of one run, called hook by hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.callbacks.callback import Callback
from engine.callbacks.history import History
from engine.callbacks.progbar_logger import ProgbarLogger
from engine.core import tree

_TRAIN_END = ("on_train_batch_end", "on_batch_end")
_FRESH = ("on_train_begin", "on_epoch_begin", "on_test_begin", "on_predict_begin")
"""Hooks at which it is looked anew which callbacks do something."""


def plain_logs(logs: dict[str, Any] | None) -> dict[str, Any]:
    """Logs with sorted keys and Python floats; nested dicts are laid flat."""
    result: dict[str, Any] = {}
    for key, value in sorted((logs or {}).items()):
        if isinstance(value, dict):
            result.update(plain_logs(value))
        else:
            result[key] = _plain(value)
    return result


def _plain(value: Any) -> Any:
    """A figure as a Python number; several, such as one for each class, as an array."""
    if isinstance(value, (int, float, str, type(None))) or not hasattr(value, "__array__"):
        return value
    array = np.asarray(value)
    return array.item() if array.size == 1 and array.dtype.kind in "fiub" else array


class CallbackList(Callback):
    """Calls the same hook of every callback, in order.

    Args:
        callbacks: callbacks in any structure, or None.
        add_history: add a `History` if there is none.
        add_progbar: add a `ProgbarLogger` if there is none.
        model: the model that runs.
        params: told to all callbacks.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Any] = tree.flatten(callbacks) if callbacks else []
        self._active: dict[str, list[Any]] = {}
        self._history = next((c for c in self.callbacks if isinstance(c, History)), None)
        if self._history is None and add_history:
            self._history = History()
            self.callbacks.append(self._history)
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def overriding(self, *hooks: str) -> list[Any]:
        """Callbacks that do something in one of these hooks."""
        return [c for c in self.callbacks if any(_overrides(c, hook) for hook in hooks)]

    def reads_logs(self, *hooks: str) -> bool:
        """Whether a callback wants the figures in one of these hooks."""
        return any(getattr(c, "reads_batch_logs", True) for c in self.overriding(*hooks))

    @property
    def reads_train_logs(self) -> bool:
        """Whether a callback wants the figures after each training batch."""
        return self.reads_logs(*_TRAIN_END)

    @property
    def reads_test_logs(self) -> bool:
        """Whether a callback wants the figures after each test batch."""
        return self.reads_logs("on_test_batch_end")

    def _call(self, hook: str, index: int | None, logs: dict[str, Any] | None) -> None:
        if hook in _FRESH:
            self._active.clear()
        active = self._active.get(hook)
        if active is None:
            active = self._active[hook] = self.overriding(hook, hook.replace("train_batch", "batch"))
        if not active:
            return
        logs = plain_logs(logs)
        for callback in active:
            function: Callable[..., Any] = getattr(callback, hook)
            if index is None:
                function(logs)
            elif "batch" in hook:
                function(index, logs=logs)
            else:
                function(index, logs)


def _overrides(callback: Any, hook: str) -> bool:
    own = getattr(callback, hook, None)
    return own is not None and getattr(own, "__func__", own) is not getattr(Callback, hook)


def _install_hooks() -> None:
    def run_hook(name: str) -> Callable[..., None]:
        def hook(self: CallbackList, logs: dict[str, Any] | None = None) -> None:
            self._call(name, None, logs)

        return hook

    def batch_hook(name: str) -> Callable[..., None]:
        def hook(self: CallbackList, index: int, logs: dict[str, Any] | None = None) -> None:
            self._call(name, index, logs)

        return hook

    def install(name: str, hook: Callable[..., None]) -> None:
        hook.__doc__ = getattr(Callback, name).__doc__
        setattr(CallbackList, name, hook)

    for edge in ("begin", "end"):
        for name in ("train", "test", "predict"):
            install(f"on_{name}_{edge}", run_hook(f"on_{name}_{edge}"))
            install(f"on_{name}_batch_{edge}", batch_hook(f"on_{name}_batch_{edge}"))
        for name in ("epoch", "batch"):
            install(f"on_{name}_{edge}", batch_hook(f"on_{name}_{edge}"))


_install_hooks()
