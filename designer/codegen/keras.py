"""A complete Keras script for a document: data, model, training and evaluation, as a person would write it."""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from designer.codegen.source import Code, call, identifier, literal, wrapped
from designer.core import catalog as catalogue
from designer.core.analysis import is_shape
from designer.core.building import is_line, sources_of, takes_list, takes_several, used_layers
from designer.core.document import Document, Node, NodeId
from designer.core.errors import Refused
from designer.core.settings import Choice
from designer.core.text import tr
from designer.data.prepare import code as data_code
from designer.data.prepare import output_for
from designer.data.sources import SOURCES
from engine import catalog

OBJECT_MODULES = {
    "Initializer": "keras.initializers",
    "Regularizer": "keras.regularizers",
    "Constraint": "keras.constraints",
    "LearningRate": "keras.optimizers.schedules",
}


_Shapes = Mapping[NodeId, tuple[Any, ...] | None]


@dataclass(frozen=True)
class CodeText:
    """Source text, and the lines of each layer (first and last, counted from 1)."""

    text: str
    spans: Mapping[NodeId, tuple[int, int]]


@dataclass
class _Script:
    """Lines being written."""

    imports: set[str] = field(default_factory=set)
    body: list[str] = field(default_factory=list)
    marks: dict[NodeId, tuple[int, int]] = field(default_factory=dict)

    def add(self, *statements: str) -> None:
        for statement in statements:
            self.body.extend(wrapped(statement))

    def layer(self, node: NodeId, statement: str) -> None:
        first = len(self.body)
        self.add(statement)
        self.marks[node] = (first, len(self.body) - 1)

    def text(self, header: Sequence[str]) -> CodeText:
        top = [*header, "", *_sorted_imports(self.imports), ""]
        offset = len(top) + 1
        spans = {node: (first + offset, last + offset) for node, (first, last) in self.marks.items()}
        return CodeText("\n".join([*top, *self.body]).rstrip() + "\n", spans)


def to_keras(document: Document, weights_name: str | None = None) -> CodeText:
    """The script that builds, trains and tests the document's network with Keras.

    Args:
        document: a document without errors (an unfinished one gives the part that is known).
        weights_name: a `.keras` project beside the script whose trained weights it should load first.

    Raises:
        Refused: a layer is of a type that is not known, so that no code can make it.
    """
    unknown = [node for node in document.nodes.values() if catalogue.component(node.type) is None]
    if unknown:
        words = tr("{name} is a {type}, which is not known here.", name=unknown[0].name, type=unknown[0].type)
        raise Refused(words)
    script = _Script({"import keras", "from keras import layers"})
    _constants(script, document)
    known = document.data.source in SOURCES
    if known:
        _data(script, document)
    _model(script, document)
    if weights_name:
        script.add("", "# Weights trained before; delete this line to start anew.")
        script.add(f"model.load_weights({literal(weights_name)})")
    if known:
        if not weights_name:
            _adapting(script, document)
        _training(script, document)
    else:
        script.add("model.summary()")
    title = document.name or "network"
    return script.text([f'"""{_plain(title)}: a network designed in Bricklayer, for Keras 3."""'])


def _plain(title: str) -> str:
    """A title that stands safely in a docstring of one line."""
    return "".join(c if c.isprintable() and c not in '"\\' else " " for c in title[:200])


def _sorted_imports(imports: set[str]) -> list[str]:
    """Import lines as isort orders them: `import x` before `from x import y`."""
    straight = sorted(i for i in imports if i.startswith("import "))
    merged: dict[str, set[str]] = {}
    for line in imports - set(straight):
        module, _, names = line.removeprefix("from ").partition(" import ")
        merged.setdefault(module, set()).update(n.strip() for n in names.split(","))
    return straight + [f"from {m} import {', '.join(sorted(merged[m], key=_import_key))}" for m in sorted(merged)]


def _import_key(name: str) -> tuple[int, str]:
    """Constants first, then classes, then functions."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name


def _constants(script: _Script, document: Document) -> None:
    settings = document.training
    script.add(f"SEED = {literal(settings.seed)}", f"EPOCHS = {literal(settings.epochs)}")
    script.add(f"BATCH_SIZE = {literal(settings.batch_size)}", "", "keras.utils.set_random_seed(SEED)", "")


def _data(script: _Script, document: Document) -> None:
    source = SOURCES[document.data.source or ""]
    script.add(f"# Data: {source.title}")
    for line in data_code(document.data):
        if re.match(r"(import|from) ", line):
            script.imports.add(line)
        else:
            script.add(line)
    script.add("")


# The model.
def _model(script: _Script, document: Document) -> None:
    order = used_layers(document)
    if not order:
        return
    name = literal(identifier(document.name)) if document.name else None
    shapes = _input_shapes(document, order)
    script.add("# Model")
    if is_line(document, order):
        _sequential(script, order, name, shapes)
    else:
        _functional(script, document, order, name, shapes)
    script.add("")


def _input_shapes(document: Document, order: Sequence[Node]) -> _Shapes:
    """Shapes of the inputs: their own, or that of the data."""
    source = SOURCES.get(document.data.source or "")
    given = source.shape(document.data.options) if source else None
    inputs = [node for node in order if node.type == "Input"]
    return {n.id: tuple(n.params["shape"]) if is_shape(n.params.get("shape")) else given for n in inputs}


def _sequential(script: _Script, order: Sequence[Node], name: str | None, shapes: _Shapes) -> None:
    script.body.append("model = keras.Sequential(")
    script.body.append("    [")
    for node in order:
        script.layer(node.id, f"        {layer_call(node, shapes.get(node.id)).text},")
    script.body.append("    ]," if name else "    ]")
    if name:
        script.body.append(f"    name={name},")
    script.body.append(")")


def _functional(script: _Script, document: Document, order: Sequence[Node], name: str | None, shapes: _Shapes) -> None:
    sources = {node.id: sources_of(document, node.id) for node in order}
    written = re.findall(r"[A-Za-z_]\w*", " ".join([*script.imports, *script.body]))
    variables = _variables(order, sources, set(written))
    for node in order:
        statement = f"{variables[node.id]} = {layer_call(node, shapes.get(node.id)).text}"
        if node.type != "Input":
            statement += f"({_arguments(node, [variables[s] for s in sources[node.id]])})"
        script.layer(node.id, statement)
    used = {s for inputs in sources.values() for s in inputs}
    inputs = [variables[n.id] for n in order if n.type == "Input"]
    outputs = [variables[n.id] for n in order if n.id not in used]
    named = {"name": Code(name)} if name else {}
    script.add(f"model = {call('keras.Model', [_one_or_list(inputs), _one_or_list(outputs)], named).text}")


def _one_or_list(names: Sequence[str]) -> Code:
    return Code(names[0] if len(names) == 1 else f"[{', '.join(names)}]")


def _arguments(node: Node, values: Sequence[str]) -> str:
    """What the layer is called with: a list for merging layers, separate arguments for attention."""
    if not takes_several(node.type):
        return values[0] if values else ""
    joined = ", ".join(values)
    return f"[{joined}]" if takes_list(node.type) else joined


_RESERVED = frozenset(dir(builtins)) | {
    "x", "model", "layers", "keras", "inputs", "outputs", "callbacks", "results", "name", "value",
    "SEED", "EPOCHS", "BATCH_SIZE",
}  # fmt: skip
"""Names that the script uses itself."""


def _variables(
    order: Sequence[Node], sources: Mapping[NodeId, Sequence[NodeId]], reserved: Collection[str]
) -> dict[NodeId, str]:
    """Variable of each layer's output: `x` along a line, the layer's name where the value is needed again later."""
    consumers: dict[NodeId, list[int]] = {node.id: [] for node in order}
    for place, node in enumerate(order):
        for source in sources[node.id]:
            consumers[source].append(place)
    several_inputs = sum(node.type == "Input" for node in order) > 1
    ends = [node.id for node in order if not consumers[node.id]]
    names: dict[NodeId, str] = {}
    taken = {*_RESERVED, *reserved}
    for place, node in enumerate(order):
        if node.type == "Input" and not several_inputs:
            names[node.id] = "inputs"
        elif node.id in ends and len(ends) == 1:
            names[node.id] = "outputs"
        elif node.type != "Input" and consumers[node.id] == [place + 1] and len(sources[order[place + 1].id]) == 1:
            names[node.id] = "x"
        else:
            names[node.id] = _free(identifier(node.name), taken)
    return names


def _free(name: str, taken: set[str]) -> str:
    number, candidate = 2, name
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    taken.add(candidate)
    return candidate


def layer_call(node: Node, shape: tuple[Any, ...] | None = None) -> Code:
    """The expression that makes the layer: required settings first, then those that differ from their defaults."""
    positional, named = _settings(node.type, node.params)
    if not node.trainable and node.type != "Input":
        named["trainable"] = False
    named["name"] = node.name
    if node.type == "Input":
        rest = {key: value for key, value in named.items() if key != "shape"}
        return call("keras.Input", [], {"shape": shape, **rest} if shape else named)
    return call(f"layers.{node.type}", positional, named)


def _settings(layer_type: str, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Arguments of a layer without and with their names."""
    positional: list[Any] = []
    named: dict[str, Any] = {}
    leading = True
    for info in catalog.component("layer", layer_type).params:
        if info.name not in given:
            leading = False
            continue
        value = parameter(info, given[info.name])
        if info.required and leading and layer_type != "MultiHeadAttention":
            positional.append(value)
        elif info.required or literal(value) != literal(parameter(info, info.default)):
            named[info.name] = value
            leading = False
    return positional, named


def parameter(info: Any, value: Any) -> Any:
    """A setting in the form people type: 3 for (3, 3), "relu", keras.initializers.HeNormal(seed=1)."""
    if info.type == "Dims" and isinstance(value, (list, tuple)) and value and all(isinstance(v, int) for v in value):
        numbers = tuple(value)
        return numbers[0] if len(set(numbers)) == 1 else numbers
    if info.type == "Layer" and isinstance(value, list):
        return [parameter(info, item) for item in value]
    if info.type == "Layer" and isinstance(value, Mapping) and _is_layer(value):
        return call(f"layers.{value['class_name']}", *_settings(value["class_name"], value.get("config") or {}))
    if isinstance(value, Mapping) and ("class_name" in value or "name" in value):
        return _object(OBJECT_MODULES.get(info.type, "keras.saving"), value)
    return tuple(value) if isinstance(value, list) else value


def _object(module: str, described: Mapping[str, Any]) -> Code:
    """An object from {"class_name", "config"} or {"name", "params"}; what has no plain name is read by Keras."""
    name = described.get("class_name") or described.get("name")
    params = described.get("config") or described.get("params") or {}
    if not _is_plain(module, name, params):
        if module == "keras.saving":
            return call("keras.saving.deserialize_keras_object", [dict(described)])
        return call(f"{module}.deserialize", [{"class_name": name, "config": params}])
    named = {
        key: tuple(v) if isinstance(v, list) else v for key, v in params.items() if key != "name" and v is not None
    }
    return call(f"{module}.{name}", [], named)


def _is_layer(described: Mapping[str, Any]) -> bool:
    """Whether it describes a layer of the catalogue."""
    known = isinstance(described.get("class_name"), str) and isinstance(described.get("config") or {}, Mapping)
    return known and described["class_name"] in {c.name for c in catalog.describe("layer")}


def _is_plain(module: str, name: Any, params: Any) -> bool:
    """Whether a class and its settings can be written as a call."""
    kind = _KINDS.get(module, "")
    keys = isinstance(params, Mapping) and all(isinstance(k, str) and k.isidentifier() for k in params)
    return keys and isinstance(name, str) and name in {c.name for c in catalog.describe(kind)} if kind else False


_KINDS = {
    "keras.initializers": "initializer",
    "keras.regularizers": "regularizer",
    "keras.constraints": "constraint",
    "keras.optimizers.schedules": "schedule",
    "keras.losses": "loss",
    "keras.optimizers": "optimizer",
    "keras.callbacks": "callback",
}


# Training.
def _adapting(script: _Script, document: Document) -> None:
    """Layers that keep figures of the data find them first."""
    for node in used_layers(document):
        if not catalog.component("layer", node.type).learns_from_data:
            continue
        name = identifier(node.name)
        fed = [document.nodes[s].type for s in sources_of(document, node.id)]
        data = "x_train" if fed == ["Input"] else f"keras.Model(model.inputs, {name}.input).predict(x_train)"
        script.add(f"{name} = model.get_layer({literal(node.name)})", f"{name}.adapt({data})", "")


def _training(script: _Script, document: Document) -> None:
    training, fitting = document.training, output_for(SOURCES[document.data.source or ""])
    script.add("# Training")
    loss: Any = fitting.loss if training.loss is None else _component("losses", training.loss)
    arguments = {"optimizer": _component("optimizers", training.optimizer), "loss": loss}
    metrics = list(fitting.metrics if training.metrics is None else training.metrics)
    if metrics:
        arguments["metrics"] = metrics
    script.add(call("model.compile", [], arguments).text, "model.summary()")
    fit: dict[str, Any] = {"batch_size": Code("BATCH_SIZE"), "epochs": Code("EPOCHS")}
    if not training.shuffle:
        fit["shuffle"] = False
    if document.data.validation:
        fit["validation_data"] = Code("(x_val, y_val)")
    if training.callbacks:
        script.add(f"callbacks = {literal([_component('callbacks', c) for c in training.callbacks])}")
        fit["callbacks"] = Code("callbacks")
    script.add(call("model.fit", [Code("x_train"), Code("y_train")], fit).text)
    if document.data.test:
        script.add("", "# Test", "results = model.evaluate(x_test, y_test, verbose=0, return_dict=True)")
        script.add("for name, value in results.items():", '    print(f"test {name}: {value:.4f}")')


def _component(module: str, chosen: Choice) -> Code:
    """A component of `keras.<module>` with its settings."""
    named: dict[str, Any] = {}
    for key, value in chosen.params.items():
        if isinstance(value, Mapping) and ("class_name" in value or "name" in value):
            named[key] = _object("keras.optimizers.schedules", value)
        else:
            named[key] = tuple(value) if isinstance(value, list) else value
    if not _is_plain(f"keras.{module}", chosen.name, chosen.params):
        raise Refused(tr("{name} is chosen for training and is not known here.", name=repr(chosen.name[:60])))
    return call(f"keras.{module}.{chosen.name}", [], named)
