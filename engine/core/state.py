"""What is going on in this thread: the open trace, the recording tapes, automatic casting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.core.graph import Trace
    from engine.core.remat import RematScope
    from engine.core.stateless import StatelessScope
    from engine.core.tape import GradientTape


class _State(threading.local):
    def __init__(self) -> None:
        self.trace: Trace | None = None
        self.tapes: tuple[GradientTape, ...] = ()
        self.autocast: str | None = None
        self.check_shapes: bool = False
        self.abstract: bool = False
        self.opening_file: bool | None = None
        self.stateless: StatelessScope | None = None
        self.remat: RematScope | None = None
        self.losses: list[tuple[Any, Any]] | None = None


STATE = _State()


@contextmanager
def no_tapes() -> Iterator[None]:
    """Stop every tape of this thread from recording."""
    saved, STATE.tapes = STATE.tapes, ()
    try:
        yield
    finally:
        STATE.tapes = saved


@contextmanager
def autocast_scope(dtype: str | None) -> Iterator[None]:
    """Read float variables as `dtype` inside (mixed precision); None reads them as stored."""
    saved, STATE.autocast = STATE.autocast, dtype
    try:
        yield
    finally:
        STATE.autocast = saved


@contextmanager
def abstract_scope() -> Iterator[None]:
    """Variables made inside allocate nothing before they are read, whatever their initializer."""
    saved, STATE.abstract = STATE.abstract, True
    try:
        yield
    finally:
        STATE.abstract = saved


@contextmanager
def opening_file(trusted: bool = False) -> Iterator[None]:
    """While a file is opened, nothing in it makes the engine read other files, unless the outermost is trusted."""
    saved = STATE.opening_file
    STATE.opening_file = not trusted if saved is None else saved
    try:
        yield
    finally:
        STATE.opening_file = saved


@contextmanager
def loss_collector() -> Iterator[list[tuple[Any, Any]]]:
    """What layers add by `add_loss` inside goes into the list, as pairs (layer, loss), and not to the layers."""
    found: list[tuple[Any, Any]] = []
    saved, STATE.losses = STATE.losses, found
    try:
        yield found
    finally:
        STATE.losses = saved
