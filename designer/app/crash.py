"""Nothing ends the window: unexpected errors go to a log file and are told in one sentence."""

from __future__ import annotations

import faulthandler
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QStandardPaths

from designer.core.text import tr


def state_folder() -> Path:
    """Where logs and recovery files lie."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
    folder = Path(place) / "state"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def install(tell: Callable[[str], None]) -> None:
    """Send unexpected errors to the log file and a sentence to `tell`."""
    path = state_folder() / "log.txt"
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.getLogger("designer").addHandler(handler)
    faulthandler.enable((state_folder() / "fault.txt").open("w"))

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
