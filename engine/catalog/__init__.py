"""What the designer and the documentation know about components, read from their declarations."""

from __future__ import annotations

from engine.catalog.describe import KINDS, Component, ParamInfo, component, describe, to_json
from engine.catalog.preview import Preview, WeightInfo, preview
from engine.core.tensor import Spec

__all__ = [
    "KINDS",
    "Component",
    "ParamInfo",
    "Preview",
    "Spec",
    "WeightInfo",
    "component",
    "describe",
    "preview",
    "to_json",
]
