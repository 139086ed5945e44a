"""Optimizers against Keras: trajectories, order and names of their state, configs; and the learning-rate schedules."""

from __future__ import annotations

import inspect
import json
import os
import re
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

from engine import ops, optimizers
from engine.core import naming, registry
from engine.core.errors import ParamError, TraceError
from engine.core.plan import function
from engine.core.tensor import Tensor, Variable
from engine.optimizers import schedules

# Keras 3.15.1's own variables, when turned into floats.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

LAYOUT = json.loads((Path(__file__).parents[1] / "golden" / "optimizers_layout.json").read_text())
LAYOUT_OPTIONS: dict[str, dict[str, Any]] = {
    "": {},
    "mom": {"momentum": 0.9},
    "centered": {"momentum": 0.9, "centered": True},
    "amsgrad": {"amsgrad": True},
    "ema": {"use_ema": True},
    "accum": {"gradient_accumulation_steps": 2},
}
COMMON: list[dict[str, Any]] = [
    {},
    {"clipnorm": 0.5},
    {"clipvalue": 0.3},
    {"global_clipnorm": 0.7},
    {"weight_decay": 0.1},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    {"gradient_accumulation_steps": 2, "clipnorm": 0.5},
    {"gradient_accumulation_steps": 3, "use_ema": True, "weight_decay": 0.05},
    {"loss_scale_factor": 4.0},
]
OWN: dict[str, list[dict[str, Any]]] = {
    "SGD": [{"momentum": 0.9}, {"momentum": 0.7, "nesterov": True}],
    "RMSprop": [{"rho": 0.8}, {"momentum": 0.6}, {"centered": True}, {"centered": True, "momentum": 0.3}],
    "Adam": [{"amsgrad": True}, {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-3}],
    "AdamW": [{"amsgrad": True, "weight_decay": 0.2}],
    "Adagrad": [{"initial_accumulator_value": 0.5}],
    "Adadelta": [{"rho": 0.8, "learning_rate": 1.0}],
    "Adamax": [{"beta_1": 0.5, "beta_2": 0.7}],
    "Lion": [{"beta_1": 0.5, "beta_2": 0.6}],
    "Nadam": [{"beta_1": 0.5, "epsilon": 1e-3}],
    "Ftrl": [
        {"learning_rate": 0.5, "l1_regularization_strength": 0.1, "l2_regularization_strength": 0.2, "beta": 0.3},
        {"learning_rate_power": -0.2, "l2_shrinkage_regularization_strength": 0.1},
    ],
    "Lamb": [{"beta_1": 0.5, "beta_2": 0.7, "learning_rate": 0.1}],
    "Adafactor": [{"learning_rate": 0.5, "relative_step": False}, {"clip_threshold": 0.3, "epsilon_2": 2.0}],
    "Muon": [
        {"exclude_layers": ["ker.*l"], "adam_lr_ratio": 0.5},
        {"nesterov": False, "rms_rate": None, "ns_steps": 2},
        {"adam_weight_decay": None},
    ],
    "ScheduleFreeAdamW": [{"warmup_steps": 4, "beta_1": 0.6}],
}
BUILT_IN = [name for name in registry.all_of("optimizer") if name not in ("LossScaleOptimizer", "MultiOptimizer")]
CASES = [(name, options) for name in BUILT_IN for options in (*COMMON, *OWN.get(name, []))]
RNG = np.random.default_rng(11)
START = [RNG.normal(size=(4, 3)).astype("float32"), RNG.normal(size=(3,)).astype("float32")]
GRADS = [[RNG.normal(size=w.shape).astype("float32") for w in START] for _ in range(7)]


def variables(cls: Any) -> list[Any]:
    return [cls(start.copy(), name=name) for start, name in zip(START, ("kernel", "bias"), strict=True)]


def values(found: Any) -> list[np.ndarray]:
    return [np.asarray(v.numpy() if isinstance(v, Variable) else v.value) for v in found]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_seven_steps_are_those_of_keras(name: str, options: dict[str, Any]) -> None:
    ours, theirs = getattr(optimizers, name)(**options), getattr(keras.optimizers, name)(**options)
    our_weights, their_weights = variables(Variable), variables(keras.Variable)
    for grads in GRADS:
        ours.apply_gradients(zip([Tensor(g) for g in grads], our_weights, strict=True))
        theirs.apply_gradients(zip(grads, their_weights, strict=True))
        for a, b in zip(values(our_weights), values(their_weights), strict=True):
            np.testing.assert_allclose(a, b, rtol=3e-6, atol=1e-7)
    for a, b in zip(values(ours.variables), values(theirs.variables), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert int(ours.iterations) == int(theirs.iterations)
    ours.finalize_variable_values(our_weights)
    theirs.finalize_variable_values(their_weights)
    for a, b in zip(values(our_weights), values(their_weights), strict=True):
        np.testing.assert_allclose(a, b, rtol=3e-6, atol=1e-7)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_plan_steps_as_eager_does(name: str, options: dict[str, Any]) -> None:
    eager, traced = (getattr(optimizers, name)(**options) for _ in range(2))
    eager_weights, traced_weights = variables(Variable), variables(Variable)
    traced.build(traced_weights)
    step = function(lambda *grads: traced.apply(grads, traced_weights))
    step._dynamic = False
    for grads in GRADS:
        eager.apply([Tensor(g) for g in grads], eager_weights)
        step(*grads)
    for a, b in zip(eager_weights + eager.variables, traced_weights + traced.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("key", [key for key in LAYOUT if key != "LossScaleOptimizer"])
def test_state_has_keras_order_names_and_config(key: str) -> None:
    naming.reset_names()
    name, _, variant = key.partition("+")
    optimizer = getattr(optimizers, name)(**LAYOUT_OPTIONS[variant])
    optimizer.build(
        [Variable(np.zeros((4, 3), "float32"), name="kernel"), Variable(np.zeros(3, "float32"), name="bias")]
    )
    expected = LAYOUT[key]
    own = expected["config"]["name"]
    found = [[v.path.replace(optimizer.name, own, 1), list(v.shape), v.dtype] for v in optimizer.variables]
    assert found == [[re.sub(r"^variable_\d+$", "variable", path), *rest] for path, *rest in expected["variables"]]
    assert {**optimizer.get_config(), "name": own} == expected["config"]


def test_loss_scale_optimizer_has_keras_state() -> None:
    inner = optimizers.Adam(name="adam_4")
    optimizer = optimizers.LossScaleOptimizer(inner, name="loss_scale_optimizer")
    optimizer.build(
        [Variable(np.zeros((4, 3), "float32"), name="kernel"), Variable(np.zeros(3, "float32"), name="bias")]
    )
    expected = LAYOUT["LossScaleOptimizer"]
    assert [[v.path, list(v.shape), v.dtype] for v in optimizer.variables] == expected["variables"]
    assert optimizer.get_config() == expected["config"]


def test_loss_scale_optimizer_skips_steps_that_are_not_finite() -> None:
    def make(library: Any) -> Any:
        return library.LossScaleOptimizer(library.SGD(0.1), initial_scale=8.0, dynamic_growth_steps=2)

    ours, theirs = make(optimizers), make(keras.optimizers)
    our_weights, their_weights = variables(Variable), variables(keras.Variable)
    bad = [np.full_like(g, np.inf) for g in GRADS[0]]
    for grads in (GRADS[0], GRADS[1], GRADS[2], bad, GRADS[3], GRADS[4], GRADS[5]):
        ours.apply([Tensor(g) for g in grads], our_weights)
        theirs.apply(grads, their_weights)
        assert float(ours.dynamic_scale) == float(theirs.dynamic_scale)
        for a, b in zip(values(our_weights), values(their_weights), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)
    assert int(ours.iterations) == int(theirs.iterations) == 6


@pytest.mark.parametrize("name", BUILT_IN)
def test_config_goes_to_keras_and_back(name: str) -> None:
    ours = getattr(optimizers, name)(learning_rate=0.25, clipnorm=1.0)
    theirs = keras.saving.deserialize_keras_object(optimizers.serialize(ours))
    assert type(theirs).__name__ == name
    assert keras.optimizers.serialize(theirs) == optimizers.serialize(ours)
    assert optimizers.deserialize(keras.optimizers.serialize(theirs)).get_config() == ours.get_config()


@pytest.mark.parametrize("name", BUILT_IN)
def test_constructor_takes_keras_arguments_in_keras_order(name: str) -> None:
    ours = inspect.signature(getattr(optimizers, name)).parameters
    theirs = inspect.signature(getattr(keras.optimizers, name)).parameters
    assert [(k, p.default) for k, p in ours.items()] == [(k, p.default) for k, p in theirs.items()]


@pytest.mark.parametrize("word", ["sgd", "SGD", "adam", "AdamW", "adamw", "rmsprop"])
def test_names_in_any_case(word: str) -> None:
    assert type(optimizers.get(word)).__name__ == type(keras.optimizers.get(word)).__name__


SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.7}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.7, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [3, 7], "values": [1.0, 0.5, 0.1]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 6, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 3, "cycle": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5, "staircase": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 8, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 6, "warmup_target": 0.2, "warmup_steps": 4}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 3}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 3, "t_mul": 1.0, "m_mul": 0.8}),
]


@pytest.mark.parametrize(("name", "options"), SCHEDULES)
def test_schedule_is_that_of_keras(name: str, options: dict[str, Any]) -> None:
    ours, theirs = getattr(schedules, name)(**options), getattr(keras.optimizers.schedules, name)(**options)
    compiled = function(lambda step: ours(step))
    for step in range(13):
        expected = float(theirs(step))
        assert float(ours(step)) == pytest.approx(expected, rel=2e-5, abs=1e-8)
        assert float(compiled(np.int32(step))) == float(ours(step))
    assert schedules.serialize(ours) == keras.optimizers.schedules.serialize(theirs)
    assert schedules.deserialize(schedules.serialize(ours)).get_config() == ours.get_config()


def test_every_schedule_has_a_case() -> None:
    assert set(registry.all_of("schedule")) == {name for name, _ in SCHEDULES}


def test_schedule_inside_an_optimizer() -> None:
    options = {"initial_learning_rate": 0.5, "decay_steps": 2, "decay_rate": 0.5}
    ours = optimizers.SGD(schedules.ExponentialDecay(**options), gradient_accumulation_steps=2)
    theirs = keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(**options), gradient_accumulation_steps=2)
    our_weights, their_weights = variables(Variable), variables(keras.Variable)
    for grads in GRADS:
        ours.apply([Tensor(g) for g in grads], our_weights)
        theirs.apply(grads, their_weights)
    for a, b in zip(values(our_weights), values(their_weights), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    assert [v.path for v in ours.variables][:1] == [f"{ours.name}/iteration"] and len(ours.variables) == 3
    with pytest.raises(TypeError, match="not settable"):
        ours.learning_rate = 0.1
    assert optimizers.deserialize(optimizers.serialize(ours)).get_config() == ours.get_config()


def test_learning_rate_can_be_set_and_replaced_by_a_schedule() -> None:
    optimizer = optimizers.SGD(0.5)
    optimizer.learning_rate = 0.25
    assert float(optimizer.learning_rate) == 0.25
    optimizer.learning_rate = schedules.ExponentialDecay(0.1, 10, 0.5)
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    assert [v.name for v in optimizer.variables] == ["iteration"]


def test_learning_rate_function_is_asked_at_each_step_and_never_compiled_away() -> None:
    rates = iter([0.5, 0.25])
    optimizer = optimizers.SGD(lambda: next(rates))
    weight = Variable(np.zeros(1, "float32"), name="w")
    optimizer.apply([Tensor(np.ones(1, "float32"))], [weight])
    optimizer.apply([Tensor(np.ones(1, "float32"))], [weight])
    assert weight.numpy()[0] == -0.75
    with pytest.raises(TraceError, match="Python function"):
        function(lambda g: optimizer.apply([g], [weight]))(np.ones(1, "float32"))


@pytest.mark.parametrize("rate", [1, "fast", None])
def test_learning_rate_of_another_type_is_refused(rate: Any) -> None:
    with pytest.raises(ValueError, match="learning_rate"):
        optimizers.Adam(rate)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "Only one of `clipnorm`"),
        ({"gradient_accumulation_steps": 1}, "a whole number of at least 2"),
        ({"use_ema": True, "ema_momentum": 1.5}, "ema_momentum is a number of at least 0 and at most 1"),
        ({"beta_1": 1.0}, "Adam: beta_1 is a number"),
    ],
)
def test_parameters_that_do_not_go_are_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        optimizers.Adam(**options)


def test_unknown_argument_is_refused() -> None:
    with pytest.raises((TypeError, ValueError), match="decays"):
        optimizers.Adam(decays=0.1)
    with pytest.raises(ParamError):
        optimizers.SGD(momentum=2.0)


def test_weight_decay_can_leave_variables_out() -> None:
    ours, theirs = optimizers.SGD(weight_decay=0.5), keras.optimizers.SGD(weight_decay=0.5)
    our_weights, their_weights = variables(Variable), variables(keras.Variable)
    for optimizer in (ours, theirs):
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    ours.apply([Tensor(g) for g in GRADS[0]], our_weights)
    theirs.apply(GRADS[0], their_weights)
    for a, b in zip(values(our_weights), values(their_weights), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    with pytest.raises(ValueError, match="before the optimizer is built"):
        ours.exclude_from_weight_decay(var_names=["kernel"])


def test_constraint_holds_after_the_step() -> None:
    weight = Variable(np.array([0.1, 3.0], "float32"), name="w")
    weight.constraint = lambda w: ops.clip(w, 0.0, 1.0)
    optimizers.SGD(1.0).apply([Tensor(np.array([5.0, 0.0], "float32"))], [weight])
    np.testing.assert_array_equal(weight.numpy(), [0.0, 1.0])


def test_variables_without_gradient_are_told() -> None:
    first, second = variables(Variable)
    with pytest.warns(UserWarning, match="Gradients do not exist for variables \\['bias'\\]"):
        optimizers.SGD().apply([Tensor(GRADS[0][0]), None], [first, second])
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        optimizers.SGD().apply([None], [first])
    optimizer = optimizers.SGD()
    optimizer.build([first])
    with pytest.raises(ValueError, match="Unknown variable"):
        optimizer.apply([Tensor(GRADS[0][1])], [second])


def test_state_can_be_stored_and_read() -> None:
    first, second = optimizers.Adam(), optimizers.Adam()
    weights = variables(Variable)
    first.apply([Tensor(g) for g in GRADS[0]], weights)
    second.build(weights)
    store: dict[str, Any] = {}
    first.save_own_variables(store)
    second.load_own_variables(store)
    for a, b in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    with pytest.warns(UserWarning, match="Skipping variable loading"):
        second.load_own_variables({"0": 1})


def test_own_optimizer_written_as_in_keras() -> None:
    class Plain(optimizers.Optimizer):
        def __init__(self, learning_rate: float = 0.5, **kwargs: Any) -> None:
            super().__init__(learning_rate=learning_rate, **kwargs)

        def build(self, variables: Any) -> None:
            super().build(variables)
            self.sums = self.add_optimizer_variables(variables, "sum")

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            self.assign_add(self.sums[self._get_variable_index(variable)], gradient)
            self.assign_sub(variable, ops.multiply(gradient, learning_rate))

    optimizer, weights = Plain(clipvalue=0.1), variables(Variable)
    optimizer.apply([Tensor(g) for g in GRADS[0]], weights)
    np.testing.assert_allclose(weights[1].numpy(), START[1] - 0.5 * np.clip(GRADS[0][1], -0.1, 0.1), rtol=1e-6)
    assert optimizer.get_config()["clipvalue"] == 0.1 and optimizer.name.startswith("plain")


def map_of(library: Any) -> Any:
    mapped = library.OptimizerMap(library.SGD(0.1, name="rest"), {"ker.*": library.Adam(0.2, name="kernels")})
    mapped["nowhere"] = library.RMSprop(name="unused")
    return library.MultiOptimizer(mapped, loss_scale_factor=2.0, name="several")


def test_several_optimizers_step_as_in_keras() -> None:
    ours, theirs = map_of(optimizers), map_of(keras.optimizers)
    our_weights, their_weights = variables(Variable), variables(keras.Variable)
    for grads in GRADS:
        ours.apply([Tensor(g) for g in grads], our_weights)
        theirs.apply(grads, their_weights)
    for a, b in zip(values(our_weights), values(their_weights), strict=True):
        np.testing.assert_allclose(a, b, rtol=3e-6, atol=1e-7)
    assert [v.path for v in ours.variables] == [v.path for v in theirs.variables]
    assert [o.name for o in ours.optimizers] == [o.name for o in theirs.optimizers]
    assert optimizers.serialize(ours) == keras.optimizers.serialize(theirs)
    again = optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert optimizers.serialize(again) == optimizers.serialize(ours)
    with pytest.raises(AttributeError, match="individual sub-optimizers"):
        _ = ours.learning_rate


def test_optimizer_map_refuses_what_keras_refuses() -> None:
    mapped = optimizers.OptimizerMap(optimizers.SGD(), {"a.*": optimizers.SGD(), ".*b": optimizers.Adam()})
    assert mapped["c"] is mapped.default_optimizer and len(mapped) == 2
    with pytest.raises(ValueError, match="Multiple optimizers assigned to variable ab"):
        mapped["ab"]
    with pytest.raises(ValueError, match="already exists in the OptimizerMap"):
        mapped["a.*"] = optimizers.Adam()
    with pytest.raises(ValueError, match="cannot be MultiOptimizer"):
        mapped["x"] = optimizers.MultiOptimizer(mapped)
    mapped["(x+)+y"] = optimizers.SGD()
    with pytest.raises(ValueError, match="bounded time"):
        mapped["xxxxxxxx"]


def test_optimizers_of_keras_2_say_what_to_use() -> None:
    with pytest.raises(ImportError, match="`keras.optimizers.legacy` is not supported in Keras 3."):
        optimizers.legacy.Adam(0.1)
