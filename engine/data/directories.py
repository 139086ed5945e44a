"""Folders of files as examples: one subfolder a class, or labels given beside."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.messages import tell
from engine.data.dataset import Dataset, Element

BUFFER_BATCHES = 8
"""Batches that a shuffled pipeline holds back to draw from."""
_BUFFER = 1024
_READERS = 4

Read = Callable[[str], Any]


@dataclasses.dataclass(frozen=True)
class Folder:
    """What to take from a folder, and how: the arguments that all loaders share.

    Attributes:
        directory: the folder.
        labels: "inferred" from the subfolders, None, or one whole number a file in the order of the sorted paths.
        label_mode: "int", "categorical" (one-hot), "binary" or None.
        class_names: order of the subfolders; None sorts them.
        batch_size: None gives single examples.
        shuffle: whether examples come in random order.
        seed: makes that order, and a split, repeatable.
        validation_split: share of the files kept for validation.
        subset: "training", "validation" or "both".
        follow_links: whether links to folders are followed.
        verbose: whether the number of files is printed.
        formats: endings of file names that count.
        kind: what a file holds, for messages: "image", "text", "audio".
    """

    directory: Any
    labels: Any
    label_mode: str | None
    class_names: Sequence[str] | None
    batch_size: int | None
    shuffle: bool
    seed: int | None
    validation_split: float | None
    subset: str | None
    follow_links: bool
    verbose: bool
    formats: tuple[str, ...]
    kind: str

    def datasets(self, read: Read, join: Callable[[Dataset, int], Dataset] = Dataset.batch) -> Any:
        """The dataset, or (training, validation) for subset "both".

        Args:
            read: the example in a file.
            join: makes batches of single examples.

        Raises:
            ValueError: arguments that do not go together, or a folder without files that count.
        """
        self._check()
        mode = None if self.labels is None else self.label_mode
        seed = some_seed(self.seed)
        paths, labels, names = index_directory(self, None if mode is None else self.labels, seed)
        if mode == "binary" and len(names or ()) != 2:
            raise ValueError(
                'When passing `label_mode="binary"`, there must be exactly 2 class_names. '
                f"Received: class_names={names}"
            )
        made = []
        for part in ("training", "validation") if self.subset == "both" else (self.subset,):
            chosen, their = self._split(paths, labels, part)
            shuffle = self.shuffle and not (self.subset == "both" and part == "validation")
            dataset = self._pipeline(read, chosen, encode(their, mode, len(names or ())), seed if shuffle else None)
            if self.batch_size is not None:
                dataset = join(dataset, self.batch_size)
            dataset = dataset.prefetch()
            dataset.class_names, dataset.file_paths = names, chosen
            made.append(dataset)
        return made if self.subset == "both" else made[0]

    def _pipeline(self, read: Read, paths: list[str], labels: np.ndarray[Any, Any] | None, seed: int | None) -> Dataset:
        files = Dataset(lambda: iter(paths), len(paths))
        if labels is not None:
            files = Dataset.zip(files, Dataset.from_tensor_slices(labels))
        if seed is not None:
            size = _BUFFER if self.batch_size is None else self.batch_size * BUFFER_BATCHES
            files = files.shuffle(size, seed)

        def load(path: str, *label: Element) -> Element:
            return (read(path), *label) if label else read(path)

        return files.map(load, num_parallel_calls=_READERS)

    def _split(self, paths: list[str], labels: Any, part: str | None) -> tuple[list[str], Any]:
        first, last = 0, len(paths)
        if self.validation_split:
            held = int(self.validation_split * len(paths))
            # As Keras slices: a share too small for one file leaves training empty and validation whole.
            first, last = (
                (0, len(paths) - held if held else 0)
                if part == "training"
                else (len(paths) - held if held else 0, last)
            )
            tell(f"Using {last - first} files for {part}.")
        if first >= last:
            word = f"{part} {self.kind}" if self.subset == "both" else self.kind
            raise ValueError(f"No {word} files found in directory {self.directory}. Allowed formats: {self.formats}")
        return paths[first:last], None if labels is None else labels[first:last]

    def _check(self) -> None:
        self._check_labels()
        split, subset = self.validation_split, self.subset
        if split and not 0 < split < 1:
            raise ValueError(f"`validation_split` must be between 0 and 1, received: {split}")
        if bool(split) != bool(subset):
            raise ValueError("If `subset` is set, `validation_split` must be set, and inversely.")
        if subset not in ("training", "validation", "both", None):
            raise ValueError(f'`subset` must be either "training", "validation" or "both", received: {subset}')
        if split and self.shuffle and self.seed is None:
            raise ValueError(
                "If using `validation_split` and shuffling the data, you must provide a `seed` argument, to make sure "
                "that there is no overlap between the training and validation subset."
            )
        if not Path(self.directory).is_dir():
            raise ValueError(f"There is no folder {self.directory}. Give the path of a folder that exists.")

    def _check_labels(self) -> None:
        if self.label_mode not in ("int", "categorical", "binary", None):
            raise ValueError(
                '`label_mode` argument must be one of "int", "categorical", "binary", or None. '
                f"Received: label_mode={self.label_mode}"
            )
        if self.labels is None and self.class_names is not None:
            raise ValueError("When `labels=None` (no labels), argument `class_names` cannot be specified.")
        if self.labels is None or isinstance(self.labels, str) and self.labels == "inferred":
            return
        if not isinstance(self.labels, (list, tuple)):
            raise ValueError(
                f"`labels` argument should be a list/tuple of integer labels, of the same size as the number of "
                f'{self.kind} files in the target directory, "inferred" (from the names of the subfolders) or None. '
                f"Received: labels={self.labels}"
            )
        if self.class_names:
            raise ValueError(
                f'You can only pass `class_names` if `labels="inferred"`. Received: labels={self.labels}, and '
                f"class_names={self.class_names}"
            )


def index_directory(folder: Folder, labels: Any, seed: int) -> tuple[list[str], Any, list[str] | None]:
    """(paths, labels, names of the classes), shuffled together when the folder is.

    Raises:
        ValueError: class names that are no subfolders, or labels of another number than files.
    """
    top = Path(folder.directory)
    inferred = isinstance(labels, str) and labels == "inferred"
    names = _subfolders(top, folder.class_names) if inferred else None
    paths: list[str] = []
    numbers: list[int] = []
    for number, part in enumerate(names if names is not None else [""]):
        found = _files(top / part, folder.formats, folder.follow_links)
        paths += found
        numbers += [number] * len(found)
    if inferred:
        labels = np.array(numbers, "int32")
    elif labels is not None:
        if len(labels) != len(paths):
            raise ValueError(
                "Expected the lengths of `labels` to match the number of files in the target directory. len(labels) "
                f"is {len(labels)} while we found {len(paths)} files in directory {folder.directory}."
            )
        names = [str(label) for label in sorted(set(labels))]
        labels = np.array(labels)
    if folder.verbose:
        tell(f"Found {len(paths)} files" + (f" belonging to {len(names)} classes." if names is not None else "."))
    if folder.shuffle:
        # The same draw for both, as Keras does it: one seed gives one order.
        np.random.RandomState(seed).shuffle(paths)
        if labels is not None:
            np.random.RandomState(seed).shuffle(labels)
    return paths, labels, names


def _subfolders(top: Path, wanted: Sequence[str] | None) -> list[str]:
    there = sorted(p.name for p in top.iterdir() if p.is_dir() and not p.name.startswith("."))
    if wanted is None:
        return there
    if not set(wanted) <= set(there):
        raise ValueError(
            "The `class_names` passed did not match the names of the subdirectories of the target directory. "
            f"Expected: {there} (or a subset of it), but received: class_names={wanted}"
        )
    return list(wanted)


def _files(folder: Path, formats: tuple[str, ...], follow_links: bool) -> list[str]:
    walk = sorted(os.walk(folder, followlinks=follow_links), key=lambda step: step[0])
    return [
        os.path.join(place, name)
        for place, _, files in walk
        for name in sorted(files)
        if name.lower().endswith(formats)
    ]


def encode(labels: Any, mode: str | None, classes: int) -> np.ndarray[Any, Any] | None:
    """Labels as targets: whole numbers, one-hot rows, or a column of 0 and 1."""
    if labels is None or mode is None:
        return None
    numbers = np.asarray(labels)
    if mode == "binary":
        return numbers.astype("float32")[:, None]
    if mode == "categorical":
        return np.eye(classes, dtype="float32")[numbers]
    return numbers.astype("int32")


def some_seed(seed: int | None) -> int:
    """The seed, or one drawn from NumPy's global generator."""
    return int(np.random.randint(10**6)) if seed is None else seed


def check_format(name: str) -> None:
    """Refuse a `format` that Keras does not know."""
    if name not in ("tf", "grain"):
        raise ValueError(f'`format` should be either "tf" or "grain". Received: format={name}')
