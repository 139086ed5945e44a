"""The behaviours of Keras that are easy to get wrong, one line each, asked of both libraries."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

import engine

X = np.random.default_rng(0).normal(size=(2, 5, 5, 3)).astype("float32")
FACTS: dict[str, Callable[[Any], Any]] = {
    # Around the step: clip, decay, update, average, constraint, count.
    "adam takes no whole number": lambda k: _refused(lambda: k.optimizers.Adam(1)),
    "one way of clipping": lambda k: _refused(lambda: k.optimizers.SGD(0.1, clipnorm=1.0, clipvalue=1.0)),
    "adagrad starts at 0.1": lambda k: _slots(k, k.optimizers.Adagrad()),
    "epsilons": lambda k: [
        getattr(k.optimizers, name)().epsilon
        for name in ("Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Lamb")
    ],
    "rates": lambda k: [
        float(k.ops.convert_to_numpy(getattr(k.optimizers, name)().learning_rate))
        for name in ("SGD", "Adam", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "Lion", "Adafactor")
    ],
    "order of a step": lambda k: _stepped(
        k, k.optimizers.SGD(0.5, weight_decay=0.1, clipnorm=1.0, use_ema=True, ema_momentum=0.9)
    ),
    # Normalization.
    "batch normalization": lambda k: [k.layers.BatchNormalization().momentum, k.layers.BatchNormalization().epsilon],
    "epsilons of norms": lambda k: [
        k.layers.LayerNormalization().epsilon,
        k.layers.GroupNormalization(1).epsilon,
        k.layers.RMSNormalization().epsilon,
    ],
    "frozen batch normalization": lambda k: _frozen_norm(k),
    "masked batch normalization": lambda k: _masked_norm(k),
    # Recurrent layers.
    "lstm bias": lambda k: _built(k.layers.LSTM(2), (None, 3, 2)).cell.bias,
    "gru bias": lambda k: _built(k.layers.GRU(2), (None, 3, 2)).cell.bias.shape,
    "masked steps repeat": lambda k: _masked_steps(k, zero_output_for_mask=False),
    "masked steps are zero": lambda k: _masked_steps(k, zero_output_for_mask=True),
    "names of bidirectional": lambda k: k.layers.Bidirectional(k.layers.LSTM(2, name="m")).backward_layer.name,
    # Initializers.
    "called twice": lambda k: _twice(k.initializers.GlorotUniform(seed=3)) and _twice(k.initializers.HeNormal()),
    "truncated normal": lambda k: k.initializers.TruncatedNormal(0.0, 1.0, seed=1)((3, 4)),
    "fans of kernels": lambda k: k.initializers.GlorotNormal(seed=2)((3, 3, 4, 8)),
    "fans of one axis": lambda k: k.initializers.HeUniform(seed=2)((6,)),
    # Padding.
    "same pads the end": lambda k: k.ops.average_pool(X, 2, 2, "same"),
    "maximum pads with less": lambda k: k.ops.max_pool(-np.abs(X), 2, 2, "same"),
    "same with strides": lambda k: [
        k.layers.Conv2D(1, 3, 2, "same", kernel_initializer="ones")(X),
        k.layers.Conv2D(1, 3, 2, "same", kernel_initializer="ones")(X[:, :4, :4]),
    ],
    "transposed lengths": lambda k: [
        k.layers.Conv2DTranspose(1, 4, 3, padding)(X).shape for padding in ("same", "valid")
    ],
    "causal is for one axis": lambda k: [
        k.layers.Conv1D(1, 3, padding="causal", kernel_initializer="ones")(X[:, 0]),
        _refused(lambda: k.layers.Conv2D(1, 3, padding="causal")),
    ],
    # Losses.
    "weights do not divide": lambda k: k.losses.MeanSquaredError()(X[:, 0, 0], X[:, 1, 1], np.array([0.0, 2.0])),
    "unless asked for": lambda k: k.losses.MeanSquaredError(reduction="mean_with_sample_weight")(
        X[:, 0, 0], X[:, 1, 1], np.array([0.0, 2.0])
    ),
    "probabilities are renormalised": lambda k: k.losses.categorical_crossentropy(
        np.eye(3, dtype="float32"), np.array([[2.0, 1, 1], [0, 0, 1], [1, 1, 2]], "float32")
    ),
    "hinge of zero and one": lambda k: k.losses.hinge(np.array([[0.0, 1.0]]), np.array([[0.3, 0.4]])),
    "cosine is negative": lambda k: k.losses.cosine_similarity(X[:, 0, 0], X[:, 0, 0]),
    "l2 has no half": lambda k: k.regularizers.get("l2")(np.ones((2, 2), "float32")),
    # Structures and names.
    "sorted keys": lambda k: k.tree.flatten({"b": 1, "a": [2, {"d": 3, "c": 4}]}),
    "automatic names": lambda k: [
        _stem(layer.name)
        for layer in (k.layers.PReLU(), k.layers.ReLU(), k.layers.Conv1DTranspose(1, 1), k.layers.RMSNormalization())
    ],
    "names of optimizers": lambda k: [_stem(k.optimizers.RMSprop().name), _stem(k.optimizers.AdamW().name)],
    # Activations.
    "two kinds of gelu": lambda k: [k.ops.gelu(X[0, 0]), k.activations.gelu(X[0, 0])],
    "slopes": lambda k: [k.layers.LeakyReLU()(X[0, 0]), k.activations.leaky_relu(X[0, 0]), k.ops.leaky_relu(X[0, 0])],
    "hard sigmoid": lambda k: k.activations.hard_sigmoid(np.linspace(-4, 4, 9, dtype="float32")),
    "masked softmax": lambda k: k.layers.Softmax()(X[0, 0], mask=np.array([[1, 1, 0]] * 5, bool)),
    # Pictures.
    "half pixels": lambda k: k.layers.UpSampling2D(2, interpolation="bilinear")(X),
    "no antialias": lambda k: k.ops.image.resize(X, (2, 3)),
    # Types.
    "sums of types": lambda k: [
        k.backend.standardize_dtype(x.dtype)
        for x in (
            k.ops.sum(np.ones(3, bool)),
            k.ops.sum(np.ones(3, "uint8")),
            k.ops.mean(np.ones(3, "int32")),
            k.ops.argmax(X),
            k.ops.divide(np.ones(3, "int32"), np.ones(3, "int32")),
            k.ops.add(np.ones(3, "int64"), np.ones(3, "float16")),
            k.ops.add(np.ones(3, "uint32"), np.ones(3, "int32")),
        )
    ],
}


def _refused(function: Callable[[], Any]) -> bool:
    try:
        function()
    except ValueError:
        return True
    return False


def _stem(name: str) -> str:
    return name.rstrip("0123456789").rstrip("_")


def _built(layer: Any, shape: Any) -> Any:
    layer.build(shape)
    return layer


def _slots(k: Any, optimizer: Any) -> Any:
    optimizer.build([k.Variable(np.ones(2, "float32"))])
    return [k.ops.convert_to_numpy(v) for v in optimizer.variables[2:]]


def _stepped(k: Any, optimizer: Any) -> Any:
    variable = k.Variable(np.array([3.0, -4.0], "float32"), constraint=k.constraints.NonNeg())
    for gradient in ([6.0, 8.0], [0.1, 0.2]):
        optimizer.apply([k.ops.convert_to_tensor(np.array(gradient, "float32"))], [variable])
    average = optimizer._model_variables_moving_average[0]
    return [k.ops.convert_to_numpy(x) for x in (variable, average, optimizer.iterations)]


def _twice(initializer: Any) -> bool:
    return np.array_equal(np.asarray(initializer((3, 4))), np.asarray(initializer((3, 4))))


def _frozen_norm(k: Any) -> Any:
    layer = k.layers.BatchNormalization()
    layer(X, training=True)
    layer.trainable = False
    return [layer(X, training=True), layer.moving_mean]


def _masked_norm(k: Any) -> Any:
    layer = k.layers.BatchNormalization()
    out = layer(X[:, 0], training=True, mask=np.array([[1, 1, 0, 0, 0], [1, 0, 0, 0, 0]], bool))
    return [out, layer.moving_mean, layer.moving_variance]


def _masked_steps(k: Any, **options: Any) -> Any:
    mask = np.array([[1, 1, 0, 1, 0], [1, 0, 0, 0, 0]], bool)
    layer = k.layers.GRU(2, return_sequences=True, return_state=True, kernel_initializer="ones", **options)
    _built(layer, (None, 5, 3))
    layer.cell.recurrent_kernel.assign(np.full((2, 6), 0.3, "float32"))
    return layer(X[:, 0], mask=mask)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    value = value.numpy() if isinstance(value, (keras.Variable, engine.Variable)) else value
    return value if isinstance(value, (str, bool)) else np.asarray(value, "float64")


def _same(ours: Any, theirs: Any) -> None:
    if isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            _same(a, b)
    elif isinstance(theirs, (str, bool)):
        assert ours == theirs
    else:
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("fact", list(FACTS))
def test_it_is_as_in_keras(fact: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras's variables and NumPy 2
        theirs = _plain(FACTS[fact](keras))
    _same(_plain(FACTS[fact](engine)), theirs)
