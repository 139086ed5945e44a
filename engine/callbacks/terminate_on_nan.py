"""Stop training when the loss is no longer a number."""

from __future__ import annotations

import math
from typing import Any

from engine.callbacks.callback import DeclaredCallback
from engine.core.messages import tell
from engine.core.params import Param


class TerminateOnNaN(DeclaredCallback, keras="keras.callbacks:TerminateOnNaN"):
    """Stops when the loss is NaN or infinite after a batch."""

    raise_error: bool = Param(False, doc="Raise an error instead of stopping quietly.")

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. Terminating training immediately."
            )
        tell(f"Batch {batch}: the loss is {loss}, training stops")
        self.model.stop_training = True
