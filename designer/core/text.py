"""Everything a person reads goes through `tr`, so that it can be translated."""

from __future__ import annotations

from typing import Any


def tr(sentence: str, **values: Any) -> str:
    """The sentence in the person's language with `{names}` filled in."""
    return sentence.format(**values) if values else sentence


def count(number: int, one: str, many: str) -> str:
    """A number with its noun: "1 layer", "3 layers"."""
    return f"{number:,} {one if number == 1 else many}"
