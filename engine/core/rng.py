"""Seeds: pairs [seed, counter] from which NumPy's generator draws, exactly as in Keras's NumPy backend."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from engine.core import naming, registry
from engine.core.tensor import Tensor, Variable
from engine.core.value import _op

_GLOBAL: list[SeedGenerator] = []


class SeedGenerator:
    """A stream of seeds for random ops; each draw raises the counter by one.

    Args:
        seed: whole number; drawn from Python's `random` when None.
        name: its name.

    Attributes:
        state: Variable [seed, counter] (uint32), not trainable.
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        kwargs.pop("backend", None)
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
        self.name = name or naming.auto_name(type(self).__name__)
        self._initial_seed = seed
        start = make_default_seed() if seed is None else seed
        if not isinstance(start, int):
            raise ValueError(f"Argument `seed` must be an integer. Received: seed={seed}")
        with naming.name_scope(self.name):
            self.state = Variable(
                np.array([start & 0xFFFFFFFF, 0], "uint32"),
                trainable=False,
                autocast=False,
                name="seed_generator_state",
            )

    def next(self, ordered: bool = True) -> Any:
        """The current [seed, counter]; the state moves on."""
        current = self.state.read()
        if ordered:
            self.state.assign(_op("add")(current, np.array([0, 1], "uint32")))
        else:
            # Unseeded global draws scatter the whole state instead of counting, as Keras does.
            self.state.assign(_op("cast")(_op("mod")(_op("multiply")(_op("add")(current, 1), 5387), 933199), "uint32"))
        return current

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal object."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """The object that `get_config` described."""
        return cls(**config)


def make_default_seed() -> int:
    """A seed from Python's own generator, so that `random.seed` governs it."""
    return python_random.randint(1, int(1e9))


def global_seed_generator() -> SeedGenerator:
    """The generator behind random ops that get no seed."""
    if not _GLOBAL:
        _GLOBAL.append(SeedGenerator())
    return _GLOBAL[0]


def draw_seed(seed: Any) -> Any:
    """[seed, counter] for one random op.

    Args:
        seed: a whole number, a SeedGenerator, or None for the global generator.
    """
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        return Tensor(np.array([int(seed) & 0xFFFFFFFF, 0], "uint32"))
    if seed is None:
        return global_seed_generator().next(ordered=False)
    raise ValueError(
        "Argument `seed` must be either an integer or an instance of `SeedGenerator`. "
        f"Received: seed={seed} (of type {type(seed)})"
    )


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and the engine's generators.

    Raises:
        ValueError: not a whole number.
    """
    if not isinstance(seed, int):
        raise ValueError(f"Expected `seed` argument to be an integer. Received: seed={seed} (of type {type(seed)})")
    python_random.seed(seed)
    np.random.seed(seed & 0xFFFFFFFF)
    reset_global_generator()


def reset_global_generator() -> None:
    """The next unseeded draw makes a new global generator."""
    _GLOBAL.clear()


registry.register("seed", SeedGenerator, "SeedGenerator", "keras.random:SeedGenerator")
