"""Random models as plain data, and building them with `keras` or with `engine`: both sides read the same plan.

A plan is JSON: inputs, layers (class and settings), nodes (which layer or op is applied to which values), outputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

BATCH = 4
STEPS = 5
HIGH = 7
"""Tokens are below this; 0 is padding."""

OPS = {
    "double": lambda keras, x: x * 2.0,
    "sine": lambda keras, x: keras.ops.sin(x),
    "rest": lambda keras, x: x[:, 1:],
    "backwards": lambda keras, x: keras.ops.flip(x, axis=1),
    "sum": lambda keras, x, y: x + y,
    "joined": lambda keras, x, y: keras.ops.concatenate([x, y], axis=-1),
}
"""Functions that become nodes of their own."""


def make_layer(keras: Any, plan: dict[str, Any]) -> Any:
    settings = {k: make_layer(keras, v) if k == "layer" else v for k, v in plan["settings"].items()}
    if plan["class"] == "Sequential":
        return keras.Sequential([make_layer(keras, p) for p in plan["layers"]], **settings)
    return getattr(keras.layers, plan["class"])(**settings)


def build(keras: Any, plan: dict[str, Any]) -> Any:
    """The model that the plan describes."""
    layers = [make_layer(keras, p) for p in plan["layers"]]
    if plan["sequential"]:
        spec = plan["inputs"][0]
        first = keras.Input(spec["shape"], dtype=spec["dtype"], name="in0")
        return keras.Sequential([first, *(layers[node["layer"]] for node in plan["nodes"])], name="drawn")
    values = [keras.Input(s["shape"], dtype=s["dtype"], name=f"in{i}") for i, s in enumerate(plan["inputs"])]
    for node in plan["nodes"]:
        given = [values[i] for i in node["inputs"]]
        if "op" in node:
            values.append(OPS[node["op"]](keras, *given))
        elif node["call"] == "list":
            values.append(layers[node["layer"]](given))
        else:
            values.append(layers[node["layer"]](*given))
    inputs, outputs = values[: len(plan["inputs"])], [values[i] for i in plan["outputs"]]
    single = len(outputs) == 1
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, outputs[0] if single else outputs, name="drawn")


def data(plan: dict[str, Any], output_shapes: list[tuple[int, ...]]) -> tuple[Any, Any]:
    """Inputs and targets for one batch."""
    rng = np.random.default_rng(plan["seed"])
    xs = []
    for spec in plan["inputs"]:
        shape = (BATCH, *spec["shape"])
        if spec["dtype"] == "int32":
            tokens = rng.integers(1, HIGH, shape)
            lengths = rng.integers(1, shape[1] + 1, BATCH)
            xs.append(np.where(np.arange(shape[1]) < lengths[:, None], tokens, 0).astype("int32"))
        else:
            xs.append(rng.normal(size=shape).astype("float32"))
    ys = []
    for loss, shape in zip(plan["losses"], output_shapes, strict=True):
        if loss == "sparse_categorical_crossentropy":
            ys.append(rng.integers(0, shape[-1], shape[:-1]).astype("int32"))
        elif loss == "binary_crossentropy":
            ys.append(rng.integers(0, 2, shape).astype("float32"))
        else:
            ys.append(rng.normal(size=shape).astype("float32"))
    return (xs[0] if len(xs) == 1 else xs), (ys[0] if len(ys) == 1 else ys)


def randomize(model: Any, seed: int) -> None:
    """Every weight away from its start, statistics positive."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        value = rng.normal(size=tuple(weight.shape)) * 0.5
        if "variance" in weight.path:
            value = np.abs(value) + 0.5
        weight.assign(value.astype("float32") if "seed" not in weight.path else np.asarray(weight))


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def compile_as_planned(model: Any, plan: dict[str, Any], optimizer: Any) -> None:
    many = len(plan["losses"]) > 1
    model.compile(
        optimizer=optimizer,
        loss=plan["losses"] if many else plan["losses"][0],
        loss_weights=plan["loss_weights"] if many else None,
    )


def facts(keras: Any, model: Any, plan: dict[str, Any]) -> dict[str, np.ndarray]:
    """Outputs, gradients (by one step of length 1, taken back), five losses, and weights and outputs after them."""
    shapes = [tuple(s) for s in as_list_of_shapes(model.output_shape)]
    x, y = data(plan, [(BATCH, *s[1:]) for s in shapes])
    found = {f"shape{i}": np.array([-1 if d is None else d for d in s]) for i, s in enumerate(shapes)}
    found |= outputs(model, x, "before")
    start = model.get_weights()
    compile_as_planned(model, plan, keras.optimizers.SGD(1.0))
    found["first loss"] = np.array(model.train_on_batch(x, y)).reshape(-1)[:1]
    trainable = {id(v) for v in model.trainable_variables}
    for i, (before, variable) in enumerate(zip(start, model.weights, strict=True)):
        if id(variable) in trainable:
            found[f"gradient{i}"] = before - np.asarray(variable)
    model.set_weights(start)
    settings = plan["optimizer"]
    compile_as_planned(model, plan, getattr(keras.optimizers, settings["class"])(**settings["settings"]))
    found["losses"] = np.array([np.ravel(model.train_on_batch(x, y))[0] for _ in range(STEPS)])
    found |= {f"weight{i}": np.asarray(w) for i, w in enumerate(model.weights)}
    return found | outputs(model, x, "after")


def outputs(model: Any, x: Any, when: str) -> dict[str, np.ndarray]:
    """Predictions for a batch."""
    return {f"{when}{i}": np.asarray(y) for i, y in enumerate(as_list(model.predict_on_batch(x)))}


def as_list_of_shapes(shape: Any) -> list[Any]:
    return list(shape) if isinstance(shape, list) or isinstance(shape[0], (list, tuple)) else [shape]
