"""Random models against Keras: shapes, outputs, losses, gradients, five training steps, configs, files both ways."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

import engine
from engine.core.errors import ShapeError
from tests.engine.differential import models
from tests.engine.differential.drawing import plans

EXAMPLES = {"dev": 12, "ci": 24, "nightly": 500}[os.environ.get("HYPOTHESIS_PROFILE", "dev")]


class Keras:
    """The process that runs Keras on PyTorch, which compiles nothing."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("keras_side.py")
        environment = os.environ | {"KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def ask(self, plan: dict[str, Any], folder: Path) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"plan": plan, "folder": str(folder)}) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="module")
def keras() -> Iterator[Keras]:
    server = Keras()
    yield server
    server.close()


def shape_of(part: dict[str, Any], values: list[Any]) -> Any:
    """Shape of the node's output without the batch, or None where the engine refuses."""
    given = [engine.KerasTensor((None, *shape), "int32" if kind == "tokens" else "float32") for kind, shape in values]
    node = part["node"]
    state = random.getstate()  # layers draw their seeds there, and drawing has to be repeatable
    try:
        if "op" in node:
            return models.OPS[node["op"]](engine, *given).shape[1:]
        layer = models.make_layer(engine, part["layers"][node["layer"]])
        return (layer(given) if node["call"] == "list" else layer(*given)).shape[1:]
    except (ShapeError, ValueError):
        return None
    finally:
        random.setstate(state)


def unnumbered(config: dict[str, Any]) -> str:
    """The config as text; Keras counts the names of mask operations anew when it reads a file."""
    return re.sub(r'_[0-9]+"', '"', json.dumps(config))


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])
@given(plan=plans(shape_of))
def test_a_drawn_model_is_the_same_in_keras(plan: dict[str, Any], keras: Keras, tmp_path_factory: Any) -> None:
    note(json.dumps(plan))
    folder = tmp_path_factory.mktemp("drawn")
    engine.utils.clear_session()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = models.build(engine, plan)
        except ValueError as error:
            assert "refused" in keras.ask(plan, folder), f"only the engine refuses: {error}"
            return
        models.randomize(model, plan["seed"])
        model.save(folder / "start.keras")
        own = models.facts(engine, model, plan)
        answer = keras.ask(plan, folder)
        assert "refused" not in answer, f"only Keras refuses: {answer['refused']}"
        assert "failed" not in answer, answer["failed"]
        assert unnumbered(answer["loaded"]) == unnumbered(answer["config"]), "Keras reads another model than it builds"
        compare(own, dict(np.load(folder / "facts.npz")))
        returned = engine.saving.load_model(folder / "end.keras")
        x, _ = models.data(plan, [(models.BATCH, *y.shape[1:]) for y in models.as_list(model.outputs)])
        compare(models.outputs(returned, x, "after"), own)


def compare(own: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    """Every figure agrees, within rounding that grows with the steps."""
    for key, value in own.items():
        other = wanted[key]
        assert value.shape == other.shape, key
        scale = max(1.0, float(np.abs(other).max(initial=0.0)))
        exact = key.startswith(("shape", "before", "first"))
        np.testing.assert_allclose(value, other, rtol=0, atol=(3e-5 if exact else 1e-3) * scale, err_msg=key)
