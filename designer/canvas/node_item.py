"""A layer on the canvas: its place, its ports, what it shows. One item, no children; `node_paint` draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from designer.canvas import captions, node_paint, style
from designer.core.catalog import component
from designer.core.document import Edge, Node
from designer.core.ports import axes_text, rank_kind, shape_text
from designer.look.painting import chip_width, text_width
from engine.catalog import Spec

if TYPE_CHECKING:
    from designer.canvas.scene import CanvasScene

_WANTED = {2: "vector", 3: "sequence", 4: "image", 5: "volume"}


@dataclass(frozen=True)
class Facts:
    """What a node shows, worked out when it is first drawn after a change."""

    name: str
    caption: str
    caption_role: str
    shape: str
    axes: str
    chip: str
    figure: str
    inputs: tuple[tuple[str, bool], ...]
    output: tuple[str, bool]
    badges: tuple[tuple[str, str], ...]


class NodeItem(QGraphicsItem):
    """Shows one node of the document; the scene keeps it in step."""

    def __init__(self, scene: CanvasScene, node: Node, inputs: int) -> None:
        super().__init__()
        self.canvas = scene
        self.node = node
        known = component(node.type)
        self.family = known.category if known is not None else "custom"
        self.inputs = inputs
        self.width = style.name_width(node.name)
        self.height = style.height_for(inputs)
        self._rect = QRectF()
        self._facts: Facts | None = None
        self._fit_rect()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(2)
        self.setPos(*node.position)

    def _fit_rect(self) -> None:
        m = style.MARGIN
        self._rect = QRectF(-m, -m, self.width + 2 * m, self.height + 2 * m + 8)

    # Keeping in step.
    def set_node(self, node: Node, inputs: int) -> None:
        """Show another state of the node."""
        width, height = style.name_width(node.name), style.height_for(inputs)
        if (width, height) != (self.width, self.height):
            self.prepareGeometryChange()
            self.width, self.height = width, height
            self._fit_rect()
        self.node, self.inputs = node, inputs
        self.forget()

    def forget(self) -> None:
        """Work out anew what is shown, at the next drawing."""
        self._facts = None
        self.update()

    @property
    def facts(self) -> Facts:
        if self._facts is None:
            self._facts = self._work_out()
        return self._facts

    def _work_out(self) -> Facts:
        node, scene = self.node, self.canvas
        info = scene.workspace.analysis.info(node.id)
        preview = scene.previewed(node.id)
        spec = preview if preview is not None else info.output
        shape, axes, chip = shape_text(spec), axes_text(spec), "preview" if preview is not None else "normal"
        if spec is None and info.state == "error":
            (shape, axes), chip = captions.failing_part(info), "error"
        figure = captions.figure(info.parameters)
        axes, figure = self._fitted(shape, axes, figure, info.parameters)
        slots = scene.workspace.document.inputs(node.id)
        ports = tuple(
            (self._input_kind(self._given(slot, info.inputs[i] if i < len(info.inputs) else None)), slot is not None)
            for i, slot in enumerate(slots)
        )
        words, role = self._caption()
        return Facts(
            name=_elided(node.name, self.width - 50 - 20 * len(self._badges()), ("body", False, 600)),
            caption=words,
            caption_role=role,
            shape=shape,
            axes=axes,
            chip=chip,
            figure=figure,
            inputs=ports,
            output=(rank_kind(spec), bool(scene.workspace.document.graph.out_degree(node.id))),
            badges=self._badges(),
        )

    def _given(self, edge: Edge | None, known: Spec | None) -> Spec | None:
        """What an input gets, with the repair that is being shown."""
        fresh = self.canvas.previewed(edge.source) if edge is not None else None
        return fresh if fresh is not None else known

    def _caption(self) -> tuple[str, str]:
        """The caption and its font: condensed when it is a little too long, cut when that does not help."""
        words, room = captions.caption(self.node), self.width - 45
        if text_width(words, "micro") <= room:
            return words, "micro"
        return style.metrics("narrow").elidedText(words, Qt.TextElideMode.ElideRight, room), "narrow"

    def _fitted(self, shape: str, axes: str, figure: str, count: int | None) -> tuple[str, str]:
        """Axis letters and figure that have room: first the letters go, then the figure is shortened."""
        room = self.width - 16
        taken = text_width(figure + " p", "micro", True) + 3 if figure else 0.0
        if chip_width(shape, axes) + taken <= room:
            return axes, figure
        if chip_width(shape, "") + taken <= room:
            return "", figure
        return "", captions.short_figure(count or 0)

    def _input_kind(self, spec: Spec | None) -> str:
        if spec is not None:
            return rank_kind(spec)
        known = component(self.node.type)
        ranks = known.ports.ranks if known is not None and known.ports is not None else None
        if ranks is None or ranks[0] != ranks[1]:
            return "any"
        return _WANTED.get(ranks[0], "any")

    def _badges(self) -> tuple[tuple[str, str], ...]:
        """(icon, colour token), most urgent first."""
        found = []
        severity = self.canvas.severity(self.node.id)
        if severity in ("error", "warning"):
            found.append((severity, "error" if severity == "error" else "warn"))
        if not self.node.trainable:
            found.append(("freeze", "accent"))
        if self.node.bypassed:
            found.append(("bypass", "text2"))
        return tuple(found)

    # Places, in scene coordinates.
    def frame(self) -> QRectF:
        """The node's rectangle."""
        return QRectF(self.x(), self.y(), self.width, self.height)

    def input_point(self, port: int) -> QPointF:
        """Centre of an input."""
        return QPointF(self.x(), self.y() + style.input_y(port, max(self.inputs, port + 1)))

    def output_point(self) -> QPointF:
        """Centre of the output."""
        return QPointF(self.x() + self.width, self.y() + style.DIVIDER)

    def port_at(self, point: QPointF) -> tuple[str, int] | None:
        """("in", number) or ("out", 0) of the port whose reach holds a scene point, the nearest if several do."""
        reached: list[tuple[float, tuple[str, int]]] = []
        places = [(("in", i), self.input_point(i)) for i in range(self.inputs)]
        if self.has_output:
            places.append((("out", 0), self.output_point()))
        for port, place in places:
            off = point - place
            if abs(off.x()) <= style.PORT_REACH and abs(off.y()) <= style.PORT_REACH:
                reached.append((off.x() ** 2 + off.y() ** 2, port))
        return min(reached)[1] if reached else None

    @property
    def has_output(self) -> bool:
        known = component(self.node.type)
        return known is None or known.ports is None or bool(known.ports.outputs)

    def part_at(self, point: QPointF) -> str:
        """ "badge", "name", "shape", "parameters" or "port" at a scene point."""
        x, y = point.x() - self.x(), point.y() - self.y()
        badges = len(self.facts.badges)
        if y < 30 and badges and x > self.width - 12 - 20 * badges:
            return "badge"
        if self.port_at(point) is not None and not 16 < x < self.width - 16:
            return "port"
        if y < style.DIVIDER:
            return "name"
        return "shape" if x < 12 + chip_width(self.facts.shape, self.facts.axes) else "parameters"

    # Qt.
    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        node_paint.paint(painter, self)


def _elided(text: str, room: float, look: tuple[str, bool, int | None]) -> str:
    if text_width(text, *look) <= room:
        return text
    return style.metrics(*look).elidedText(text, Qt.TextElideMode.ElideMiddle, room)
