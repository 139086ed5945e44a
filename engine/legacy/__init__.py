"""Names of Keras 2 that Keras still has (`keras.legacy`)."""

from __future__ import annotations

from engine.legacy import saving

__all__ = ["saving"]
