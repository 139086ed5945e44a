"""Writing the recovery journal of an open project, and finding the journals of windows that ended without saving."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from designer.app import places
from designer.core.journal import Entry, Journal, Snapshot, snapshot_of
from designer.core.project import Project
from designer.core.text import tr
from engine.core.errors import LoadError

DELAY = 300
"""Milliseconds from an edit to the beginning of its writing; edits in between are written together."""
_LOCK = "lock"
_NEW = 60
"""Seconds in which an empty folder may belong to a window that is just opening."""
_LOG = logging.getLogger(__name__)


def _lock(folder: Path) -> QLockFile:
    lock = QLockFile(str(folder / _LOCK))
    # Never stale by age: only the end of its process frees it.
    lock.setStaleLockTime(0)
    return lock


class Recorder(QObject):
    """Keeps the journal of one project while it is open.

    Signals:
        refused(str): the journal cannot be written; told once.
    """

    refused = Signal(str)
    _written = Signal(object)

    def __init__(self, project: Project, is_dirty: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project, self._is_dirty = project, is_dirty
        self.journal = Journal(places.recovery() / uuid.uuid4().hex)
        self.journal.folder.mkdir(parents=True)
        self._held = _lock(self.journal.folder)
        self._held.tryLock(0)
        self._writer = ThreadPoolExecutor(1, "journal")
        self._told = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY)
        self._timer.timeout.connect(self.write)
        self._written.connect(self._on_written)

    def note(self) -> None:
        """Something changed; it is on disk within a second."""
        if not self._timer.isActive():
            self._timer.start()

    def write(self) -> Future[None]:
        """Begin to write the project as it is now, or to take the record away when all is saved."""
        self._timer.stop()
        snapshot = snapshot_of(self._project) if self._is_dirty() else None
        future = self._writer.submit(self._put, snapshot)
        future.add_done_callback(self._done)
        return future

    def _put(self, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            self.journal.clear()
        else:
            self.journal.write(snapshot)

    def _done(self, future: Future[None]) -> None:
        # Runs in the writing thread: only a signal may cross over.
        self._written.emit(future.exception())

    def _on_written(self, error: object) -> None:
        if error is None or self._told:
            return
        self._told = True
        _LOG.error("journal not written: %s", error)
        self.refused.emit(tr("Unsaved work cannot be kept for recovery: {error}. Save often.", error=error))

    def close(self) -> None:
        """The project is left on purpose: saved, or its changes given up."""
        self._timer.stop()
        self._writer.shutdown(wait=True)
        self._held.unlock()
        self.journal.discard()


@dataclass(frozen=True)
class Leftover:
    """Unsaved work of a window that ended without closing.

    Attributes:
        name: of the project.
        when: of the last edit.
        damaged: why it cannot be read, or "".
    """

    journal: Journal
    name: str
    when: datetime
    damaged: str = ""

    @property
    def sentence(self) -> str:
        """What the person is told."""
        at = f"{self.when:%d.%m.%Y %H:%M}" if self.when.date() != datetime.now().date() else f"{self.when:%H:%M}"
        if self.damaged:
            return tr("Unsaved work of {at} cannot be recovered. {reason}", at=at, reason=self.damaged)
        return tr("{name} was not saved when the program ended. Its last edit is of {at}.", name=self.name, at=at)

    def read(self) -> Project:
        """The project as it was.

        Raises:
            LoadError: the journal is damaged.
            OSError: it cannot be read.
        """
        return self.journal.read()

    def discard(self) -> None:
        """Forget it."""
        self.journal.discard()


def leftovers() -> list[Leftover]:
    """Unsaved work that no running window holds, the latest first."""
    found = []
    for folder in places.recovery().iterdir():
        lock = _lock(folder)
        if not folder.is_dir() or not lock.tryLock(0):
            continue
        lock.unlock()
        journal = Journal(folder)
        if journal.exists:
            found.append(_leftover(journal))
        elif time.time() - folder.stat().st_mtime > _NEW:
            journal.discard()
    return sorted(found, key=lambda left: left.when, reverse=True)


def _leftover(journal: Journal) -> Leftover:
    try:
        entry = journal.entry()
    except (LoadError, OSError) as error:
        when = datetime.fromtimestamp(journal.folder.stat().st_mtime)
        return Leftover(journal, "", when, str(error))
    return Leftover(journal, _name(entry), datetime.fromtimestamp(entry.when))


def _name(entry: Entry) -> str:
    if entry.path and not entry.read_only:
        return Path(entry.path).name
    return entry.document.name or tr("A new network")
