"""Gradients of layers with Keras on JAX, in one .npz file: run as a script with its path.

The uses to do stand beside it, in a .json file.
"""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

import jax  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402

from tests.engine.layers import derive  # noqa: E402


def gradients(use: derive.Use) -> list[Any]:
    """Of a fixed weighting of the outputs, for float inputs and then trainable weights."""
    layer, inputs = derive.built(keras, use), use.inputs()
    derive.called(layer, inputs)
    derive.draw(layer)
    fixed = [v.value for v in layer.non_trainable_variables]
    start = [v.value for v in layer.trainable_variables]

    def value(weights: Any, *data: Any) -> Any:
        outputs, _ = layer.stateless_call(weights, fixed, *_arguments(layer, list(data)))
        return sum((y * weighting(i, y.shape)).sum() for i, y in enumerate(jax.tree_util.tree_leaves(outputs)))

    first = () if use.whole else tuple(range(1, len(inputs) + 1))
    of_weights, *of_inputs = jax.grad(value, argnums=(0, *first))(start, *inputs)
    return [*of_inputs, *of_weights]


def _arguments(layer: Any, data: list[Any]) -> list[Any]:
    if len(data) == 1:
        return data
    return data if "query" in inspect.signature(layer.call).parameters else [data]


def weighting(index: int, shape: Any) -> np.ndarray:
    """What an output counts for."""
    return np.random.default_rng([index, 50]).normal(size=tuple(shape)).astype("float32")


def main(path: str) -> None:
    found: dict[str, Any] = {}
    refused = {}
    chosen = set(json.loads(Path(path).with_suffix(".json").read_text()))
    for use in (u for u in derive.all_uses() if u.id in chosen):
        try:
            for i, gradient in enumerate(gradients(use)):
                found[f"{use.id}/{i}"] = np.asarray(gradient)
        except (ValueError, NotImplementedError, TypeError, RuntimeError) as error:
            refused[use.id] = str(error)
    np.savez(path, refused=json.dumps(refused), **found)


if __name__ == "__main__":
    main(sys.argv[1])
