"""Declared parameters: constructor, checks in words, config, inheritance, serialisation of kinds."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from engine.core.errors import ParamError
from engine.core.params import Declared, Dims, Param


class Widget(Declared):
    """A class with one parameter of each plain kind."""

    units: int = Param(ge=1, doc="How many.")
    rate: float = Param(0.5, ge=0, lt=1)
    kernel_size: Dims = Param((3, 3), rank=2, ge=1)
    padding: str = Param("valid", choices=("valid", "same"))
    use_bias: bool = Param(True)
    limit: int | None = Param(None)


class Wider(Widget):
    """A subclass that adds a parameter and changes a default."""

    rate: float = Param(0.25, ge=0, lt=1)
    depth: int = Param(2, ge=1)


def test_constructor_has_a_true_signature_and_sets_normal_forms() -> None:
    assert list(inspect.signature(Widget).parameters)[:3] == ["units", "rate", "kernel_size"]
    widget = Widget(4, kernel_size=5, padding="SAME")
    assert (widget.units, widget.rate, widget.kernel_size, widget.padding) == (4, 0.5, (5, 5), "same")
    assert widget.declared_config() == {
        "units": 4,
        "rate": 0.5,
        "kernel_size": (5, 5),
        "padding": "same",
        "use_bias": True,
        "limit": None,
    }


def test_subclasses_add_and_redeclare() -> None:
    wider = Wider(3)
    assert (wider.units, wider.rate, wider.depth) == (3, 0.25, 2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"units": 0}, "Widget: units is a whole number of at least 1. Got 0."),
        ({"units": 2.5}, "Widget: units is a whole number of at least 1. Got 2.5."),
        ({"units": True}, "Widget: units is a whole number of at least 1. Got True."),
        ({"units": 1, "rate": 1.0}, "Widget: rate is a number of at least 0 and below 1. Got 1.0."),
        ({"units": 1, "rate": float("nan")}, "Widget: rate is a number of at least 0 and below 1. Got nan."),
        ({"units": 1, "kernel_size": (3, 3, 3)}, "a whole number or 2 of them of at least 1. Got (3, 3, 3)."),
        ({"units": 1, "padding": "some"}, "Widget: padding is one of 'valid', 'same'. Got 'some'."),
        ({"units": 1, "use_bias": "yes"}, "Widget: use_bias is True or False. Got 'yes'."),
        ({}, "Widget: units has to be given; it is a whole number of at least 1."),
    ],
)
def test_values_out_of_range_are_told_with_the_range(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ParamError) as caught:
        Widget(**arguments)
    assert sentence in str(caught.value)
    assert caught.value.owner == "Widget"


def test_classes_with_their_own_constructor_keep_it() -> None:
    class Fixed(Widget):
        def __init__(self, factor: int) -> None:
            super().__init__(units=factor * 2)
            self.factor = factor

    assert Fixed(3).units == 6
    assert Fixed(3).declared_config()["units"] == 6
