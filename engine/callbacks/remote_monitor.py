"""Send the figures of each epoch to a server."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np

from engine.callbacks.callback import DeclaredCallback
from engine.core.params import Param

_SECONDS = 10
"""How long a server may take to answer before training goes on."""


class RemoteMonitor(DeclaredCallback, keras="keras.callbacks:RemoteMonitor"):
    """Posts the epoch and its figures as JSON, as a body or in a form field, to `root + path` after each epoch."""

    reads_batch_logs = False
    root: str = Param("http://localhost:9000", doc="Address of the server.")
    path: str = Param("/publish/epoch/end/", doc="Path on the server.")
    field: str = Param("data", doc="Name of the form field that holds the JSON.")
    headers: Any = Param(None, kind="Any", doc="Further HTTP headers, as a dict.")
    send_as_json: bool = Param(False, doc="Send the JSON as the body instead of in a form.")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        figures = {"epoch": epoch, **{name: _plain(value) for name, value in (logs or {}).items()}}
        text = json.dumps(figures)
        if self.send_as_json:
            self._post(text.encode(), "application/json")
        else:
            from urllib.parse import urlencode

            self._post(urlencode({self.field: text}).encode(), "application/x-www-form-urlencoded")

    def _post(self, body: bytes, content_type: str) -> None:
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import Request, urlopen

        headers = {"Content-Type": content_type, **(self.headers or {})}
        try:
            with urlopen(Request(self.root + self.path, body, headers, method="POST"), timeout=_SECONDS):
                pass
        except HTTPError as answer:
            answer.close()  # the server was reached; what it thinks of the figures is its own affair
        except (OSError, HTTPException):
            warnings.warn(f"Could not reach RemoteMonitor root server at {self.root}", stacklevel=2)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, (np.ndarray, np.generic)) else value
