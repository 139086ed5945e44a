"""What is wrong with a network, in sentences, with the derivation and with repairs where there are some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from designer.core.analysis import Analysis, NodeInfo
from designer.core.commands import UNSET, AddNode, Command, Compound, Connect, InsertOnEdge, SetParams, SetTraining
from designer.core.document import Document, Edge, Node, NodeId
from designer.core.pixels import misjudged
from designer.core.ports import shape_text
from designer.core.text import count, tr
from designer.data.prepare import Output, output_for
from designer.data.sources import SOURCES, DataSource
from engine.catalog import Spec


@dataclass(frozen=True)
class Step:
    """One row of a derivation: a layer, its rule with numbers, the shape it gives."""

    name: str
    rule: str
    shape: str
    failing: bool = False


@dataclass(frozen=True)
class Repair:
    """A way out: one command, what it is called and what it changes."""

    title: str
    effect: str
    command: Command


@dataclass(frozen=True)
class Problem:
    """Something to tell.

    Attributes:
        severity: "error", "warning" or "advice".
        node: the layer it is about, or None for the whole network.
        sentence: with the layer's name first, for `name` is empty otherwise.
    """

    key: str
    severity: str
    node: NodeId | None
    name: str
    sentence: str
    derivation: tuple[Step, ...] = ()
    repairs: tuple[Repair, ...] = ()
    waiting: tuple[NodeId, ...] = field(default=())


@dataclass(frozen=True)
class RepairPreview:
    """What a repair would do: new shapes by node, and how many errors would be left."""

    repair: Repair
    shapes: dict[NodeId, tuple[Spec, ...]]
    settings_changed: int
    errors_left: int
    added: tuple[Node, ...] = ()

    @property
    def shapes_changed(self) -> int:
        return len(self.shapes)


def validate(document: Document, analysis: Analysis, repairs: bool = True) -> list[Problem]:
    """All problems: errors first, then warnings, then advice.

    Args:
        repairs: whether to look for ways out; trying a repair asks for the problems only.
    """
    if not document.nodes:
        return []
    checker = _Checker(document, analysis, repairs)
    found = checker.run()
    order = {"error": 0, "warning": 1, "advice": 2}
    return sorted(found, key=lambda problem: order[problem.severity])


def preview(document: Document, repair: Repair) -> RepairPreview:
    """Try a repair on a copy."""
    before = Analysis(document)
    twin = document.copy()
    repair.command.do(twin)
    after = Analysis(twin)
    shapes = {
        i: after.info(i).outputs
        for i in twin.nodes
        if i not in document.nodes or before.info(i).outputs != after.info(i).outputs
    }
    changed = sum(1 for i in twin.nodes if i in document.nodes and twin.nodes[i].params != document.nodes[i].params)
    left = sum(problem.severity == "error" for problem in validate(twin, after, repairs=False))
    added = tuple(node for i, node in twin.nodes.items() if i not in document.nodes)
    before.close()
    repair.command.undo(twin)
    return RepairPreview(repair, shapes, changed, left, added)


class _Checker:
    """Walks the network once and collects problems."""

    def __init__(self, document: Document, analysis: Analysis, repairs: bool) -> None:
        self.document, self.analysis, self.repairs = document, analysis, repairs
        self.source: DataSource | None = SOURCES.get(document.data.source or "")
        self.wanted: Output | None = output_for(self.source) if self.source else None
        self.problems: list[Problem] = []

    def run(self) -> list[Problem]:
        waiting = [i for i in self.document.topological() if self.analysis.info(i).state == "waiting"]
        for i, node in self.document.nodes.items():
            info = self.analysis.info(i)
            if info.state == "error":
                self.problems.append(self._failing(node, info))
            elif info.state == "open":
                self.problems.append(self._open(node))
        self._inputs()
        if waiting:
            self._waiting(waiting)
        elif not any(p.severity == "error" for p in self.problems):
            self._ends()
        self._data()
        self._pixels()
        return self.problems

    def add(self, key: str, severity: str, node: Node | None, sentence: str, **more: object) -> None:
        """Note a problem."""
        identifier, name = (node.id, node.name) if node else (None, "")
        self.problems.append(Problem(key, severity, identifier, name, sentence, **more))  # type: ignore[arg-type]

    # Layers whose inputs or settings do not fit.
    def _failing(self, node: Node, info: NodeInfo) -> Problem:
        text = info.error[:1].lower() + info.error[1:] if info.error else tr("does not fit.")
        text = text.removeprefix(f"{node.type.lower()} ")
        if info.rule and info.rule not in text:
            text = f"{text.rstrip('.')}: {info.rule}."
        repairs = self._repairs(node, info)
        key = f"{'param' if info.param else 'shape'}:{node.id}"
        return Problem(key, "error", node.id, node.name, text, self._derivation(node, info), tuple(repairs))

    def _derivation(self, node: Node, info: NodeInfo) -> tuple[Step, ...]:
        """The layers before the failing one, nearest last, with the rule of each."""
        rows: list[Step] = []
        seen: set[NodeId] = set()
        for edge in self.document.inputs(node.id):
            chain: list[NodeId] = []
            current = edge.source if edge else None
            while current is not None and current not in seen and len(chain) < 3:
                chain.append(current)
                seen.add(current)
                before = [e for e in self.document.inputs(current) if e]
                current = before[0].source if before else None
            for i in reversed(chain):
                known = self.analysis.info(i)
                rule = (
                    known.derivation[0] if known.derivation else tr("keeps the shape") if known.inputs else tr("data")
                )
                rows.append(Step(self.document.nodes[i].name, rule, shape_text(known.output)))
        rows.append(Step(node.name, info.rule or info.error, "?", failing=True))
        return tuple(rows)

    def _repairs(self, node: Node, info: NodeInfo) -> list[Repair]:
        if not self.repairs:
            return []
        if info.param:
            reset = SetParams(node.id, {info.param: UNSET})
            title = tr("Set {name} {param} back to its default", name=node.name, param=info.param.replace("_", " "))
            return [Repair(title, tr("one setting changes"), reset)] if info.param in node.params else []
        makers: list[Callable[[Node, NodeInfo], list[Repair]]] = [
            self._repair_window,
            self._repair_rank,
            self._repair_merge,
        ]
        return [repair for make in makers for repair in make(node, info)][:3]

    def _repair_window(self, node: Node, info: NodeInfo) -> list[Repair]:
        """A window that is larger than the picture."""
        if "does not fit into" not in info.error:
            return []
        same = SetParams(node.id, {"padding": "same"})
        found = [Repair(tr("Set {name} padding to same", name=node.name), tr("the size stays"), same)]
        key = "kernel_size" if "kernel_size" in node.params else "pool_size"
        spec = info.inputs[0]
        sizes = [d for d in (spec.shape[1:-1] if spec else ()) if d is not None]
        if sizes:
            small = min(min(sizes), 2)
            command = SetParams(node.id, {key: [small] * len(sizes)})
            title = tr("Set {name} {key} to {n}", name=node.name, key=key.replace("_", " "), n=small)
            found.append(Repair(title, tr("a smaller window fits"), command))
        return found

    def _repair_rank(self, node: Node, info: NodeInfo) -> list[Repair]:
        """A layer that reads another number of axes."""
        from designer.core.catalog import component

        known, edges = component(node.type), [e for e in self.document.inputs(node.id) if e]
        spec = info.inputs[0] if info.inputs else None
        if known is None or known.ports is None or known.ports.ranks is None or spec is None or not edges:
            return []
        low, high = known.ports.ranks
        rank, inner = len(spec.shape), spec.shape[1:]
        if low <= rank and (high is None or rank <= high) or None in inner:
            return []
        if low == 3 and rank == 4:
            shape = [inner[0], (inner[1] or 1) * (inner[2] or 1)]
            return [self._insert(edges[0], "Reshape", {"target_shape": shape}, tr("each row becomes a step"))]
        if high == 2 and rank > 2:
            return [self._insert(edges[0], "Flatten", {}, tr("one row of numbers"))]
        if low == 4 and rank == 3:
            return [self._insert(edges[0], "Reshape", {"target_shape": [*inner, 1]}, tr("one channel is added"))]
        return []

    def _insert(self, edge: Edge, layer_type: str, params: dict[str, object], effect: str) -> Repair:
        a, b = self.document.nodes[edge.source], self.document.nodes[edge.target]
        place = ((a.position[0] + b.position[0]) / 2, (a.position[1] + b.position[1]) / 2 + 24)
        name = self.document.fresh_name(layer_type)
        node = Node(f"n{_next(self.document)}", layer_type, name, params, place)
        words = layer_type
        if "target_shape" in params:
            words += "(" + ", ".join(str(d) for d in params["target_shape"]) + ")"  # type: ignore[attr-defined]
        title = tr("Insert {words} before {name}", words=words, name=b.name)
        return Repair(title, effect, InsertOnEdge(node, edge))

    def _repair_merge(self, node: Node, info: NodeInfo) -> list[Repair]:
        """Inputs of different size: a window before it lost the border."""
        if len(info.inputs) < 2:
            return []
        found = []
        for edge in self.document.inputs(node.id):
            current = edge.source if edge else None
            while current is not None:
                before = self.document.nodes[current]
                shrinks = before.params.get("padding", "valid") == "valid" and self._shrinks(current)
                if shrinks:
                    title = tr("Set {name} padding to same", name=before.name)
                    effect = tr("its height and width stay")
                    found.append(Repair(title, effect, SetParams(current, {"padding": "same"})))
                sources = [e for e in self.document.inputs(current) if e]
                current = sources[0].source if sources else None
        return [r for r in found if preview(self.document, r).shapes.get(node.id)]

    def _shrinks(self, node: NodeId) -> bool:
        info = self.analysis.info(node)
        if (
            self.document.nodes[node].type not in ("Conv2D", "DepthwiseConv2D")
            or not info.inputs
            or info.output is None
        ):
            return False
        before = info.inputs[0]
        return before is not None and before.shape[1:3] != info.output.shape[1:3]

    # Layers with an open input.
    def _open(self, node: Node) -> Problem:
        if node.type == "Input":
            words = tr("has no shape yet. Choose data, or set its shape.")
            return Problem(f"open:{node.id}", "error", node.id, node.name, words)
        repairs = self._connections(node)
        slots = self.document.inputs(node.id)
        wired = sum(edge is not None for edge in slots)
        words = tr("is not connected: nothing feeds it.")
        if wired:
            words = tr("has {wired} of {n} inputs.", wired=wired, n=len(slots))
        return Problem(f"open:{node.id}", "error", node.id, node.name, words, (), tuple(repairs))

    def _connections(self, node: Node) -> list[Repair]:
        """Wires from layers that end nowhere, nearest first."""
        found: list[Repair] = []
        if not self.repairs:
            return found
        ends = [i for i in self.document.nodes if not self.document.outputs(i) and i != node.id]
        others = [i for i in self.document.nodes if i not in ends and i != node.id]
        port = self.document.free_port(node.id)
        for source in sorted(ends, key=lambda i: _distance(self.document.nodes[i], node)) + others:
            edge = Edge(source, node.id, port)
            if self._would_fit(node, edge) and self.document.can_connect(edge) is None:
                title = tr("Connect {a} to {b}", a=self.document.nodes[source].name, b=node.name)
                found.append(Repair(title, tr("one wire is drawn"), Connect(edge)))
            if len(found) == 2:
                break
        return found

    def _would_fit(self, node: Node, edge: Edge) -> bool:
        """Whether a wire would give the layer a shape."""
        wires = [*self.document.inputs(node.id)]
        wires += [None] * (edge.port + 1 - len(wires))
        wires[edge.port] = edge
        known = [self.analysis.info(w.source).outputs[w.output :] if w is not None else () for w in wires]
        return all(known) and bool(self.analysis.try_inputs(node.id, [specs[0] for specs in known]).outputs)

    def _inputs(self) -> None:
        inputs = [n for n in self.document.nodes.values() if n.type == "Input"]
        if not inputs:
            first = next((n for n in self.document.nodes.values() if not any(self.document.inputs(n.id))), None)
            repairs: tuple[Repair, ...] = ()
            if first is not None:
                node = Node(f"n{_next(self.document)}", "Input", self.document.fresh_name("Input"), {}, _left_of(first))
                steps: list[Command] = [AddNode(node), Connect(Edge(node.id, first.id, 0))]
                repairs = (Repair(tr("Add an Input"), tr("data enter here"), Compound(tr("add an Input"), steps)),)
            self.add("no-input", "error", None, tr("The network has no Input: data cannot enter."), repairs=repairs)
        for node in inputs:
            shape = node.params.get("shape")
            given = self.source.shape(self.document.data.options) if self.source else None
            if shape is not None and given is not None and tuple(shape) != tuple(given):
                words = tr(
                    "takes {own}, but {data} gives {given}.",
                    own="×".join(str(d) for d in shape),
                    data=self.source.title if self.source else "",
                    given="×".join(str(d) for d in given),
                )
                command = SetParams(node.id, {"shape": list(given)})
                repair = Repair(tr("Set {name} shape to that of the data", name=node.name), words, command)
                self.add(f"input-shape:{node.id}", "error", node, words, repairs=(repair,))

    def _waiting(self, waiting: list[NodeId]) -> None:
        failing = next((p for p in self.problems if p.severity == "error" and p.node), None)
        names = [self.document.nodes[i].name for i in waiting]
        listed = ", ".join(names[:4]) + (" ..." if len(names) > 4 else "")
        cause = failing.name if failing else tr("a layer before")
        words = tr(
            "{n} for {cause}: {names} get shapes as soon as it fits.",
            n=count(len(waiting), tr("layer waits"), tr("layers wait")),
            cause=cause,
            names=listed,
        )
        self.problems.append(Problem("waiting", "advice", None, "", words, waiting=tuple(waiting)))

    # The end of the network against data and loss.
    def _ends(self) -> None:
        ends = [n for n in self.document.nodes.values() if not self.document.outputs(n.id) and n.type != "Input"]
        if len(ends) > 1 and self.wanted is not None:
            for node in ends[:-1]:
                words = tr("ends nowhere: its value is not used, but the data have one target.")
                self.add(f"dangling:{node.id}", "error", node, words)
            return
        if not ends or self.wanted is None or self.source is None:
            return
        node, info = ends[0], self.analysis.info(ends[0].id)
        spec = info.output
        if spec is None:
            return
        if len(spec.shape) != 2:
            self._end_rank(node, spec)
        elif spec.shape[-1] != self.wanted.units:
            self._end_units(node, spec)
        else:
            self._end_activation(node)

    def _target_words(self) -> str:
        if self.source is None or self.wanted is None:
            return ""
        if self.source.classes:
            return tr("{data} has {n} classes", data=self.source.title, n=self.wanted.units)
        return tr("{data} has one number to predict", data=self.source.title)

    def _end_rank(self, node: Node, spec: Spec) -> None:
        words = tr(
            "gives {shape} for each sample, but {target}. A row of {n} numbers is needed.",
            shape=shape_text(spec),
            target=self._target_words(),
            n=self.wanted.units if self.wanted else 1,
        )
        repairs = [self._output_layer(node, flatten=True)]
        edges = [e for e in self.document.inputs(node.id) if e]
        if node.type == "Dense" and edges:
            repairs.insert(0, self._insert(edges[0], "Flatten", {}, tr("one row of numbers")))
        self.add(f"end:{node.id}", "error", node, words, repairs=tuple(repairs))

    def _end_units(self, node: Node, spec: Spec) -> None:
        units = self.wanted.units if self.wanted else 1
        words = tr(
            "gives {n}, but {target}: {n} ≠ {units}.", n=shape_text(spec), target=self._target_words(), units=units
        )
        repairs = [self._output_layer(node)]
        if node.type == "Dense":
            values = {"units": units, "activation": self.wanted.activation if self.wanted else "linear"}
            title = tr("Set {name} units to {n}", name=node.name, n=units)
            match = Repair(title, tr("the end fits the data"), SetParams(node.id, values))
            repairs = [match, *repairs] if self._is_output(node) else [*repairs, match]
        self.add(f"end:{node.id}", "error", node, words, repairs=tuple(repairs))

    @staticmethod
    def _is_output(node: Node) -> bool:
        return node.params.get("activation") in ("softmax", "sigmoid", None, "linear")

    def _output_layer(self, node: Node, flatten: bool = False) -> Repair:
        """A Dense at the end that fits the data (after a Flatten when there are several axes)."""
        units = self.wanted.units if self.wanted else 1
        activation = self.wanted.activation if self.wanted else "linear"
        params = {"units": units, **({"activation": activation} if activation != "linear" else {})}
        steps: list[Command] = []
        number, before, x = _next(self.document), node.id, node.position[0]
        taken: set[str] = set()
        for layer_type, settings in ([("Flatten", {})] if flatten else []) + [("Dense", params)]:
            x += 200
            name = self.document.fresh_name(layer_type, taken)
            taken.add(name)
            made = Node(f"n{number}", layer_type, name, settings, (x, node.position[1]))
            steps += [AddNode(made), Connect(Edge(before, made.id))]
            before, number = made.id, number + 1
        words = tr("Add an output layer: Dense {n}, {activation}", n=units, activation=activation)
        return Repair(
            words, tr("fits {target}", target=self._target_words()), Compound(tr("add an output layer"), steps)
        )

    def _end_activation(self, node: Node) -> None:
        """The last activation against the loss."""
        loss, training = self.document.training.loss, self.document.training
        name = loss.name if loss else ""
        activation = node.params.get("activation", "linear")
        classes = bool(self.source and self.source.classes)
        regression = name in ("MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh")
        if loss is not None and classes == regression:
            import msgspec

            words = tr("The loss {loss} does not fit: {target}.", loss=name, target=self._target_words())
            fixed = msgspec.structs.replace(training, loss=None, metrics=None)
            repair = Repair(tr("Use the loss that fits the data"), tr("loss and metrics change"), SetTraining(fixed))
            self.add("loss", "error", node, words, repairs=(repair,))
            return
        logits = bool(loss and loss.params.get("from_logits"))
        if classes and logits and activation == "softmax":
            words = tr("already applies softmax, and the loss applies it again (from_logits).")
            repair = Repair(
                tr("Set {name} activation to linear", name=node.name), words, SetParams(node.id, {"activation": UNSET})
            )
            self.add(f"softmax:{node.id}", "warning", node, words, repairs=(repair,))
        elif classes and not logits and activation != "softmax" and node.type == "Dense":
            words = tr(
                "gives numbers that are no probabilities ({activation}), but the loss expects softmax.",
                activation=activation,
            )
            title = tr("Set {name} activation to softmax", name=node.name)
            command = SetParams(node.id, {"activation": "softmax"})
            self.add(
                f"activation:{node.id}",
                "error",
                node,
                words,
                repairs=(Repair(title, tr("probabilities sum to 1"), command),),
            )
        elif not classes and activation in ("softmax", "sigmoid", "relu", "tanh"):
            words = tr("ends with {activation}, so it cannot give every number.", activation=activation)
            title = tr("Set {name} activation to linear", name=node.name)
            command = SetParams(node.id, {"activation": UNSET})
            self.add(
                f"activation:{node.id}", "warning", node, words, repairs=(Repair(title, tr("any number"), command),)
            )

    def _data(self) -> None:
        if self.document.data.source is None:
            self.add("no-data", "advice", None, tr("No data are chosen. Choose some in the data panel to train."))
            return
        if self.source is None:
            words = tr("The data {name} are not known here. Choose others.", name=repr(self.document.data.source))
            self.add("unknown-data", "error", None, words)
        elif self.document.data.scaling == "none" and self.source.kind in ("table", "image"):
            words = tr("The data are not scaled: large numbers make learning slow. Choose a scaling.")
            self.add("unscaled", "warning", None, words)
        samples = self.source.rows if self.source else None
        if samples and self.analysis.parameters > 100 * samples:
            words = tr(
                "{p:,} parameters learn from {n:,} samples; the network can learn them by heart. Make it smaller.",
                p=self.analysis.parameters,
                n=samples,
            )
            self.add("too-many", "advice", None, words)

    def _pixels(self) -> None:
        for node, (low, high), real in misjudged(self.document, self.source):
            numbers = {"low": low, "high": high, "a": real[0], "b": real[1]}
            words = tr("reckons with values from {low:g} to {high:g}; the data go from {a:g} to {b:g}.", **numbers)
            title = tr("Set {name} value range to {a:g} to {b:g}", name=node.name, **numbers)
            repair = Repair(title, tr("fits the data"), SetParams(node.id, {"value_range": list(real)}))
            self.add(f"pixels:{node.id}", "warning", node, words, repairs=(repair,))


def _next(document: Document) -> int:
    """Number of the next free id, without taking it."""
    used = [int(i[1:]) for i in (*document.nodes, *document.notes, *document.frames) if i[1:].isdigit()]
    return max([document._counter, *used], default=0) + 1


def _distance(a: Node, b: Node) -> float:
    return abs(a.position[0] - b.position[0]) + abs(a.position[1] - b.position[1])


def _left_of(node: Node) -> tuple[float, float]:
    return node.position[0] - 200, node.position[1]
