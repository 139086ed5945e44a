"""Models of every layer family, written once and built with Keras or with the engine."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Builder = Callable[[Any], Any]
BUILDERS: dict[str, Builder] = {}


def case(function: Builder) -> Builder:
    BUILDERS[function.__name__] = function
    return function


@case
def dense(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(
                7,
                activation="gelu",
                kernel_initializer=keras.initializers.HeNormal(seed=3),
                kernel_regularizer=keras.regularizers.L2(0.01),
                bias_constraint=keras.constraints.MaxNorm(2.0),
            ),
            layers.Dropout(0.3, seed=1),
            layers.Dense(3, activation="softmax", use_bias=False),
        ],
        name="dense_model",
    )


@case
def shared_and_nested(keras: Any) -> Any:
    layers = keras.layers
    first, second = keras.Input((6,), name="first"), keras.Input((6,), name="second")
    shared = layers.Dense(5, activation="tanh", name="shared")
    joined = layers.Concatenate()([shared(first), shared(second)])
    inner = keras.Sequential([keras.Input((10,)), layers.Dense(5, activation="relu")], name="inner")
    hidden = inner(joined)
    one = layers.Dense(1, name="one")(hidden)
    three = layers.Dense(3, name="three")(layers.Multiply()([hidden, shared(first)]))
    return keras.Model([first, second], [one, three], name="two_by_two")


@case
def dict_inputs(keras: Any) -> Any:
    inputs = {"b": keras.Input((3,), name="b"), "a": keras.Input((4,), name="a")}
    joined = keras.layers.Concatenate()([inputs["a"], inputs["b"]])
    return keras.Model(inputs, keras.layers.Dense(2, name="out")(joined), name="by_name")


@case
def operators(keras: Any) -> Any:
    x = keras.Input((4,))
    y = keras.layers.Dense(4)(x * 2.0 + 1.0)
    y = keras.ops.tanh(y) - x
    return keras.Model(x, keras.ops.mean(keras.ops.square(y), axis=-1, keepdims=True), name="with_operators")


@case
def convolution(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((9, 9, 2)),
            layers.Rescaling(1 / 255, offset=-0.5),
            layers.Conv2D(4, 3, padding="same", strides=2, activation="relu"),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D(3, depth_multiplier=2),
            layers.Activation("elu"),
            layers.MaxPooling2D(2, strides=1),
            layers.AveragePooling2D((2, 1), padding="same"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ],
        name="pictures",
    )


@case
def decoder(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((5, 5, 2)),
            layers.AdaptiveMaxPooling2D(3),
            layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=1, activation="relu"),
            layers.AdaptiveAveragePooling2D((4, 2)),
            layers.Reshape((8, 4)),
            layers.Conv1DTranspose(3, 2),
        ],
        name="decoder",
    )


@case
def sound(keras: Any) -> Any:
    layers, ops = keras.layers, keras.ops
    x = keras.Input((60,), name="samples")
    real, imaginary = ops.stft(x, sequence_length=16, sequence_stride=8, fft_length=16)
    power = ops.square(real) + ops.square(imaginary)
    gram = ops.matmul(ops.transpose(power, (0, 2, 1)), power) + ops.eye(9)
    mel = layers.MelSpectrogram(fft_length=16, sequence_stride=8, num_mel_bins=4, name="mel")(x)
    filters = layers.STFTSpectrogram(mode="magnitude", frame_length=16, name="filters")(layers.Reshape((60, 1))(x))
    parts = [ops.mean(v, axis=1) for v in (ops.cholesky(gram), ops.inv(gram), ops.transpose(mel, (0, 2, 1)), filters)]
    return keras.Model(x, layers.Dense(2)(layers.Concatenate()(parts)), name="sound")


@case
def residual(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((6, 6, 3), name="picture")
    y = layers.Conv2D(3, 3, padding="same", name="body")(x)
    y = layers.Add(name="skip")([x, y])
    y = layers.Reshape((36, 3))(y)
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(y)), name="residual")


@case
def recurrent(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((7,), dtype="int32"),
            layers.Embedding(11, 4),
            layers.LSTM(5, return_sequences=True),
            layers.GRU(4, return_sequences=True),
            layers.SimpleRNN(3),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="sequences",
    )


@case
def transformer(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((5, 8), name="tokens")
    y = layers.MultiHeadAttention(num_heads=2, key_dim=4, dropout=0.1, name="attention")(x, x)
    y = layers.LayerNormalization(name="norm")(layers.Add()([x, y]))
    y = layers.Dense(8)(layers.Dense(16, activation="relu")(y))
    return keras.Model(x, y, name="encoder")


@case
def normalization(keras: Any) -> Any:
    return keras.Sequential([keras.Input((3,)), keras.layers.Normalization(), keras.layers.Dense(2)], name="normalized")


@case
def activations(keras: Any) -> Any:
    layers = keras.layers
    found = [getattr(layers, name)() for name in ("ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax")]
    return keras.Sequential([keras.Input((4,)), layers.Dense(4), *found], name="activation_layers")


@case
def custom(keras: Any) -> Any:
    x = keras.Input((3,))
    return keras.Model(x, custom_classes(keras)["Scale"](2.5, name="scale")(x), name="with_custom")


@case
def with_assets(keras: Any) -> Any:
    """A layer that keeps a file of its own, and bins whose bounds stand in the config."""
    x = keras.Input((3,))
    layer = custom_classes(keras)["Offsets"](name="offsets")
    layer.values = [0.5, -1.25, 3.0]
    binned = keras.layers.Discretization(num_bins=4, name="bins")
    binned.update_state(np.linspace(-2.0, 5.0, 400, dtype="float32").reshape(-1, 4))
    binned.finalize_state()
    return keras.Model(x, binned(layer(x)), name="with_assets")


@case
def subclassed(keras: Any) -> Any:
    model = custom_classes(keras)["Blocks"](4, name="blocks_model")
    model(np.zeros((1, 5), "float32"))
    return model


_CLASSES: dict[str, dict[str, Any]] = {}


def custom_classes(keras: Any) -> dict[str, Any]:
    """Registered classes of this library, made once."""
    if keras.__name__ not in _CLASSES:
        _CLASSES[keras.__name__] = _make_classes(keras)
    return _CLASSES[keras.__name__]


def _make_classes(keras: Any) -> dict[str, Any]:
    @keras.saving.register_keras_serializable("exchange")
    class Scale(keras.layers.Layer):
        def __init__(self, factor: float = 1.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.factor = factor
            self.sub = keras.layers.Dense(2)

        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")
            self.sub.build(input_shape)

        def call(self, x: Any) -> Any:
            return self.sub(x * self.scale * self.factor)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "factor": self.factor}

    @keras.saving.register_keras_serializable("exchange")
    class Blocks(keras.Model):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.d1 = keras.layers.Dense(units, activation="relu")
            self.blocks = [keras.layers.Dense(2), keras.layers.Dense(2)]
            self.named = {"x": keras.layers.Dense(1)}

        def call(self, x: Any) -> Any:
            x = self.d1(x)
            for block in self.blocks:
                x = block(x)
            return self.named["x"](x)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    @keras.saving.register_keras_serializable("exchange")
    class Offsets(keras.layers.Layer):
        values = (0.0, 0.0, 0.0)

        def call(self, x: Any) -> Any:
            return x + np.array(self.values, "float32")

        def save_assets(self, dir_path: str) -> None:
            Path(dir_path, "more").mkdir()
            Path(dir_path, "more", "offsets.txt").write_text("\n".join(map(str, self.values)))

        def load_assets(self, dir_path: str) -> None:
            self.values = [float(line) for line in Path(dir_path, "more", "offsets.txt").read_text().split()]

    return {"Scale": Scale, "Blocks": Blocks, "Offsets": Offsets}


OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "sgd": lambda keras: keras.optimizers.SGD(0.1),
    "momentum": lambda keras: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=1.0),
    "adam": lambda keras: keras.optimizers.Adam(0.01, beta_1=0.8),
    "amsgrad": lambda keras: keras.optimizers.Adam(0.01, amsgrad=True, use_ema=True),
    "adamw": lambda keras: keras.optimizers.AdamW(0.01, weight_decay=0.02),
    "rmsprop": lambda keras: keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "schedule": lambda keras: keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)),
    "accumulated": lambda keras: keras.optimizers.SGD(0.1, gradient_accumulation_steps=2),
}


def compiled(keras: Any, name: str) -> Any:
    """A small compiled model with random optimizer state."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1)], name=f"with_{name}")
    model.compile(optimizer=OPTIMIZERS[name](keras), loss="mse", metrics=["mae"])
    model.optimizer.build(model.trainable_variables)
    randomize(model.weights, name)
    randomize([v for v in model.optimizer.variables if str(v.dtype) == "float32" and tuple(v.shape)], name)
    model.optimizer.iterations.assign(7) if name != "accumulated" else None
    return model


def randomize(variables: list[Any], seed: str) -> None:
    """Values that depend on the place in the list only."""
    rng = np.random.default_rng(zlib.crc32(seed.encode()))
    for variable in variables:
        if "float" in str(variable.dtype):
            variable.assign((rng.random(tuple(variable.shape)) * 0.5 + 0.1).astype("float32"))


def inputs_for(model: Any, seed: int = 0) -> Any:
    """A batch of 3 for each input, in the structure the model was made with."""
    rng = np.random.default_rng(seed)

    def batch(shape: Any, dtype: Any) -> Any:
        shape = (3, *tuple(shape)[1:])
        return (
            rng.integers(0, 11, shape).astype("int32")
            if "int" in str(dtype)
            else rng.normal(size=shape).astype("float32")
        )

    given = getattr(model, "inputs", None)
    if not given:
        return batch((None, 5), "float32")
    by_name = {tensor.name: batch(tensor.shape, tensor.dtype) for tensor in given}
    if model.name == "by_name":
        return by_name
    values = list(by_name.values())
    return values if len(values) > 1 else values[0]


def outputs_of(model: Any) -> list[np.ndarray[Any, Any]]:
    """What the model computes for `inputs_for(model)`, flattened."""
    result = model(inputs_for(model), training=False)
    return [np.asarray(r) for r in (result if isinstance(result, (list, tuple)) else [result])]
