"""Losses, metrics, optimizers, schedules and callbacks as a catalogue sees them: documented, with true defaults."""

from __future__ import annotations

from typing import Any

import pytest

from engine import callbacks, losses, metrics, optimizers  # noqa: F401
from engine.core import registry
from engine.core.errors import ParamError

COMPONENTS = [
    (kind, name, found)
    for kind in ("loss", "metric", "optimizer", "schedule", "callback")
    for name, found in registry.all_of(kind).items()
    if found.__module__.startswith("engine.")
]
PARAMETERS = [
    (f"{name}.{info.name}", name, info)
    for _, name, found in COMPONENTS
    for info in getattr(found, "PARAMS", {}).values()
]


@pytest.mark.parametrize(("kind", "name", "found"), COMPONENTS, ids=lambda value: str(value)[:40])
def test_component_is_described_and_known_to_keras(kind: str, name: str, found: Any) -> None:
    assert found.__doc__ and found.__doc__.strip().splitlines()[0].endswith(".")
    module, keras_name = registry.keras_name(found) or ("", "")
    assert keras_name == name and registry.by_keras(module, keras_name) is found


@pytest.mark.parametrize(("label", "name", "info"), PARAMETERS, ids=[label for label, _, _ in PARAMETERS])
def test_parameter_is_documented_and_its_default_valid(label: str, name: str, info: Any) -> None:
    assert info.doc.endswith(".") and info.kind
    if not info.required:
        assert info.check(info.default, name) == info.default


@pytest.mark.parametrize(("label", "name", "info"), PARAMETERS, ids=[label for label, _, _ in PARAMETERS])
def test_values_just_outside_the_range_are_refused(label: str, name: str, info: Any) -> None:
    step = 1 if info.kind == "int" else 1e-6
    wrong = [bound + sign * step for bound, sign in ((info.ge, -1), (info.le, 1)) if bound is not None]
    wrong += [bound for bound in (info.gt, info.lt) if bound is not None]
    wrong += ["no such choice"] if info.choices else []
    for value in wrong:
        with pytest.raises(ParamError, match=f"{name}: {info.name} is "):
            info.check(value, name)


def test_optimizers_share_one_declaration_of_their_common_parameters() -> None:
    for name in ("SGD", "Adam", "AdamW", "RMSprop"):
        own = getattr(optimizers, name).PARAMS
        assert list(own)[-1] == "name" and own["clipnorm"].gt == 0 and own["use_ema"].group == "Averaging"
