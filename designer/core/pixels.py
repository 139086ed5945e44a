"""Which layers reckon with other pixel values than the data have."""

from __future__ import annotations

from collections.abc import Iterator

from designer.core.catalog import component
from designer.core.document import Document, Node
from designer.data.prepare import scaling_of
from designer.data.sources import DataSource

Range = tuple[float, float]
_RESCALE = ("Rescaling", "Normalization")
"""Layers of preparation behind which values lie in another range."""


def pixel_range(document: Document, source: DataSource | None) -> Range | None:
    """Between which numbers the pixels of the data lie; None where there are no pixels, or no such numbers."""
    if source is None or source.kind != "image":
        return None
    scaling = scaling_of(document.data, source)
    return {"none": (0.0, source.top), "minmax": (0.0, 1.0)}.get(scaling)


def misjudged(document: Document, source: DataSource | None) -> Iterator[tuple[Node, Range, Range]]:
    """Layers whose `value_range` is not that of the data, with both; only where the data come to them unscaled."""
    real = pixel_range(document, source)
    if real is None:
        return
    direct: set[str] = set()
    for i in document.topological():
        node = document.nodes[i]
        known = component(node.type)
        before = [edge.source for edge in document.inputs(i) if edge is not None]
        keeps = known is not None and known.category == "preprocessing" and node.type not in _RESCALE
        if node.type == "Input" or (keeps and before and direct.issuperset(before)):
            direct.add(i)
        param = next((p for p in known.params if p.name == "value_range"), None) if known else None
        if param is None or i not in direct:
            continue
        given = node.params.get("value_range", param.default)
        if isinstance(given, (list, tuple)) and len(given) == 2 and tuple(given) != real:
            yield node, (given[0], given[1]), real
