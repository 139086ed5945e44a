"""Attention kernel against PyTorch's scaled dot-product attention."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.kernels import attention, memory


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def run(inputs: Any, bias: Any, scale: float, g: Any, g_scores: Any) -> tuple[np.ndarray, ...]:
    """Outputs, scores and gradients by query, key and value."""
    query, key, value = inputs
    out = np.empty((*query.shape[:3], value.shape[3])), np.empty(g_scores.shape)
    attention.attention(query, key, value, bias, scale, out)
    gradients = tuple(np.empty_like(x) for x in inputs)
    attention.attention_grad(g, g_scores, query, key, value, out[1], scale, gradients)
    return *out, *gradients


@pytest.mark.parametrize("biased", [False, True])
def test_outputs_scores_and_gradients_equal_those_of_pytorch(biased: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = draw(1, 5, 6, 2, 4), draw(2, 5, 7, 2, 4), draw(3, 5, 7, 2, 3)
    bias = draw(4, 5, 1, 6, 7) if biased else None
    g, g_scores = draw(5, 5, 6, 2, 3), draw(6, 5, 2, 6, 7)
    q, k, v = (torch.tensor(x).requires_grad_() for x in inputs)
    heads = [x.transpose(1, 2) for x in (q, k, v)]
    added = 0 if bias is None else torch.tensor(bias)
    scores = torch.softmax(heads[0] @ heads[1].mT * 0.3 + added, -1)
    outputs = (scores @ heads[2]).transpose(1, 2)
    torch.autograd.backward([outputs, scores], [torch.tensor(g), torch.tensor(g_scores)])
    expected = outputs.detach(), scores.detach(), q.grad, k.grad, v.grad
    mask = None if bias is None else torch.tensor(bias)
    fused = torch.nn.functional.scaled_dot_product_attention(*heads, attn_mask=mask, scale=0.3).transpose(1, 2)
    np.testing.assert_allclose(fused.detach().numpy(), expected[0].numpy(), rtol=1e-9, atol=1e-12)
    for size in (1 << 20, 1 << 10):  # all at once, and sample by sample
        monkeypatch.setattr(memory, "CHUNK_BYTES", size)
        for own, wanted in zip(run(inputs, bias, 0.3, g, g_scores), expected, strict=True):
            np.testing.assert_allclose(own, wanted.numpy(), rtol=1e-9, atol=1e-12)
