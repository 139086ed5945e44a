"""Nothing ends the window: unexpected errors go to the log and a report file, and are told in one sentence."""

from __future__ import annotations

import faulthandler
import logging
import platform
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

import PySide6

from designer import __version__
from designer.app import places
from designer.core.text import tr
from engine import config

KEPT = 10
"""Reports that are kept; older ones go."""
_LOG_SIZE = 1_000_000


def install(tell: Callable[[str], None]) -> Callable[[], None]:
    """Send unexpected errors to the log, a report file and, as a sentence, to `tell`; returns what ends it."""
    folder = places.logs()
    handler = RotatingFileHandler(folder / "log.txt", maxBytes=_LOG_SIZE, backupCount=1, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logger = logging.getLogger("designer")
    logger.addHandler(handler)
    fault = (folder / "fault.txt").open("a", encoding="utf-8")
    faulthandler.enable(fault)
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        path = report(kind, error, trace)
        logger.error("unexpected error, reported in %s", path.name)
        tell(
            tr(
                "Something unexpected happened: {error}. Your work is kept; what happened is written in {path}.",
                error=error,
                path=path,
            )
        )

    sys.excepthook = hook
    filtering = config.is_traceback_filtering_enabled()
    config.disable_traceback_filtering()  # a report needs the engine's frames too

    def end() -> None:
        if filtering:
            config.enable_traceback_filtering()
        sys.excepthook = before
        faulthandler.disable()
        fault.close()
        logger.removeHandler(handler)
        handler.close()

    return end


def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> Path:
    """Write what happened to a file of its own; nothing is sent anywhere. The path."""
    folder = places.logs()
    path = folder / f"crash-{datetime.now():%Y%m%d-%H%M%S-%f}.txt"
    versions = f"Bricklayer {__version__}, Python {platform.python_version()}, PySide6 {PySide6.__version__}"
    lines = [versions, platform.platform(), "", *traceback.format_exception(kind, error, trace)]
    # Home folders name people; a report may be handed on.
    path.write_text("\n".join(lines).replace(str(Path.home()), "~"), encoding="utf-8")
    for old in sorted(folder.glob("crash-*.txt"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path
