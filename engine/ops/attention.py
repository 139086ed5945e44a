"""Scaled dot-product attention, fused and as `keras.ops.nn.dot_product_attention`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.core import shapes
from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec, convert_to_tensor, infer_shape_of
from engine.kernels import attention as kernels
from engine.ops import elementwise as ew
from engine.ops import product as la
from engine.ops.activation import softmax, softmax_grad
from engine.ops.making import ones
from engine.ops.reduce import any as any_of
from engine.ops.shape import swapaxes, tril

__all__ = ["attention", "dot_product_attention"]


def _attention_specs(query: Spec, key: Spec, value: Spec, bias: Any, *, scale: float) -> tuple[Spec, Spec]:
    if any(len(x.shape) != 4 for x in (query, key, value)):
        raise ShapeError("attention reads (batch, time, heads, size), 4 axes each.")
    for axis, word, pair in (
        (3, "sizes of query and key", (query, key)),
        (1, "lengths of key and value", (key, value)),
    ):
        a, b = (x.shape[axis] for x in pair)
        if a is not None and b is not None and a != b:
            raise ShapeError(f"the {word} differ: {a} and {b}.", rule=f"{a} ≠ {b}")
    batch, time, heads, _ = query.shape
    scores = (batch, heads, time, key.shape[1])
    if bias is not None:
        shapes.broadcast(scores, bias.shape, op="attention")
    return Spec((batch, time, heads, value.shape[3]), query.dtype), Spec(scores, query.dtype)


def _attention_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    (g, g_scores), (y, scores), (query, key, value, bias) = grads, outputs, inputs
    g = ew.zeros_like(y) if g is None else g
    dq, dk, dv = dispatch(OPS["attention_grad"], (g, g_scores, query, key, value, scores), attrs)
    if bias is None:
        return dq, dk, dv, None
    by_scores = la.einsum("btnh,bsnh->bnts", g, value)
    by_scores = by_scores if g_scores is None else by_scores + g_scores
    by_logits = softmax_grad(by_scores, scores, axis=-1)
    return dq, dk, dv, dispatch(OPS["sum_to"], (by_logits, bias), {})


def _macs(out: Spec, query: Spec, key: Spec, value: Spec, *_: Any, **__: Any) -> int:
    pairs = int(query.shape[1] or 1) * int(key.shape[1] or 1) * int(query.shape[2] or 1)
    return pairs * (int(key.shape[3] or 1) + int(value.shape[3] or 1))


@defop(
    infer=_attention_specs,
    vjp_all=_attention_vjp,
    macs=_macs,
    cases=(
        case(F(2, 3, 2, 4), F(2, 5, 2, 4), F(2, 5, 2, 3), None, scale=0.5),
        case(F(2, 3, 2, 4), F(2, 3, 2, 4), F(2, 3, 2, 4), F(2, 1, 3, 3), scale=0.5),
        case(F(0, 3, 2, 4), F(0, 5, 2, 4), F(0, 5, 2, 3), None, scale=0.5),
    ),
)
def attention(query: Any, key: Any, value: Any, bias: Any, *, scale: float, out: Any = None) -> Any:
    """softmax(query · key · scale + bias) · value for (batch, time, heads, size) values; returns it and the softmax.

    `bias` (None, or broadcasting to (batch, heads, time, source)) is added to the scores; a mask is a bias of large
    negative numbers.
    """
    if out is None:
        scores = (query.shape[0], query.shape[2], query.shape[1], key.shape[1])
        out = np.empty((*query.shape[:3], value.shape[3]), query.dtype), np.empty(scores, query.dtype)
    kernels.attention(query, key, value, bias, scale, out)
    return out


@defop(
    infer=lambda g, g_scores, query, key, value, scores, **_: (query, key, value),
    nondiff="second derivatives of attention are not offered by the fused op",
    cases=(
        case(F(2, 3, 2, 3), None, F(2, 3, 2, 4), F(2, 5, 2, 4), F(2, 5, 2, 3), F(2, 2, 3, 5), scale=0.5),
        case(F(2, 3, 2, 3), F(2, 2, 3, 5), F(2, 3, 2, 4), F(2, 5, 2, 4), F(2, 5, 2, 3), F(2, 2, 3, 5), scale=0.5),
    ),
)
def attention_grad(
    g: Any, g_scores: Any, query: Any, key: Any, value: Any, scores: Any, *, scale: float, out: Any = None
) -> Any:
    """Gradients of `attention` by query, key and value."""
    out = tuple(np.empty(x.shape, x.dtype) for x in (query, key, value)) if out is None else out
    kernels.attention_grad(g, g_scores, query, key, value, scores, scale, out)
    return out


@composite("keras.src.ops.nn:DotProductAttention", call=("query", "key", "value", "bias", "mask", "scale"))
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: Any = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """softmax(query · key / sqrt(size) + bias) · value for (batch, time, heads, size) values (Vaswani 2017).

    `mask` (batch, heads, query time, key time) is true where attention is allowed; `is_causal` hides later keys.
    """
    query, key, value = (convert_to_tensor(v) for v in (query, key, value))
    if len(query.shape) != 4:
        raise ValueError(
            "`dot_product_attention` only supports 4D inputs. "
            f"Received: query.shape={query.shape}, key.shape={key.shape}, value.shape={value.shape}."
        )
    factor = 1.0 / math.sqrt(key.shape[-1]) if scale is None else float(scale)
    bias = None if bias is None else ew.cast(convert_to_tensor(bias), query.dtype)
    allowed = _allowed(query, key, mask, is_causal)
    if attn_logits_soft_cap is None:
        hidden = None if allowed is None else ew.where(allowed, 0.0, _large_negative(query.dtype))
        hidden = hidden if hidden is None else ew.cast(hidden, query.dtype)
        if mask is not None and allowed is not None:
            # Rows that may look nowhere weigh all places alike, and no gradient goes through their scores.
            somewhere = ew.cast(any_of(allowed, axis=-1, keepdims=True), query.dtype)
            query = query * swapaxes(somewhere, 1, 2)
        added = hidden if bias is None else bias if hidden is None else bias + hidden
        return attention(query, key, value, added, scale=factor)[0]
    scores = la.einsum("btnh,bsnh->bnts", query, key) * factor
    scores = ew.tanh(scores / attn_logits_soft_cap) * attn_logits_soft_cap
    scores = scores if bias is None else scores + bias
    if allowed is not None:
        scores = ew.where(allowed, scores, _large_negative(query.dtype))
    return la.einsum("bnts,bsnh->btnh", softmax(scores, axis=-1), value)


def _large_negative(dtype: str) -> float:
    return -3e4 if dtype == "float16" else -2.38e38


def _allowed(query: Any, key: Any, mask: Any, is_causal: bool) -> Any:
    mask = None if mask is None else ew.cast(convert_to_tensor(mask), "bool")
    if not is_causal:
        return mask
    rows, columns = infer_shape_of(query)[1], infer_shape_of(key)[1]
    causal = ew.cast(tril(ones((int(rows or 0), int(columns or 0)), "int32")), "bool")
    return causal if mask is None else ew.logical_and(mask, causal)
