"""Drawing plans of models: values have a kind (image, sequence, vector, tokens), and each kind takes certain layers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.engine.differential.models import HIGH, OPS

Draw = Callable[[Any], Any]
Shape = tuple[int, ...]

ACTIVATIONS = ["linear", "tanh", "sigmoid", "softplus", "gelu", "silu", "elu", "softsign"]


def _of(draw: Draw, *choices: Any) -> Any:
    return draw(st.sampled_from(choices))


def _dense(draw: Draw, shape: Shape) -> dict[str, Any]:
    return {
        "units": draw(st.integers(1, 4)),
        "activation": _of(draw, *ACTIVATIONS),
        "use_bias": draw(st.booleans()),
        "kernel_regularizer": _of(draw, None, "l2"),
    }


def _convolution(draw: Draw, shape: Shape, rank: int) -> dict[str, Any]:
    strides = draw(st.integers(1, 2))
    return {
        "kernel_size": draw(st.integers(1, min(3, *shape[:rank]))),
        "strides": strides,
        "padding": _of(draw, "valid", "same"),
        "dilation_rate": draw(st.integers(1, 2)) if strides == 1 and min(shape[:rank]) >= 5 else 1,
        "activation": _of(draw, *ACTIVATIONS),
    }


def _conv(rank: int) -> Callable[[Draw, Shape], dict[str, Any]]:
    def settings(draw: Draw, shape: Shape) -> dict[str, Any]:
        groups = shape[-1] if shape[-1] in (2, 3) and draw(st.booleans()) else 1
        found = _convolution(draw, shape, rank) | {"filters": groups * draw(st.integers(1, 3)), "groups": groups}
        if rank == 1 and draw(st.booleans()):
            found["padding"] = "causal"
        return found

    return settings


def _depthwise(draw: Draw, shape: Shape) -> dict[str, Any]:
    return _convolution(draw, shape, 2) | {"depth_multiplier": draw(st.integers(1, 2))}


def _separable(draw: Draw, shape: Shape) -> dict[str, Any]:
    return _depthwise(draw, shape) | {"filters": draw(st.integers(1, 3))}


def _transposed(draw: Draw, shape: Shape) -> dict[str, Any]:
    return {
        "filters": draw(st.integers(1, 3)),
        "kernel_size": draw(st.integers(1, 3)),
        "strides": draw(st.integers(1, 2)),
        "padding": _of(draw, "valid", "same"),
        "activation": _of(draw, *ACTIVATIONS),
    }


def _mean_pool(rank: int) -> Callable[[Draw, Shape], dict[str, Any]]:
    """Keras on PyTorch counts the padding of a padded mean differently than on its other backends."""
    return lambda draw, shape: _pool(rank)(draw, shape) | {"padding": "valid"}


def _pool(rank: int) -> Callable[[Draw, Shape], dict[str, Any]]:
    def settings(draw: Draw, shape: Shape) -> dict[str, Any]:
        return {
            "pool_size": draw(st.integers(1, min(3, *shape[:rank]))),
            "strides": _of(draw, None, 1, 2),
            "padding": _of(draw, "valid", "same"),
        }

    return settings


def _recurrent(draw: Draw, shape: Shape) -> dict[str, Any]:
    return {
        "units": draw(st.integers(1, 3)),
        "return_sequences": draw(st.booleans()),
        "go_backwards": draw(st.booleans()),
        "use_bias": draw(st.booleans()),
    }


def _bidirectional(draw: Draw, shape: Shape) -> dict[str, Any]:
    inner = {"class": _of(draw, "LSTM", "GRU", "SimpleRNN"), "settings": _recurrent(draw, shape)}
    inner["settings"]["go_backwards"] = False
    return {"layer": inner, "merge_mode": _of(draw, "concat", "sum", "ave", "mul")}


def _distributed(draw: Draw, shape: Shape) -> dict[str, Any]:
    return {"layer": {"class": "Dense", "settings": _dense(draw, shape)}}


def _attention(draw: Draw, shape: Shape) -> dict[str, Any]:
    return {
        "num_heads": draw(st.integers(1, 2)),
        "key_dim": draw(st.integers(1, 3)),
        "use_bias": draw(st.booleans()),
    }


def _normal(draw: Draw, shape: Shape) -> dict[str, Any]:
    return {"center": draw(st.booleans()), "scale": draw(st.booleans()), "epsilon": 0.01}


def _group(draw: Draw, shape: Shape) -> dict[str, Any]:
    return {"groups": _of(draw, *[g for g in (1, 2, 3) if shape[-1] % g == 0]), "epsilon": 0.01}


def _nothing(draw: Draw, shape: Shape) -> dict[str, Any]:
    return {}


def _reshape(rank: int) -> Callable[[Draw, Shape], dict[str, Any]]:
    def settings(draw: Draw, shape: Shape) -> dict[str, Any]:
        size = 1
        for dim in shape:
            size *= dim
        parts = [p for p in itertools.product(range(1, 7), repeat=rank - 1) if size % _product(p) == 0]
        chosen = _of(draw, *parts)
        return {"target_shape": [*chosen, size // _product(chosen)]}

    return settings


def _product(numbers: tuple[int, ...]) -> int:
    size = 1
    for n in numbers:
        size *= n
    return size


RULES: dict[str, dict[str, Callable[[Draw, Shape], dict[str, Any]]]] = {
    "vector": {
        "Dense": _dense,
        "BatchNormalization": _normal,
        "LayerNormalization": _normal,
        "UnitNormalization": _nothing,
        "ReLU": lambda draw, shape: {"negative_slope": _of(draw, 0.0, 0.25)},
        "PReLU": _nothing,
        "Softmax": _nothing,
        "RepeatVector": lambda draw, shape: {"n": draw(st.integers(1, 3))},
        "Reshape": _reshape(2),
        "Rescaling": lambda draw, shape: {"scale": 0.5, "offset": 0.25},
    },
    "sequence": {
        "Dense": _dense,
        "Conv1D": _conv(1),
        "SimpleRNN": _recurrent,
        "LSTM": _recurrent,
        "GRU": _recurrent,
        "Bidirectional": _bidirectional,
        "TimeDistributed": _distributed,
        "LayerNormalization": _normal,
        "RMSNormalization": lambda draw, shape: {"epsilon": 0.01},
        "Masking": lambda draw, shape: {"mask_value": 0.0},
        "MaxPooling1D": _pool(1),
        "AveragePooling1D": _mean_pool(1),
        "GlobalAveragePooling1D": _nothing,
        "GlobalMaxPooling1D": _nothing,
        "ZeroPadding1D": lambda draw, shape: {"padding": draw(st.integers(1, 2))},
        "Permute": lambda draw, shape: {"dims": [2, 1]},
        "Flatten": _nothing,
        "Activation": lambda draw, shape: {"activation": _of(draw, *ACTIVATIONS)},
    },
    "image": {
        "Conv2D": _conv(2),
        "Conv2DTranspose": _transposed,
        "DepthwiseConv2D": _depthwise,
        "SeparableConv2D": _separable,
        "MaxPooling2D": _pool(2),
        "AveragePooling2D": _mean_pool(2),
        "BatchNormalization": _normal,
        "GroupNormalization": _group,
        "UpSampling2D": lambda draw, shape: {"size": 2, "interpolation": _of(draw, "nearest", "bilinear")},
        "ZeroPadding2D": lambda draw, shape: {"padding": draw(st.integers(1, 2))},
        "Cropping2D": lambda draw, shape: {"cropping": 1 if min(shape[:2]) > 2 else 0},
        "GlobalAveragePooling2D": _nothing,
        "GlobalMaxPooling2D": _nothing,
        "Flatten": _nothing,
        "Reshape": _reshape(2),
        "Permute": lambda draw, shape: {"dims": _of(draw, [2, 1, 3], [3, 1, 2])},
    },
    "tokens": {
        "Embedding": lambda draw, shape: {
            "input_dim": HIGH,
            "output_dim": draw(st.integers(1, 4)),
            "mask_zero": draw(st.booleans()),
        },
    },
}
"""Layers of one input by the kind of value they take, with how their settings are drawn."""

KINDS = {1: "vector", 2: "sequence", 3: "image"}
INPUTS = {
    "vector": lambda draw: [draw(st.integers(1, 5))],
    "sequence": lambda draw: [draw(st.integers(2, 5)), draw(st.integers(1, 4))],
    "image": lambda draw: [draw(st.integers(3, 6)), draw(st.integers(3, 6)), draw(st.integers(1, 3))],
    "tokens": lambda draw: [draw(st.integers(2, 5))],
}
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")


class Plan:
    """A plan as it grows. Shapes are asked of the engine's own layers, so that the next layer can fit."""

    def __init__(self, draw: Draw, shape_of: Callable[[dict[str, Any], list[Any]], Any]) -> None:
        self.draw, self._shape_of = draw, shape_of
        self.inputs: list[dict[str, Any]] = []
        self.layers: list[dict[str, Any]] = []
        self.nodes: list[dict[str, Any]] = []
        self.values: list[tuple[str, Shape]] = []
        self.used: set[int] = set()

    def add_input(self) -> None:
        kind = self.draw(st.sampled_from(sorted(INPUTS)))
        shape = INPUTS[kind](self.draw)
        self.inputs.append({"shape": shape, "dtype": "int32" if kind == "tokens" else "float32"})
        self.values.append((kind, tuple(shape)))

    def apply(self, layer: int | None, inputs: list[int], op: str | None = None, call: str = "one") -> bool:
        """Add a node if the engine finds a shape for it that is not empty; returns whether it did."""
        node = {"op": op, "inputs": inputs} if op else {"layer": layer, "inputs": inputs, "call": call}
        shape = self._shape_of({"layers": self.layers, "node": node}, [self.values[i] for i in inputs])
        if shape is None or 0 in shape or len(shape) not in KINDS or _product(shape) > 400:
            return False
        self.nodes.append(node)
        self.values.append((KINDS[len(shape)], shape))
        self.used.update(inputs)
        return True

    def grow(self) -> None:
        """One more node: a layer, a layer used before, an op, or a merge of two values."""
        free = [i for i in range(len(self.values)) if i not in self.used]
        source = _of(self.draw, *(free or range(len(self.values))))
        kind, shape = self.values[source]
        way = _of(self.draw, "layer", "layer", "layer", "shared", "op", "merge", "nested", "attention")
        calls = [n for n in self.nodes if "layer" in n and len(n["inputs"]) == 1 and n["call"] == "one"]
        calls = [n for n in calls if self.layers[n["layer"]]["class"] != "Embedding"]  # it reads whole numbers
        single = [n["layer"] for n in calls if self.values[n["inputs"][0]] == (kind, shape)]
        twins = [i for i, v in enumerate(self.values) if v == (kind, shape) and kind != "tokens"]
        if way == "merge" and len(twins) > 1:
            others = [i for i in twins if i != source]
            self._merge(source, _of(self.draw, *others))
        elif way == "op" and kind != "tokens":
            names = ["double", "sine", *(["rest", "backwards"] if len(shape) > 1 and shape[0] > 1 else [])]
            self.apply(None, [source], op=_of(self.draw, *names))
        elif way == "shared" and single and kind != "tokens":
            self.apply(_of(self.draw, *single), [source])
        elif way == "nested" and kind == "vector":
            parts = [{"class": "Dense", "settings": _dense(self.draw, shape)} for _ in range(2)]
            self._new({"class": "Sequential", "settings": {}, "layers": parts}, [source])
        elif way == "attention" and kind == "sequence":
            friends = [i for i, v in enumerate(self.values) if v[0] == "sequence"]
            other = _of(self.draw, *friends)
            # Rows that may look nowhere have a gradient on PyTorch, and none on Keras's other backends.
            masked = any(p["class"] == "Masking" or p["settings"].get("mask_zero") for p in self.layers)
            name = "Attention" if masked else _of(self.draw, "MultiHeadAttention", "Attention")
            settings = _attention(self.draw, shape) if name == "MultiHeadAttention" else {}
            pair = [source, other]
            self._new({"class": name, "settings": settings}, pair, "one" if name == "MultiHeadAttention" else "list")
        else:
            name = self.draw(st.sampled_from(sorted(RULES[kind])))
            self._new({"class": name, "settings": RULES[kind][name](self.draw, shape)}, [source])

    def _merge(self, a: int, b: int) -> None:
        name = _of(self.draw, *MERGES, "sum", "joined")
        if name in OPS:
            self.apply(None, [a, b], op=name)
        else:
            self._new({"class": name, "settings": {}}, [a, b], "list")

    def _new(self, layer: dict[str, Any], inputs: list[int], call: str = "one") -> None:
        self.layers.append(layer)
        if not self.apply(len(self.layers) - 1, inputs, call=call):
            self.layers.pop()

    def finish(self) -> dict[str, Any]:
        """Give every loose end a Dense head, and the whole its losses and optimizer."""
        loose = [i for i in range(len(self.values)) if i not in self.used]
        outputs, losses = [], []
        for i in loose:
            if self.values[i][0] == "tokens":
                self._new({"class": "Embedding", "settings": {"input_dim": HIGH, "output_dim": 2}}, [i])
                i = len(self.values) - 1
            # PyTorch's own sparse loss takes no gradient of several axes in every memory order.
            classes = ["sparse_categorical_crossentropy"] if self.values[i][0] == "vector" else []
            loss = _of(self.draw, "mse", "mae", "binary_crossentropy", "huber", *classes)
            head = {"sparse_categorical_crossentropy": "softmax", "binary_crossentropy": "sigmoid"}.get(loss, "linear")
            self._new({"class": "Dense", "settings": {"units": 3, "activation": head}}, [i])
            outputs.append(len(self.values) - 1)
            losses.append(loss)
        chain = all(node["inputs"] == [i] and "layer" in node for i, node in enumerate(self.nodes))
        shared = len({node.get("layer") for node in self.nodes}) < len(self.nodes)
        optimizer = _of(
            self.draw,
            {"class": "SGD", "settings": {"learning_rate": 0.05, "momentum": 0.9}},
            {"class": "Adam", "settings": {"learning_rate": 0.01, "epsilon": 1e-3}},
            {"class": "RMSprop", "settings": {"learning_rate": 0.01, "epsilon": 1e-3, "centered": True}},
        )
        return {
            "inputs": self.inputs,
            "layers": self.layers,
            "nodes": self.nodes,
            "outputs": outputs,
            "losses": losses,
            "loss_weights": [0.5 + i for i in range(len(losses))],
            "optimizer": optimizer,
            "sequential": chain and not shared and len(self.inputs) == 1 and self.draw(st.booleans()),
            "seed": self.draw(st.integers(0, 10**6)),
        }


@st.composite
def plans(draw: Draw, shape_of: Callable[[dict[str, Any], list[Any]], Any]) -> dict[str, Any]:
    """A model of one to three inputs and up to eight layers."""
    plan = Plan(draw, shape_of)
    for _ in range(draw(st.integers(1, 3))):
        plan.add_input()
    for _ in range(draw(st.integers(1, 8))):
        plan.grow()
    return plan.finish()
