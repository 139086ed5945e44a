"""What a wire in the hand can reach: computed once when it is picked up, with a reason for everything else."""

from __future__ import annotations

import networkx as nx

from designer.core.catalog import component
from designer.core.document import Document, Edge, NodeId, ports_of
from designer.core.ports import fits
from designer.core.text import tr
from designer.editing.workspace import Workspace
from engine.catalog import Spec

_AXES = {2: "features", 3: "time × features", 4: "height × width × channels", 5: "depth × height × width × channels"}


class Wiring:
    """One wire in the hand.

    Args:
        node: the layer it hangs on.
        side: "out" when it is drawn from an output, "in" from an input.
        port: number of that input.
        replaced: the wire that was picked up from its input, or None.
    """

    def __init__(
        self, workspace: Workspace, node: NodeId, side: str, port: int = 0, replaced: Edge | None = None
    ) -> None:
        self.workspace, self.node, self.side, self.port, self.replaced = workspace, node, side, port, replaced
        graph = workspace.document.graph
        self._circle = nx.ancestors(graph, node) if side == "out" else nx.descendants(graph, node)
        self._why: dict[NodeId, str] = {}

    @property
    def document(self) -> Document:
        return self.workspace.document

    @property
    def spec(self) -> Spec | None:
        """What flows, when the wire comes from an output."""
        return self.workspace.analysis.info(self.node).output if self.side == "out" else None

    def reaches(self, node: NodeId) -> bool:
        """Whether the wire can end at this layer (or starts there)."""
        return node == self.node or not self.reason(node)

    def reason(self, node: NodeId) -> str:
        """Why it cannot, in a few words; "" when it can."""
        if node == self.node:
            return ""
        known = self._why.get(node)
        if known is None:
            known = self._why[node] = self._reason(node)
        return known

    def _reason(self, node: NodeId) -> str:
        if node in self._circle:
            return tr("would go in a circle")
        source, target = (self.node, node) if self.side == "out" else (node, self.node)
        most = ports_of(self.document.nodes[target].type)[1]
        if most == 0:
            return tr("has no input")
        if self.side == "out" and self.free_port(node) is None:
            return tr("its input is taken")
        spec = self.workspace.analysis.info(source).output
        known = component(self.document.nodes[target].type)
        if known is not None and spec is not None and fits(known, spec) is not None:
            least = known.ports.ranks[0]
            return tr("needs {axes}", axes=_AXES.get(least, tr("{n} axes", n=least - 1)))
        return ""

    def free_port(self, node: NodeId) -> int | None:
        """The input of a layer that a dropped wire would take."""
        slots = self.document.inputs(node)
        if self.replaced is not None and self.replaced.target == node:
            return self.replaced.port
        open_ = next((i for i, slot in enumerate(slots) if slot is None), None)
        if open_ is not None:
            return open_
        most = ports_of(self.document.nodes[node].type)[1]
        return len(slots) if most is None or len(slots) < most else None

    def accepts(self, node: NodeId, side: str, port: int) -> bool:
        """Whether one port takes the wire."""
        if node == self.node or side == self.side or self.reason(node):
            return False
        if side == "out":
            return True
        slots = self.document.inputs(node)
        return port >= len(slots) or slots[port] is None or slots[port] == self.replaced

    def edge_to(self, node: NodeId, port: int | None = None) -> Edge | None:
        """The wire that a drop on a layer (on one of its inputs) would draw."""
        if self.side == "in":
            return Edge(node, self.node, self.port)
        if port is not None and self.accepts(node, "in", port):
            return Edge(self.node, node, port)
        free = self.free_port(node)
        if free is None:
            free = port if port is not None else 0
        return Edge(self.node, node, free)

    def refusal(self, edge: Edge) -> str:
        """The whole sentence why a wire cannot be drawn; "" when it can."""
        if self.replaced is not None and edge == self.replaced:
            return ""
        target, spec = self.document.nodes[edge.target], self.workspace.analysis.info(edge.source).output
        known = component(target.type)
        reason = fits(known, spec) if known is not None and spec is not None else None
        if reason is not None:
            return reason.sentence.replace(target.type, target.name, 1)
        refused = self.document.can_connect(edge)
        return refused.sentence if refused is not None else ""
