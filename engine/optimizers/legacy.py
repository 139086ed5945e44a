"""Names of the optimizers of Keras 2, which say what to use instead."""

from __future__ import annotations

from typing import Any


class LegacyOptimizerWarning:
    """Stands for an optimizer of Keras 2.

    Raises:
        ImportError: always.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ImportError(
            "`keras.optimizers.legacy` is not supported in Keras 3. "
            "Use the optimizer of the same name in `keras.optimizers`."
        )


Adagrad = Adam = Ftrl = Optimizer = RMSprop = SGD = LegacyOptimizerWarning

__all__ = ["SGD", "Adagrad", "Adam", "Ftrl", "Optimizer", "RMSprop"]
