"""Declaring, registering and dispatching ops.

One declaration holds an op's kernel, shape rule, gradient, Keras class and test cases. `dispatch` runs the kernel on
eager values, or appends a node to the open trace; tapes record both alike.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from engine.core import config, dtypes
from engine.core.errors import ShapeError
from engine.core.state import STATE
from engine.core.tensor import KerasTensor, Spec, Symbol, Tensor, Value, Variable, as_array

Function = TypeVar("Function", bound=Callable[..., Any])

OPS: dict[str, Op] = {}
"""Every primitive op by name."""

KERAS_CLASSES: dict[tuple[str, str], PublicOp] = {}
"""Public functions by the (module, class) that Keras writes in Functional configs."""


@dataclass(eq=False)
class Op:
    """A primitive: everything the engine knows about one operation.

    Attributes:
        kernels: implementations by kernel set ("numpy", later "numba"); arrays positional, attributes by keyword.
        infer: specs and attributes to the spec of the output, or a tuple of specs.
        vjp: for each input the gradient rule `(g, y, *inputs, **attrs)`, or None where no gradient exists.
        vjp_all: one rule for all inputs, `(grads, outputs, inputs, attrs) -> tuple`.
        promote: True casts inputs to their common type first, "float" to a float type.
        view: the output shares the memory of input 0.
        inplace: for each output the inputs over whose memory it may be written.
        shape_only: inputs of which only the shape is read.
        macs: multiply-adds per sample, `(out_spec, *specs, **attrs) -> int`.
        cases: calls that exercise the op, for the registry tests.
        nondiff: why there is no gradient, when there is none.
        saves: how many of the last outputs exist only for the gradient op; no gradient flows through them.
    """

    name: str
    kernels: dict[str, Callable[..., Any]]
    infer: Callable[..., Any]
    vjp: tuple[Callable[..., Any] | None, ...] | None = None
    vjp_all: Callable[..., tuple[Any, ...]] | None = None
    promote: bool | str = False
    view: bool = False
    inplace: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    shape_only: tuple[int, ...] = ()
    macs: Callable[..., int] | None = None
    cases: Sequence[Any] = ()
    nondiff: str = ""
    saves: int = 0
    variadic: bool = False
    takes_out: bool = False

    @property
    def kernel(self) -> Callable[..., Any]:
        """The implementation of the chosen kernel set; NumPy's where that set has none."""
        return self.kernels.get(config.SETTINGS.kernel_set) or self.kernels["numpy"]

    def specs(self, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> tuple[Spec, ...]:
        """Specs of all outputs for inputs that have `shape` and `dtype` (or are None)."""
        given = [None if x is None else Spec(x.shape, x.dtype) for x in inputs]
        try:
            result = self.infer(*given, **attrs)
        except ShapeError as error:
            if not error.op:
                error.op = self.name
            if not error.shapes:
                error.shapes = tuple(spec.shape for spec in given if spec is not None)
            raise
        return (result,) if isinstance(result, Spec) else tuple(result)

    @property
    def differentiable(self) -> bool:
        return self.vjp is not None or self.vjp_all is not None

    def __repr__(self) -> str:
        return f"<Op {self.name}>"


def dispatch(op: Op, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    """Apply `op`: run its kernel on tensors, or append a node to the open trace when a symbol is among the inputs."""
    values = [_value(x) for x in inputs]
    if op.promote:
        values = _promoted(values, op.promote)
    else:
        values = [x if x is None or isinstance(x, Value) else Tensor(as_array(x)) for x in values]
    if any(type(x) is Symbol for x in values):
        trace = STATE.trace
        if trace is None:
            raise RuntimeError(f"{op.name}: a symbol was used after its trace had ended.")
        values = [trace.lift(x) for x in values]
        outputs: tuple[Value, ...] = trace.append(op, values, attrs)
    else:
        outputs = _execute(op, values, attrs)
    for tape in STATE.tapes:
        tape.record(op, values, attrs, outputs)
    return outputs[0] if len(outputs) == 1 else outputs


def _value(x: Any) -> Any:
    return x.read() if isinstance(x, Variable) else x


def _execute(op: Op, values: Sequence[Any], attrs: Mapping[str, Any]) -> tuple[Tensor, ...]:
    if STATE.check_shapes:
        expected = op.specs(values, attrs)
    arrays = [None if x is None else x._array for x in values]
    try:
        with np.errstate(all="ignore"):  # as in plans: what is no number shows in the values
            result = op.kernel(*arrays, **attrs)
    except (ValueError, IndexError, TypeError):
        op.specs(values, attrs)  # a ShapeError says more than NumPy's message
        raise
    # In the order plans lay values out, so that sums add up in the same order and both give the same bits.
    order: Any = None if op.view else "C"
    outputs = tuple(Tensor(np.asarray(r, order=order)) for r in (result if isinstance(result, tuple) else (result,)))
    if STATE.check_shapes:
        _compare(op, expected, outputs)
    return outputs


def _compare(op: Op, expected: Sequence[Spec], outputs: Sequence[Tensor]) -> None:
    for spec, value in zip(expected, outputs, strict=True):
        same = len(spec.shape) == value.ndim and all(
            a is None or a == b for a, b in zip(spec.shape, value.shape, strict=True)
        )
        if not same or spec.dtype != value.dtype:
            raise ShapeError(f"{op.name}: the shape rule says {spec}, the kernel gave {value.shape} {value.dtype}.")


def _promoted(values: Sequence[Any], mode: bool | str) -> list[Any]:
    given = [x.dtype if isinstance(x, Value) else _type_of(x) for x in values if x is not None]
    target = dtypes.compute_type(*given)
    if mode == "float" and not dtypes.is_float(target):
        target = dtypes.compute_type(target, float)
    return [x if x is None else _cast(x, target) for x in values]


def _type_of(x: Any) -> Any:
    if isinstance(x, (np.ndarray, np.generic)):
        return dtypes.name_of(x.dtype)
    return type(x) if type(x) in (bool, int, float) else as_array(x).dtype.name


def _cast(x: Any, dtype: str) -> Any:
    if isinstance(x, Value):
        return x if x.dtype == dtype else dispatch(OPS["cast"], (x,), {"dtype": dtype})
    return Tensor(np.asarray(x, dtype=dtypes.numpy_dtype(dtype)))


class PublicOp:
    """A function of `engine.ops`: runs on values, or becomes one operation of a Functional graph.

    Attributes:
        name: its name in `engine.ops`.
        keras: (module, class) that Keras writes for it in Functional configs, or None.
        call_arguments: parameters that are arguments of the node in a Functional graph; the others are its settings.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        keras: str | None,
        signature: inspect.Signature,
        call: Sequence[str],
    ) -> None:
        self.function = function
        self.name = name
        module, _, cls = (keras or "").partition(":")
        self.keras = (module, cls) if cls else None
        self.signature = signature
        self.call_arguments = frozenset(call)
        self.__signature__ = signature
        functools.update_wrapper(self, function)
        if self.keras:
            KERAS_CLASSES.setdefault(self.keras, self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if _any_keras(args) or (kwargs and _any_keras(kwargs.values())):
            from engine.core.node import apply_operation

            return apply_operation(self, args, kwargs)
        return self.function(*args, **kwargs)

    def from_config(self, config: dict[str, Any]) -> Any:
        """The operation of a Functional graph that a file describes by this op's class and settings."""
        from engine.core.node import function_from_config

        return function_from_config(self, config)

    def __repr__(self) -> str:
        return f"<function engine.ops.{self.name}>"


def _any_keras(args: Any) -> bool:
    for x in args:
        if isinstance(x, KerasTensor):
            return True
        if isinstance(x, (list, tuple)) and _any_keras(x):
            return True
    return False


def defop(
    *,
    infer: Callable[..., Any],
    vjp: Sequence[Callable[..., Any] | None] | None = None,
    vjp_all: Callable[..., tuple[Any, ...]] | None = None,
    promote: bool | str = False,
    view: bool = False,
    inplace: Sequence[int] | Mapping[int, Sequence[int]] = (),
    shape_only: Sequence[int] = (),
    keras: str | None = None,
    macs: Callable[..., int] | None = None,
    cases: Sequence[Any] = (),
    nondiff: str = "",
    saves: int = 0,
    name: str | None = None,
) -> Callable[[Callable[..., Any]], PublicOp]:
    """Register the decorated NumPy kernel as an op and return its public function (see `Op` for the arguments)."""

    def register(kernel: Callable[..., Any]) -> PublicOp:
        op_name = name or kernel.__name__
        parameters = list(inspect.signature(kernel).parameters.values())
        op = Op(
            op_name,
            {"numpy": kernel},
            infer,
            tuple(vjp) if vjp is not None else None,
            vjp_all,
            promote,
            view,
            {k: tuple(v) for k, v in inplace.items()} if isinstance(inplace, Mapping) else {0: tuple(inplace)},
            tuple(shape_only),
            macs,
            cases,
            nondiff,
            saves,
            variadic=any(p.kind is p.VAR_POSITIONAL for p in parameters),
            takes_out=any(p.name == "out" for p in parameters),
        )
        if op_name in OPS:
            raise ValueError(f"The op {op_name} is declared twice.")
        OPS[op_name] = op
        return _public(op, kernel, parameters, keras)

    return register


def _public(op: Op, kernel: Callable[..., Any], parameters: list[inspect.Parameter], keras: str | None) -> PublicOp:
    arrays = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    attributes = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "out"]
    star = next((p for p in parameters if p.kind is p.VAR_POSITIONAL), None)
    lead = [inspect.Parameter(star.name, inspect.Parameter.POSITIONAL_OR_KEYWORD)] if star else arrays
    plain = [p.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in attributes]
    signature = inspect.Signature([*_clean(lead), *_clean(plain)])
    names = [p.name for p in lead]
    defaults = {p.name: p.default for p in attributes}
    attribute_names = list(defaults)
    count = len(lead)

    def call(*args: Any, **kwargs: Any) -> Any:
        if len(args) > count:
            kwargs = {**dict(zip(attribute_names, args[count:], strict=False)), **kwargs}
            args = args[:count]
        if len(args) < count:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            args = tuple(bound.arguments[n] for n in names)
            kwargs = {n: bound.arguments[n] for n in attribute_names}
        unknown = kwargs.keys() - defaults.keys()
        if unknown:
            raise TypeError(f"{op.name}() got an unexpected keyword argument '{sorted(unknown)[0]}'")
        attrs = {**defaults, **kwargs} if kwargs else defaults
        return dispatch(op, args[0] if star else args, attrs)

    functools.update_wrapper(call, kernel)
    return PublicOp(call, op.name, keras, signature, names)


def _clean(parameters: Sequence[inspect.Parameter]) -> list[inspect.Parameter]:
    return [p.replace(annotation=inspect.Parameter.empty) for p in parameters]


def belongs(module: str) -> Callable[[Function], Function]:
    """Say in which module Keras keeps a function that makes or reads values and so has no class in graphs."""

    def mark(function: Function) -> Function:
        function.keras = (module, "")  # type: ignore[attr-defined]
        return function

    return mark


def composite(keras: str | None = None, call: Sequence[str] | None = None) -> Callable[[Callable[..., Any]], PublicOp]:
    """Make the decorated function, written in other ops, one operation of `engine.ops` and of Functional graphs.

    Args:
        keras: "module:Class" that Keras writes for it in Functional configs.
        call: parameters that Keras's class takes when it is called, the first one by default; the others are settings.
    """

    def wrap(function: Callable[..., Any]) -> PublicOp:
        signature = inspect.signature(function)
        return PublicOp(function, function.__name__, keras, signature, call or list(signature.parameters)[:1])

    return wrap
