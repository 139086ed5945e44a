"""Nested structures of lists, tuples and dicts; dict keys are visited in sorted order, as in Keras."""

from __future__ import annotations

import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def is_nested(structure: Any) -> bool:
    """Whether the value is a list, tuple or dict (None and arrays are leaves)."""
    return isinstance(structure, (list, tuple, dict))


def _children(structure: Any) -> list[tuple[Any, Any]]:
    if isinstance(structure, OrderedDict):
        return list(structure.items())
    if isinstance(structure, dict):
        return [(key, structure[key]) for key in sorted(structure)]
    return list(enumerate(structure))


def _rebuild(structure: Any, values: list[Any]) -> Any:
    if isinstance(structure, dict):
        filled = dict(zip([key for key, _ in _children(structure)], values, strict=True))
        if isinstance(structure, defaultdict):
            return defaultdict(structure.default_factory, {key: filled[key] for key in structure})
        return type(structure)((key, filled[key]) for key in structure)
    if hasattr(structure, "_fields"):
        return type(structure)(*values)
    return type(structure)(values)


def flatten(structure: Any) -> list[Any]:
    """All leaves, left to right."""
    return list(_leaves(structure))


def _leaves(structure: Any) -> Iterator[Any]:
    if is_nested(structure):
        for _, child in _children(structure):
            yield from _leaves(child)
    else:
        yield structure


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """All leaves with the keys and indices that lead to them."""
    return list(_leaves_with_path(structure, ()))


def _leaves_with_path(structure: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if is_nested(structure):
        for key, child in _children(structure):
            yield from _leaves_with_path(child, (*path, key))
    else:
        yield path, structure


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Structure of `func(leaf, ...)` over structures of equal form.

    Raises:
        ValueError: the structures differ in form.
    """
    if not structures:
        raise ValueError("Must provide at least one structure")
    first = structures[0]
    for other in structures[1:]:
        assert_same_structure(first, other)
    if not none_is_leaf:
        plain = func
        func = lambda *leaves: None if leaves[0] is None else plain(*leaves)  # noqa: E731
    return _map(func, structures)


def _map(func: Callable[..., Any], structures: tuple[Any, ...]) -> Any:
    first = structures[0]
    if not is_nested(first):
        return func(*structures)
    columns = zip(*([child for _, child in _children(structure)] for structure in structures), strict=True)
    return _rebuild(first, [_map(func, column) for column in columns])


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Raise ValueError unless both structures have the same form; `check_types` has no effect, as in Keras."""
    if check_types is not None:
        warnings.warn(
            "The `check_types` argument is deprecated and no longer has any effect, please remove. "
            "`assert_same_paths` compares less strictly.",
            DeprecationWarning,
            stacklevel=2,
        )
    if is_nested(a) != is_nested(b) or (is_nested(a) and _form(a) != _form(b)):
        raise ValueError(f"`a` and `b` don't have the same structure: a={_outline(a)}, b={_outline(b)}")
    if is_nested(a):
        for (_, x), (_, y) in zip(_children(a), _children(b), strict=True):
            assert_same_structure(x, y)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise ValueError unless the same keys and indices lead to the leaves of both; kinds of containers may differ."""
    first, second = ({path for path, _ in flatten_with_path(structure)} for structure in (a, b))
    if first != second:
        message = "`a` and `b` don't have the same paths."
        for one, other, missing in (("a", "b", first - second), ("b", "a", second - first)):
            if missing:
                message += f"\nPaths in `{one}` missing in `{other}`:\n{missing}"
        raise ValueError(message)


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Structure of `func(part, ...)` over what the structures hold where the shallow one has leaves.

    Raises:
        ValueError: a structure does not go as deep as the shallow one, or has other keys.
    """
    if not structures:
        raise ValueError("Must provide at least one structure")
    if not is_nested(shallow_structure):
        return func(*structures)
    keys = [key for key, _ in _children(shallow_structure)]
    columns = []
    for structure in structures:
        if not is_nested(structure) or [key for key, _ in _children(structure)] != keys:
            raise ValueError("Structures don't have the same nested structure.")
        columns.append([child for _, child in _children(structure)])
    shallow = [child for _, child in _children(shallow_structure)]
    rows = zip(shallow, *columns, strict=True)
    return _rebuild(shallow_structure, [map_structure_up_to(part, func, *rest) for part, *rest in rows])


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """`map_structure` over shapes: a list or tuple of whole numbers and None counts as one leaf."""
    if not is_nested(structure):
        return func(structure)
    plain = isinstance(structure, (list, tuple))
    if plain and all(isinstance(dim, (int, type(None))) for dim in structure):
        return func(structure)
    return _rebuild(structure, [map_shape_structure(func, child) for _, child in _children(structure)])


def _form(structure: Any) -> tuple[Any, ...]:
    kind = dict if isinstance(structure, dict) else type(structure)
    return (kind, *(key for key, _ in _children(structure)))


def _outline(structure: Any) -> Any:
    return map_structure(lambda _: "*", structure)


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """Leaves of `flat_sequence` in the form of `structure`.

    Raises:
        ValueError: the number of leaves differs.
    """
    flat = list(flat_sequence)
    wanted = len(flatten(structure))
    if len(flat) != wanted:
        raise ValueError(
            f"Could not pack sequence. `structure` had {wanted} atoms, but `flat_sequence` had {len(flat)} items."
        )
    leaves = iter(flat)
    return map_structure(lambda _: next(leaves), structure)


def lists_to_tuples(structure: Any) -> Any:
    """The same structure with tuples for lists."""
    if isinstance(structure, dict):
        return type(structure)((key, lists_to_tuples(value)) for key, value in structure.items())
    if isinstance(structure, (list, tuple)) and not hasattr(structure, "_fields"):
        return tuple(lists_to_tuples(value) for value in structure)
    return structure


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Map over containers too: `func` returns a replacement, or None to go on into the container."""
    if top_down:
        result = func(structure)
        if result is not None:
            return None if result is MAP_TO_NONE else result
    if is_nested(structure):
        structure = _rebuild(structure, [traverse(func, child, top_down) for _, child in _children(structure)])
    if top_down:
        return structure
    result = func(structure)
    if result is None:
        return structure
    return None if result is MAP_TO_NONE else result


class MAP_TO_NONE:
    """What `traverse`'s function returns to put None in a place."""
