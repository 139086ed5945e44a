"""The base of initializers."""

from __future__ import annotations

from typing import Any

from engine.core.params import Declared, ParamInfo
from engine.core.rng import SeedGenerator, make_default_seed


class Initializer(Declared):
    """Makes the starting value of a weight: `initializer(shape, dtype=None)`.

    Called twice, an initializer gives the same values, unless its seed is a `SeedGenerator`.
    """

    KIND = "initializer"

    def __init__(self) -> None:
        pass

    @property
    def lazy(self) -> bool:
        """Whether the values do not depend on when they are drawn, so that a weight may wait until it is read."""
        return type(self).__module__.startswith("engine.") and not isinstance(getattr(self, "seed", 0), SeedGenerator)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        raise NotImplementedError("Initializer subclasses must implement the `__call__()` method.")

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal object."""
        return self.declared_config()

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The object that `get_config` described."""
        return cls(**config)

    def clone(self) -> Any:
        """An initializer with the same settings."""
        return type(self).from_config(self.get_config())


class Seeded(Initializer):
    """An initializer that draws; without a seed it takes one from Python's `random` when it is made."""

    PARAMS: dict[str, ParamInfo] = {}

    def setup(self) -> None:
        self._given_seed = self.seed
        if self.seed is None:
            self.seed = make_default_seed()
        elif isinstance(self.seed, dict):
            self.seed = SeedGenerator.from_config(self.seed.get("config", self.seed))
        elif not isinstance(self.seed, (int, SeedGenerator)):
            raise ValueError(
                "`seed` argument should be an instance of `keras.random.SeedGenerator()` or an integer. "
                f"Received: seed={self.seed}"
            )

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal object."""
        from engine.core.objects import serialize_object

        return {**self.declared_config(), "seed": serialize_object(self._given_seed)}
