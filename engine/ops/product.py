"""Products: matmul, einsum, dot, tensordot, outer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.core import shapes
from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec, convert_to_tensor, infer_shape_of
from engine.ops import shape as sh

__all__ = [
    "dot",
    "einsum",
    "matmul",
    "outer",
    "tensordot",
]

NUMPY = "keras.src.ops.numpy"


def _product(a: Spec, b: Spec) -> Spec:
    return Spec(shapes.matmul(a.shape, b.shape), a.dtype)


def _flip_last(x: Any) -> Any:
    axes = list(range(len(x.shape)))
    axes[-1], axes[-2] = axes[-2], axes[-1]
    return sh._transpose(x, axes=tuple(axes))


def _grad_a(g: Any, y: Any, a: Any, b: Any) -> Any:
    if len(b.shape) == 1:
        g = sh.expand_dims(g, -1)
        b = sh.expand_dims(b, -1)
    if len(a.shape) == 1:
        return _shrink(_matmul(sh.expand_dims(g, -2) if len(g.shape) < len(b.shape) else g, _flip_last(b)), a)
    return _shrink(_matmul(g, _flip_last(b)), a)


def _grad_b(g: Any, y: Any, a: Any, b: Any) -> Any:
    if len(a.shape) == 1:
        g = sh.expand_dims(g, -2) if len(b.shape) > 1 else sh.expand_dims(g, -1)
        a = sh.expand_dims(a, 0)
    if len(b.shape) == 1 and len(g.shape) < len(a.shape):
        g = sh.expand_dims(g, -1)
    if len(b.shape) == 2 and len(a.shape) > 2:
        # One product over all leading axes instead of a batch of products and a sum.
        rows = a.shape[-1]
        flat_a, flat_g = sh._reshape(a, newshape=(-1, rows)), sh._reshape(g, newshape=(-1, g.shape[-1]))
        return _matmul(_flip_last(flat_a), flat_g)
    return _shrink(_matmul(_flip_last(a), g), b)


def _shrink(g: Any, x: Any) -> Any:
    """Sum broadcast leading axes and drop axes added to a vector."""
    if len(g.shape) == len(x.shape) and g.shape == x.shape:
        return g
    if len(x.shape) == 1:
        lead = tuple(range(len(g.shape) - 2))
        total = dispatch(OPS["sum"], (g,), {"axis": lead, "keepdims": False}) if lead else g
        return dispatch(OPS["reshape_like"], (total, x), {})
    return dispatch(OPS["sum_to"], (g, x), {})


def _macs(out: Spec, a: Spec, b: Spec) -> int:
    return math.prod(d for d in out.shape if d is not None) * int(a.shape[-1] or 1)


@defop(
    infer=_product,
    vjp=(_grad_a, _grad_b),
    macs=_macs,
    cases=(
        case(F(2, 3), F(3, 4)),
        case(F(5, 2, 3), F(3, 4)),
        case(F(5, 2, 3), F(5, 3, 4)),
        case(F(5, 2, 3), F(1, 3, 4)),
        case(F(3), F(3, 4)),
        case(F(2, 3), F(3)),
        case(F(3), F(3)),
        case(F(0, 3), F(3, 4)),
        case(F(5, 2, 3), F(3)),
    ),
    name="matmul",
)
def _matmul(x1: Any, x2: Any, *, out: Any = None) -> Any:
    if x1.dtype.kind == "V":  # bfloat16, which NumPy multiplies into wider numbers
        wide = np.matmul(x1.astype("float32"), x2.astype("float32"))
        if out is None:
            return wide.astype(x1.dtype)
        np.copyto(out, wide, casting="unsafe")
        return out
    if x1.ndim > 2 and x2.ndim == 2 and x1.flags.c_contiguous:
        flat = x1.reshape(-1, x1.shape[-1]) if x1.size else x1.reshape(math.prod(x1.shape[:-1]), x1.shape[-1])
        target = None if out is None else out.reshape(flat.shape[0], x2.shape[1])
        result = np.matmul(flat, x2, out=target)
        return out if out is not None else result.reshape(*x1.shape[:-1], x2.shape[1])
    return np.matmul(x1, x2, out=out)


@composite(f"{NUMPY}:Matmul", call=("x1", "x2"))
def matmul(x1: Any, x2: Any) -> Any:
    """Matrix product over the last two axes, leading axes broadcast."""
    from engine.core.op import _promoted, _value

    return _matmul(*_promoted([_value(x1), _value(x2)], True))


@composite(f"{NUMPY}:Dot", call=("x1", "x2"))
def dot(x1: Any, x2: Any) -> Any:
    """Product over the last axis of x1 and the second last (or only) axis of x2."""
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    if not a.shape or not b.shape:
        return a * b
    if len(b.shape) <= 2:
        return matmul(a, b)
    return tensordot(a, b, axes=([len(a.shape) - 1], [len(b.shape) - 2]))


@composite(f"{NUMPY}:Outer", call=("x1", "x2"))
def outer(x1: Any, x2: Any) -> Any:
    """All products of an element of x1 and one of x2."""
    return sh.reshape(x1, (-1, 1)) * sh.reshape(x2, (1, -1))


@composite(f"{NUMPY}:Tensordot", call=("x1", "x2"))
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Sum of products over the named axes of both."""
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    ra, rb = len(a.shape), len(b.shape)
    if isinstance(axes, int):
        left, right = list(range(ra - axes, ra)), list(range(axes))
    else:
        left, right = ([v] if isinstance(v, int) else list(v) for v in axes)
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    names_a = [next(letters) for _ in range(ra)]
    names_b = [next(letters) for _ in range(rb)]
    for i, j in zip(left, right, strict=True):
        names_b[j % rb] = names_a[i % ra]
    result = [n for n in names_a if n not in names_b] + [n for n in names_b if n not in names_a]
    return einsum(f"{''.join(names_a)},{''.join(names_b)}->{''.join(result)}", a, b)


@composite(f"{NUMPY}:Einsum", call=("operands",))
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Sum of products in index notation, for example "bij,bjk->bik"."""
    from engine.core.op import _promoted, _value

    values = _promoted([_value(x) for x in operands], True)
    terms, result = _terms(subscripts.replace(" ", ""), [len(infer_shape_of(v)) for v in values])
    for i, term in enumerate(terms):
        terms[i], values[i] = _without_repeats(term, values[i])
    while len(values) > 2:
        # Contract from the left, keeping every letter that is still needed.
        keep = set("".join(terms[2:]) + result)
        middle = "".join(dict.fromkeys(c for c in terms[0] + terms[1] if c in keep))
        values = [_pair(terms[0], terms[1], middle, values[0], values[1]), *values[2:]]
        terms = [middle, *terms[2:]]
    if len(values) == 1:
        return _single(terms[0], result, values[0])
    return _pair(terms[0], terms[1], result, values[0], values[1])


def _terms(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """Terms with the ellipsis written as capital letters that the terms do not use."""
    left, arrow, result = subscripts.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ValueError(f"einsum: '{subscripts}' names {len(terms)} values, but {len(ranks)} were given.")
    spare = [c for c in "ZYXWVUTSRQPONMLKJIHGFEDCBA" if c not in subscripts]
    widths = [
        rank - len(term.replace("...", "")) if "..." in term else 0 for term, rank in zip(terms, ranks, strict=True)
    ]
    widest = max(widths, default=0)
    fill = "".join(spare[:widest])
    terms = [t.replace("...", fill[widest - w :]) for t, w in zip(terms, widths, strict=True)]
    for term, rank in zip(terms, ranks, strict=True):
        if len(term) != rank:
            raise ShapeError(f"einsum names {len(term)} axes in '{term}', but the value has {rank}.", op="einsum")
    if not arrow:
        letters = "".join(terms)
        result = fill + "".join(sorted(c for c in set(letters) if letters.count(c) == 1 and c not in fill))
    return terms, result.replace("...", fill)


def _without_repeats(term: str, x: Any) -> tuple[str, Any]:
    """An axis named twice is the diagonal of both."""
    from engine.ops.matrices import diagonal

    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first = term.index(letter)
            second = term.index(letter, first + 1)
            x = diagonal(x, 0, first, second)
            term = "".join(c for i, c in enumerate(term) if i not in (first, second)) + letter
    return term, x


def _single(term: str, result: str, x: Any) -> Any:
    for letter in dict.fromkeys(term):
        if letter not in result:
            x = dispatch(OPS["sum"], (x,), {"axis": (term.index(letter),), "keepdims": False})
            term = term.replace(letter, "", 1)
    return x if term == result else sh._transpose(x, axes=tuple(term.index(c) for c in result))


def _pair(a: str, b: str, result: str, x: Any, y: Any) -> Any:
    """Two operands by one batched matrix product: axes sorted into batch, own and summed groups."""
    a, x = _without_ones(a, x, b, y)
    b, y = _without_ones(b, y, a, x)
    for letter in [c for c in a if c not in b and c not in result]:
        x, a = _single(a, a.replace(letter, ""), x), a.replace(letter, "")
    for letter in [c for c in b if c not in a and c not in result]:
        y, b = _single(b, b.replace(letter, ""), y), b.replace(letter, "")
    batch = [c for c in a if c in b and c in result]
    summed = [c for c in a if c in b and c not in result]
    own_a = [c for c in a if c not in b]
    own_b = [c for c in b if c not in a]
    dims = _dims(a, b, x, y)
    left = _grouped(x, a, batch, own_a, summed, dims)
    right = _grouped(y, b, batch, summed, own_b, dims)
    product = _matmul(left, right)
    order = [*batch, *own_a, *own_b]
    shape = [dims[c] for c in order]
    value = _unfold(product, shape)
    return value if "".join(order) == result else sh._transpose(value, axes=tuple(order.index(c) for c in result))


def _without_ones(term: str, x: Any, other: str, y: Any) -> tuple[str, Any]:
    """Axes of length 1 that stand for a longer one of the other operand are left out: it is spread over that."""
    lengths, others = infer_shape_of(x), infer_shape_of(y)
    ones = [i for i, c in enumerate(term) if c in other and lengths[i] == 1 != others[other.index(c)]]
    if not ones:
        return term, x
    return "".join(c for i, c in enumerate(term) if i not in ones), sh.squeeze(x, axis=tuple(ones))


def _dims(a: str, b: str, x: Any, y: Any) -> dict[str, int | None]:
    dims: dict[str, int | None] = {}
    for letter, dim in [*zip(a, infer_shape_of(x), strict=True), *zip(b, infer_shape_of(y), strict=True)]:
        known = dims.get(letter)
        if known is not None and dim is not None and known != dim:
            raise ShapeError(
                f"einsum: axis {letter} is {known} in one value and {dim} in the other.",
                op="einsum",
                shapes=(infer_shape_of(x), infer_shape_of(y)),
                rule=f"{known} ≠ {dim}",
            )
        dims[letter] = dim if known is None else known
    return dims


def _grouped(
    x: Any, term: str, batch: list[str], rows: list[str], columns: list[str], dims: dict[str, int | None]
) -> Any:
    """x as (batch..., rows, columns); several letters of a group are folded into one axis."""
    order = [*batch, *rows, *columns]
    if list(term) != order:
        x = sh._transpose(x, axes=tuple(term.index(c) for c in order))
    if len(rows) == len(columns) == 1:
        return x
    shape = [dims[c] for c in batch] + [_fold(rows, dims), _fold(columns, dims)]
    return _unfold(x, shape)


def _fold(letters: list[str], dims: dict[str, int | None]) -> int | None:
    sizes = [dims[c] for c in letters]
    return None if any(s is None for s in sizes) else math.prod(s for s in sizes if s is not None)


def _unfold(x: Any, shape: list[int | None]) -> Any:
    if tuple(shape) == tuple(x.shape):
        return x
    open_axes = [i for i, d in enumerate(shape) if d is None]
    if len(open_axes) > 1:
        if shape[0] is None and x.shape[0] is None:
            return sh._reshape(x, newshape=(None, *[-1 if d is None else d for d in shape[1:]]))
        raise ShapeError("einsum: more than one axis of unknown length would be folded.", op="einsum", shapes=(shape,))
    return sh._reshape(x, newshape=tuple(-1 if d is None else d for d in shape))
