"""Scaled dot-product attention."""

from __future__ import annotations

import math
from typing import Any

from engine.core.op import composite
from engine.core.tensor import convert_to_tensor, infer_shape_of
from engine.ops import elementwise as ew
from engine.ops import linalg as la
from engine.ops import shape as sh
from engine.ops.activation import softmax

__all__ = ["dot_product_attention"]


@composite("keras.src.ops.nn:DotProductAttention")
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
        raise ValueError(f"`dot_product_attention` only supports 4D inputs. Received: query.shape={query.shape}")
    factor = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = la.einsum("btnh,bsnh->bnts", query, key) * factor
    if attn_logits_soft_cap is not None:
        scores = ew.tanh(scores / attn_logits_soft_cap) * attn_logits_soft_cap
    scores = scores if bias is None else scores + bias
    allowed = _allowed(scores, mask, is_causal)
    if allowed is not None:
        scores = ew.where(allowed, scores, -0.7 * 3.4e38 if scores.dtype != "float16" else -6e4)
    return la.einsum("bnts,bsnh->btnh", softmax(scores, axis=-1), value)


def _allowed(scores: Any, mask: Any, is_causal: bool) -> Any:
    if not is_causal:
        return mask
    rows, columns = infer_shape_of(scores)[-2:]
    causal = sh.tril(sh.ones((int(rows or 0), int(columns or 0)), "int32"))
    causal = ew.cast(causal, "bool")
    return causal if mask is None else ew.logical_and(mask, causal)
