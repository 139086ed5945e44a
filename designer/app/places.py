"""Where the program keeps what is not a project: logs, unsaved work, previous versions."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths


def data_folder(name: str) -> Path:
    """A folder in the person's data folder, made when it is not there."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
    folder = Path(place) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def logs() -> Path:
    """Logs and crash reports."""
    return data_folder("logs")


def recovery() -> Path:
    """Journals of unsaved work."""
    return data_folder("recovery")


def versions() -> Path:
    """Previous versions of saved projects."""
    return data_folder("versions")
