"""Previous versions of saved projects: each save keeps the file that it replaces, in the person's data folder."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

LIMIT = 5
"""Versions kept of one file."""


@dataclass(frozen=True)
class Version:
    """An earlier state of a file.

    Attributes:
        path: where it lies.
        when: when it was saved.
    """

    path: Path
    when: datetime


class Versions:
    """Earlier states of projects.

    Args:
        folder: where they lie, one subfolder a project.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, path: Path) -> None:
        """Copy a file before it is replaced; nothing when it is not there or is kept already.

        Raises:
            OSError: the disk refuses.
        """
        if not path.is_file():
            return
        place = self._place(path)
        place.mkdir(parents=True, exist_ok=True)
        state = path.stat()
        target = place / f"{state.st_mtime_ns:020d}.keras"
        if not target.exists():
            part = target.with_suffix(".part")
            shutil.copy2(path, part)
            part.replace(target)
        for old in self.of(path)[LIMIT:]:
            old.path.unlink(missing_ok=True)

    def of(self, path: Path) -> list[Version]:
        """Earlier states of a file, the latest first."""
        found = sorted(self._place(path).glob("*.keras"), reverse=True)
        return [Version(p, datetime.fromtimestamp(p.stat().st_mtime)) for p in found]

    def _place(self, path: Path) -> Path:
        name = str(path.resolve())
        return self._folder / hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:24]
