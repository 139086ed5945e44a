"""Whole-sequence recurrent kernels, forward and backward: simple, LSTM and GRU with tanh and sigmoid.

Values are (batch, time, features); masks (batch, time) are true where a step counts. A masked step keeps the states,
and its output is the state: the last output, or the first state before any step that counts. Gate order: LSTM
i, f, c, o; GRU z, r, h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.kernels.memory import Array, aligned_empty, column_sums
from engine.kernels.pointwise import sigmoid


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


def simple_rnn(x: Array, kernel: Array, recurrent: Array, bias: Any, h: Array, mask: Any, out: Any = None) -> Any:
    """h = tanh(x·kernel + bias + h·recurrent). Returns outputs, last h, all h (time first)."""
    inputs = project(x, kernel, bias)
    if out is None:
        shapes = (*x.shape[:2], h.shape[-1]), h.shape, (len(inputs) + 1, *h.shape)
        out = tuple(aligned_empty(shape, x.dtype) for shape in shapes)
    outputs, last, states = out
    states[0] = h
    for t, z in enumerate(inputs):
        m = _step_mask(mask, t)
        new = np.tanh(z + states[t] @ recurrent)
        outputs[:, t] = states[t + 1] = _keep(m, new, states[t])
    last[...] = states[-1]
    return outputs, last, states


def simple_rnn_grad(
    g: Array, g_last: Array, x: Array, kernel: Array, recurrent: Array, states: Array, mask: Any
) -> tuple[Array, ...]:
    """Gradients by x, kernel, recurrent kernel, bias and first h."""
    time = len(states) - 1
    dz = np.empty((time, *g_last.shape), x.dtype)
    dh = g_last
    for t in range(time - 1, -1, -1):
        m = _step_mask(mask, t)
        inside, beside = _split(m, dh + g[:, t])
        h = states[t + 1]
        dz[t] = inside * (1 - h * h)
        dh = _join(dz[t] @ recurrent.T, beside)
    return (*_weight_grads(x, kernel, dz), _recurrent_grad(states[:-1], dz), _bias_grad(dz), dh)


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


def _halved_gates(units: int, *weights: Any) -> list[Any]:
    """Weights with the columns of the sigmoid gates halved (which is exact): sigmoid(z) = tanh(z / 2) / 2 + 1 / 2."""
    half = np.full(4 * units, 0.5, weights[0].dtype)
    half[2 * units : 3 * units] = 1
    return [None if w is None else w * half for w in weights]


def lstm(
    x: Array, kernel: Array, recurrent: Array, bias: Any, h: Array, c: Array, mask: Any, out: Any = None
) -> tuple[Array, ...]:
    """Returns outputs, last h, last c, all h, all c, all gates (the last three time first)."""
    (batch, time, _), units = x.shape, h.shape[-1]
    if out is None:
        shapes = (
            (batch, time, units),
            h.shape,
            c.shape,
            (time + 1, *h.shape),
            (time + 1, *h.shape),
            (time, batch, 4 * units),
        )
        out = tuple(aligned_empty(shape, x.dtype) for shape in shapes)
    outputs, last_h, last_c, hs, cs, gates = out
    kernel, recurrent, bias = _halved_gates(units, kernel, recurrent, bias)
    inputs = project(x, kernel, bias)
    scale, shift = np.full(4 * units, 0.5, x.dtype), np.full(4 * units, 0.5, x.dtype)
    scale[2 * units : 3 * units], shift[2 * units : 3 * units] = 1, 0
    hs[0], cs[0] = h, c
    squashed, written = np.empty_like(h), np.empty_like(h)
    for t in range(time):
        m = _step_mask(mask, t)
        z = np.matmul(hs[t], recurrent, out=gates[t])
        z += inputs[t]
        np.tanh(z, out=z)
        z *= scale
        z += shift
        i, f, g, o = (z[:, k * units : (k + 1) * units] for k in range(4))
        np.multiply(f, cs[t], out=cs[t + 1])
        np.add(cs[t + 1], np.multiply(i, g, out=written), out=cs[t + 1])
        np.multiply(o, np.tanh(cs[t + 1], out=squashed), out=hs[t + 1])
        if m is not None:
            cs[t + 1], hs[t + 1] = np.where(m, cs[t + 1], cs[t]), np.where(m, hs[t + 1], hs[t])
        outputs[:, t] = hs[t + 1]
    last_h[...], last_c[...] = hs[-1], cs[-1]
    return outputs, last_h, last_c, hs, cs, gates


_BLOCK = 8
"""Steps whose gate slopes are computed together: long vectors that still fit the cache."""


def _lstm_slopes(gates: Array, before: Array, squashed: Array, slopes: Array, through: Array) -> None:
    """What dc (i, f, g) and dh (o) are multiplied by to give the gradients of the gates; and h's slope along c.

    At masked steps `squashed` belongs to the repeated state; nothing flows there, so it does not matter.
    """
    units = before.shape[-1]
    i, f, g, o = (gates[..., k * units : (k + 1) * units] for k in range(4))
    np.subtract(1, gates, out=slopes)
    slopes *= gates
    d_i, d_f, d_g, d_o = (slopes[..., k * units : (k + 1) * units] for k in range(4))
    d_i *= g
    d_f *= before
    np.multiply(g, g, out=d_g)
    np.subtract(1, d_g, out=d_g)
    d_g *= i
    d_o *= squashed
    np.multiply(squashed, squashed, out=through)
    np.subtract(1, through, out=through)
    through *= o


def lstm_grad(
    g: Array, g_h: Array, g_c: Array, x: Array, kernel: Array, recurrent: Array, mask: Any, *saved: Array
) -> tuple[Array, ...]:
    """Gradients by x, kernel, recurrent kernel, bias, first h and first c; `saved` are all h, c and gates."""
    hs, cs, gates = saved
    (time, batch, _), units = gates.shape, g_h.shape[-1]
    dz = aligned_empty(gates.shape, gates.dtype)
    through = aligned_empty((_BLOCK, batch, units), gates.dtype)
    dh, dc = g_h.copy(), g_c.copy()
    flow, turned = np.empty_like(dh), np.ascontiguousarray(recurrent.T)
    for t in range(time - 1, -1, -1):
        if t == time - 1 or t % _BLOCK == _BLOCK - 1:
            first = t - t % _BLOCK
            block = slice(first, t + 1)
            squashed = np.tanh(cs[first + 1 : t + 2])
            _lstm_slopes(gates[block], cs[block], squashed, dz[block], through[: t + 1 - first])
        m = _step_mask(mask, t)
        np.add(dh, g[:, t], out=dh)
        (dh, h_beside), (dc, c_beside) = _split(m, dh), _split(m, dc)
        np.add(dc, np.multiply(dh, through[t - first], out=flow), out=dc)
        d = dz[t]
        by_c = d[:, : 3 * units].reshape(batch, 3, units)
        np.multiply(by_c, dc[:, None], out=by_c)
        d[:, 3 * units :] *= dh
        dc *= gates[t][:, units : 2 * units]
        np.matmul(d, turned, out=dh)
        dh, dc = _join(dh, h_beside), _join(dc, c_beside)
    return (*_weight_grads(x, kernel, dz), _recurrent_grad(hs[:-1], dz), _bias_grad(dz), dh, dc)


def _bias_grad(dz: Array) -> Array:
    return column_sums(dz.reshape(-1, dz.shape[-1]))


def gru(
    x: Array, kernel: Array, recurrent: Array, bias: Any, h: Array, mask: Any, reset_after: bool, out: Any = None
) -> tuple[Array, ...]:
    """Returns outputs, last h, all h, all gates (z, r, candidate), and the recurrent share of the candidate."""
    input_bias = bias if bias is None or not reset_after else bias[0]
    inputs = project(x, kernel, input_bias)
    (batch, time, _), units = x.shape, h.shape[-1]
    if out is None:
        shapes = (batch, time, units), h.shape, (time + 1, *h.shape), inputs.shape, (time, *h.shape)
        out = tuple(aligned_empty(shape, x.dtype) for shape in shapes)
    outputs, last, hs, gates, shares = out
    hs[0] = h
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
        outputs[:, t] = hs[t + 1] = _keep(m, new, before)
    last[...] = hs[-1]
    return outputs, last, hs, gates, shares


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
    dh, turned = g_h, np.ascontiguousarray(recurrent.T)
    for t in range(time - 1, -1, -1):
        m, before = _step_mask(mask, t), hs[t]
        dh, beside = _split(m, dh + g[:, t])
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
        dh = _join(d_before + inner[t] @ turned, beside)
    d_recurrent = _recurrent_grad(hs[:-1], inner)
    d_recurrent[:, 2 * units :] += d_candidate_kernel
    d_bias: Any = None
    if bias is not None:
        d_bias = np.stack([_bias_grad(dz), _bias_grad(inner)]) if reset_after else _bias_grad(dz)
    return (*_weight_grads(x, kernel, dz), d_recurrent, d_bias, dh)
