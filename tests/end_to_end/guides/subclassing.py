"""Layers and models of one's own: weights, states, parts, losses, configs, the training switch, whole models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .common import fixed, numbers, value


def linear_layer(k: Any) -> Any:
    class Linear(k.layers.Layer):  # type: ignore[misc]
        def __init__(self, units: int = 32, **options: Any) -> None:
            super().__init__(**options)
            self.units = units

        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True)
            self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

        def call(self, inputs: Any) -> Any:
            return k.ops.matmul(inputs, self.w) + self.b

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    return Linear


def pieces(k: Any) -> dict[str, Any]:
    linear_class = linear_layer(k)
    linear = linear_class(4)
    unbuilt = [linear.built, len(linear.weights)]
    linear(k.ops.ones((2, 2)))
    fixed(linear)

    class ComputeSum(k.layers.Layer):  # type: ignore[misc]
        def __init__(self, width: int) -> None:
            super().__init__()
            self.total = self.add_weight(initializer="zeros", shape=(width,), trainable=False)

        def call(self, inputs: Any) -> Any:
            self.total.assign_add(k.ops.sum(inputs, axis=0))
            return self.total

    class MLPBlock(k.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.linear_1, self.linear_2, self.linear_3 = linear_class(5), linear_class(5), linear_class(1)

        def call(self, inputs: Any) -> Any:
            x = k.activations.relu(self.linear_1(inputs))
            return self.linear_3(k.activations.relu(self.linear_2(x)))

    total, block = ComputeSum(2), MLPBlock()
    totals = [value(k.ops.convert_to_numpy(total(k.ops.ones((2, 2))))) for _ in range(2)]
    block(k.ops.ones((3, 6)))
    fixed(block)
    config = linear.get_config()
    again = linear_class.from_config(config)
    return {
        "linear": [unbuilt, value(linear(k.ops.ones((2, 2)))), [list(w.shape) for w in linear.weights]],
        "sum": [totals, len(total.weights), len(total.non_trainable_weights), len(total.trainable_weights)],
        "block": [len(block.weights), len(block.trainable_weights), value(block(numbers(2, 6)))],
        "config": [sorted(config), config["units"], again.units, again.name == linear.name],
    }


def added_losses(k: Any) -> dict[str, Any]:
    class ActivityRegularizationLayer(k.layers.Layer):  # type: ignore[misc]
        def __init__(self, rate: float = 1e-2) -> None:
            super().__init__()
            self.rate = rate

        def call(self, inputs: Any) -> Any:
            self.add_loss(self.rate * k.ops.mean(inputs))
            return inputs

    class Outer(k.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.activity_reg = ActivityRegularizationLayer(1e-2)

        def call(self, inputs: Any) -> Any:
            return self.activity_reg(inputs)

    layer = Outer()
    counts = [len(layer.losses)]
    for _ in range(2):
        layer(k.ops.ones((1, 1)))
        counts.append(len(layer.losses))
    kernel = k.layers.Dense(3, kernel_regularizer=k.regularizers.L2(1e-3))
    kernel(k.ops.ones((2, 2)))
    fixed(kernel)
    inputs = k.Input(shape=(3,))
    model = fixed(k.Model(inputs, layer(k.layers.Dense(3)(inputs))))
    model.compile(optimizer="sgd", loss="mse")
    both = model.fit(numbers(2, 3), numbers(2, 3, seed=1), verbose=0).history
    model.compile(optimizer="sgd")
    return {"counts": counts, "kernel": value([k.ops.convert_to_numpy(x) for x in kernel.losses]), "both": both}


def switches(k: Any) -> dict[str, Any]:
    class CustomDropout(k.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any, training: Any = None) -> Any:
            return inputs * 0.5 if training else inputs

    class Outer(k.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = CustomDropout()

        def call(self, inputs: Any) -> Any:
            return self.inner(inputs)

    layer = Outer()
    ones = k.ops.ones((1, 2))
    return {"outs": [value(layer(ones)), value(layer(ones, training=True)), value(layer(ones, training=False))]}


def autoencoder(k: Any) -> dict[str, Any]:
    layers = k.layers

    class Sampling(layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            mean, log_var = inputs
            return mean + k.ops.exp(0.5 * log_var) * 0.25  # a fixed draw, to compare

    class Encoder(layers.Layer):  # type: ignore[misc]
        def __init__(self, latent: int = 3, middle: int = 8, name: str = "encoder", **options: Any) -> None:
            super().__init__(name=name, **options)
            self.proj = layers.Dense(middle, activation="relu")
            self.mean, self.log_var, self.sampling = layers.Dense(latent), layers.Dense(latent), Sampling()

        def call(self, inputs: Any) -> Any:
            x = self.proj(inputs)
            mean, log_var = self.mean(x), self.log_var(x)
            return mean, log_var, self.sampling((mean, log_var))

    class Decoder(layers.Layer):  # type: ignore[misc]
        def __init__(self, width: int, middle: int = 8, name: str = "decoder", **options: Any) -> None:
            super().__init__(name=name, **options)
            self.proj, self.out = layers.Dense(middle, activation="relu"), layers.Dense(width, activation="sigmoid")

        def call(self, inputs: Any) -> Any:
            return self.out(self.proj(inputs))

    class VariationalAutoEncoder(k.Model):  # type: ignore[misc]
        def __init__(self, width: int, name: str = "autoencoder", **options: Any) -> None:
            super().__init__(name=name, **options)
            self.encoder, self.decoder = Encoder(), Decoder(width)

        def call(self, inputs: Any) -> Any:
            mean, log_var, z = self.encoder(inputs)
            kl = -0.5 * k.ops.mean(log_var - k.ops.square(mean) - k.ops.exp(log_var) + 1)
            self.add_loss(kl)
            return self.decoder(z)

    vae = VariationalAutoEncoder(12)
    data = 1 / (1 + np.exp(-numbers(20, 12)))
    vae(data[:2])
    fixed(vae)
    vae.compile(optimizer=k.optimizers.Adam(1e-2), loss=k.losses.MeanSquaredError())
    history = vae.fit(data, data, epochs=3, batch_size=10, shuffle=False, verbose=0).history
    return {"history": history, "paths": [w.path for w in vae.weights], "trainable": len(vae.trainable_variables)}


def facts(k: Any, folder: Path) -> dict[str, Any]:
    return {"pieces": pieces(k), "losses": added_losses(k), "switches": switches(k), "vae": autoencoder(k)}
