"""Whole-sequence recurrent kernels, forward and backward: simple, LSTM and GRU with tanh and sigmoid.

Values are (batch, time, features); masks (batch, time) are true where a step counts. A masked step repeats the
previous output and states. Gate order: LSTM i, f, c, o; GRU z, r, h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) by one tanh, which cannot overflow."""
    half = x.dtype.type(0.5)
    return half * np.tanh(half * x) + half


def project(x: Array, kernel: Array, bias: Array | None) -> Array:
    """The input's share of all gates for all steps at once, time first: (time, batch, gates)."""
    batch, time, features = x.shape
    rows = np.ascontiguousarray(x.swapaxes(0, 1)).reshape(time * batch, features)
    result = rows @ kernel
    if bias is not None:
        result += bias
    return result.reshape(time, batch, kernel.shape[1])


def _step_mask(mask: Array | None, t: int) -> Array | None:
    return None if mask is None else mask[:, t, None]


def _keep(mask: Array | None, new: Array, old: Array) -> Array:
    return new if mask is None else np.where(mask, new, old)


def _split(mask: Array | None, g: Array) -> tuple[Array, Array | None]:
    """What flows into the step, and what passes a masked step by."""
    if mask is None:
        return g, None
    inside = g * mask
    return inside, g - inside


def _join(a: Array, b: Array | None) -> Array:
    return a if b is None else a + b


def _batch_first(sequence: Array) -> Array:
    return np.ascontiguousarray(sequence.swapaxes(0, 1))


class _Outputs:
    """Outputs of all steps; a masked step repeats the one before (zeros at the start)."""

    def __init__(self, time: int, like: Array) -> None:
        self.sequence = np.zeros((time, *like.shape), like.dtype)

    def put(self, t: int, h: Array, mask: Array | None) -> None:
        self.sequence[t] = h if mask is None else np.where(mask, h, self.sequence[t - 1] if t else 0)


class _OutputGrads:
    """Gradients of the outputs, handed back over masked steps."""

    def __init__(self, g: Array) -> None:
        self._g = g
        self._carry: Array | None = None

    def take(self, t: int, mask: Array | None) -> Array:
        total = _join(self._g[:, t], self._carry)
        inside, self._carry = _split(mask, total)
        return inside


def simple_rnn(x: Array, kernel: Array, recurrent: Array, bias: Any, h: Array, mask: Any) -> tuple[Array, ...]:
    """h = tanh(x·kernel + bias + h·recurrent). Returns outputs, last h, all h (time first)."""
    inputs = project(x, kernel, bias)
    states = np.empty((len(inputs) + 1, *h.shape), x.dtype)
    states[0] = h
    outputs = _Outputs(len(inputs), h)
    for t, z in enumerate(inputs):
        m = _step_mask(mask, t)
        new = np.tanh(z + states[t] @ recurrent)
        states[t + 1] = _keep(m, new, states[t])
        outputs.put(t, new, m)
    return _batch_first(outputs.sequence), states[-1].copy(), states


def simple_rnn_grad(
    g: Array, g_last: Array, x: Array, kernel: Array, recurrent: Array, states: Array, mask: Any
) -> tuple[Array, ...]:
    """Gradients by x, kernel, recurrent kernel, bias and first h."""
    time = len(states) - 1
    dz = np.empty((time, *g_last.shape), x.dtype)
    grads, dh = _OutputGrads(g), g_last
    for t in range(time - 1, -1, -1):
        m = _step_mask(mask, t)
        inside, beside = _split(m, dh)
        inside = inside + grads.take(t, m)
        h = states[t + 1]
        dz[t] = inside * (1 - h * h)
        dh = _join(dz[t] @ recurrent.T, beside)
    return (*_weight_grads(x, kernel, dz), _recurrent_grad(states[:-1], dz), dz.sum((0, 1)), dh)


def _weight_grads(x: Array, kernel: Array, dz: Array) -> tuple[Array, Array]:
    """Gradients by the input and by the input kernel from those of the gates."""
    time, batch, gates = dz.shape
    flat = dz.reshape(time * batch, gates)
    rows = np.ascontiguousarray(x.swapaxes(0, 1)).reshape(time * batch, x.shape[-1])
    dx = _batch_first((flat @ kernel.T).reshape(time, batch, x.shape[-1]))
    return dx, rows.T @ flat


def _recurrent_grad(states: Array, dz: Array) -> Array:
    result: Array = states.reshape(-1, states.shape[-1]).T @ dz.reshape(-1, dz.shape[-1])
    return result


def lstm(x: Array, kernel: Array, recurrent: Array, bias: Any, h: Array, c: Array, mask: Any) -> tuple[Array, ...]:
    """Returns outputs, last h, last c, all h, all c, all gates (the last three time first)."""
    inputs = project(x, kernel, bias)
    time, units = len(inputs), h.shape[-1]
    hs, cs = (np.empty((time + 1, *h.shape), x.dtype) for _ in range(2))
    gates = np.empty_like(inputs)
    hs[0], cs[0] = h, c
    outputs = _Outputs(time, h)
    half = x.dtype.type(0.5)
    scale = np.full(4 * units, half, x.dtype)
    scale[2 * units : 3 * units] = 1
    shift = np.full(4 * units, half, x.dtype)
    shift[2 * units : 3 * units] = 0
    for t in range(time):
        m = _step_mask(mask, t)
        z = np.matmul(hs[t], recurrent, out=gates[t])
        z += inputs[t]
        z *= scale  # sigmoid(z) = tanh(z / 2) / 2 + 1 / 2: one tanh serves all four gates
        np.tanh(z, out=z)
        z *= scale
        z += shift
        i, f, g, o = (z[:, k * units : (k + 1) * units] for k in range(4))
        new_c = f * cs[t] + i * g
        new_h = o * np.tanh(new_c)
        cs[t + 1], hs[t + 1] = _keep(m, new_c, cs[t]), _keep(m, new_h, hs[t])
        outputs.put(t, new_h, m)
    return _batch_first(outputs.sequence), hs[-1].copy(), cs[-1].copy(), hs, cs, gates


def lstm_grad(
    g: Array, g_h: Array, g_c: Array, x: Array, kernel: Array, recurrent: Array, mask: Any, *saved: Array
) -> tuple[Array, ...]:
    """Gradients by x, kernel, recurrent kernel, bias, first h and first c; `saved` are all h, c and gates."""
    hs, cs, gates = saved
    time, units = len(gates), g_h.shape[-1]
    dz = np.empty_like(gates)
    grads, dh, dc = _OutputGrads(g), g_h, g_c
    for t in range(time - 1, -1, -1):
        m = _step_mask(mask, t)
        (dh, h_beside), (dc, c_beside) = _split(m, dh), _split(m, dc)
        dh = dh + grads.take(t, m)
        i, f, a, o = (gates[t][:, k * units : (k + 1) * units] for k in range(4))
        squashed = np.tanh(f * cs[t] + i * a)
        dc = dc + dh * o * (1 - squashed * squashed)
        d = dz[t]
        d[:, :units] = dc * a * i * (1 - i)
        d[:, units : 2 * units] = dc * cs[t] * f * (1 - f)
        d[:, 2 * units : 3 * units] = dc * i * (1 - a * a)
        d[:, 3 * units :] = dh * squashed * o * (1 - o)
        dh, dc = _join(d @ recurrent.T, h_beside), _join(dc * f, c_beside)
    return (*_weight_grads(x, kernel, dz), _recurrent_grad(hs[:-1], dz), dz.sum((0, 1)), dh, dc)


def gru(
    x: Array, kernel: Array, recurrent: Array, bias: Any, h: Array, mask: Any, reset_after: bool
) -> tuple[Array, ...]:
    """Returns outputs, last h, all h, all gates (z, r, candidate), and the recurrent share of the candidate."""
    input_bias = bias if bias is None or not reset_after else bias[0]
    inputs = project(x, kernel, input_bias)
    time, units = len(inputs), h.shape[-1]
    hs = np.empty((time + 1, *h.shape), x.dtype)
    gates, shares = np.empty_like(inputs), np.empty((time, *h.shape), x.dtype)
    hs[0] = h
    outputs = _Outputs(time, h)
    for t in range(time):
        m, own, before = _step_mask(mask, t), gates[t], hs[t]
        if reset_after:
            inner = before @ recurrent
            if bias is not None:
                inner += bias[1]
            own[:, : 2 * units] = sigmoid(inputs[t][:, : 2 * units] + inner[:, : 2 * units])
            shares[t] = inner[:, 2 * units :]
            candidate = inputs[t][:, 2 * units :] + own[:, units : 2 * units] * shares[t]
        else:
            own[:, : 2 * units] = sigmoid(inputs[t][:, : 2 * units] + before @ recurrent[:, : 2 * units])
            shares[t] = own[:, units : 2 * units] * before
            candidate = inputs[t][:, 2 * units :] + shares[t] @ recurrent[:, 2 * units :]
        own[:, 2 * units :] = np.tanh(candidate)
        z = own[:, :units]
        new = z * before + (1 - z) * own[:, 2 * units :]
        hs[t + 1] = _keep(m, new, before)
        outputs.put(t, new, m)
    return _batch_first(outputs.sequence), hs[-1].copy(), hs, gates, shares


def gru_grad(
    g: Array,
    g_h: Array,
    x: Array,
    kernel: Array,
    recurrent: Array,
    bias: Any,
    mask: Any,
    reset_after: bool,
    *saved: Array,
) -> tuple[Array, ...]:
    """Gradients by x, kernel, recurrent kernel, bias (None without one) and first h."""
    hs, gates, shares = saved
    time, units = len(gates), g_h.shape[-1]
    dz = np.empty_like(gates)  # gradients of the input's share
    inner = np.empty_like(gates)  # gradients of the recurrent share
    d_candidate_kernel = np.zeros((units, units), x.dtype)
    grads, dh = _OutputGrads(g), g_h
    for t in range(time - 1, -1, -1):
        m, before = _step_mask(mask, t), hs[t]
        dh, beside = _split(m, dh)
        dh = dh + grads.take(t, m)
        z, r, a = (gates[t][:, k * units : (k + 1) * units] for k in range(3))
        d_a = dh * (1 - z) * (1 - a * a)
        d_before = dh * z
        if reset_after:
            d_r = d_a * shares[t]
            inner[t][:, 2 * units :] = d_a * r
        else:
            d_share = d_a @ recurrent[:, 2 * units :].T
            d_r = d_share * before
            d_before = d_before + d_share * r
            d_candidate_kernel += shares[t].T @ d_a
            inner[t][:, 2 * units :] = 0
        dz[t][:, :units] = dh * (before - a) * z * (1 - z)
        dz[t][:, units : 2 * units] = d_r * r * (1 - r)
        dz[t][:, 2 * units :] = d_a
        inner[t][:, : 2 * units] = dz[t][:, : 2 * units]
        dh = _join(d_before + inner[t] @ recurrent.T, beside)
    d_recurrent = _recurrent_grad(hs[:-1], inner)
    d_recurrent[:, 2 * units :] += d_candidate_kernel
    d_bias = None
    if bias is not None:
        d_bias = np.stack([dz.sum((0, 1)), inner.sum((0, 1))]) if reset_after else dz.sum((0, 1))
    return (*_weight_grads(x, kernel, dz), d_recurrent, d_bias, dh)
