"""Calls of `keras.ops` of the numpy family, by family: what the comparison with Keras runs.

A call is a name, its arguments and its settings; arrays among the arguments are what plans and graphs get as inputs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.core import tree

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        closed: the op needs lengths that an open batch hides, or only works on values.
        values_only: types differ from Keras's by design; shapes and numbers agree.
        rtol: how far the numbers may differ, relative to their size.
        own_spec: Keras's symbolic shape or type is not that of its own result.
    """

    name: str
    args: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    closed: bool = False
    values_only: bool = False
    own_spec: bool = False
    rtol: float = 2e-5

    @property
    def leaves(self) -> list[Any]:
        """The arguments, lists taken apart."""
        return list(tree.flatten(list(self.args)))

    @property
    def same_types(self) -> bool:
        """Whether types are compared; pure double precision stays double here, Keras makes single of it."""
        return not self.values_only and not any(getattr(x, "dtype", None) == "float64" for x in self.leaves)

    def __str__(self) -> str:
        def short(x: Any) -> str:
            return f"{x.dtype}{list(x.shape)}" if isinstance(x, np.ndarray) else str(x)

        parts = [*(short(a) for a in self.args), *(f"{k}={v}" for k, v in self.options.items())]
        return f"{self.name}({', '.join(parts)})"


def call(name: str, *args: Any, **options: Any) -> Call:
    """A call; options named like its attributes are those, the others go to the op."""
    own = {key: options.pop(key) for key in ("closed", "values_only", "own_spec", "rtol") if key in options}
    return Call(name, args, options, **own)


def numbers(*shape: int, dtype: str = "float32", seed: int = 0, low: float = -3, high: float = 3) -> Array:
    """Drawn numbers, whole ones from 0 for unsigned types."""
    rng = np.random.default_rng([seed, *shape])
    if dtype == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    if "int" in dtype:
        return np.asarray(rng.integers(0 if "uint" in dtype else int(low), int(high) + 1, shape)).astype(dtype)
    return np.asarray(rng.uniform(low, high, shape)).astype(dtype)


def holes(*shape: int, seed: int = 0) -> Array:
    """Numbers of which about a third is NaN; the first row wholly."""
    x = numbers(*shape, seed=seed)
    x[np.random.default_rng(seed).random(shape) < 0.35] = np.nan
    if len(shape) > 1:
        x[0] = np.nan
    return x


KINDS = ("float32", "int32", "bool", "uint8", "int8", "float64")


HALF = frozenset({"cbrt", "deg2rad", "rad2deg", "hypot", "logaddexp2"})
"""Keras computes these in half precision where the inputs have 8 bits."""

BOOLEAN_QUIRKS = frozenset({("conj", "bool"), ("conjugate", "bool"), ("heaviside", "bool"), ("hypot", "bool")})
"""Keras's result is of a type that cannot hold it, or of one byte."""


def one_input() -> Iterator[Call]:
    ranges = {"arccosh": (1.0, 5.0), "erfinv": (-0.999, 0.999)}
    for name in ("arccosh cbrt deg2rad rad2deg fabs trunc sinc i0 angle real imag conj conjugate erfc erfinv signbit "
                 "isneginf isposinf isreal").split():  # fmt: skip
        low, high = ranges.get(name, (-3.0, 3.0))
        for shape in ((2, 3), (), (0, 3)):
            yield call(name, numbers(*shape, low=low, high=high))
        whole = {"arccosh": (1, 5), "erfinv": (0, 1)}.get(name, (-3, 3))
        for dtype in KINDS[1:5]:
            if (name, dtype) in BOOLEAN_QUIRKS:
                continue
            x = numbers(4, dtype=dtype, low=whole[0], high=whole[1])
            x = np.maximum(x, 1).astype(dtype) if name == "arccosh" else x
            yield call(name, x, own_spec=name == "erfinv", rtol=2e-3 if name in HALF and dtype != "int32" else 2e-5)
        yield call(name, numbers(4, dtype="float64", low=low, high=high))
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 1e-30, 30.0], "float32")
    for name in "isposinf isneginf signbit trunc fabs erfc erfinv sinc cbrt".split():
        yield call(name, special)
    z = (numbers(2, 3) + 1j * numbers(2, 3, seed=1)).astype("complex64")
    for name in "angle real imag conj conjugate isreal".split():
        yield call(name, z, own_spec=True)


def two_inputs() -> Iterator[Call]:
    shapes = (((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 4)), ((0, 3), (3,)), ((), (2,)))
    for name in "fmax fmin fmod heaviside hypot logaddexp2 nextafter isclose allclose".split():
        for a, b in shapes:
            yield call(name, numbers(*a), numbers(*b, seed=1, low=0.5))
        kinds = ("float32", "float64") if name == "nextafter" else KINDS
        for dtype in kinds:
            second = np.ones(4, dtype) if dtype == "bool" else numbers(4, dtype=dtype, seed=2, low=1)
            if dtype == "uint8":
                second = second + np.uint8(1)
            if (name, dtype) not in BOOLEAN_QUIRKS:
                rough = name in HALF and dtype not in ("int32", "float32", "float64")
                yield call(name, numbers(4, dtype=dtype), second, rtol=2e-3 if rough else 2e-5)
    for name in "fmax fmin fmod hypot isclose".split():
        yield call(name, numbers(4), numbers(4, dtype="int32", seed=1, low=1))
    gaps = (
        np.array([np.nan, 1.0, np.nan, 2.0, np.inf], "float32"),
        np.array([1.0, np.nan, np.nan, 2.0, np.inf], "float32"),
    )
    for name in "fmax fmin isclose allclose".split():
        yield call(name, *gaps)
    yield call("isclose", *gaps, equal_nan=True)
    yield call("isclose", numbers(4), numbers(4) + np.float32(1e-3), rtol=1e-3, atol=1e-4)
    yield call("allclose", numbers(4), numbers(4) + np.float32(1e-9))
    yield call("ldexp", numbers(2, 3), numbers(3, dtype="int32"))
    yield call("ldexp", numbers(3, dtype="int32"), numbers(2, 3, dtype="int32"))
    yield call("isin", numbers(2, 3, dtype="int32"), numbers(2, dtype="int32", seed=1), invert=True)
    yield call("isin", numbers(2, 3, dtype="int32"), numbers(2, 2, dtype="int32", seed=1))


def bits() -> Iterator[Call]:
    for name in "bitwise_and bitwise_or bitwise_xor".split():
        for dtype in ("int32", "uint8", "int8", "bool"):
            yield call(name, numbers(2, 3, dtype=dtype), numbers(3, dtype=dtype, seed=1))
        yield call(name, numbers(3, dtype="uint8"), numbers(2, 3, dtype="int32"), own_spec=True)
    for name in "bitwise_left_shift bitwise_right_shift left_shift right_shift".split():
        for dtype in ("int32", "uint8"):
            yield call(name, numbers(2, 3, dtype=dtype), numbers(3, dtype=dtype, seed=1, low=0))
        yield call(name, numbers(2, 3, dtype="int32"), 2)
    for name in "bitwise_invert bitwise_not".split():
        for dtype in ("int32", "uint8", "bool"):
            yield call(name, numbers(2, 3, dtype=dtype))
    for name in "gcd lcm".split():
        for dtype in ("int32", "uint8", "int8"):
            yield call(name, numbers(2, 3, dtype=dtype, high=9), numbers(3, dtype=dtype, seed=1))


AXES = ({}, {"axis": 1}, {"axis": -2, "keepdims": True}, {"axis": (0, 2)}, {"axis": (-1, 0), "keepdims": True})


def reductions() -> Iterator[Call]:
    for name in "nansum nanprod nanmax nanmin nanmean nanvar nanstd median nanmedian ptp".split():
        for options in AXES:
            yield call(name, numbers(2, 3, 4), **options)
            if name.startswith("nan") and name not in ("nanmax", "nanmin", "nanmean", "nanvar", "nanstd", "nanmedian"):
                yield call(name, holes(4, 3, 5), **options)
            elif name.startswith("nan"):
                yield call(name, holes(4, 3, 5)[1:], **options)
        for dtype in ("int32", "uint8", "int8", "bool"):
            if (name, dtype) in (("ptp", "bool"), ("median", "bool"), ("nanmedian", "bool")):
                continue
            yield call(name, numbers(3, 4, dtype=dtype), axis=0)
    for name in "nanargmax nanargmin".split():
        for options in ({}, {"axis": 1}, {"axis": -1, "keepdims": True}):
            yield call(name, holes(4, 3, 5), **options, values_only=True)
            yield call(name, numbers(2, 3, dtype="int32"), **options)
    for name in "cumprod nancumprod nancumsum".split():
        for options in ({}, {"axis": 1}, {"axis": -2}, {"axis": 0, "dtype": "float32"}):
            yield call(name, numbers(2, 3, 4), **options)
            if name != "cumprod":
                yield call(name, holes(3, 3, 4), **options)
        for dtype in ("int32", "bool", "int8", "uint8"):
            yield call(name, numbers(3, 4, dtype=dtype, low=0, high=2), axis=0)


def quantiles() -> Iterator[Call]:
    levels = {"nearest": [0.15, 0.5, 0.77]}  # beside 0.1 of 5 steps, whose middle rounds one way or the other
    for name, q in (("quantile", 0.3), ("percentile", 30.0), ("nanquantile", 0.3), ("nanpercentile", 30.0)):
        scale = 100.0 if "percentile" in name else 1.0
        for options in AXES:
            yield call(name, numbers(2, 3, 4), q, **options)
            yield call(name, numbers(2, 3, 4), [0.0, 0.25 * scale, scale], **options)
        for method in ("linear", "lower", "higher", "midpoint", "nearest"):
            q_of = [scale * level for level in levels.get(method, [0.1, 0.5, 0.77])]
            yield call(name, numbers(5, 6), q_of, axis=1, method=method, own_spec=True)
        for dtype in ("int32", "uint8", "float64", "bool"):
            yield call(name, numbers(5, 6, dtype=dtype), 0.6 * scale, axis=0)
        x = numbers(3, 5)
        x[1, 2] = np.nan
        yield call(name, x, q, axis=1)
        yield call(name, numbers(3, 5), [[0.1 * scale, 0.2 * scale]], axis=1, own_spec=True)
    for name in ("nanquantile", "nanpercentile"):
        yield call(name, holes(4, 3, 5)[1:], 0.4, axis=(0, 2))
    yield call("quantile", np.array([-np.inf, 0, 1, np.inf], "float32"), [0.4, 0.5, 0.6], axis=0)


def joining() -> Iterator[Call]:
    a, b = numbers(2, 3), numbers(2, 3, seed=1)
    yield call("append", a, b)
    yield call("append", a, numbers(4, 3, dtype="int32"), axis=0, own_spec=True)
    yield call("append", a, b, axis=-1)
    for name in "hstack vstack dstack".split():
        yield call(name, [a, b])
        yield call(name, [numbers(3), numbers(3, seed=1)], closed=True, own_spec=True)
        yield call(name, [numbers(2, 3, 2), numbers(2, 3, 2, seed=1)])
        yield call(name, [a, numbers(2, 3, dtype="int32")])
        yield call(name, [numbers(), numbers(seed=3)], closed=True, own_spec=True)
    for options in ({"axis": 0}, {"axis": -1}, {}):
        yield call("array_split", numbers(5, 7), 3, own_spec=True, **options)
    yield call("hsplit", numbers(2, 4, 6), 2)
    yield call("hsplit", numbers(6), 3, closed=True, own_spec=True)
    yield call("hsplit", numbers(2, 5), [1, 3])
    yield call("vsplit", numbers(4, 3), 2)
    yield call("dsplit", numbers(2, 3, 6), 3)
    yield call("dsplit", numbers(2, 3, 6), [2])
    for indexing in ("xy", "ij"):
        yield call("meshgrid", numbers(3), numbers(4), indexing=indexing)
        yield call("meshgrid", numbers(3), numbers(4), numbers(2, dtype="int32"), indexing=indexing, own_spec=True)
    conditions, choices = [numbers(3, dtype="bool"), numbers(2, 3, dtype="bool")], [a, b]
    yield call("select", conditions, choices, 5.0, own_spec=True)


def matrices() -> Iterator[Call]:
    for k in (0, 1, -2):
        yield call("diag", numbers(4), k=k, closed=True)
        yield call("diag", numbers(3, 4), k=k, closed=True)
        yield call("diagflat", numbers(2, 2), k=k, closed=True)
        yield call("diagonal", numbers(3, 4), offset=k, closed=True)
        yield call("diagonal", numbers(2, 3, 4), offset=k, axis1=1, axis2=2)
        yield call("diagonal", numbers(3, 2, 4), offset=k, axis1=-1, axis2=0, closed=True)
        yield call("trace", numbers(2, 3, 4), offset=k, axis1=-2, axis2=-1)
    for dtype in ("int32", "bool", "uint8"):
        yield call("trace", numbers(3, 3, dtype=dtype), closed=True)
        yield call("diag", numbers(3, dtype=dtype), closed=True)
    for a, b in (((3,), (3,)), ((2, 3), (4, 3)), ((2, 4, 3), (5, 3)), ((2, 3), (3,)), ((2, 3), ())):
        yield call("inner", numbers(*a), numbers(*b, seed=1), closed=len(b) < 2)
    yield call("inner", numbers(3, dtype="int32"), numbers(3, dtype="int32", seed=1), closed=True)
    for a, b in (((3,), (3,)), ((2, 3), (3, 2))):
        yield call("vdot", numbers(*a), numbers(*b, seed=1))
    z = (numbers(3) + 1j * numbers(3, seed=1)).astype("complex64")
    yield call("vdot", z, z * np.complex64(1j))
    for a, b in (((2, 3), (3, 2)), ((2,), (3,)), ((2, 3), (2,)), ((2, 3, 2), (3, 2)), ((3,), (2, 2, 2))):
        yield call("kron", numbers(*a), numbers(*b, seed=1), closed=True, own_spec=len(a) != len(b))
    yield call("kron", numbers(2, 2), numbers(2, 3), closed=True)
    yield call("kron", numbers(2, 2, dtype="int32"), numbers(2, 3, dtype="uint8"), closed=True)
    yield call("cross", numbers(3), numbers(3, seed=1), closed=True)
    yield call("cross", numbers(4, 3), numbers(4, 3, seed=1))
    yield call("cross", numbers(4, 3), numbers(3, seed=1), closed=True)
    yield call("cross", numbers(3, 4), numbers(4, 3, seed=1), axisa=0, axisc=0, closed=True)
    yield call("cross", numbers(2, 3, 4), numbers(2, 3, 4, seed=1), axis=1)
    yield call("cross", numbers(4, 3, dtype="int32"), numbers(4, 3, dtype="int32", seed=1))
    for options in ({}, {"N": 2}, {"increasing": True}, {"N": 5, "increasing": True}, {"N": 1}):
        yield call("vander", numbers(3), **options, closed=True)
    yield call("vander", numbers(3, dtype="int32"), closed=True)
    yield call("corrcoef", numbers(3, 6), closed=True, own_spec=True)
    yield call("corrcoef", numbers(3, 6, dtype="int32"), closed=True, own_spec=True)
    yield call("corrcoef", numbers(6), closed=True, own_spec=True)


def rearranging() -> Iterator[Call]:
    for options in (
        {"shift": 2},
        {"shift": -1, "axis": 1},
        {"shift": (1, 2), "axis": (0, -1)},
        {"shift": 7, "axis": 0},
    ):
        yield call("roll", numbers(2, 3, 4), **options)
    yield call("roll", numbers(5, dtype="int32"), 2)
    for k in range(-1, 5):
        for shape, axes in (((2, 3), (0, 1)), ((2, 3, 4), (1, 2)), ((2, 3, 4), (2, 0))):
            yield call("rot90", numbers(*shape), k=k, axes=axes, own_spec=k % 2 == 0)
    for name in "fliplr flipud".split():
        yield call(name, numbers(2, 3))
        yield call(name, numbers(2, 3, 4, dtype="int32"))
    for n, axis in itertools.product((1, 2, 3), (-1, 0, 1)):
        yield call("diff", numbers(4, 5, 3), n=n, axis=axis, closed=axis == 0)
    yield call("diff", numbers(4, 5, dtype="int32"))
    yield call("diff", numbers(4, 5, dtype="bool"))
    x = numbers(2, 4, 6, 3)
    for pattern, lengths in (
        ("b h w c -> b c h w", {}),
        ("b h w c -> b (h w) c", {}),
        ("b h w c -> b (c h w)", {}),
        ("b (h1 h) (w1 w) c -> b h1 w1 h w c", {"h1": 2, "w1": 3}),
        ("b (h h1) (w w1) c -> b h w (c h1 w1)", {"h1": 2, "w1": 2}),
    ):
        yield call("rearrange", x, pattern, own_spec=True, **lengths)
    yield call("rearrange", x, "b (h1 h) (w1 w) c -> (b h1 w1) h w c", h1=2, w1=2, own_spec=True)
    yield call("rearrange", x, "b h w c -> (b h) w c", own_spec=True)
    for data_format in ("channels_last", "channels_first"):
        shape = (2, 4, 6, 8) if data_format == "channels_last" else (2, 8, 4, 6)
        for name in ("depth_to_space", "space_to_depth"):
            yield call(name, numbers(*shape), 2, data_format=data_format)
            yield call(name, numbers(*shape, dtype="int32"), block_size=2, data_format=data_format)
    for options in ({"kernel_size": 2}, {"kernel_size": (2, 3), "dilation": (1, 2), "padding": (1, 0), "stride": 2}):
        yield call("unfold", numbers(2, 3, 6, 7), **options)
    yield call("fold", numbers(2, 12, 20), output_size=(5, 6), kernel_size=2)
    yield call("fold", numbers(2, 12, 9), output_size=(4, 4), kernel_size=2, stride=2, padding=1)
    yield call("fold", numbers(2, 8, 9), (5, 5), 2, 2)
    for length, stride in ((4, 2), (3, 3), (5, 1)):
        yield call("extract_sequences", numbers(2, 10), length, stride)
        yield call("extract_sequences", numbers(10), length, stride, closed=True)
        yield call("extract_sequences", numbers(2, 3, 10), length, stride)
    yield call("slice", numbers(4, 5), (1, 2), (2, 3), closed=True)
    yield call("slice", numbers(4, 5), np.array([1, 2], "int32"), (2, 3), closed=True)


def placing() -> Iterator[Call]:
    places, rows = np.array([[0, 1], [2, 0], [0, 1]], "int32"), np.array([[2], [0]], "int32")
    yield call("scatter", places, numbers(3), (3, 4))
    yield call("scatter", rows, numbers(2, 4), (3, 4))
    yield call("scatter", places, numbers(3, dtype="int32"), (3, 4))
    for reduction in (None, "add", "max", "min", "mul"):
        yield call("scatter_update", numbers(3, 4), places, numbers(3, seed=1), reduction=reduction)
        yield call("scatter_update", numbers(3, 4), rows, numbers(2, 4, seed=1), reduction=reduction)
        yield call(
            "scatter_update", numbers(5, dtype="int32"), rows, numbers(2, dtype="int32", seed=1), reduction=reduction
        )
    ids = np.array([0, 2, -1, 2, 0, 3], "int32")
    for name in "segment_sum segment_prod segment_max segment_min".split():
        for is_sorted in (False, True):
            yield call(name, numbers(6), np.sort(np.abs(ids)) if is_sorted else ids, num_segments=5, sorted=is_sorted)
        yield call(name, numbers(6, 2, 3), ids, num_segments=4)
        yield call(name, numbers(6), ids, closed=True, own_spec=True)
        yield call(name, numbers(6, dtype="int32"), np.array([0, 1, 1, 0, 2, 2], "int32"), num_segments=3,
                   values_only=name in ("segment_max", "segment_min"))  # fmt: skip
    yield call("unravel_index", np.array([[0, 5], [11, 7]], "int32"), (3, 4))
    yield call("argpartition", numbers(7), 3, closed=True)


def counting() -> Iterator[Call]:
    whole = numbers(8, dtype="int32", low=0)
    yield call("bincount", whole, closed=True, own_spec=True)
    yield call("bincount", whole.astype("uint8"), closed=True, own_spec=True)
    yield call("bincount", whole, minlength=6, own_spec=True)
    yield call("bincount", whole, numbers(8), minlength=6, own_spec=True)
    yield call("bincount", whole, numbers(8, dtype="int32"), minlength=6, own_spec=True)
    yield call("bincount", numbers(2, 5, dtype="int32", low=0), minlength=4, own_spec=True)
    yield call("bincount", numbers(2, 5, dtype="int32", low=0), numbers(2, 5), minlength=4, own_spec=True)
    edges = np.array([-2.0, -0.5, 1.0, 2.5], "float32")
    yield call("digitize", numbers(2, 5), edges)
    yield call("digitize", numbers(2, 5, dtype="int32"), edges)
    yield call("digitize", numbers(6), edges[::-1].copy())
    for side in ("left", "right"):
        yield call("searchsorted", edges, np.array([[-2.0, 0.0], [2.5, 9.0]], "float32"), side=side)
        yield call("searchsorted", np.array([1, 3, 3, 5], "int32"), np.array([3, 0, 6], "int32"), side=side)
    for options in ({}, {"bins": 4}, {"bins": 5, "range": (-1.0, 2.0)}):
        yield call("histogram", numbers(20), **options, values_only=True)
        yield call("histogram", numbers(20, dtype="int32"), **options, values_only=True)
    for mode in ("valid", "same", "full"):
        for m, n in ((6, 3), (3, 6), (4, 4), (6, 4), (4, 7), (5, 1)):
            yield call("correlate", numbers(m), numbers(n, seed=1), mode=mode, closed=True)
    yield call("correlate", numbers(6, dtype="int32"), numbers(3, dtype="int32"), closed=True)
    for a, b in (((3, 2), (4, 2)), ((2, 3, 2), (2, 4, 2)), ((2, 3, 2), (4, 2))):
        yield call("cdist", numbers(*a), numbers(*b, seed=1), own_spec=True, closed=len(a) != len(b))
    yield call("psnr", numbers(2, 4, 4, 1), numbers(2, 4, 4, 1, seed=1), 1.0, own_spec=True)
    yield call("psnr", numbers(2, 4, 4, 1), numbers(2, 4, 4, 1, seed=1), 255, own_spec=True)
    for options in ({}, {"dx": 0.5}, {"axis": 0}, {"axis": -2, "dx": 2.0}):
        yield call("trapezoid", numbers(3, 4), **options)
    yield call("trapezoid", numbers(3, 4), numbers(4), closed=True)
    yield call("trapezoid", numbers(3, 4), numbers(3, 4, seed=1), axis=0)
    yield call("trapezoid", numbers(3, 4, dtype="int32"))


def types() -> Iterator[Call]:
    wild = np.array([-1e9, -200.5, -3.7, 0.0, 3.2, 200.7, 300.0, 1e9], "float32")
    for dtype in ("uint8", "int8", "int16", "int32", "float16", "float32", "bool"):
        yield call("saturate_cast", wild, dtype)
        if dtype != "float32":
            yield call("saturate_cast", np.array([-300, -1, 0, 7, 300, 2**31 - 1], "int32"), dtype)
    yield call("saturate_cast", np.array([np.inf, -np.inf], "float32"), "float32")
    yield call("saturate_cast", np.array([np.inf, -np.inf, 3.0], "float32"), "uint8")
    yield call("saturate_cast", numbers(3, dtype="bool"), "float32")
    yield call("view", numbers(2, 3), "int32")
    yield call("view", numbers(2, 4), "uint8")
    yield call("view", numbers(2, 4, dtype="uint8"), "int32")
    yield call("view", numbers(2, 4), "float64")
    yield call("view_as_complex", numbers(3, 2))
    yield call("view_as_complex", numbers(2, 3, 2))
    z = (numbers(2, 3) + 1j * numbers(2, 3, seed=1)).astype("complex64")
    yield call("view_as_real", z)
    yield call("view_as_real", numbers(2, 3))
    yield call("polar", numbers(2, 3, low=0.0), numbers(2, 3, seed=1), own_spec=True)


def values() -> Iterator[Call]:
    """Calls without array arguments, or only for values."""
    for name in "bartlett blackman hamming hanning".split():
        for length in (1, 4, 7):
            yield call(name, length)
    yield call("kaiser", 7, 8.6)
    yield call("kaiser", 4, 0.0)
    for args in ((3,), (3, 4), (3, 4, 1), (4, 2, -1)):
        yield call("tri", *args)
    yield call("tri", 3, dtype="int32")
    for name, start, stop in (("geomspace", 1.0, 1000.0), ("logspace", 0.0, 2.0)):
        for options in ({}, {"num": 4}, {"num": 5, "endpoint": False}, {"num": 3, "dtype": "float64"}):
            yield call(name, start, stop, **options)
        ends = np.array([1.0, 2.0], "float32"), np.array([3.0, 4.0], "float32")
        yield call(name, *ends, num=3, axis=-1)
    yield call("logspace", 0, 3, num=4, base=2)
    x = np.array([3, 1, 2, 3, 1, 1], "int32")
    flags = ("return_index", "return_inverse", "return_counts")
    for chosen in itertools.chain(*(itertools.combinations(flags, n) for n in range(4))):
        options = dict.fromkeys(chosen, True)
        yield call("unique", x, **options, values_only=True)
        yield call("unique", x.astype("float32"), size=2, **options, values_only=True)
        yield call("unique", x, size=5, fill_value=9, **options, values_only=True)
    yield call("unique", np.array([[1, 2], [1, 2], [0, 1]], "int32"), axis=0, return_counts=True, values_only=True)
    yield call("unique", np.array([[1, 1, 0], [2, 2, 1]], "int32"), axis=-1, size=3, values_only=True)


ON_ARRAYS = {
    family.__name__: list(family())
    for family in (
        one_input,
        two_inputs,
        bits,
        reductions,
        quantiles,
        joining,
        matrices,
        rearranging,
        placing,
        counting,
        types,
    )
}
ON_VALUES = list(values())
