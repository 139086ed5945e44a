"""Write the figures of each epoch into a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.callbacks.callback import DeclaredCallback
from engine.core.params import Param


class CSVLogger(DeclaredCallback, keras="keras.callbacks:CSVLogger"):
    """One line an epoch: the epoch, then the figures in alphabetical order; "NA" for a figure that is missing."""

    reads_batch_logs = False
    filename: str = Param(kind="Any", doc="The CSV file.")
    separator: str = Param(",", doc="Text between two values.")
    append: bool = Param(False, doc="Go on in an existing file.")

    def setup(self) -> None:
        self.filename = os.fspath(self.filename)
        self.keys: list[str] | None = None
        self._file: Any = None
        self._writer: Any = None
        self._header = True

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._header = not (self.append and os.path.exists(self.filename) and os.path.getsize(self.filename))
        self._close()
        self._file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")  # noqa: SIM115
        self._writer = self.keys = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                # Validation may come in later epochs only; its columns have to exist from the start.
                self.keys += [f"val_{key}" for key in self.keys]
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, ["epoch", *self.keys], delimiter=self.separator)
            if self._header:
                self._writer.writeheader()
        self._writer.writerow({"epoch": epoch, **{key: _cell(logs.get(key, "NA")) for key in self.keys}})
        self._file.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._close()
        self._writer = None

    def _close(self) -> None:
        if self._file is not None and not self._file.closed:
            self._file.close()


def _cell(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, Iterable) or (isinstance(value, np.ndarray) and not value.ndim):
        return value
    return f'"[{", ".join(map(str, value))}]"'
