"""scikit-learn takes a second to import: the first time that happens beside the window, not in it."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Signal

from designer.data.prepare import import_libraries, libraries_are_imported


class Warmer(QObject):
    """Imports the libraries of the data sets in a thread.

    Signals:
        ready(): they are there.
    """

    ready = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread: threading.Thread | None = None

    @property
    def is_ready(self) -> bool:
        return libraries_are_imported()

    def start(self) -> None:
        """Begin, if that has not been done."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="import", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        import_libraries()
        try:
            self.ready.emit()
        except RuntimeError:
            # The panel has been closed meanwhile.
            return
