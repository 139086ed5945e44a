"""Recurrent kernels against PyTorch's, and masks against sequences that really end early."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels import rnn

SIZES = st.tuples(st.integers(1, 3), st.integers(1, 19), st.integers(1, 4), st.integers(1, 5))


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape) * 0.7


def gates_moved(w: np.ndarray, order: list[int]) -> np.ndarray:
    """Blocks of columns in another order."""
    parts = np.split(w, len(order), axis=-1)
    return np.concatenate([parts[i] for i in order], axis=-1)


def torch_network(cls: Any, kernel: Any, recurrent: Any, input_bias: Any, recurrent_bias: Any, order: list[int]) -> Any:
    net = cls(kernel.shape[0], recurrent.shape[0], batch_first=True).double()
    values = (kernel, recurrent, input_bias, recurrent_bias)
    with torch.no_grad():
        for name, value in zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), values, strict=True):
            getattr(net, name).copy_(torch.tensor(gates_moved(value, order).T.copy()))
    return net


def torch_gradients(net: Any, order: list[int]) -> list[np.ndarray]:
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    back = [order.index(i) for i in range(len(order))]
    return [gates_moved(getattr(net, n).grad.numpy().T, back) for n in names]


def tracked(*arrays: np.ndarray) -> list[torch.Tensor]:
    return [torch.tensor(a).requires_grad_() for a in arrays]


@given(SIZES)
def test_lstm_equals_that_of_pytorch(sizes: tuple[int, ...]) -> None:
    batch, time, features, units = sizes
    x, h, c = draw(1, batch, time, features), draw(2, batch, units), draw(3, batch, units)
    kernel, recurrent, bias = draw(4, features, 4 * units), draw(5, units, 4 * units), draw(6, 4 * units)
    g, g_h, g_c = draw(7, batch, time, units), draw(8, batch, units), draw(9, batch, units)
    order = [0, 1, 2, 3]
    net = torch_network(torch.nn.LSTM, kernel, recurrent, bias, bias * 0, order)
    tx, th, tc = tracked(x, h, c)
    y, (last_h, last_c) = net(tx, (th[None], tc[None]))
    torch.autograd.backward([y, last_h, last_c], [torch.tensor(v) for v in (g, g_h[None], g_c[None])])
    outputs, own_h, own_c, *saved = rnn.lstm(x, kernel, recurrent, bias, h, c, None)
    for own, wanted in ((outputs, y), (own_h, last_h[0]), (own_c, last_c[0])):
        np.testing.assert_allclose(own, wanted.detach().numpy(), rtol=1e-9, atol=1e-12)
    dx, dk, dr, db, dh, dc = rnn.lstm_grad(g, g_h, g_c, x, kernel, recurrent, None, *saved)
    wk, wr, wb, _ = torch_gradients(net, order)
    wanted_gradients = (tx.grad.numpy(), wk, wr, wb, th.grad.numpy(), tc.grad.numpy())
    for own, wanted in zip((dx, dk, dr, db, dh, dc), wanted_gradients, strict=True):
        np.testing.assert_allclose(own, wanted, rtol=1e-8, atol=1e-10)


@given(SIZES)
def test_gru_with_the_reset_after_the_product_equals_that_of_pytorch(sizes: tuple[int, ...]) -> None:
    batch, time, features, units = sizes
    x, h = draw(1, batch, time, features), draw(2, batch, units)
    kernel, recurrent, bias = draw(4, features, 3 * units), draw(5, units, 3 * units), draw(6, 2, 3 * units)
    g, g_h = draw(7, batch, time, units), draw(8, batch, units)
    order = [1, 0, 2]  # ours: update, reset, candidate; PyTorch's: reset, update, candidate
    net = torch_network(torch.nn.GRU, kernel, recurrent, bias[0], bias[1], order)
    tx, th = tracked(x, h)
    y, last = net(tx, th[None])
    torch.autograd.backward([y, last], [torch.tensor(g), torch.tensor(g_h[None])])
    outputs, own_h, *saved = rnn.gru(x, kernel, recurrent, bias, h, None, True)
    np.testing.assert_allclose(outputs, y.detach().numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(own_h, last[0].detach().numpy(), rtol=1e-9, atol=1e-12)
    dx, dk, dr, db, dh = rnn.gru_grad(g, g_h, x, kernel, recurrent, bias, None, True, *saved)
    wk, wr, wi, wh = torch_gradients(net, order)
    for own, wanted in zip((dx, dk, dr, db[0], db[1], dh), (tx.grad, wk, wr, wi, wh, th.grad), strict=True):
        np.testing.assert_allclose(own, np.asarray(wanted), rtol=1e-8, atol=1e-10)


@given(SIZES)
def test_simple_rnn_equals_that_of_pytorch(sizes: tuple[int, ...]) -> None:
    batch, time, features, units = sizes
    x, h = draw(1, batch, time, features), draw(2, batch, units)
    kernel, recurrent, bias = draw(4, features, units), draw(5, units, units), draw(6, units)
    g, g_h = draw(7, batch, time, units), draw(8, batch, units)
    net = torch_network(torch.nn.RNN, kernel, recurrent, bias, bias * 0, [0])
    tx, th = tracked(x, h)
    y, last = net(tx, th[None])
    torch.autograd.backward([y, last], [torch.tensor(g), torch.tensor(g_h[None])])
    outputs, _, states = rnn.simple_rnn(x, kernel, recurrent, bias, h, None)
    np.testing.assert_allclose(outputs, y.detach().numpy(), rtol=1e-9, atol=1e-12)
    dx, dk, dr, db, dh = rnn.simple_rnn_grad(g, g_h, x, kernel, recurrent, states, None)
    wk, wr, wb, _ = torch_gradients(net, [0])
    for own, wanted in zip((dx, dk, dr, db, dh), (tx.grad, wk, wr, wb, th.grad), strict=True):
        np.testing.assert_allclose(own, np.asarray(wanted), rtol=1e-8, atol=1e-10)


class Network:
    """One kind of network on fixed weights, forward and backward."""

    def __init__(self, kind: str, features: int = 3, units: int = 4) -> None:
        self.kind, self.units = kind, units
        gates = {"simple": 1, "lstm": 4}.get(kind, 3)
        self.kernel, self.recurrent = draw(4, features, gates * units), draw(5, units, gates * units)
        self.bias = draw(6, 2, 3 * units) if kind == "gru_after" else draw(6, gates * units)

    def run(self, x: Any, mask: Any, g: Any, g_last: Any) -> tuple[Any, Any, tuple[Any, ...]]:
        """Outputs, last h, gradients by x, kernels, bias and first states."""
        weights, start = (self.kernel, self.recurrent, self.bias), draw(2, len(x), self.units)
        if self.kind == "simple":
            y, last, states = rnn.simple_rnn(x, *weights, start, mask)
            return y, last, rnn.simple_rnn_grad(g, g_last, x, *weights[:2], states, mask)
        if self.kind == "lstm":
            y, last, _, *saved = rnn.lstm(x, *weights, start, start * 0.5, mask)
            return y, last, rnn.lstm_grad(g, g_last, g_last * 0.3, x, *weights[:2], mask, *saved)
        after = self.kind == "gru_after"
        y, last, *saved = rnn.gru(x, *weights, start, mask, after)
        return y, last, rnn.gru_grad(g, g_last, x, *weights, mask, after, *saved)


KINDS = ("simple", "lstm", "gru_after", "gru_before")


@pytest.mark.parametrize("kind", KINDS)
def test_a_masked_tail_is_as_if_the_sequence_ended_there(kind: str) -> None:
    network, batch, time, end = Network(kind), 3, 11, 7
    x, g, g_last = draw(1, batch, time, 3), draw(7, batch, time, 4), draw(8, batch, 4)
    mask = np.zeros((batch, time), bool)
    mask[:, :end] = True
    y, last, gradients = network.run(x, mask, g, g_last)
    short_g = g[:, :end].copy()
    short_g[:, -1] += g[:, end:].sum(1)  # masked steps repeat the last output, so its gradient gathers theirs
    short_y, short_last, short_gradients = network.run(x[:, :end], None, short_g, g_last)
    np.testing.assert_allclose(y[:, :end], short_y, rtol=1e-12)
    np.testing.assert_allclose(y[:, end:], np.repeat(short_y[:, -1:], time - end, 1), rtol=1e-12)
    np.testing.assert_allclose(last, short_last, rtol=1e-12)
    np.testing.assert_array_equal(gradients[0][:, end:], 0)
    np.testing.assert_allclose(gradients[0][:, :end], short_gradients[0], rtol=1e-9, atol=1e-12)
    for own, wanted in zip(gradients[1:], short_gradients[1:], strict=True):
        np.testing.assert_allclose(own, wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_under_a_mask_agree_with_finite_differences(kind: str) -> None:
    network, batch, time = Network(kind), 2, 10
    x, g, g_last = draw(1, batch, time, 3), draw(7, batch, time, 4), draw(8, batch, 4)
    mask = np.random.default_rng(4).random((batch, time)) < 0.6
    mask[0, 0], mask[1, :3] = False, False
    if kind == "lstm":
        g_last = g_last * 0  # the last c is not among the results compared here

    def value() -> float:
        y, last, _ = network.run(x, mask, g, g_last)
        return float((y * g).sum() + (last * g_last).sum())

    gradients = network.run(x, mask, g, g_last)[2]
    for array, gradient in zip((x, network.kernel, network.recurrent, network.bias), gradients, strict=False):
        direction = draw(12, *array.shape)
        step = 1e-6
        array += step * direction
        ahead = value()
        array -= 2 * step * direction
        behind = value()
        array += step * direction
        assert (gradient * direction).sum() == pytest.approx((ahead - behind) / (2 * step), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_steps_masked_before_the_first_valid_one_give_the_first_state(kind: str) -> None:
    x, g = draw(1, 2, 4, 3), draw(7, 2, 4, 4)
    mask = np.array([[False, False, True, True], [True, True, True, True]])
    y, _, _ = Network(kind).run(x, mask, g, g[:, 0])
    np.testing.assert_array_equal(y[0, :2], np.stack([draw(2, 2, 4)[0]] * 2))
    assert (y[1] != 0).all()


def test_lstm_writes_into_given_arrays() -> None:
    x, h, c = (draw(i, 2, *s).astype("float32") for i, s in ((1, (5, 3)), (2, (4,)), (3, (4,))))
    kernel, recurrent = draw(4, 3, 16).astype("float32"), draw(5, 4, 16).astype("float32")
    wanted = rnn.lstm(x, kernel, recurrent, None, h, c, None)
    out = tuple(np.full_like(a, np.nan) for a in wanted)
    rnn.lstm(x, kernel, recurrent, None, h, c, None, out)
    for own, other in zip(out, wanted, strict=True):
        np.testing.assert_array_equal(own, other)
        assert own.dtype == np.float32
