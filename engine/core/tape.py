"""Reverse-mode differentiation: tapes that record ops, and the one backward pass over what they recorded."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from engine.core import dtypes, tree
from engine.core.op import Op
from engine.core.state import STATE, no_tapes
from engine.core.tensor import Spec, Value, Variable
from engine.core.value import _op


class Record(NamedTuple):
    """One op that ran under a tape."""

    op: Op
    inputs: Sequence[Any]
    attrs: Mapping[str, Any]
    outputs: Sequence[Any]


class GradientTape:
    """Records the ops run inside its `with` block and differentiates through them.

    Works on eager values and, inside a function that is being traced, on symbols. The gradient rules are ops
    themselves, so tapes may be nested for higher derivatives.

    Args:
        persistent: keep the recording after `gradient`, so that it can be asked again.
        watch_accessed_variables: follow every trainable variable that is read.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.persistent = persistent
        self._watch_variables = watch_accessed_variables
        self._records: list[Record] = []
        self._followed: dict[int, Any] = {}
        self._reads: dict[int, Any] = {}
        self._used = False

    def __enter__(self) -> GradientTape:
        STATE.tapes = (*STATE.tapes, self)
        return self

    def __exit__(self, *exc: object) -> None:
        STATE.tapes = tuple(tape for tape in STATE.tapes if tape is not self)

    def watch(self, value: Any) -> None:
        """Follow a tensor, a variable, or a structure of them."""
        for leaf in tree.flatten(value):
            target = leaf
            if isinstance(leaf, Variable):
                target = self._reads.setdefault(id(leaf), leaf.read())
            if not isinstance(target, Value):
                raise ValueError(f"A tape follows tensors and variables. Got {type(leaf).__name__}.")
            self._followed[id(target)] = target

    def note_read(self, variable: Variable, value: Any) -> None:
        """A variable was read as `value` while this tape was recording."""
        first = self._reads.setdefault(id(variable), value)
        if (variable.trainable and self._watch_variables) or id(first) in self._followed:
            self._followed[id(value)] = value

    def record(self, op: Op, inputs: Sequence[Any], attrs: Mapping[str, Any], outputs: Sequence[Any]) -> None:
        """Keep an op if a followed value goes into it."""
        followed = self._followed
        if (op.differentiable or _first_only(op)) and any(id(x) in followed for x in inputs if x is not None):
            self._records.append(Record(op, inputs, attrs, outputs))
            for y in outputs[: len(outputs) - op.saves]:
                if dtypes.is_float(y.dtype):
                    followed[id(y)] = y

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Do not record inside."""
        saved = STATE.tapes
        STATE.tapes = tuple(tape for tape in saved if tape is not self)
        try:
            yield
        finally:
            STATE.tapes = saved

    def reset(self) -> None:
        """Forget everything recorded and followed."""
        self._records, self._followed, self._reads = [], {}, {}

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """Derivative of the sum of `target` by each source.

        Args:
            target: value or structure of values to differentiate.
            sources: variables or followed values, in any structure.
            output_gradients: weights of the target's elements, ones by default.
            unconnected_gradients: "none" gives None, "zero" zeros, where the target does not depend on a source.

        Returns:
            Gradients in the structure of `sources`.

        Raises:
            RuntimeError: a tape that is not persistent is asked twice.
        """
        if self._used and not self.persistent:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients. "
                "Make it with GradientTape(persistent=True) to ask again."
            )
        self._used = True
        targets = tree.flatten(target)
        seeds = tree.flatten(output_gradients) if output_gradients is not None else [None] * len(targets)
        leaves = [self._reads.get(id(s), s) if isinstance(s, Variable) else s for s in tree.flatten(sources)]
        with self.stop_recording():
            grads = backward(self._records, targets, seeds, [s if id(s) in self._followed else None for s in leaves])
            if unconnected_gradients == "zero":
                grads = [_op("zeros_like")(s) if g is None else g for g, s in zip(grads, leaves, strict=True)]
        if not self.persistent:
            self.reset()
        return tree.pack_sequence_as(sources, grads)


def _first_only(op: Op) -> bool:
    """Gradients of fused ops that have no gradient themselves: asking for it is refused, not answered with nothing."""
    return op.nondiff.startswith("second derivatives")


def backward(
    records: Sequence[Record], targets: Sequence[Any], seeds: Sequence[Any], sources: Sequence[Any]
) -> list[Any]:
    """Gradients of `targets`, weighted by `seeds`, by `sources`; None where there is no path."""
    needed = _depends_on(records, sources)
    grads: dict[int, Any] = {}
    for target, seed in zip(targets, seeds, strict=True):
        value = target.read() if isinstance(target, Variable) else target
        _accumulate(grads, value, _op("ones_like")(value) if seed is None else seed)
    for record in reversed(records):
        incoming = [grads.get(id(y)) for y in record.outputs]
        if all(g is None for g in incoming):
            continue
        wanted = [x is not None and id(x) in needed for x in record.inputs]
        if any(wanted):
            _propagate(record, incoming, wanted, grads)
    return [None if s is None else grads.get(id(s)) for s in sources]


def _depends_on(records: Sequence[Record], sources: Sequence[Any]) -> set[int]:
    """Ids of the values that depend on a source."""
    needed = {id(s) for s in sources if s is not None}
    for record in records:
        if any(x is not None and id(x) in needed for x in record.inputs):
            needed.update(id(y) for y in record.outputs if dtypes.is_float(y.dtype))
    return needed


def _propagate(record: Record, incoming: Sequence[Any], wanted: Sequence[bool], grads: dict[int, Any]) -> None:
    op, inputs, attrs, outputs = record
    if not op.differentiable:
        raise ValueError(f"{op.name} cannot be differentiated: {op.nondiff}.")
    if op.vjp_all is not None:
        results = op.vjp_all(tuple(incoming), tuple(outputs), tuple(inputs), attrs)
        for x, g, want in zip(inputs, results, wanted, strict=True):
            if want and g is not None:
                _accumulate(grads, x, g)
        return
    rules = op.vjp or ()
    for i, (x, want) in enumerate(zip(inputs, wanted, strict=True)):
        rule = rules[0 if op.variadic else i]
        if want and rule is not None:
            g = rule(incoming[0], outputs[0], *inputs, **attrs, **({"index": i} if op.variadic else {}))
            _accumulate(grads, x, _fit(g, x) if op.promote else g)


def _fit(gradient: Any, value: Any) -> Any:
    """Undo broadcasting: sum the gradient to the shape of the input."""
    return gradient if gradient.shape == value.shape else _op("sum_to")(gradient, value)


def _accumulate(grads: dict[int, Any], value: Any, gradient: Any) -> None:
    known = grads.get(id(value))
    grads[id(value)] = gradient if known is None else _op("add")(known, gradient)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function its own gradient: it returns `(outputs, rule)`, with `rule(*upstream)` giving input gradients.

    The rule also receives `upstream=` as a keyword when it names it so.
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from engine.core.tensor import convert_to_tensor

        values = [convert_to_tensor(a) for a in args]
        with no_tapes():
            result, rule = f(*values, **kwargs)
        outputs = [_op("copy")(y) if any(y is v for v in values) else y for y in tree.flatten(result)]
        op = _custom_op(f.__name__, outputs, rule)
        for tape in STATE.tapes:
            tape.record(op, values, {}, outputs)
        return tree.pack_sequence_as(result, outputs)

    return wrapped


def _custom_op(name: str, outputs: Sequence[Any], rule: Callable[..., Any]) -> Op:
    def vjp_all(grads: Any, ys: Any, xs: Any, attrs: Any) -> tuple[Any, ...]:
        filled = [_op("zeros_like")(y) if g is None else g for g, y in zip(grads, ys, strict=True)]
        result = rule(*filled)
        return tuple(result) if isinstance(result, (list, tuple)) else (result,)

    specs = tuple(Spec(y.shape, y.dtype) for y in outputs)
    return Op(f"custom_gradient_{name}", {}, lambda *_: specs, vjp_all=vjp_all)
