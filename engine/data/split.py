"""Cutting a dataset in two."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from engine.data.dataset import Dataset


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """Two datasets of single examples, for example for training and validation.

    Args:
        dataset: an array, a list or tuple of arrays of one length, a `Dataset`, or a torch `Dataset`.
        left_size: examples in the first, or their share in [0, 1]; None takes what the second leaves.
        right_size: likewise for the second.
        shuffle: whether examples change places before the cut.
        seed: makes that repeatable.
        preferred_backend: accepted for Keras's sake; both results are `Dataset`s.

    Raises:
        TypeError: data of another kind.
        ValueError: sizes that do not fit, or no examples.
    """
    if left_size is None and right_size is None:
        raise ValueError(
            "At least one of the `left_size` or `right_size` must be specified. Received: left_size=None and "
            "right_size=None"
        )
    examples = list(_examples(dataset))
    if not examples:
        raise ValueError("Received an empty dataset. Argument `dataset` must hold at least one example.")
    if shuffle:
        order = random.Random(random.randint(0, 10**6) if seed is None else seed)
        order.shuffle(examples)
    left, right = _sizes(left_size, right_size, len(examples))
    first, second = examples[:left], examples[len(examples) - right :]
    return Dataset(lambda: iter(first), left), Dataset(lambda: iter(second), right)


def _examples(dataset: Any) -> Any:
    if isinstance(dataset, (Dataset, np.ndarray)):
        return iter(dataset)
    if isinstance(dataset, (list, tuple)):
        lengths = {len(part) for part in dataset if isinstance(part, np.ndarray)}
        if not dataset or any(not isinstance(part, np.ndarray) for part in dataset):
            raise ValueError(f"Expected a list of `numpy.ndarray` objects. Received: {[type(p) for p in dataset]}")
        if len(lengths) > 1:
            raise ValueError(f"Received a list of NumPy arrays with different lengths: {sorted(lengths)}.")
        return zip(*dataset, strict=True)
    if hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__"):
        return (dataset[i] for i in range(len(dataset)))
    raise TypeError(
        "The `dataset` argument must be either a `Dataset`, a `torch.utils.data.Dataset` object, or a list/tuple of "
        f"arrays. Received: dataset={dataset} of type {type(dataset)}"
    )


def _sizes(left: float | None, right: float | None, total: int) -> tuple[int, int]:
    first, last = _count("left_size", left, total), _count("right_size", right, total)
    first = total - (last or 0) if first is None else first
    last = total - first if last is None else last
    if first + last > total:
        raise ValueError(
            f"The sum of `left_size` and `right_size` is {first + last}, larger than the {total} examples of `dataset`."
        )
    for name, size in (("left", first), ("right", last)):
        if size == 0:
            raise ValueError(
                f"With `dataset` of length={total}, `left_size`={left} and `right_size`={right}, the resulting {name} "
                "dataset will be empty. Adjust the sizes."
            )
    return first, last


def _count(name: str, size: float | None, total: int) -> int | None:
    """A number of examples from a number or a share."""
    if size is None:
        return None
    if isinstance(size, bool) or not isinstance(size, (int, float, np.integer, np.floating)):
        raise TypeError(f"Invalid `{name}` type. Expected: int or float or None, Received: type({name})={type(size)}.")
    whole = isinstance(size, (int, np.integer))
    if size <= 0 or size >= (total if whole else 1):
        raise ValueError(
            f"`{name}` should be either a positive integer smaller than {total}, or a float within the range `[0, 1]`. "
            f"Received: {name}={size}"
        )
    return int(size) if whole else round(size * total)
