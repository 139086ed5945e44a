"""Models that Keras wrote, as documents: layers and wires, laid out; what cannot be shown is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from designer.core.checks import NODES, is_layer_name, value_problem
from designer.core.document import Document, Edge, Node
from designer.core.errors import Refused
from designer.core.layout import layered
from designer.core.text import tr
from engine import catalog
from engine.core.errors import LoadError
from engine.core.naming import to_snake_case

_PLAIN = ("name", "trainable", "dtype")


def document_from_config(
    config: Mapping[str, Any], name: str, assets: Mapping[str, bytes] | None = None
) -> tuple[Document, list[str]]:
    """The document for the content of a `config.json`, and what it could not show.

    Args:
        config: the content.
        name: of the document.
        assets: "assets/..." members of the file: vocabularies, which become settings of their layers.

    Raises:
        LoadError: the config describes no network.
    """
    inner = config.get("config")
    kind = config.get("class_name")
    if (
        not isinstance(inner, Mapping)
        or kind not in ("Sequential", "Functional")
        or not isinstance(inner.get("layers"), list)
    ):
        raise LoadError(
            tr("config.json: it holds a {kind}; only Sequential and Functional models can be shown.", kind=kind),
            member="config.json",
        )
    if len(inner["layers"]) > NODES:
        raise _unreadable(tr("it holds {n} layers; at most {most} can be shown.", n=len(inner["layers"]), most=NODES))
    reader = _Reader(name, assets or {})
    try:
        with reader.document.transaction():
            reader.add(kind, inner)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError) as error:
        if isinstance(error, LoadError):
            raise
        raise _unreadable(tr("it describes its layers in another way than Keras does.")) from error
    return reader.document, reader.told


def _unreadable(reason: str) -> LoadError:
    return LoadError(f"config.json: {reason}", member="config.json", reason=reason)


class _Reader:
    def __init__(self, name: str, assets: Mapping[str, bytes]) -> None:
        self.document = Document(name)
        self._assets = assets
        self._counts: Counter[str] = Counter()
        self.told: list[str] = []
        self._ids: dict[str, str] = {}
        self._names: set[str] = set()

    def add(self, kind: str, inner: Mapping[str, Any]) -> None:
        """Layers and wires, laid out."""
        if kind == "Sequential":
            self.add_line(inner["layers"], inner.get("build_input_shape"))
        else:
            self.add_graph(inner["layers"])
        for node, position in layered(self.document, wrap=1000).items():
            known = self.document.nodes[node]
            self.document.replace_node(
                Node(known.id, known.type, known.name, known.params, position, known.trainable, known.bypassed)
            )

    def add_line(self, layers: list[Any], shape: Any) -> None:
        previous = None
        for described in layers:
            node = self._add(described)
            if previous is None and self.document.nodes[node].type != "Input" and shape:
                previous = self._add({"class_name": "InputLayer", "config": {"batch_shape": shape, "name": "input"}})
            if previous is not None:
                self._connect(Edge(previous, node))
            previous = node

    def add_graph(self, layers: list[Any]) -> None:
        for described in layers:
            self._add(described)
        for described in layers:
            calls = described.get("inbound_nodes") or []
            name = str(described.get("name") or described.get("config", {}).get("name"))
            if len(calls) > 1:
                self.told.append(tr("{name} is used {n} times; only its first use is shown.", name=name, n=len(calls)))
            for port, history in enumerate(_sources(calls[0]) if calls else ()):
                source, _, output = history
                if source in self._ids:
                    self._connect(Edge(self._ids[source], self._ids[name], port, int(output)))

    def _connect(self, edge: Edge) -> None:
        try:
            self.document.write_edge(edge)
        except Refused as error:
            self.told.append(error.sentence)

    def _add(self, described: Any) -> str:
        if not isinstance(described, Mapping) or not isinstance(described.get("config"), Mapping):
            raise LoadError(tr("config.json: a layer is not described as one."), member="config.json")
        settings = dict(described["config"])
        given = str(described.get("name") or settings.get("name") or "layer")
        name = re.sub(r"[^A-Za-z0-9_.\-]", "_", given)
        kind = str(described.get("class_name"))
        if not kind.isidentifier():
            raise _unreadable(tr("{name} is of no class that a layer can have.", name=name[:60]))
        if not is_layer_name(name) or name in self._names:
            name = self._free_name(kind)
        self._names.add(name)
        reason = value_problem(settings)
        if reason is not None:
            raise _unreadable(tr("the settings of {name} cannot be read: {reason}", name=name, reason=reason))
        self._add_vocabulary(kind, name, settings)
        node = Node(
            self.document.fresh_id(),
            "Input" if kind == "InputLayer" else kind,
            name,
            self._params(kind, name, settings),
        )
        self.document.write_node(
            Node(node.id, node.type, name, node.params, (0.0, 0.0), settings.get("trainable", True) is not False)
        )
        self._ids[given] = node.id
        return node.id

    def _add_vocabulary(self, kind: str, name: str, settings: dict[str, Any]) -> None:
        """Put the terms that a layer learned, which lie in a file of their own, among its settings."""
        base = to_snake_case(kind)
        number, self._counts[base] = self._counts[base], self._counts[base] + 1
        text = self._assets.get(f"assets/layers/{base}{f'_{number}' if number else ''}/vocabulary.txt")
        if text is None or settings.get("vocabulary") is not None:
            return
        if settings.get("output_mode") == "tf_idf":
            self.told.append(tr("What {name} learned about its terms is not shown; train it anew.", name=name))
            return
        terms: list[Any] = text.decode("utf-8").rstrip("\n").split("\n")
        masked = kind == "TextVectorization" or settings.get("mask_token") is not None
        special = int(masked and settings.get("output_mode", "int") == "int") + int(settings.get("num_oov_indices", 1))
        settings["vocabulary"] = [int(t) for t in terms[special:]] if kind == "IntegerLookup" else terms[special:]

    def _free_name(self, kind: str) -> str:
        number = len(self._names) + 1
        while (name := f"{to_snake_case(kind)[:100]}_{number}") in self._names:
            number += 1
        return name

    def _params(self, kind: str, name: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Settings that differ from their defaults."""
        if kind == "InputLayer":
            shape = settings.get("batch_shape") or settings.get("batch_input_shape") or [None]
            dtype = settings.get("dtype") or "float32"
            if isinstance(dtype, Mapping):
                dtype = dtype["config"]["name"]
            return {"shape": list(shape)[1:], **({"dtype": dtype} if dtype != "float32" else {})}
        try:
            component = catalog.component("layer", kind)
        except KeyError:
            self.told.append(tr("{name} is a {kind}, which is not known here.", name=name, kind=kind))
            return {key: value for key, value in settings.items() if key not in _PLAIN}
        known = {info.name: info for info in component.params}
        return {
            key: value
            for key, value in settings.items()
            if key in known and (known[key].required or _differs(value, known[key].default))
        }


def _differs(value: Any, default: Any) -> bool:
    def plain(x: Any) -> Any:
        if isinstance(x, Mapping):
            return {k: plain(v) for k, v in x.items() if k not in ("shared_object_id", "registered_name")}
        return [plain(v) for v in x] if isinstance(x, (list, tuple)) else x

    return bool(plain(value) != plain(default))


def _sources(call: Any) -> list[list[Any]]:
    """(layer, node, tensor) of every value a call takes, in order."""
    if isinstance(call, Mapping):
        if call.get("class_name") == "__keras_tensor__":
            return [call["config"]["keras_history"]]
        return [found for value in call.values() for found in _sources(value)]
    if isinstance(call, list):
        if len(call) == 4 and isinstance(call[0], str) and isinstance(call[3], Mapping):
            return [call[:3]]
        return [found for value in call for found in _sources(value)]
    return []
