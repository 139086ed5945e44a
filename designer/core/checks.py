"""What a project file may hold: bounds of its parts, names, wires and settings, told in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import networkx as nx

from designer.core.document import NAME
from designer.core.text import tr

NODES, EDGES, MARKS = 20_000, 60_000, 10_000
"""Most layers, wires, and notes or frames of a project."""

DEPTH, VALUES, TEXT, WHOLE = 24, 100_000, 1_000_000, 1 << 62
"""Nesting, number of values, longest text and largest whole number of a layer's settings."""

_ID = re.compile(r"[A-Za-z0-9_\-]{1,64}")


def record_problem(record: Any) -> str | None:
    """Why the parts of a `DocumentRecord` do not make a project, in a sentence; None when they do."""
    return next(_problems(record), None)


def _problems(record: Any) -> Iterator[str]:
    for what, found, most in (
        (tr("layers"), record.nodes, NODES),
        (tr("wires"), record.edges, EDGES),
        (tr("notes and frames"), [*record.notes, *record.frames], MARKS),
    ):
        if len(found) > most:
            yield tr(
                "it holds {n} {what}; at most {most} can be shown.", n=f"{len(found):,}", what=what, most=f"{most:,}"
            )
    yield from _node_problems(record.nodes)
    yield from _edge_problems(record)
    for mark in (*record.notes, *record.frames):
        if not _ID.fullmatch(mark.id):
            yield tr("{id} is no id of a note or frame.", id=_shown(mark.id))
    settings = [("data", record.data.options), ("optimizer", record.training.optimizer.params)]
    settings += [("loss", record.training.loss.params)] if record.training.loss else []
    settings += [("callback", choice.params) for choice in record.training.callbacks]
    for what, params in settings:
        reason = value_problem(params)
        if reason:
            yield tr("the settings of the {what} cannot be read: {reason}", what=what, reason=reason)


def _node_problems(nodes: Iterable[Any]) -> Iterator[str]:
    ids: set[str] = set()
    names: set[str] = set()
    for node in nodes:
        if not _ID.fullmatch(node.id):
            yield tr("{id} is no id of a layer.", id=_shown(node.id))
        if not is_layer_name(node.name):
            yield tr("{name} is no name of a layer: letters, digits, _ . and - make names.", name=_shown(node.name))
        if node.id in ids or node.name in names:
            yield tr("it names the layer {name} twice.", name=_shown(node.name))
        if not node.type.isidentifier():
            yield tr("{name} is of no type that a layer can have: {type}.", name=node.name, type=_shown(node.type))
        reason = value_problem(node.params)
        if reason:
            yield tr("the settings of {name} cannot be read: {reason}", name=node.name, reason=reason)
        ids.add(node.id)
        names.add(node.name)


def _edge_problems(record: Any) -> Iterator[str]:
    graph = nx.DiGraph()
    names = {node.id: node.name for node in record.nodes}
    taken: set[tuple[str, int]] = set()
    for edge in record.edges:
        if edge.source not in names or edge.target not in names:
            yield tr("one end of a wire is not there.")
        if (edge.target, edge.port) in taken:
            yield tr("two wires lead to the same input of {name}.", name=names.get(edge.target, ""))
        taken.add((edge.target, edge.port))
        graph.add_edge(edge.source, edge.target)
    if not nx.is_directed_acyclic_graph(graph):
        yield tr("its wires go in a circle.")


def is_layer_name(name: Any) -> bool:
    """Whether a text can name a layer, in files, paths and exported code alike."""
    return isinstance(name, str) and len(name) <= 200 and bool(NAME.fullmatch(name)) and ".." not in name


def _shown(text: Any) -> str:
    return repr(text if not isinstance(text, str) or len(text) < 60 else text[:57] + "...")


def value_problem(value: Any) -> str | None:
    """Why settings go beyond what is read."""
    count, level = 0, [value]
    for _ in range(DEPTH):
        count += len(level)
        if count > VALUES:
            return tr("they hold more than {most} values.", most=f"{VALUES:,}")
        for item in level:
            if isinstance(item, str) and len(item) > TEXT:
                return tr("they hold a text of {n} characters.", n=f"{len(item):,}")
            if isinstance(item, int) and abs(item) > WHOLE:
                return tr("they hold a number beyond all that a layer can use.")
        level = [child for item in level for child in _children(item)]
        if not level:
            return None
    return tr("they are nested more than {depth} levels deep.", depth=DEPTH)


def _children(item: Any) -> Iterable[Any]:
    if isinstance(item, Mapping):
        return [*item.keys(), *item.values()]
    return item if isinstance(item, (list, tuple)) else ()
