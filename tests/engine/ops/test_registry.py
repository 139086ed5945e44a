"""Every registered op, by its declared cases: shape rule, gradient, plan, and closure of gradient rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import ops
from engine.core import dtypes
from engine.core.cases import Case, Sample
from engine.core.graph import trace
from engine.core.op import OPS, Op, dispatch
from engine.core.plan import compile
from engine.core.state import STATE
from engine.core.tape import GradientTape
from engine.core.tensor import Spec, Tensor

CALLS = [pytest.param(op, case, id=f"{name}-{i}") for name, op in OPS.items() for i, case in enumerate(op.cases)]


def draw(case: Case, dtype: str = "float32") -> list[Any]:
    rng = np.random.default_rng(11)
    return [x.draw(rng, dtype) if isinstance(x, Sample) else x for x in case.inputs]


def as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


@pytest.mark.parametrize("op", [pytest.param(op, id=name) for name, op in OPS.items()])
def test_every_op_has_cases_and_says_why_it_has_no_gradient(op: Op) -> None:
    assert op.cases, f"{op.name} declares no cases"
    assert op.differentiable or op.nondiff, f"{op.name} has neither a gradient nor a reason for having none"


@pytest.mark.parametrize(("op", "case"), CALLS)
def test_shape_rule_says_what_the_kernel_gives(op: Op, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STATE, "check_shapes", True)
    outputs = as_tuple(dispatch(op, draw(case), case.attrs))
    values = [None if x is None else Tensor(np.asarray(x)) for x in draw(case)]
    if not op.promote:
        for spec, y in zip(op.specs(values, case.attrs), outputs, strict=True):
            assert (spec.shape, spec.dtype) == (y.shape, y.dtype)


@pytest.mark.parametrize(("op", "case"), CALLS)
def test_plan_gives_the_same_bits_as_an_eager_call(op: Op, case: Case) -> None:
    inputs = draw(case)
    eager = as_tuple(dispatch(op, inputs, case.attrs))
    specs = [None if x is None else Spec(np.shape(x), dtypes.name_of(np.asarray(x).dtype)) for x in inputs]
    plan = compile(trace(lambda *values: dispatch(op, values, case.attrs), specs))
    for _ in range(2):  # the second run finds the arena used
        results = plan(*[x for x in inputs if x is not None])
        for result, y in zip(results, eager, strict=True):
            np.testing.assert_array_equal(result, y.numpy())


@pytest.mark.parametrize(("op", "case"), CALLS)
def test_overwriting_inputs_in_place_changes_no_bit(op: Op, case: Case) -> None:
    """Inputs that die in the plan are computed by a copy first, so that every declared in-place slot is reused."""
    inputs = draw(case)
    eager = as_tuple(dispatch(op, inputs, case.attrs))
    specs = [None if x is None else Spec(np.shape(x), dtypes.name_of(np.asarray(x).dtype)) for x in inputs]

    def through_copies(*values: Any) -> Any:
        return dispatch(op, [None if v is None else ops.copy(v) for v in values], case.attrs)

    for result, y in zip(
        compile(trace(through_copies, specs))(*[x for x in inputs if x is not None]), eager, strict=True
    ):
        np.testing.assert_array_equal(result, y.numpy())


def float_inputs(op: Op, values: list[Any]) -> list[int]:
    def has_rule(i: int) -> bool:
        return op.vjp is None or op.variadic or op.vjp[i] is not None

    return [
        i
        for i, x in enumerate(values)
        if isinstance(x, Tensor) and x.dtype == "float64" and x.size and i not in op.shape_only and has_rule(i)
    ]


@pytest.mark.parametrize(("op", "case"), [p for p in CALLS if p.values[0].differentiable])
def test_gradient_agrees_with_finite_differences(op: Op, case: Case) -> None:
    values = [None if x is None else Tensor(np.asarray(x)) for x in draw(case, "float64")]
    wanted = float_inputs(op, values)
    rng = np.random.default_rng(5)

    def weighted(inputs: list[Any]) -> Any:
        everything = as_tuple(dispatch(op, inputs, case.attrs))
        outputs = [y for y in everything[: len(everything) - op.saves] if dtypes.is_float(y.dtype)]
        weights = np.random.default_rng(6)
        total: Any = 0.0
        for y in outputs:
            total = total + ops.sum(y * Tensor(np.asarray(weights.normal(size=y.shape))))
        return total

    with GradientTape() as tape:
        tape.watch([values[i] for i in wanted])
        result = weighted(values)
    gradients = tape.gradient(result, [values[i] for i in wanted])
    for i, gradient in zip(wanted, gradients, strict=True):
        if gradient is None:
            continue
        assert gradient.shape == values[i].shape
        direction = rng.normal(size=values[i].shape)
        step = 1e-6
        ahead, behind = list(values), list(values)
        ahead[i] = Tensor(values[i].numpy() + step * direction)
        behind[i] = Tensor(values[i].numpy() - step * direction)
        numeric = (float(weighted(ahead)) - float(weighted(behind))) / (2 * step)
        analytic = float((gradient.numpy() * direction).sum())
        assert analytic == pytest.approx(numeric, rel=2e-5, abs=2e-6), f"{op.name}, input {i}"


@pytest.mark.parametrize(("op", "case"), [p for p in CALLS if p.values[0].differentiable])
def test_ops_used_by_gradient_rules_have_rules_themselves(op: Op, case: Case) -> None:
    """Second derivatives must not break silently: what a rule uses is differentiable or says why not."""
    values = [None if x is None else Tensor(np.asarray(x)) for x in draw(case, "float64")]
    wanted = float_inputs(op, values)
    used: list[Op] = []

    class Listener(GradientTape):
        def record(self, op: Op, *args: Any) -> None:
            used.append(op)

    with GradientTape() as tape:
        tape.watch([values[i] for i in wanted])
        outputs = as_tuple(dispatch(op, values, case.attrs))
    with Listener():
        tape.gradient([y for y in outputs if dtypes.is_float(y.dtype)], [values[i] for i in wanted])
    assert all(inner.differentiable or inner.nondiff for inner in used)
