"""Looking into weights files and changing them: objects renamed, added, taken out (`keras.saving.KerasFileEditor`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.tensor import as_array
from engine.saving import archive
from engine.saving.h5 import reading, writing
from engine.saving.limits import refuse
from engine.saving.walk import saveables
from engine.saving.weights import SUFFIX

Tree = dict[str, Any]
"""Objects and arrays of a file by name, nested as in their paths."""


class KerasFileEditor:
    """The weights of a `.keras` or `.weights.h5` file, to be looked at, changed and written again.

    Args:
        filepath: the file; it stays as it is.

    Attributes:
        weights_dict: arrays by name, nested as in their paths.
        object_metadata: for each path the name of the layer that was saved there.
        config, metadata: those of a `.keras` file, else None.
    """

    def __init__(self, filepath: Any) -> None:
        self.filepath = os.fspath(filepath)
        self.config: Any = None
        self.metadata: Any = None
        self.model: Any = None
        if self.filepath.endswith(".keras"):
            content = archive.read_archive(self.filepath)
            if content.weights is None:
                raise refuse(archive.WEIGHTS, "it is missing, so the file holds no weights.")
            self.config, self.metadata, data = content.config, content.metadata, content.weights
        elif self.filepath.endswith(SUFFIX):
            data = Path(self.filepath).read_bytes()
        else:
            raise ValueError(
                f"Invalid filename: expected a `.keras` `.weights.h5` extension. Received: filepath={self.filepath}"
            )
        self.weights_dict: Tree = {}
        self.object_metadata: dict[str, dict[str, str]] = {}
        self._read(data)
        print(f"Keras model file '{self.filepath}'")
        if self.metadata:
            version, date = (self.metadata.get(key, "?") for key in ("keras_version", "date_saved"))
            print(f"Saved with Keras {version} - date: {date}")

    def _read(self, data: bytes) -> None:
        with reading(data, os.path.basename(self.filepath)) as reader:
            for path in reader.paths():
                place = _place(self.weights_dict, path)
                for key in sorted(reader.shapes(path), key=_in_order):
                    place[key] = reader.read(path, key)
                if reader.name(path):
                    self.object_metadata[f"/{path}"] = {"name": reader.name(path)}

    # Looking.
    def summary(self) -> None:
        """Print the objects of the file with the shapes of their arrays."""
        print("Weights structure")
        for line in self._lines(self.weights_dict, "  ", ""):
            print(line)

    def _lines(self, tree: Tree, start: str, path: str) -> Iterator[str]:
        last = len(tree) - 1
        for i, (name, value) in enumerate(tree.items()):
            connector = "> " if not path and i == 0 else "└─ " if i == last else "├─ "
            where = f"{path}/{name}"
            if isinstance(value, dict):
                known = self.object_metadata.get(where, {}).get("name")
                yield f"{start}{connector}{name}" + (f" ('{known}')" if known else "")
                yield from self._lines(value, start + ("    " if i == last else "│   "), where)
            else:
                yield f"{start}{connector}{name}: shape={tuple(np.shape(value))}, dtype={np.asarray(value).dtype}"

    def compare(self, reference_model: Any) -> dict[str, Any]:
        """Print where the file differs from a model.

        Returns:
            "status" ("success" or "error"), "error_count" and "match_count", with every object and array counted once.
        """
        print("Running comparison")
        expected: Tree = {}
        for path, obj in saveables(reference_model):
            store: dict[str, Any] = {}
            obj.save_own_variables(store)
            if store:
                _place(expected, path).update({key: as_array(value) for key, value in store.items()})
        problems, matches = _differences(self.weights_dict, expected, "")
        for problem in problems:
            print(f"...{problem}")
        print("─" * 21)
        if problems:
            print(f"Found {_counted(len(problems), 'error')}: saved file is not compatible with the reference model")
        else:
            print("Comparison successful: saved file is compatible with the reference model")
            print(f"    Found {_counted(matches, 'matching weight')}")
        return {
            "status": "error" if problems else "success",
            "error_count": len(problems),
            "match_count": matches,
        }

    # Changing.
    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object (a path, or a name that occurs once) another name in its place."""
        if "/" in new_name:
            raise ValueError(
                "Argument `target_name` should be a leaf name, not a full path name. "
                f"Received: target_name='{new_name}'"
            )

        def rename(place: Tree, name: str) -> None:
            place[new_name] = place.pop(name)

        self._edit(object_name, rename)

    def delete_object(self, object_name: str) -> None:
        """Take an object (a path, or a name that occurs once) out."""
        self._edit(object_name, lambda place, name: place.pop(name))

    def add_object(self, object_path: str, weights: Any) -> None:
        """Put an object with its arrays at a path.

        Raises:
            ValueError: the object that is to hold it is not there, or the weights are no dict.
        """
        _check_weights(weights)
        *parents, name = object_path.split("/")
        place = self.weights_dict
        for parent in parents:
            if not isinstance(place.get(parent), dict):
                raise ValueError(f"Path '{'/'.join(parents)}' not found in model.")
            place = place[parent]
        place[name] = dict(weights)

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Take one array out of an object."""

        def delete(place: Tree, name: str) -> None:
            if weight_name not in place[name]:
                raise ValueError(
                    f"Weight {weight_name} not found in object {object_name}. Weights found: {list(place[name])}"
                )
            place[name].pop(weight_name)

        self._edit(object_name, delete)

    def add_weights(self, object_name: str, weights: Any) -> None:
        """Put arrays into an object."""
        _check_weights(weights)
        self._edit(object_name, lambda place, name: place[name].update(weights))

    def _edit(self, source: str, change: Callable[[Tree, str], Any]) -> None:
        """Apply a change where an object stands.

        Raises:
            ValueError: it is not in the file, or its bare name occurs more than once.
        """
        if "/" in source:
            *parents, name = source.split("/")
            place: Any = self.weights_dict
            for parent in parents:
                place = place.get(parent) if isinstance(place, dict) else None
            if not isinstance(place, dict) or name not in place:
                raise ValueError(f"Path '{source}' not found in model.")
            change(place, name)
            return
        places = [place for place in _trees(self.weights_dict) if source in place]
        if len(places) > 1:
            raise ValueError(f"Name '{source}' occurs more than once in the model; try passing a complete path")
        if not places:
            raise ValueError(
                f"Source name '{source}' does not appear in the model. Use `editor.summary()` to list all objects."
            )
        change(places[0], source)

    # Writing.
    def save(self, filepath: Any) -> None:
        """Write the weights as they are now into a `.weights.h5` file."""
        target = os.fspath(filepath)
        if not target.endswith(SUFFIX):
            raise ValueError(
                f"Invalid `filepath` argument: expected a `.weights.h5` extension. Received: filepath={target}"
            )
        with archive.replacing(target) as stream, writing(stream) as writer:
            for path, arrays in _objects(self.weights_dict, ""):
                entry = writer.entry(path, self.object_metadata.get(f"/{path}", {}).get("name"))
                for key, value in arrays.items():
                    entry[key] = value

    def resave_weights(self, filepath: Any) -> None:
        """The same as `save`."""
        self.save(filepath)


def _place(tree: Tree, path: str) -> Tree:
    """The part of a tree at a path, made if need be."""
    for name in path.split("/") if path else ():
        tree = tree.setdefault(name, {})
    return tree


def _in_order(key: str) -> tuple[bool, int, str]:
    return (not key.isdecimal(), int(key) if key.isdecimal() else 0, key)


def _trees(tree: Tree) -> Iterator[Tree]:
    yield tree
    for value in tree.values():
        if isinstance(value, dict):
            yield from _trees(value)


def _objects(tree: Tree, path: str) -> Iterator[tuple[str, Tree]]:
    """(path, arrays) of every object that holds arrays."""
    arrays = {name: value for name, value in tree.items() if not isinstance(value, dict)}
    if arrays:
        yield path, arrays
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _objects(value, f"{path}/{name}" if path else name)


def _check_weights(weights: Any) -> None:
    if not isinstance(weights, dict):
        raise ValueError(
            "Argument `weights` should be a dict where keys are weight names (usually '0', '1', etc.) and values are "
            f"NumPy arrays. Received: type(weights)={type(weights)}"
        )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _differences(saved: Tree, expected: Tree, path: str) -> tuple[list[str], int]:
    """What differs, in words, and how many arrays agree."""
    problems, matches = [], 0
    for name in dict.fromkeys([*expected, *saved]):
        where = f"{path}/{name}"
        if name not in saved or name not in expected:
            there, here = ("saved file", "reference model") if name in saved else ("reference model", "saved file")
            value = saved.get(name, expected.get(name))
            kind = "Object" if isinstance(value, dict) else "Weight"
            problems.append(f"{kind} {where} present in {there}, missing from {here}")
        elif isinstance(saved[name], dict) and isinstance(expected[name], dict):
            inner, count = _differences(saved[name], expected[name], where)
            problems += inner
            matches += count
        elif np.shape(saved[name]) != np.shape(expected[name]):
            problems.append(
                f"Weight shape mismatch for {where}: in reference model {np.shape(expected[name])}, in saved file "
                f"{np.shape(saved[name])}"
            )
        else:
            matches += 1
    return problems, matches
