"""Keras's `keras.random`: draws from a whole number, a `SeedGenerator`, or the global generator."""

from __future__ import annotations

from typing import Any

from engine.core import config, dtypes
from engine.core.op import OPS, composite, dispatch
from engine.core.rng import SeedGenerator, draw_seed
from engine.core.tensor import convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops import random as _random  # noqa: F401  registers the ops

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]


def _draw(name: str, shape: Any, dtype: Any, seed: Any, **attrs: Any) -> Any:
    attrs["shape"] = tuple(int(n) for n in shape)
    attrs["dtype"] = dtypes.standardize_dtype(dtype or config.floatx())
    return dispatch(OPS[f"random_{name}"], (draw_seed(seed),), attrs)


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normal draws."""
    return _draw("normal", shape, dtype, seed, mean=mean, stddev=stddev)


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Even draws from minval up to, not including, maxval; whole numbers for an integer type."""
    if dtype is not None and dtypes.is_int(dtype):
        raise ValueError(
            "`keras.random.uniform` requires a floating point `dtype`. "
            f"Received: dtype={dtype}. Use `keras.random.randint` for whole numbers."
        )
    return _draw("uniform", shape, dtype, seed, minval=minval, maxval=maxval)


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Whole numbers from minval up to, not including, maxval."""
    if not dtypes.is_int(dtype):
        raise ValueError(f"`keras.random.randint` requires an integer `dtype`. Received: dtype={dtype} ")
    return _draw("randint", shape, dtype, seed, minval=int(minval), maxval=int(maxval))


def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normal draws, none further than two deviations from the mean."""
    return _draw("truncated_normal", shape, dtype, seed, mean=mean, stddev=stddev)


def gamma(shape: Any, alpha: float, dtype: Any = None, seed: Any = None) -> Any:
    """Draws of the gamma distribution."""
    return _draw("gamma", shape, dtype, seed, alpha=alpha)


def binomial(shape: Any, counts: float, probabilities: float, dtype: Any = None, seed: Any = None) -> Any:
    """Draws of the binomial distribution."""
    return _draw("binomial", shape, dtype, seed, counts=counts, probabilities=probabilities)


def beta(shape: Any, alpha: float, beta: float, dtype: Any = None, seed: Any = None) -> Any:
    """Draws of the beta distribution."""
    return _draw("beta", shape, dtype, seed, alpha=alpha, beta=beta)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Classes drawn with the probabilities softmax(logits), `num_samples` for each row."""
    logits = convert_to_tensor(logits)
    if len(logits.shape) != 2:
        raise ValueError(
            "`logits` should be a 2-D tensor with shape [batch_size, num_classes]. "
            f"Received: logits of shape {logits.shape}"
        )
    attrs = {"num_samples": int(num_samples), "dtype": dtypes.standardize_dtype(dtype)}
    return dispatch(OPS["random_categorical"], (logits, draw_seed(seed)), attrs)


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """x in random order along an axis."""
    return dispatch(OPS["random_shuffle"], (convert_to_tensor(x), draw_seed(seed)), {"axis": axis})


@composite()
def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Each element set to 0 with probability `rate`, the others divided by 1 - rate."""
    x = convert_to_tensor(inputs)
    if rate == 0.0:
        return x
    if rate == 1.0:
        return ew.zeros_like(x)
    shape = None if noise_shape is None else tuple(noise_shape)
    attrs = {"rate": float(rate), "noise_shape": shape}
    return dispatch(OPS["random_dropout"], (x, draw_seed(seed)), attrs)[0]
