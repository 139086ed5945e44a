"""The working parts of `Dataset`: each takes an iterator over elements and gives another."""

from __future__ import annotations

import collections
import itertools
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from engine.core import tree

Element = Any


def spread(function: Callable[..., Any]) -> Callable[[Element], Any]:
    """The function as one of a single element: tuples are spread over its arguments."""
    return lambda element: function(*element) if isinstance(element, tuple) else function(element)


def parallel_map(call: Callable[[Element], Any], elements: Iterator[Element], threads: int) -> Iterator[Element]:
    """Results in order, with as many elements in work as there are threads. Leaving early ends the threads."""
    waiting: collections.deque[Future[Any]] = collections.deque()
    with ThreadPoolExecutor(threads, "dataset-map") as pool:
        try:
            for element in elements:
                waiting.append(pool.submit(call, element))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def shuffled(elements: Iterator[Element], buffer_size: int | None, generator: np.random.Generator) -> Iterator[Element]:
    """Elements drawn at random from a buffer that is refilled from the stream."""
    buffer = list(itertools.islice(elements, buffer_size))
    for element in elements:
        place = int(generator.integers(len(buffer)))
        drawn, buffer[place] = buffer[place], element
        yield drawn
    generator.shuffle(buffer)
    yield from buffer


def batches(
    elements: Iterator[Element], size: int, drop_remainder: bool, join: Callable[[list[Element]], Element]
) -> Iterator[Element]:
    """Groups of `size` elements, joined."""
    while group := list(itertools.islice(elements, size)):
        if len(group) == size or not drop_remainder:
            yield join(group)


def stack(elements: list[Element]) -> Element:
    """Elements on top of one another, array by array."""
    return tree.map_structure(_stack, *elements)


def _stack(*arrays: Any) -> np.ndarray[Any, Any]:
    parts = [np.asarray(a) for a in arrays]
    shapes = {p.shape for p in parts}
    if len(shapes) > 1:
        raise ValueError(
            f"A batch needs elements of one shape. Received shapes: {sorted(shapes)}. Use padded_batch, or give all "
            "elements the same shape."
        )
    return np.stack(parts)


def stack_padded(elements: list[Element], value: float) -> Element:
    """Elements on top of one another; each axis as long as its longest."""

    def join(*arrays: Any) -> np.ndarray[Any, Any]:
        parts = [np.asarray(a) for a in arrays]
        shape = tuple(max(sizes) for sizes in zip(*[p.shape for p in parts], strict=True))
        result = np.full((len(parts), *shape), value, dtype=np.result_type(*parts))
        for row, part in enumerate(parts):
            result[row, ...][tuple(slice(0, n) for n in part.shape)] = part
        return result

    return tree.map_structure(join, *elements)


def rows(element: Element) -> Iterator[Element]:
    """The elements that a batch was made of."""
    count = len(tree.flatten(element)[0])
    return (tree.map_structure(lambda a, i=i: a[i], element) for i in range(count))


def endless(source: Iterable[Element]) -> Iterator[Element]:
    """Pass after pass; ends only when a pass is empty."""
    while True:
        empty = True
        for element in source:
            empty = False
            yield element
        if empty:
            return


def remembering(elements: Iterator[Element], kept: list[list[Element]]) -> Iterator[Element]:
    """Elements as they come; after the last, `kept` holds them all."""
    seen = []
    for element in elements:
        seen.append(element)
        yield element
    if not kept:
        kept.append(seen)


class _Failure:
    """What went wrong in the thread that works ahead."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


_END = object()


def prefetched(elements: Iterator[Element], size: int) -> Iterator[Element]:
    """Elements made ahead by a thread, which ends with the stream or when nobody reads on."""
    ready: queue.Queue[Any] = queue.Queue(size)
    stopped = threading.Event()

    def put(item: Any) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.05)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for element in elements:
                if not put(element):
                    return
        except Exception as error:  # noqa: BLE001 - raised again where the elements are read
            put(_Failure(error))
        else:
            put(_END)

    thread = threading.Thread(target=work, name="dataset-prefetch", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item
    finally:
        stopped.set()
        thread.join()
