"""Recurrent ops over whole sequences: `simple_rnn`, `lstm`, `gru`, with tanh and sigmoid, masks and initial states."""

from __future__ import annotations

from typing import Any

from engine.core.cases import B, F, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, defop, dispatch
from engine.core.tensor import Spec
from engine.kernels import rnn as kernels
from engine.ops import elementwise as ew

__all__ = ["gru", "lstm", "simple_rnn"]


def _macs(out: Any, x: Spec, kernel: Spec, recurrent: Spec, *_: Any, **__: Any) -> int:
    return int(x.shape[1] or 1) * sum(int(w.shape[0] or 0) * int(w.shape[1] or 0) for w in (kernel, recurrent))


def _sequence(x: Spec, h: Spec) -> tuple[Spec, Spec]:
    if len(x.shape) != 3:
        raise ShapeError(f"a recurrent op reads batch, time and features (3 axes), but gets {len(x.shape)}.")
    return Spec((x.shape[0], x.shape[1], h.shape[-1]), x.dtype), Spec((x.shape[0], h.shape[-1]), x.dtype)


def _history(x: Spec, width: Any, more: int = 0) -> Spec:
    steps = None if x.shape[1] is None else x.shape[1] + more
    return Spec((steps, x.shape[0], width), x.dtype)


def _filled(grads: Any, outputs: Any, count: int) -> list[Any]:
    """The gradients of the first outputs, zeros for those that nothing used."""
    return [ew.zeros_like(y) if g is None else g for g, y in zip(grads[:count], outputs[:count], strict=True)]


def _emit(results: tuple[Any, ...], out: Any) -> Any:
    if out is None:
        return results
    for target, result in zip(out, results, strict=True):
        target[...] = result
    return out


def _simple_specs(x: Spec, kernel: Spec, recurrent: Spec, bias: Any, h: Spec, mask: Any) -> tuple[Spec, ...]:
    return *_sequence(x, h), _history(x, h.shape[-1], 1)


def _simple_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    x, kernel, recurrent, bias, _, mask = inputs
    g, g_last = _filled(grads, outputs, 2)
    dx, dk, dr, db, dh = dispatch(OPS["simple_rnn_grad"], (g, g_last, x, kernel, recurrent, outputs[2], mask), {})
    return dx, dk, dr, None if bias is None else db, dh, None


@defop(
    infer=_simple_specs,
    vjp_all=_simple_vjp,
    saves=1,
    macs=_macs,
    cases=(
        case(F(2, 4, 3), F(3, 5), F(5, 5), F(5), F(2, 5), None),
        case(F(2, 4, 3), F(3, 5), F(5, 5), None, F(2, 5), B(2, 4)),
    ),
)
def simple_rnn(x: Any, kernel: Any, recurrent: Any, bias: Any, h: Any, mask: Any, *, out: Any = None) -> Any:
    """h = tanh(x·kernel + bias + h·recurrent) step by step; returns outputs, last h, all h."""
    return kernels.simple_rnn(x, kernel, recurrent, bias, h, mask, out)


_SECOND = "second derivatives of recurrent layers are not offered by the fused op"


@defop(
    infer=lambda g, g_last, x, kernel, recurrent, states, mask: (
        x,
        kernel,
        recurrent,
        Spec(kernel.shape[-1:], x.dtype),
        g_last,
    ),
    nondiff=_SECOND,
    cases=(case(F(2, 4, 5), F(2, 5), F(2, 4, 3), F(3, 5), F(5, 5), F(5, 2, 5), None),),
)
def simple_rnn_grad(
    g: Any, g_last: Any, x: Any, kernel: Any, recurrent: Any, states: Any, mask: Any, *, out: Any = None
) -> Any:
    """Gradients of `simple_rnn` by x, both kernels, bias and first h."""
    return _emit(kernels.simple_rnn_grad(g, g_last, x, kernel, recurrent, states, mask), out)


def _lstm_specs(x: Spec, kernel: Spec, recurrent: Spec, bias: Any, h: Spec, c: Spec, mask: Any) -> tuple[Spec, ...]:
    outputs, last = _sequence(x, h)
    history = _history(x, h.shape[-1], 1)
    return outputs, last, last, history, history, _history(x, kernel.shape[-1])


def _lstm_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    x, kernel, recurrent, bias, _, _, mask = inputs
    g, g_h, g_c = _filled(grads, outputs, 3)
    values = (g, g_h, g_c, x, kernel, recurrent, mask, *outputs[3:])
    dx, dk, dr, db, dh, dc = dispatch(OPS["lstm_grad"], values, {})
    return dx, dk, dr, None if bias is None else db, dh, dc, None


@defop(
    infer=_lstm_specs,
    vjp_all=_lstm_vjp,
    saves=3,
    macs=_macs,
    cases=(
        case(F(2, 4, 3), F(3, 20), F(5, 20), F(20), F(2, 5), F(2, 5), None),
        case(F(2, 4, 3), F(3, 20), F(5, 20), None, F(2, 5), F(2, 5), B(2, 4)),
    ),
)
def lstm(x: Any, kernel: Any, recurrent: Any, bias: Any, h: Any, c: Any, mask: Any, *, out: Any = None) -> Any:
    """Long short-term memory (Hochreiter 1997); returns outputs, last h and c, and what the gradient needs."""
    return kernels.lstm(x, kernel, recurrent, bias, h, c, mask, out)


@defop(
    infer=lambda g, g_h, g_c, x, kernel, recurrent, mask, hs, cs, gates: (
        x,
        kernel,
        recurrent,
        Spec(kernel.shape[-1:], x.dtype),
        g_h,
        g_c,
    ),
    nondiff=_SECOND,
    cases=(
        case(F(2, 4, 5), F(2, 5), F(2, 5), F(2, 4, 3), F(3, 20), F(5, 20), None, F(5, 2, 5), F(5, 2, 5), F(4, 2, 20)),
    ),
)
def lstm_grad(
    g: Any,
    g_h: Any,
    g_c: Any,
    x: Any,
    kernel: Any,
    recurrent: Any,
    mask: Any,
    hs: Any,
    cs: Any,
    gates: Any,
    *,
    out: Any = None,
) -> Any:
    """Gradients of `lstm` by x, both kernels, bias, first h and first c."""
    return _emit(kernels.lstm_grad(g, g_h, g_c, x, kernel, recurrent, mask, hs, cs, gates), out)


def _gru_specs(
    x: Spec, kernel: Spec, recurrent: Spec, bias: Any, h: Spec, mask: Any, *, reset_after: bool
) -> tuple[Spec, ...]:
    units = h.shape[-1]
    return *_sequence(x, h), _history(x, units, 1), _history(x, kernel.shape[-1]), _history(x, units)


def _gru_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    x, kernel, recurrent, bias, _, mask = inputs
    g, g_h = _filled(grads, outputs, 2)
    values = (g, g_h, x, kernel, recurrent, bias, mask, *outputs[2:])
    results = dispatch(OPS["gru_grad"], values, attrs)
    dx, dk, dr, db, dh = results
    return dx, dk, dr, None if bias is None else db, dh, None


@defop(
    infer=_gru_specs,
    vjp_all=_gru_vjp,
    saves=3,
    macs=_macs,
    cases=(
        case(F(2, 4, 3), F(3, 15), F(5, 15), F(2, 15), F(2, 5), None, reset_after=True),
        case(F(2, 4, 3), F(3, 15), F(5, 15), F(15), F(2, 5), B(2, 4), reset_after=False),
        case(F(2, 4, 3), F(3, 15), F(5, 15), None, F(2, 5), B(2, 4), reset_after=True),
    ),
)
def gru(
    x: Any, kernel: Any, recurrent: Any, bias: Any, h: Any, mask: Any, *, reset_after: bool = True, out: Any = None
) -> Any:
    """Gated recurrent unit (Cho 2014), with the reset gate after or before the recurrent product."""
    return kernels.gru(x, kernel, recurrent, bias, h, mask, reset_after, out)


def _gru_grad_specs(
    g: Spec, g_h: Spec, x: Spec, kernel: Spec, recurrent: Spec, bias: Any, *_: Any, **__: Any
) -> tuple[Spec, ...]:
    return x, kernel, recurrent, Spec(kernel.shape[-1:], x.dtype) if bias is None else bias, g_h


@defop(
    infer=_gru_grad_specs,
    nondiff=_SECOND,
    cases=(
        case(
            F(2, 4, 5),
            F(2, 5),
            F(2, 4, 3),
            F(3, 15),
            F(5, 15),
            F(2, 15),
            None,
            F(5, 2, 5),
            F(4, 2, 15),
            F(4, 2, 5),
            reset_after=True,
        ),
    ),
)
def gru_grad(
    g: Any,
    g_h: Any,
    x: Any,
    kernel: Any,
    recurrent: Any,
    bias: Any,
    mask: Any,
    hs: Any,
    gates: Any,
    shares: Any,
    *,
    reset_after: bool = True,
    out: Any = None,
) -> Any:
    """Gradients of `gru` by x, both kernels, bias and first h (zeros for a bias that is not there)."""
    dx, dk, dr, db, dh = kernels.gru_grad(g, g_h, x, kernel, recurrent, bias, mask, reset_after, hs, gates, shares)
    return _emit((dx, dk, dr, kernel[0] * 0 if db is None else db, dh), out)
