"""Sequences of different lengths in one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray[Any, Any]:
    """An array of shape (number of sequences, maxlen, ...), shorter sequences filled up and longer ones cut.

    Args:
        sequences: lists or arrays; those with more than one axis agree in all but the first.
        maxlen: length of all results; None takes the longest.
        dtype: of the result.
        padding: "pre" fills before, "post" after the sequence.
        truncating: "pre" cuts from the beginning, "post" from the end.
        value: what is filled in.

    Raises:
        ValueError: sequences that are none, of unequal element shapes, or unknown words for padding or truncating.
    """
    for word, kind in ((truncating, "Truncating"), (padding, "Padding")):
        if word not in ("pre", "post"):
            raise ValueError(f'{kind} type "{word}" not understood')
    if not hasattr(sequences, "__len__"):
        raise ValueError("`sequences` must be iterable.")
    lengths, shape = _measure(sequences)
    if maxlen is None:
        maxlen = max(lengths)
    _check_value(value, dtype)
    result = np.full((len(sequences), maxlen, *shape), value, dtype=dtype)
    for place, sequence in enumerate(sequences):
        if not len(sequence):
            continue
        kept = np.asarray(sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen], dtype=dtype)
        if kept.shape[1:] != shape:
            raise ValueError(
                f"Shape of sample {kept.shape[1:]} of sequence at position {place} is different from expected shape "
                f"{shape}"
            )
        span = slice(maxlen - len(kept), None) if padding == "pre" else slice(0, len(kept))
        result[place, span] = kept
    return result


def _measure(sequences: Sequence[Any]) -> tuple[list[int], tuple[int, ...]]:
    """(length of each, shape of one element of the first that has any)."""
    lengths: list[int] = []
    shape: tuple[int, ...] | None = None
    for sequence in sequences:
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"`sequences` must be a list of iterables. Found non-iterable: {sequence}")
        lengths.append(len(sequence))
        if shape is None and lengths[-1]:
            shape = np.asarray(sequence).shape[1:]
    return lengths, shape or ()


def _check_value(value: Any, dtype: Any) -> None:
    if dtype is object:
        return
    takes_text = np.issubdtype(dtype, np.str_) or np.issubdtype(dtype, np.bytes_)
    if isinstance(value, str) and not takes_text:
        raise ValueError(
            f"`dtype` {dtype} is not compatible with `value`'s type: {type(value)}\n"
            "You should set `dtype=object` for variable length strings."
        )
