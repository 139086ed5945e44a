"""Layered layout: each layer in the column of its longest way from an input, rows ordered to cross few wires."""

from __future__ import annotations

from collections import defaultdict

from designer.core.document import Document, NodeId

COLUMN, ROW, SNAP = 200, 120, 8
SWEEPS = 4
SPAN = 200_000
"""Most columns that wires pass together for rows to be sorted by them."""
Position = tuple[float, float]


def layered(document: Document, ids: set[NodeId] | None = None, wrap: float | None = None) -> dict[NodeId, Position]:
    """Places for all layers, or for those in `ids` (whose left top corner stays where it is).

    Args:
        wrap: width after which the columns go on in a new row, like text.
    """
    chosen = [i for i in document.topological() if ids is None or i in ids]
    if not chosen:
        return {}
    columns = _columns(document, chosen)
    rows = _rows(document, columns)
    left = min(document.nodes[i].position[0] for i in chosen) if ids else 0.0
    top = min(document.nodes[i].position[1] for i in chosen) if ids else 0.0
    per_line = max(int(wrap // COLUMN), 1) if wrap else 1 << 30
    height = (max(rows.values()) + 2) * ROW
    return {
        i: (_snap(left + columns[i] % per_line * COLUMN), _snap(top + rows[i] * ROW + columns[i] // per_line * height))
        for i in chosen
    }


def _snap(value: float) -> float:
    return float(round(value / SNAP) * SNAP)


def _columns(document: Document, chosen: list[NodeId]) -> dict[NodeId, int]:
    inside = set(chosen)
    columns: dict[NodeId, int] = {}
    for node in chosen:
        before = [columns[e.source] for e in document.inputs(node) if e is not None and e.source in inside]
        columns[node] = max(before) + 1 if before else 0
    return columns


def _rows(document: Document, columns: dict[NodeId, int]) -> dict[NodeId, int]:
    """Rows by barycentre sweeps; wires over several columns count through stand-ins in between."""
    layers, links = _with_stand_ins(document, columns)
    order = {column: {item: k for k, item in enumerate(items)} for column, items in layers.items()}
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for column in sorted(layers, reverse=not forward):
            neighbours = order.get(column - 1 if forward else column + 1, {})
            layers[column].sort(key=lambda item: _centre(item, links, neighbours, order[column][item]))  # noqa: B023
            order[column] = {item: k for k, item in enumerate(layers[column])}
    rows: dict[NodeId, int] = {}
    for items in layers.values():
        for k, item in enumerate(items):
            if isinstance(item, str):
                rows[item] = k
    return rows


def _with_stand_ins(
    document: Document, columns: dict[NodeId, int]
) -> tuple[dict[int, list[object]], dict[object, list[object]]]:
    layers: dict[int, list[object]] = defaultdict(list)
    links: dict[object, list[object]] = defaultdict(list)
    for node, column in columns.items():
        layers[column].append(node)
    inside = [edge for edge in document.edges if edge.source in columns and edge.target in columns]
    span = sum(columns[edge.target] - columns[edge.source] for edge in inside)
    for edge in inside if span <= SPAN else ():
        previous: object = edge.source
        for column in range(columns[edge.source] + 1, columns[edge.target]):
            stand_in = (edge, column)
            layers[column].append(stand_in)
            links[previous].append(stand_in)
            links[stand_in].append(previous)
            previous = stand_in
        links[previous].append(edge.target)
        links[edge.target].append(previous)
    return layers, links


def _centre(item: object, links: dict[object, list[object]], neighbours: dict[object, int], own: int) -> float:
    places = [neighbours[other] for other in links[item] if other in neighbours]
    return sum(places) / len(places) if places else float(own)
