"""Shapes in words for people, and which layers fit which values."""

from __future__ import annotations

from typing import Any

from designer.core.errors import Refused
from designer.core.text import tr
from engine.catalog import Component, Spec

_AXES = {0: "", 1: "F", 2: "TF", 3: "HWC", 4: "DHWC"}
_NAMES = {
    1: ("features",),
    2: ("time", "features"),
    3: ("height", "width", "channels"),
    4: ("depth", "height", "width", "channels"),
}


def rank_kind(spec: Spec | None) -> str:
    """Form of a port: "vector", "sequence", "image", "volume", "tokens" or "any"."""
    if spec is None:
        return "any"
    if "int" in spec.dtype:
        return "tokens"
    return {1: "vector", 2: "sequence", 3: "image", 4: "volume"}.get(len(spec.shape) - 1, "any")


def shape_text(spec: Spec | None) -> str:
    """Axes without the batch: "8×8×16"; "?" when not known."""
    if spec is None:
        return "?"
    return "×".join("?" if d is None else str(d) for d in spec.shape[1:]) or "1"


def axes_text(spec: Spec | None) -> str:
    """Letters of the axes: "HWC", "TF", "F"."""
    return "" if spec is None else _AXES.get(len(spec.shape) - 1, "")


def axes_words(spec: Spec) -> str:
    """The shape with the names of its axes: "8 × 8 × 16 (height, width, channels)"."""
    names = _NAMES.get(len(spec.shape) - 1, ())
    numbers = " × ".join("?" if d is None else str(d) for d in spec.shape[1:])
    return f"{numbers} ({', '.join(names)})" if names else numbers


def _refused_type(component: Component, spec: Spec) -> Refused:
    if spec.dtype == "string":
        return Refused(
            tr(
                "{name} reads numbers, but gets texts. Put TextVectorization or StringLookup in between.",
                name=component.name,
            )
        )
    return Refused(tr("{name} reads texts, but gets numbers. Give it an Input of texts.", name=component.name))


def fits(component: Component, spec: Spec | None) -> Refused | None:
    """Why a value does not fit a layer's input, or None when it does (or nothing is known yet)."""
    ports: Any = component.ports
    if ports is None or ports.inputs[1] == 0:
        return Refused(tr("{name} is where data enter; it has no input.", name=component.name))
    if spec is not None and ports.dtypes != "term" and (spec.dtype == "string") != (ports.dtypes == "string"):
        return _refused_type(component, spec)
    if spec is None or ports.ranks is None:
        return None
    least, most = ports.ranks
    rank = len(spec.shape)
    if least <= rank and (most is None or rank <= most):
        return None
    wanted = _NAMES.get(least - 1, ())
    words = " × ".join(wanted) or tr("{count} axes", count=least - 1)
    return Refused(
        tr(
            "{name} reads {words} ({count} axes), but gets {shape} ({given} axes).",
            name=component.name,
            words=words,
            count=least - 1,
            shape=shape_text(spec),
            given=rank - 1,
        )
    )
