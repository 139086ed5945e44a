"""In the engine's tests every eager op compares its shape rule with what its kernel gave."""

from __future__ import annotations

import pytest

from engine.core.config import SETTINGS
from engine.core.state import STATE


@pytest.fixture(autouse=True)
def _check_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STATE, "check_shapes", True)


@pytest.fixture(autouse=True)
def _whole_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SETTINGS, "traceback_filtering", False)
