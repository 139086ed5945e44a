"""Random draws as ops: each takes its seed [seed, counter] as a value, so eager calls and plans draw the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import dtypes
from engine.core.cases import SEED, UNIT, B, F, case
from engine.core.op import OPS, defop, dispatch
from engine.core.tensor import Spec

__all__: list[str] = []


def _generator(seed: Any) -> np.random.Generator:
    return np.random.default_rng(seed)


def _drawn(seed: Spec, *, shape: tuple[int, ...], dtype: str, **_: Any) -> Spec:
    return Spec(tuple(shape), dtype)


def _normal(seed: Any, *, shape: Any, dtype: str, mean: float, stddev: float) -> Any:
    return _generator(seed).normal(size=shape, loc=mean, scale=stddev).astype(dtypes.numpy_dtype(dtype))


def _uniform(seed: Any, *, shape: Any, dtype: str, minval: float, maxval: float) -> Any:
    return _generator(seed).uniform(size=shape, low=minval, high=maxval).astype(dtypes.numpy_dtype(dtype))


def _randint(seed: Any, *, shape: Any, dtype: str, minval: int, maxval: int) -> Any:
    return _generator(seed).integers(low=minval, high=maxval, size=shape, dtype=dtypes.numpy_dtype(dtype))


def _truncated_normal(seed: Any, *, shape: Any, dtype: str, mean: float, stddev: float) -> Any:
    """Normal draws, those beyond two deviations thrown away and drawn anew in whole batches, as Keras does."""
    generator, count = _generator(seed), int(np.prod(shape, dtype=np.int64))
    low, high = mean - 2 * stddev, mean + 2 * stddev
    kept = np.empty(0)
    while kept.shape[0] < count:
        batch = generator.normal(loc=mean, scale=stddev, size=count)
        kept = np.append(kept, batch[(batch >= low) & (batch <= high)])
    return kept[:count].astype(dtypes.numpy_dtype(dtype)).reshape(shape)


def _gamma(seed: Any, *, shape: Any, dtype: str, alpha: float) -> Any:
    return _generator(seed).gamma(alpha, scale=1.0, size=shape).astype(dtypes.numpy_dtype(dtype))


def _binomial(seed: Any, *, shape: Any, dtype: str, counts: Any, probabilities: Any) -> Any:
    return _generator(seed).binomial(n=counts, p=probabilities, size=shape).astype(dtypes.numpy_dtype(dtype))


def _beta(seed: Any, *, shape: Any, dtype: str, alpha: float, beta: float) -> Any:
    return _generator(seed).beta(a=alpha, b=beta, size=shape).astype(dtypes.numpy_dtype(dtype))


_NO_GRADIENT = "draws do not depend on a float value"
_EXAMPLES: tuple[tuple[Any, dict[str, Any]], ...] = (
    (_normal, {"mean": 0.5, "stddev": 2.0}),
    (_uniform, {"minval": -1.0, "maxval": 1.0}),
    (_truncated_normal, {"mean": 0.0, "stddev": 1.0}),
    (_gamma, {"alpha": 2.0}),
    (_binomial, {"counts": 5.0, "probabilities": 0.5}),
    (_beta, {"alpha": 2.0, "beta": 3.0}),
)
for _kernel, _attrs in _EXAMPLES:
    _calls = tuple(case(SEED(), shape=shape, dtype="float32", **_attrs) for shape in ((2, 3), (0,)))
    defop(infer=_drawn, nondiff=_NO_GRADIENT, name=f"random{_kernel.__name__}", cases=_calls)(_kernel)
defop(
    infer=_drawn,
    nondiff=_NO_GRADIENT,
    name="random_randint",
    cases=(case(SEED(), shape=(4,), dtype="int32", minval=0, maxval=9),),
)(_randint)


@defop(
    infer=lambda x, seed, **_: (x, Spec(x.shape, "bool")),
    vjp_all=lambda grads, ys, xs, attrs: (
        dispatch(OPS["keep_scaled"], (grads[0], ys[1]), {"keep": 1.0 - attrs["rate"]}),
        None,
    ),
    saves=1,
    cases=(case(F(4, 5), SEED(), rate=0.4, noise_shape=None), case(F(4, 5), SEED(), rate=0.4, noise_shape=(None, 1))),
    name="random_dropout",
)
def _dropout(x: Any, seed: Any, *, rate: float, noise_shape: Any, out: Any = None) -> Any:
    keep = 1.0 - rate
    shape = x.shape if noise_shape is None else [x.shape[i] if n is None else n for i, n in enumerate(noise_shape)]
    mask = np.broadcast_to(_generator(seed).uniform(size=shape) < keep, x.shape)
    result = (x / keep).astype(x.dtype, copy=False)
    if out is None:
        return result * mask, mask.copy()
    np.multiply(result, mask, out=out[0])
    np.copyto(out[1], mask)
    return out


@defop(
    infer=lambda g, mask, **_: g,
    vjp=(lambda h, y, g, mask, *, keep: dispatch(OPS["keep_scaled"], (h, mask), {"keep": keep}), None),
    inplace=(0,),
    cases=(case(F(4, 5), B(4, 5), keep=0.6),),
)
def keep_scaled(g: Any, mask: Any, *, keep: float, out: Any = None) -> Any:
    """g / keep where the mask is true, 0 elsewhere."""
    result = np.divide(g, g.dtype.type(keep), out=out)
    return np.multiply(result, mask, out=result)


@defop(
    infer=lambda x, seed, **_: x,
    nondiff="reordering of samples",
    cases=(case(F(4, 2), SEED(), axis=0),),
    name="random_shuffle",
)
def _shuffle(x: Any, seed: Any, *, axis: int) -> Any:
    return _generator(seed).permuted(x, axis=axis)


@defop(
    infer=lambda logits, seed, *, num_samples, dtype: Spec((logits.shape[0], num_samples), dtype),
    nondiff="draws of classes",
    cases=(case(F(3, 4), SEED(), num_samples=5, dtype="int32"),),
    name="random_categorical",
)
def _categorical(logits: Any, seed: Any, *, num_samples: int, dtype: str) -> Any:
    generator, rows = _generator(seed), []
    for row in logits:
        weights = np.exp(row - row.max())
        weights = weights / weights.sum()
        rows.append(generator.choice(np.arange(len(row)), size=num_samples, p=weights / weights.sum(dtype="float64")))
    return np.array(rows).astype(dtypes.numpy_dtype(dtype)).reshape(len(logits), num_samples)


def _open_shape(shape: tuple[int | None, ...], like: Any) -> tuple[int, ...]:
    return tuple(like.shape[0] if n is None else n if n >= 0 else like.shape[-1 - n] for n in shape)


def _declare_like(name: str, kernel: Any, attrs: dict[str, Any], dtype: str = "float32") -> None:
    def draw(seed: Any, like: Any, *, shape: Any, dtype: str, **options: Any) -> Any:
        return kernel(seed, shape=_open_shape(shape, like), dtype=dtype, **options)

    defop(
        infer=lambda seed, like, *, shape, dtype, **_: Spec(_open_shape(shape, like), dtype),
        shape_only=(1,),
        nondiff=_NO_GRADIENT,
        name=f"random_{name}_like",
        cases=(case(SEED(), F(3, 2), shape=(2, None, -2), dtype=dtype, **attrs),),
    )(draw)


for _kernel, _attrs in _EXAMPLES:
    _declare_like(_kernel.__name__[1:], _kernel, _attrs)
_declare_like("randint", _randint, {"minval": 0, "maxval": 9}, "int32")


def draw_like(name: str, like: Any, shape: tuple[int | None, ...], seed: Any, dtype: str, **attrs: Any) -> Any:
    """Draws in a shape that is not known yet: None is as long as the batch of `like`, -1 - i as its axis i."""
    return dispatch(OPS[f"random_{name}_like"], (seed, like), {"shape": tuple(shape), "dtype": dtype, **attrs})


@defop(
    infer=lambda seed, like, alpha, beta, *, dtype: Spec((like.shape[0],), dtype),
    shape_only=(1,),
    nondiff=_NO_GRADIENT,
    cases=(case(SEED(), F(3, 2), UNIT(), UNIT(), dtype="float32"),),
    name="random_beta_of",
)
def _beta_of(seed: Any, like: Any, alpha: Any, beta: Any, *, dtype: str) -> Any:
    return _generator(seed).beta(a=alpha, b=beta, size=like.shape[:1]).astype(dtypes.numpy_dtype(dtype))


def beta_like(like: Any, alpha: Any, beta: Any, seed: Any, dtype: str) -> Any:
    """(batch,) draws of the beta distribution whose parameters are values themselves."""
    return dispatch(OPS["random_beta_of"], (seed, like, alpha, beta), {"dtype": dtype})


@defop(
    infer=lambda seed, like, *, dtype: Spec((like.shape[0],), dtype),
    shape_only=(1,),
    nondiff=_NO_GRADIENT,
    cases=(case(SEED(), F(5, 2), dtype="int32"),),
    name="random_positions",
)
def _positions(seed: Any, like: Any, *, dtype: str) -> Any:
    return _generator(seed).permuted(np.arange(like.shape[0], dtype=dtypes.numpy_dtype(dtype)))


def shuffled_positions(like: Any, seed: Any, dtype: str) -> Any:
    """The positions of a batch in random order."""
    return dispatch(OPS["random_positions"], (seed, like), {"dtype": dtype})
