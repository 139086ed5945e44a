"""A dataset that gives whole batches by number, for data that does not fit into memory."""

from __future__ import annotations

from typing import Any


class PyDataset:
    """Subclass it and define `__getitem__(index)`, which returns a batch `(x, y)` or `(x, y, sample_weight)`, and
    `__len__`, the number of batches.

    Args:
        workers: accepted as in Keras; batches are made in the calling thread.
        use_multiprocessing: accepted as in Keras.
        max_queue_size: accepted as in Keras.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Batch number `index`."""
        raise NotImplementedError(f"{type(self).__name__} defines no `__getitem__(index)`.")

    @property
    def num_batches(self) -> int | None:
        """Number of batches; None for a dataset without end."""
        return len(self) if hasattr(self, "__len__") else None

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""
