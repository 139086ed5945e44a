"""Passing through data epoch by epoch."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from typing import Any

from engine.core import config
from engine.training.adapters import Adapter, DatasetAdapter, GeneratorAdapter


class EpochSource:
    """Batches of one epoch after the other.

    With `steps` an epoch of training is that many batches and the next epoch goes on where the last one ended; without,
    and outside training, an epoch begins anew.

    Args:
        adapter: where the batches come from.
        steps: batches in an epoch, None for all.
        steps_per_execution: batches that are handed over at a time.
        purpose: what the data are for, in errors.
    """

    def __init__(
        self, adapter: Adapter, steps: int | None = None, steps_per_execution: int = 1, purpose: str = "training"
    ) -> None:
        limit = config.max_steps_per_epoch()
        if limit and (not steps or limit < steps):
            warnings.warn(f"Limiting steps_per_epoch to {limit}", stacklevel=4)
            steps = limit
        self.adapter, self.steps, self._chunk, self._purpose = adapter, steps, steps_per_execution, purpose
        self._stream: Iterator[Any] | None = None
        self._seen = 0
        self._known: int | None = None

    @property
    def num_batches(self) -> int | None:
        """Batches in an epoch, None when not known yet."""
        return self.steps or self.adapter.num_batches or self._known

    def peek(self) -> Any:
        """A batch to see its shapes; nothing is lost from the epochs."""
        if isinstance(self.adapter, (GeneratorAdapter, DatasetAdapter)):
            return self.adapter.peek()
        return next(iter(self.adapter.batches()), None)

    def epoch(self) -> Iterator[tuple[int, int, list[Any]]]:
        """(first step, last step, batches) until the epoch ends.

        Raises:
            ValueError: there is no batch at all.
        """
        self.adapter.on_epoch_begin()
        limit = self.steps or self.adapter.num_batches
        if limit == 0 and self._purpose != "prediction":
            self._ran_out(0, 0)
        if self._stream is None or self.steps is None or self._purpose != "training":
            self._stream, self._seen = iter(self.adapter.batches()), 0
        done = 0
        while limit is None or done < limit:
            wanted = self._chunk if limit is None else min(self._chunk, limit - done)
            batches = list(itertools.islice(self._stream, wanted))
            if batches:
                yield done, done + self._chunk - 1, batches  # the last step as Keras counts, also when data end
            done += len(batches)
            if len(batches) < wanted:
                self._ran_out(done, limit)
                break
        self._seen += done
        total = self.adapter.num_batches
        if total is not None and self._seen >= total:
            self._stream = None
        self.adapter.on_epoch_end()

    def reset(self) -> None:
        """Begin anew. Keras tells the data the end of an epoch here too, before the first one."""
        self.close()
        self.adapter.on_epoch_end()

    def close(self) -> None:
        """Stop whatever makes batches ahead."""
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()
        self._stream = None

    def _ran_out(self, done: int, limit: int | None) -> None:
        self._stream = None
        if done == 0:
            raise ValueError(
                f"The data for {self._purpose} gave no batch in this epoch. A generator can be passed through only "
                "once: let it go on without end and set the number of steps, or pass a dataset that starts anew."
            )
        if limit is not None:
            warnings.warn(
                "Your input ran out of data; interrupting training. Make sure that your dataset or generator can "
                f"generate at least `steps_per_epoch * epochs` batches. This epoch had {done} of {limit}.",
                stacklevel=4,
            )
        self._known = self._known or done
