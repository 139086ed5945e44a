"""Keras's `keras.ops.numpy`: the functions of `engine.ops` that declare to belong there."""

from __future__ import annotations

from engine.ops.namespace import names_of

__all__ = names_of(globals(), "keras.src.ops.numpy")  # noqa: PLE0605
