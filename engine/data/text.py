"""Folders of text files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.directories import Folder, check_format


def text_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """The texts of a folder's .txt files (UTF-8) in batches, with the subfolder's number as label.

    Args:
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset, follow_links,
            verbose: see `Folder`.
        max_length: characters kept of each; None keeps all.
        format: accepted for Keras's sake; the result is a `Dataset` in any case.

    Returns:
        A `Dataset` of (texts, labels), texts as an object array of `str`; two of them for subset "both".
    """
    check_format(format)

    def read(path: str) -> np.ndarray[Any, Any]:
        return np.asarray(Path(path).read_text(encoding="utf-8")[:max_length], dtype=object)

    folder = Folder(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset, follow_links,
        verbose, (".txt",), "text",
    )  # fmt: skip
    return folder.datasets(read)
