"""The recovery journal: unsaved work of an open project, on disk after every edit, whole whatever happens.

A journal is a folder with one checked record and the weights it names. The record is replaced in one step, so that a
crash leaves either the one before or the one after, never half of either.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from designer.core.project import DocumentRecord, Project, RunRecord, document_of, record_of
from designer.core.text import tr
from engine.core.errors import LoadError
from engine.saving import replacing

RECORD = "project.json"
_LIMIT = 64 * 1024 * 1024
"""Bytes of a record that are read; more was not written by a journal."""


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """What a journal's record holds.

    Attributes:
        when: seconds since 1970.
        path: the project's file, "" before the first save.
        read_only: whether that file is an example.
        document: the network with its settings.
        runs: its trainings.
        weights: digest and name of the weights file beside the record, "" without weights.
    """

    when: float
    path: str
    read_only: bool
    document: DocumentRecord
    runs: list[RunRecord] = []
    weights: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A project at one moment, ready to be written in another thread."""

    entry: Entry
    weights: bytes | None


def snapshot_of(project: Project) -> Snapshot:
    """The project as it is now; later edits do not change it."""
    digest = hashlib.sha256(project.weights).hexdigest()[:32] if project.weights is not None else ""
    record = record_of(project.document, project.weights is not None)
    path = str(project.path) if project.path is not None else ""
    return Snapshot(Entry(time.time(), path, project.read_only, record, list(project.runs), digest), project.weights)


class Journal:
    """Unsaved work in a folder of its own.

    Args:
        folder: made when the first snapshot is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, snapshot: Snapshot) -> None:
        """Put a snapshot in the place of the one before.

        Raises:
            OSError: the disk refuses; the one before stays.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        name = snapshot.entry.weights
        if name and snapshot.weights is not None and not self._weights(name).exists():
            with replacing(self._weights(name)) as stream:
                stream.write(snapshot.weights)
        body = msgspec.json.encode(snapshot.entry)
        with replacing(self.folder / RECORD) as stream:
            stream.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        for old in self.folder.glob("*.weights"):
            if old != self._weights(name):
                old.unlink(missing_ok=True)

    def _weights(self, name: str) -> Path:
        return self.folder / f"{name}.weights"

    @property
    def exists(self) -> bool:
        """Whether unsaved work lies here."""
        return (self.folder / RECORD).exists()

    def entry(self) -> Entry:
        """The record.

        Raises:
            LoadError: it is damaged.
            OSError: it cannot be read.
        """
        path = self.folder / RECORD
        if path.stat().st_size > _LIMIT:
            raise _damaged(tr("it is larger than any that Bricklayer writes"))
        digest, _, body = path.read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            raise _damaged(tr("its checksum does not fit"))
        try:
            return msgspec.json.decode(body, type=Entry)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _damaged(str(error)) from error

    def read(self) -> Project:
        """The project as it was at the last edit.

        Raises:
            LoadError: the record is damaged, or its parts do not fit together.
            OSError: it cannot be read.
        """
        entry = self.entry()
        weights, told = None, []
        if entry.weights:
            try:
                weights = self._weights(os.path.basename(entry.weights)).read_bytes()
            except OSError:
                told.append(tr("The trained weights were not recovered. Train again to have some."))
        path = Path(entry.path) if entry.path else None
        return Project(document_of(entry.document), weights, entry.runs, path, entry.read_only, told)

    def clear(self) -> None:
        """All is saved: take the record away, keep the folder."""
        for name in (RECORD, "*.weights"):
            for path in self.folder.glob(name):
                path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Forget the unsaved work, and the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _damaged(reason: str) -> LoadError:
    return LoadError(tr("The recovery journal is damaged: {reason}.", reason=reason), member=RECORD, reason=reason)
