"""A dataset that gives whole batches by number, for data beyond memory, and the workers that make them."""

from __future__ import annotations

import itertools
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

_DEFAULTS = {"_workers": 1, "_use_multiprocessing": False, "_max_queue_size": 10}


class PyDataset:
    """Subclass it and define `__getitem__(index)`, which returns a batch `(x, y)` or `(x, y, sample_weight)`, and
    `__len__` or the property `num_batches`, the number of batches (None for a dataset without end).

    Args:
        workers: how many threads or processes make batches ahead; 1 makes them in the calling thread.
        use_multiprocessing: processes instead of threads. The dataset is copied into each.
        max_queue_size: how many batches are made ahead at most.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self._workers = workers
        self._use_multiprocessing = use_multiprocessing
        self._max_queue_size = max_queue_size

    def _setting(self, name: str) -> Any:
        if not hasattr(self, name):
            warnings.warn(
                "Your `PyDataset` class should call `super().__init__(**kwargs)` in its constructor. `**kwargs` can "
                "include `workers`, `use_multiprocessing`, `max_queue_size`.",
                stacklevel=3,
            )
            self.__dict__.update({key: getattr(self, key, value) for key, value in _DEFAULTS.items()})
        return getattr(self, name)

    @property
    def workers(self) -> int:
        """How many threads or processes make batches ahead."""
        return int(self._setting("_workers"))

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = value

    @property
    def use_multiprocessing(self) -> bool:
        """Processes instead of threads."""
        return bool(self._setting("_use_multiprocessing"))

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = value

    @property
    def max_queue_size(self) -> int:
        """How many batches are made ahead at most."""
        return int(self._setting("_max_queue_size"))

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = value

    def __getitem__(self, index: int) -> Any:
        """Batch number `index`."""
        raise NotImplementedError(f"{type(self).__name__} defines no `__getitem__(index)`.")

    def __iter__(self) -> Iterator[Any]:
        try:
            count = self.num_batches
        except NotImplementedError:
            count = None
        return (self[index] for index in (itertools.count() if count is None else range(count)))

    @property
    def num_batches(self) -> int | None:
        """Number of batches; None for a dataset without end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            "You need to implement the `num_batches` property:\n\n@property\ndef num_batches(self):\n  return ...\n"
            f"{type(self).__name__} has neither it nor `__len__`; return None from it for a dataset without end."
        )

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


def made_ahead(dataset: PyDataset, order: Iterable[int]) -> Iterator[Any]:
    """Batches of these numbers, in order, made by the dataset's workers while earlier ones are used."""
    workers, processes = dataset.workers, dataset.use_multiprocessing
    if workers < 2 and not (workers == 1 and processes):
        yield from (dataset[index] for index in order)
        return
    numbers = iter(order)
    waiting: deque[Future[Any]] = deque()
    executor: Executor
    make: Callable[[int], Any]
    if processes:
        # A new pool for each pass: what the dataset changed between two epochs is then known to the processes.
        executor = ProcessPoolExecutor(workers, initializer=_receive, initargs=(dataset,))
        make = _make
    else:
        executor = ThreadPoolExecutor(workers, thread_name_prefix="PyDataset")
        make = dataset.__getitem__
    try:
        for index in itertools.islice(numbers, max(dataset.max_queue_size, 1)):
            waiting.append(executor.submit(make, index))
        while waiting:
            batch = waiting.popleft().result()
            for index in itertools.islice(numbers, 1):
                waiting.append(executor.submit(make, index))
            yield batch
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


_received: list[PyDataset] = []
"""In a worker process: the dataset."""


def _receive(dataset: PyDataset) -> None:
    _received[:] = [dataset]


def _make(index: int) -> Any:
    return _received[0][index]
