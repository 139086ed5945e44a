"""What the program remembers between starts, typed. The only place that reads QSettings."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

RECENT = 8


class Settings:
    """Values are kept as JSON text, so that True, 3 and [] come back as they went in."""

    def __init__(self) -> None:
        self._store = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "Bricklayer", "bricklayer")

    def _get(self, key: str, default: Any) -> Any:
        text = self._store.value(key)
        try:
            value = json.loads(text) if isinstance(text, str) else default
        except json.JSONDecodeError:
            return default
        return value if isinstance(value, type(default)) else default

    def _set(self, key: str, value: Any) -> None:
        self._store.setValue(key, json.dumps(value))

    @property
    def theme(self) -> str:
        """Name of the theme."""
        found: str = self._get("theme", "light")
        return found

    @theme.setter
    def theme(self, value: str) -> None:
        self._set("theme", value)

    @property
    def text_scale(self) -> float:
        """Factor of all text."""
        found: float = self._get("text_scale", 1.0)
        return found

    @text_scale.setter
    def text_scale(self, value: float) -> None:
        self._set("text_scale", float(value))

    @property
    def recent(self) -> list[str]:
        """Projects opened last, newest first."""
        return [str(path) for path in self._get("recent", [])]

    def add_recent(self, path: str) -> None:
        """Put a project first."""
        self._set("recent", [path, *(p for p in self.recent if p != path)][:RECENT])

    def layout(self, key: str) -> QByteArray:
        """A saved arrangement of docks."""
        return QByteArray.fromHex(self._get(key, "").encode())

    def set_layout(self, key: str, value: QByteArray) -> None:
        """Save an arrangement of docks."""
        self._set(key, bytes(value.toHex().data()).decode())
