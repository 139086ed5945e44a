"""Nothing ends the window: unexpected errors go to a log file and are told in one sentence."""

from __future__ import annotations

import faulthandler
import logging
import sys
from collections.abc import Callable
from types import TracebackType

from designer.app import places
from designer.core.text import tr


def install(tell: Callable[[str], None]) -> None:
    """Send unexpected errors to the log file and a sentence to `tell`."""
    path = places.logs() / "log.txt"
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.getLogger("designer").addHandler(handler)
    faulthandler.enable((places.logs() / "fault.txt").open("w"))

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        logging.getLogger("designer").error("unexpected error", exc_info=(kind, error, trace))
        tell(
            tr(
                "Something unexpected happened: {error}. Your work is kept; the log is in {path}.",
                error=error,
                path=path,
            )
        )

    sys.excepthook = hook
