"""A small pipeline over examples: map, shuffle, batch, cache, prefetch; each pass begins anew."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from engine.core import tree
from engine.data import stages

Element = Any
"""An example or a batch: an array, or a tuple, list or dict of them."""

INFINITE, UNKNOWN = -1, -2
"""What `cardinality()` says of endless and of uncounted pipelines."""


class Dataset:
    """Examples one after another, made when they are asked for.

    Every method that changes the stream returns a new `Dataset`; the old one stays as it is. Iterate over it, or give
    it to `fit`, `evaluate` and `predict`. Names and meaning follow `tf.data`; elements are NumPy arrays.

    Args:
        source: called for each pass; returns an iterator over elements.
        count: number of elements, or `INFINITE` or `UNKNOWN`.
    """

    def __init__(self, source: Callable[[], Iterator[Element]], count: int = UNKNOWN) -> None:
        self._source, self._count = source, count
        self.class_names: list[str] | None = None
        self.file_paths: list[str] | None = None

    # Beginnings.
    @classmethod
    def from_tensor_slices(cls, tensors: Any) -> Dataset:
        """One element for each row of the arrays.

        Raises:
            ValueError: arrays of different lengths, or none.
        """
        arrays = _arrays(tensors)
        lengths = {len(a) for a in tree.flatten(arrays)}
        if len(lengths) != 1:
            raise ValueError(f"All arrays need the same number of rows. Received rows: {sorted(lengths)}")
        (count,) = lengths
        return cls(lambda: (tree.map_structure(lambda a, i=i: a[i], arrays) for i in range(count)), count)

    @classmethod
    def from_tensors(cls, tensors: Any) -> Dataset:
        """A single element."""
        value = _arrays(tensors)
        return cls(lambda: iter([value]), 1)

    @classmethod
    def from_generator(cls, generator: Callable[[], Iterable[Element]], count: int = UNKNOWN) -> Dataset:
        """Elements of an iterable that `generator` makes for each pass."""
        return cls(lambda: iter(generator()), count)

    @classmethod
    def range(cls, *arguments: int) -> Dataset:
        """Whole numbers as Python's `range` counts them."""
        numbers = range(*arguments)
        return cls(lambda: (np.int64(i) for i in numbers), len(numbers))

    @classmethod
    def zip(cls, *datasets: Any) -> Dataset:
        """Tuples of one element from each; ends with the shortest."""
        parts: Sequence[Dataset] = datasets[0] if len(datasets) == 1 and isinstance(datasets[0], tuple) else datasets
        counts = [d.cardinality() for d in parts]
        finite = [c for c in counts if c >= 0]
        count = UNKNOWN if UNKNOWN in counts else (min(finite) if finite else INFINITE)
        return cls(lambda: zip(*[iter(d) for d in parts], strict=False), count)

    # Passing through.
    def __iter__(self) -> Iterator[Element]:
        return self._source()

    def as_numpy_iterator(self) -> Iterator[Element]:
        """The same as `iter`: elements are NumPy arrays already."""
        return iter(self)

    def cardinality(self) -> int:
        """The number of elements, `INFINITE` (-1) or `UNKNOWN` (-2)."""
        return self._count

    def __len__(self) -> int:
        if self._count < 0:
            raise TypeError("The dataset is infinite." if self._count == INFINITE else "The dataset length is unknown.")
        return self._count

    @property
    def element_spec(self) -> Any:
        """(shape, dtype) of each array of the first element."""
        first = next(iter(self))
        return tree.map_structure(lambda a: (np.shape(a), np.asarray(a).dtype.name), first)

    def reduce(self, initial_state: Any, reduce_func: Callable[[Any, Element], Any]) -> Any:
        """Fold all elements into a state."""
        state = initial_state
        for element in self:
            state = reduce_func(state, element)
        return state

    # Changing the stream.
    def _then(self, source: Callable[[], Iterator[Element]], count: int) -> Dataset:
        made = Dataset(source, count)
        made.class_names, made.file_paths = self.class_names, self.file_paths
        return made

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """What a function makes of this dataset."""
        return transformation_func(self)

    def map(self, map_func: Callable[..., Element], num_parallel_calls: int | None = None) -> Dataset:
        """The result of a function for each element; a tuple is spread over the function's arguments.

        Args:
            map_func: called with an element.
            num_parallel_calls: threads that work ahead; the order stays. None works in the calling thread.
        """
        call = stages.spread(map_func)
        if not num_parallel_calls or num_parallel_calls == 1:
            return self._then(lambda: map(call, self), self._count)
        return self._then(lambda: stages.parallel_map(call, iter(self), num_parallel_calls), self._count)

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """Only the elements for which the predicate is true."""
        return self._then(lambda: filter(stages.spread(predicate), self), UNKNOWN)

    def shuffle(
        self, buffer_size: int | None, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Dataset:
        """Elements in random order, drawn from a buffer that is kept full.

        Args:
            buffer_size: elements held; None or at least the number of elements shuffles perfectly.
            seed: makes the order repeatable.
            reshuffle_each_iteration: whether each pass has another order.
        """
        passes = itertools.count()

        def source() -> Iterator[Element]:
            number = next(passes) if reshuffle_each_iteration else 0
            generator = np.random.default_rng(None if seed is None else [seed, number])
            return stages.shuffled(iter(self), buffer_size, generator)

        return self._then(source, self._count)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """Stacks of `batch_size` elements along a new first axis.

        Raises:
            ValueError: while iterating, when elements have different shapes.
        """
        count = self._batches(batch_size, drop_remainder)
        return self._then(lambda: stages.batches(iter(self), batch_size, drop_remainder, stages.stack), count)

    def padded_batch(self, batch_size: int, drop_remainder: bool = False, padding_value: float = 0) -> Dataset:
        """Like `batch`; shorter arrays are filled up at the end of each axis."""
        count = self._batches(batch_size, drop_remainder)

        def join(elements: list[Element]) -> Element:
            return stages.stack_padded(elements, padding_value)

        return self._then(lambda: stages.batches(iter(self), batch_size, drop_remainder, join), count)

    def _batches(self, batch_size: int, drop_remainder: bool) -> int:
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be at least 1. Received: batch_size={batch_size}")
        if self._count < 0:
            return self._count
        return self._count // batch_size if drop_remainder else math.ceil(self._count / batch_size)

    def unbatch(self) -> Dataset:
        """The rows of each element."""
        return self._then(lambda: itertools.chain.from_iterable(map(stages.rows, self)), UNKNOWN)

    def flat_map(self, map_func: Callable[..., Iterable[Element]]) -> Dataset:
        """The elements of the datasets that a function makes."""
        return self._then(lambda: itertools.chain.from_iterable(map(stages.spread(map_func), self)), UNKNOWN)

    def take(self, count: int) -> Dataset:
        """The first elements; all for -1."""
        if count < 0:
            return self
        known = self._count if self._count >= 0 else (count if self._count == INFINITE else UNKNOWN)
        size = min(known, count) if known >= 0 else UNKNOWN
        return self._then(lambda: itertools.islice(self, count), size)

    def skip(self, count: int) -> Dataset:
        """All but the first elements."""
        size = max(self._count - count, 0) if self._count >= 0 else self._count
        return self._then(lambda: itertools.islice(self, count, None), size)

    def shard(self, num_shards: int, index: int) -> Dataset:
        """Every `num_shards`-th element, beginning with number `index`."""
        if not 0 <= index < num_shards:
            raise ValueError(f"`index` must lie in [0, {num_shards}). Received: index={index}")
        size = max(math.ceil((self._count - index) / num_shards), 0) if self._count >= 0 else self._count
        return self._then(lambda: itertools.islice(self, index, None, num_shards), size)

    def repeat(self, count: int | None = None) -> Dataset:
        """The stream again and again; for ever when `count` is None or -1."""
        if count is None or count < 0:
            return self._then(lambda: stages.endless(self), INFINITE)
        size = self._count * count if self._count >= 0 else self._count
        return self._then(lambda: itertools.chain.from_iterable(iter(self) for _ in range(count)), size)

    def concatenate(self, dataset: Dataset) -> Dataset:
        """This stream, then another."""
        counts = (self._count, dataset.cardinality())
        known = sum(counts) if min(counts) >= 0 else (UNKNOWN if UNKNOWN in counts else INFINITE)
        return self._then(lambda: itertools.chain(self, dataset), known)

    def enumerate(self, start: int = 0) -> Dataset:
        """(number, element) pairs."""
        return self._then(lambda: ((np.int64(i), e) for i, e in enumerate(self, start)), self._count)

    def cache(self) -> Dataset:
        """Keeps the elements of the first complete pass in memory, for the passes that follow."""
        kept: list[list[Element]] = []

        def source() -> Iterator[Element]:
            return iter(kept[0]) if kept else stages.remembering(iter(self), kept)

        return self._then(source, self._count)

    def prefetch(self, buffer_size: int | None = None) -> Dataset:
        """Makes up to `buffer_size` elements (2 by default) ahead in a thread of its own."""
        size = 2 if buffer_size is None or buffer_size < 0 else buffer_size
        return self._then(lambda: stages.prefetched(iter(self), size), self._count) if size else self


def _arrays(structure: Any) -> Any:
    """Arrays in dicts and tuples; lists of numbers or texts are arrays too, as in tf.data."""
    if isinstance(structure, dict):
        return {key: _arrays(value) for key, value in structure.items()}
    if isinstance(structure, tuple):
        return tuple(_arrays(value) for value in structure)
    return np.asarray(structure)
