"""What the engine tells while it works: on the screen, or in the log where nobody is watching."""

from __future__ import annotations

import logging
import sys
from typing import Any

from engine.core.config import SETTINGS

LOGGER = logging.getLogger("engine")


def tell(text: str, end: str = "\n", stream: Any = None) -> None:
    """Write a line to standard output (or `stream`); to the log "engine" when interactive logging is off."""
    if stream is None and not SETTINGS.interactive_logging:
        if text.strip():
            LOGGER.info(text.strip())
        return
    target = stream or sys.stdout
    try:
        target.write(text + end)
    except UnicodeEncodeError:  # a screen that knows no such signs
        known = getattr(target, "encoding", None) or "ascii"
        target.write((text + end).encode(known, errors="replace").decode(known))
    target.flush()
