"""Tapes: nesting, persistence, watching, custom gradients, and gradients against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine import ops
from engine.core.tape import GradientTape, custom_gradient
from engine.core.tensor import Tensor, Variable


def test_second_and_third_derivative_of_a_cube() -> None:
    x = Tensor(np.array(2.0))
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as middle:
            middle.watch(x)
            with GradientTape() as inner:
                inner.watch(x)
                y = x * x * x
            first = inner.gradient(y, x)
        second = middle.gradient(first, x)
    assert (float(first), float(second), float(outer.gradient(second, x))) == (12.0, 12.0, 6.0)


def test_a_tape_gives_its_gradients_once_unless_persistent() -> None:
    w = Variable(np.array(3.0))
    with GradientTape() as tape:
        y = w * w
    assert float(tape.gradient(y, w)) == 6.0
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, w)
    with GradientTape(persistent=True) as again:
        y = w * w
    assert float(again.gradient(y, w)) == float(again.gradient(y, w)) == 6.0


def test_only_watched_values_and_trainable_variables_are_followed() -> None:
    trainable, fixed = Variable(np.array(2.0)), Variable(np.array(2.0), trainable=False)
    x = Tensor(np.array(2.0))
    with GradientTape() as tape:
        y = trainable * fixed * x
    assert [None if g is None else float(g) for g in tape.gradient(y, [trainable, fixed, x])] == [4.0, None, None]


def test_unconnected_sources_can_be_zero() -> None:
    a, b = Variable(np.array(2.0)), Variable(np.array([1.0, 1.0]))
    with GradientTape() as tape:
        y = a * a
    result = tape.gradient(y, {"a": a, "b": b}, unconnected_gradients="zero")
    assert result["b"].tolist() == [0.0, 0.0]


def test_stop_gradient_and_stop_recording() -> None:
    x = Tensor(np.array(3.0))
    with GradientTape() as tape:
        tape.watch(x)
        with tape.stop_recording():
            hidden = x * x
        y = x * ops.stop_gradient(x) + hidden
    assert float(tape.gradient(y, x)) == 3.0


def test_custom_gradient_replaces_the_rule() -> None:
    @custom_gradient
    def clipped(x: Any) -> Any:
        return ops.exp(x), lambda upstream: ops.clip(upstream, -1.0, 1.0)

    x = Tensor(np.array([1.0, 2.0]))
    with GradientTape() as tape:
        tape.watch(x)
        y = clipped(x) * 5.0
    assert tape.gradient(y, x).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda m, x: m.einsum("bij,bjk->bik", x, x * 2.0), lambda x: torch.einsum("bij,bjk->bik", x, x * 2.0)),
        (lambda m, x: m.logsumexp(x, axis=-1), lambda x: torch.logsumexp(x, -1)),
        (lambda m, x: m.max(x, axis=1), lambda x: x.amax(1)),
        (lambda m, x: m.cumsum(x, axis=2) * x, lambda x: x.cumsum(2) * x),
        (lambda m, x: m.concatenate([x, m.transpose(x, (0, 2, 1))], axis=0), lambda x: torch.cat([x, x.mT], 0)),
        (lambda m, x: m.sort(x, axis=-1) * np.arange(3.0), lambda x: x.sort(-1).values * torch.arange(3.0)),
        (lambda m, x: m.take(x, [0, 2, 2], axis=1), lambda x: x[:, [0, 2, 2]]),
        (lambda m, x: m.var(x, axis=(0, 2)), lambda x: x.var((0, 2), unbiased=False)),
        (lambda m, x: m.norm(x, axis=-1), lambda x: x.norm(dim=-1)),
        (lambda m, x: m.tensordot(x, x, axes=([1, 2], [1, 2])), lambda x: torch.tensordot(x, x, ([1, 2], [1, 2]))),
    ],
)
def test_gradients_agree_with_pytorch(ours: Any, theirs: Any) -> None:
    start = np.random.default_rng(3).normal(size=(2, 3, 3))
    x = Tensor(start)
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(ops.square(ours(ops, x)))
    reference = torch.tensor(start, requires_grad=True)
    (theirs(reference) ** 2).sum().backward()
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), reference.grad.numpy(), rtol=1e-6, atol=1e-6)


def test_second_derivatives_that_do_not_exist_are_refused_not_zero() -> None:
    x = ops.convert_to_tensor(np.arange(12.0).reshape(3, 4) % 5)
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = ops.sum(ops.layer_normalization(x) ** 3)
        slope = inner.gradient(y, x)
    with pytest.raises(ValueError, match="second derivatives of normalization"):
        outer.gradient(slope, x)


def test_second_derivatives_through_picked_elements() -> None:
    x = ops.convert_to_tensor(np.arange(1.0, 6.0))
    rows, columns = np.array([0, 1, 1]), np.array([2, 0, 0])
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = ops.sum((ops.reshape(x, (1, 5)) * ops.ones((2, 1)))[rows, columns] ** 3)
        slope = inner.gradient(y, x)
    np.testing.assert_allclose(outer.gradient(slope, x).numpy(), [12.0, 0.0, 18.0, 0.0, 0.0])
