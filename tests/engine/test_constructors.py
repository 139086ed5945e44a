"""Constructors take their own defaults, by name and by position, and give what they give without them."""

from __future__ import annotations

import importlib
import inspect
import json
import random
from pathlib import Path
from typing import Any

import pytest

TABLE: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "golden" / "api.json").read_text("utf-8"))
FAMILIES = (
    "layers losses metrics optimizers optimizers.schedules callbacks initializers regularizers constraints"
).split()
REQUIRED: dict[str, Any] = {
    "units": 3, "filters": 4, "kernel_size": 3, "rate": 0.4, "stddev": 0.3, "input_dim": 11, "output_dim": 3,
    "num_heads": 2, "key_dim": 3, "pool_size": 2, "n": 3, "equation": "ab,bc->ac", "output_shape": 3,
    "target_shape": (4,), "dims": (2, 1), "axes": 1, "num_classes": 3, "target_class_ids": [0], "recall": 0.5,
    "precision": 0.5, "sensitivity": 0.5, "specificity": 0.5, "scale": 0.5, "height": 4, "width": 4, "factor": 0.2,
    "height_factor": 0.1, "num_bins": 4, "output_size": 2, "schedule": lambda epoch, rate: rate, "activation": "relu",
    "initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "boundaries": [1, 2], "values": [0.1, 0.2, 0.3],
    "first_decay_steps": 5, "value_range": (0, 1), "head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 1,
    "learning_rate": 0.1,
}  # fmt: skip
NEEDS_MORE = ("CategoryEncoding", "Discretization", "InputLayer")
"""Whose defaults alone say too little; their own tests call them."""


def classes(family: str) -> list[tuple[str, Any]]:
    module = importlib.import_module(f"engine.{family}")
    names = [name for name, line in TABLE[f"keras.{family}"].items() if line.startswith("class") and "." not in name]
    found = [(name, getattr(module, name, None)) for name in names if name not in NEEDS_MORE]
    return [(name, cls) for name, cls in found if cls is not None]


def settings(made: Any) -> Any:
    """The config without what is drawn or counted for each object; None for a base class that has none."""
    try:
        config = made.get_config() if hasattr(made, "get_config") else {}
    except NotImplementedError:
        return None
    return json.dumps(
        {k: v for k, v in config.items() if k not in ("name", "seed")}, default=lambda v: type(v).__name__
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_defaults_may_be_written_out(family: str, tmp_path: Path) -> None:
    given = REQUIRED | {"filename": str(tmp_path / "log.csv"), "filepath": str(tmp_path / "m.keras")}
    tried = 0
    for name, cls in classes(family):
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        required = {p.name: given.get(p.name) for p in named if p.default is p.empty}
        if None in required.values():
            continue
        if name == "RandomPosterization":
            required["factor"] = 4
        optional = {p.name: p.default for p in named if p.default is not p.empty}
        ways = [lambda c=cls, r=required: c(**r), lambda c=cls, r=required, o=optional: c(**r, **o)]
        if all(p.kind is p.POSITIONAL_OR_KEYWORD for p in named):
            ways.append(lambda c=cls, r=required, o=optional: c(*r.values(), *o.values()))
        outcomes = []
        for way in ways:
            random.seed(0)
            outcomes.append(settings(way()))
        assert len(set(outcomes)) == 1, name
        tried += 1
    assert tried >= 4
