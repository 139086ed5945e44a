"""Keras's `keras.preprocessing.sequence`."""

from __future__ import annotations

from engine.data.sequences import pad_sequences

__all__ = ["pad_sequences"]
