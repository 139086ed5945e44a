"""Errors of losses and metrics, told with their names and what they were given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.core.errors import ShapeError
from engine.core.shapes import text as shape_text


@contextmanager
def telling(what: str, name: str, output: Any, y_true: Any, y_pred: Any, ours: bool) -> Iterator[None]:
    """Let errors say which loss or metric they come from, and what it was given.

    Args:
        ours: whether it is one of the engine's; errors of one's own code stay as they are.

    Raises:
        ShapeError: a built-in one cannot work with these targets and predictions.
    """
    try:
        yield
    except (ValueError, IndexError, TypeError) as error:
        if not ours or getattr(error, "layer", None):
            raise
        ours_too = type(error).__module__.startswith("engine.")
        detail = str(error) if ours_too else f"They do not fit together: {error}."
        raise ShapeError(
            f"the {what} {name} cannot work with targets of shape {shape_text(y_true.shape)} and an output of shape "
            f"{shape_text(y_pred.shape)}. {detail}",
            layer=str(output) if output is not None else "model output",
        ) from error


def check_numbers(what: str, name: str, y_true: Any) -> None:
    """Refuse targets that are texts.

    Raises:
        ValueError: they are.
    """
    if str(getattr(y_true, "dtype", "")).startswith(("string", "str", "<U", "object")):
        raise ValueError(
            f"The {what} {name} needs targets that are numbers, and these are texts. Turn them into class numbers "
            "first, for example with `layers.StringLookup` or scikit-learn's LabelEncoder."
        )


def check_class_numbers(what: str, thing: Any, output: Any, y_true: Any, y_pred: Any) -> None:
    """Refuse targets that are not one class number for each place of the output, where `thing` wants those.

    Raises:
        ShapeError: they have another shape.
    """
    if y_true is None or not getattr(thing, "class_numbers", False) or getattr(thing, "axis", -1) != -1:
        return
    true, places = tuple(y_true.shape), tuple(y_pred.shape)[:-1]
    for wanted in (places, (*places, 1)):
        if len(true) == len(wanted) and all(None in (a, b) or a == b for a, b in zip(true, wanted, strict=True)):
            return
    raise ShapeError(
        f"the {what} {thing.name} takes one class number for each prediction, and the targets of shape "
        f"{shape_text(y_true.shape)} are not that for an output of shape {shape_text(y_pred.shape)}.",
        layer=str(output) if output is not None else "model output",
        hint=f"Targets with one column for each class go with {thing.name.removeprefix('sparse_')}.",
    )


def is_ours(thing: Any) -> bool:
    """Whether a loss or metric is the engine's, or made of a function of the engine."""
    function = getattr(thing, "fn", None) or getattr(thing, "_fn", None)
    homes = [type(thing).__module__, *([function.__module__] if hasattr(function, "__module__") else [])]
    return all(home.startswith("engine.") for home in homes)
