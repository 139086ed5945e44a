"""Loops of one's own: the tape here, backward passes in torch there; metrics, validation, added losses, two nets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .common import fixed, numbers, value, whole

X, Y = numbers(48, 6), whole(48, high=3)


def step(k: Any, model: Any, optimizer: Any, loss: Callable[[], tuple[Any, Any]], with_tape: bool) -> tuple[Any, Any]:
    """One update by the gradients of `loss()`; (loss, what else it gave)."""
    variables = model.trainable_weights
    if with_tape:
        with k.GradientTape() as tape:
            total, extra = loss()
        optimizer.apply(tape.gradient(total, variables), variables)
        return total, extra
    import torch

    model.zero_grad()
    total, extra = loss()
    total.backward()
    with torch.no_grad():
        optimizer.apply([v.value.grad for v in variables], variables)
    return total, extra


def with_metrics(k: Any, tape: bool) -> dict[str, Any]:
    layers = k.layers
    inputs = k.Input(shape=(6,), name="digits")
    x = layers.Dense(8, activation="relu", kernel_regularizer=k.regularizers.L2(0.01))(inputs)
    model = fixed(k.Model(inputs, layers.Dense(3, name="predictions")(x)))
    optimizer, loss_fn = k.optimizers.Adam(1e-2), k.losses.SparseCategoricalCrossentropy(from_logits=True)
    train, validation = k.metrics.SparseCategoricalAccuracy(), k.metrics.SparseCategoricalAccuracy()
    found: list[Any] = []
    for _ in range(2):
        for start in range(0, 32, 8):
            x_batch, y_batch = X[start : start + 8], Y[start : start + 8]

            def forward(x_batch: Any = x_batch, y_batch: Any = y_batch) -> tuple[Any, Any]:
                logits = model(x_batch, training=True)
                return loss_fn(y_batch, logits) + sum(model.losses), logits

            total, logits = step(k, model, optimizer, forward, tape)
            train.update_state(y_batch, logits)
            found.append(float(value(total)))
        found.append(float(train.result()))
        train.reset_state()
        for start in range(32, 48, 8):
            validation.update_state(Y[start : start + 8], model(X[start : start + 8], training=False))
        found.append(float(validation.result()))
        validation.reset_state()
    return {"found": found, "end": [w.tolist() for w in model.get_weights()], "steps": int(optimizer.iterations)}


def two_nets(k: Any, tape: bool) -> dict[str, Any]:
    layers = k.layers
    discriminator = k.Sequential(
        [k.Input((4,)), layers.Dense(6), layers.LeakyReLU(negative_slope=0.2), layers.Dense(1)]
    )
    generator = k.Sequential([k.Input((2,)), layers.Dense(6, "relu"), layers.Dense(4)])
    fixed(discriminator)
    fixed(generator)
    d_optimizer, g_optimizer = k.optimizers.Adam(3e-2), k.optimizers.Adam(4e-2)
    loss_fn = k.losses.BinaryCrossentropy(from_logits=True)
    found = []
    for i in range(4):
        real, noise = numbers(8, 4, seed=i), numbers(8, 2, seed=i + 10)
        made = k.ops.convert_to_numpy(generator(noise)) if tape else generator(noise).detach().numpy()
        together = np.concatenate([made, real])
        labels = np.concatenate([np.ones((8, 1)), np.zeros((8, 1))]).astype("float32")

        def judge(together: Any = together, labels: Any = labels) -> tuple[Any, Any]:
            return loss_fn(labels, discriminator(together)), None

        def deceive(noise: Any = noise) -> tuple[Any, Any]:
            return loss_fn(np.zeros((8, 1), "float32"), discriminator(generator(noise))), None

        d_loss, _ = step(k, discriminator, d_optimizer, judge, tape)
        g_loss, _ = step(k, generator, g_optimizer, deceive, tape)
        found.append([float(value(d_loss)), float(value(g_loss))])
    return {"losses": found, "end": [w.tolist() for w in generator.get_weights()]}


def facts(k: Any, folder: Path) -> dict[str, Any]:
    tape = hasattr(k, "GradientTape")
    return {"metrics": with_metrics(k, tape), "nets": two_nets(k, tape)}
