"""Starting over: names and the global generator of random numbers."""

from __future__ import annotations

from engine.core.naming import reset_names
from engine.core.rng import reset_global_generator


def clear_session(free_memory: bool = True) -> None:
    """Forget given names and the global generator; models free their memory by themselves when they are dropped."""
    reset_names()
    reset_global_generator()
