"""Plans: bit-equal with eager steps, batches as views, state, reuse of memory, honest limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import ops
from engine.core.errors import ShapeError, TraceError
from engine.core.graph import infer_specs, trace
from engine.core.plan import compile, function
from engine.core.rng import SeedGenerator
from engine.core.storage import Layout
from engine.core.tape import GradientTape
from engine.core.tensor import Spec, Tensor, Variable


def network(seed: int = 0) -> tuple[list[Variable], list[Variable]]:
    rng = np.random.default_rng(seed)
    weights = [Variable(rng.normal(size=s).astype("float32") * 0.3, name="w") for s in [(6, 8), (8,), (8, 3), (3,)]]
    return weights, [Variable(np.zeros(w.shape, "float32"), trainable=False, name="m") for w in weights]


def training_step(weights: list[Variable], momenta: list[Variable]) -> Any:
    def step(x: Any, y: Any) -> Any:
        with GradientTape() as tape:
            hidden = ops.tanh(ops.matmul(x, weights[0]) + weights[1])
            loss = ops.mean(ops.square(ops.matmul(hidden, weights[2]) + weights[3] - y))
        for w, m, g in zip(weights, momenta, tape.gradient(loss, weights), strict=True):
            m.assign(m * 0.9 + g)
            w.assign_sub(m.read() * 0.1)
        return loss

    return step


def batches() -> list[tuple[Any, Any]]:
    rng = np.random.default_rng(1)
    return [
        (rng.normal(size=(n, 6)).astype("float32"), rng.normal(size=(n, 3)).astype("float32")) for n in (16, 16, 5, 16)
    ]


def test_training_by_plan_and_by_tape_give_the_same_bits() -> None:
    eager, planned = network(), network()
    by_tape, by_plan = training_step(*eager), function(training_step(*planned))
    for x, y in batches():
        np.testing.assert_array_equal(by_tape(Tensor(x), Tensor(y)).numpy(), by_plan(x, y).numpy())
    for a, b in zip(sum(eager, []), sum(planned, []), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_all_batch_sizes_share_one_plan_and_one_arena() -> None:
    by_plan = function(training_step(*network()))
    x, y = batches()[0]
    plan = by_plan.plan_for(x, y)
    full = plan.bind([(16, 6), (16, 3)])
    size = plan.arena_bytes
    part = plan.bind([(5, 6), (5, 3)])
    assert plan.arena_bytes == size
    assert by_plan.plan_for(x[:5], y[:5]) is plan
    assert np.shares_memory(full.inputs[0], part.inputs[0])


def test_new_weights_are_computed_in_the_variables_own_memory() -> None:
    weights, momenta = network()
    x, y = batches()[0]
    plan = function(training_step(weights, momenta)).plan_for(x, y)
    layout = Layout(plan.graph, ((16, 6), (16, 3)))
    assert {id(v) for v in layout.direct.values()} == {id(v) for v in weights + momenta}
    arrays = [w.array() for w in weights]
    plan(x, y)
    assert all(w.array() is a for w, a in zip(weights, arrays, strict=True))


def test_memory_is_reused_and_aligned() -> None:
    def chain(x: Any) -> Any:
        for _ in range(20):
            x = ops.tanh(ops.matmul(x, np.eye(64, dtype="float32")))
        return x

    plan = compile(trace(chain, [Spec((None, 64), "float32")]))
    binding = plan.bind([(32, 64)])
    assert plan.arena_bytes <= 3 * 32 * 64 * 4
    addresses = {array.ctypes.data % 64 for _, args in binding.instructions for array in args if array.size > 16}
    assert addresses <= {0} | {np.eye(64).ctypes.data % 64, *range(0, 64, 16)}


def test_a_variable_assigned_outside_reaches_the_plan() -> None:
    variable = Variable(np.ones(3, "float32"), trainable=False)
    double = function(lambda x: x * variable)
    x = np.arange(3, dtype="float32")
    assert double(x).tolist() == [0, 1, 2]
    variable.assign([2.0, 2.0, 2.0])
    assert double(x).tolist() == [0, 2, 4]


def test_exchanging_two_variables_in_a_plan() -> None:
    a, b = Variable(np.array([1.0]), trainable=False), Variable(np.array([2.0]), trainable=False)

    def exchange(x: Any) -> Any:
        old = a.read()
        a.assign(b)
        b.assign(old)
        return x

    run = function(exchange)
    run(np.zeros(1))
    assert (a.numpy()[0], b.numpy()[0]) == (2.0, 1.0)
    run(np.zeros(1))
    assert (a.numpy()[0], b.numpy()[0]) == (1.0, 2.0)


def test_dead_and_repeated_nodes_are_dropped() -> None:
    def wasteful(x: Any) -> Any:
        ops.exp(x)
        return ops.tanh(x) + ops.tanh(x)

    plan = compile(trace(wasteful, [Spec((None, 2), "float32")]))
    assert [node.op.name for node in plan.graph.nodes] == ["tanh", "add"]


def test_seeds_advance_in_plans_as_in_eager_calls() -> None:
    def draws(generator: SeedGenerator) -> Any:
        return lambda x: ops.cast(generator.next(), "float32") + 0 * x

    eager, planned = SeedGenerator(5), SeedGenerator(5)
    run = function(draws(planned))
    for _ in range(3):
        assert run(np.zeros(2, "float32")).tolist() == draws(eager)(Tensor(np.zeros(2, "float32"))).tolist()
    assert planned.state.numpy().tolist() == [5, 3]


def test_asking_for_a_value_while_tracing_is_told() -> None:
    with pytest.raises(TraceError, match="run_eagerly"):
        trace(lambda x: x if x else -x, [Spec((), "float32")])


def test_shape_errors_name_op_and_numbers_while_tracing() -> None:
    with pytest.raises(ShapeError, match="inner dimensions differ: 4 and 3") as caught:
        infer_specs(lambda a, b: ops.matmul(a, b), Spec((None, 4), "float32"), Spec((3, 2), "float32"))
    assert caught.value.op == "matmul"


def test_inferring_specs_leaves_variables_alone() -> None:
    counter = Variable(np.zeros((), "int32"), trainable=False)

    def count(x: Any) -> Any:
        counter.assign_add(1)
        return x

    assert infer_specs(count, Spec((None, 3), "float32")) == Spec((None, 3), "float32")
    assert int(counter) == 0


def test_graphs_print_one_node_a_line() -> None:
    graph = trace(lambda x: ops.tanh(x + 1.0), [Spec((None, 2), "float32")])
    assert str(graph).splitlines()[-1] == "t1 = tanh(t0)  # (None, 2) float32"
