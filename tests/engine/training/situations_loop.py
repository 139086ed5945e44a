"""Situations of the loop: epochs, steps, validation, callbacks, kinds of data, optimizers, freezing, policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from situations import (  # type: ignore[import-not-found]
    CE,
    CLASSES,
    WEIGHTS,
    X,
    Y,
    fitted,
    fix,
    jax_situation,
    mlp,
    numbers,
    refused,
    situation,
    stepped,
    weights,
)


def _plain(k: Any, **options: Any) -> Any:
    model = mlp(k)
    model.compile(**{"optimizer": "sgd", "loss": "mse", "metrics": ["mae"], **options})
    return model


@situation
def validation_in_all_ways(k: Any) -> Any:
    other = (numbers(7, 3, seed=8), numbers(7, 1, seed=9))
    return {
        "data": fitted(_plain(k), X, Y, validation_data=other),
        "split": fitted(_plain(k), X, Y, validation_split=0.3),
        "every second": fitted(_plain(k), X, Y, epochs=5, validation_data=other, validation_freq=2),
        "chosen": fitted(_plain(k), X, Y, epochs=5, validation_data=other, validation_freq=[1, 4]),
        "steps": fitted(_plain(k), X, Y, validation_data=other, validation_steps=2, validation_batch_size=2),
        "both": fitted(_plain(k), X, Y, validation_data=other, validation_split=0.5),
    }


@situation
def epochs_and_steps(k: Any) -> Any:
    return {
        "initial": fitted(_plain(k), X, Y, epochs=4, initial_epoch=2),
        "none": fitted(_plain(k), X, Y, epochs=2, initial_epoch=2),
        "steps": fitted(_plain(k), X, Y, epochs=3, steps_per_epoch=2),
        "more steps": fitted(_plain(k), X, Y, epochs=2, steps_per_epoch=3),
        "rest": fitted(_plain(k), X, Y, batch_size=5),
        "large": fitted(_plain(k), X, Y, batch_size=100),
        "default": fitted(_plain(k), X, Y, batch_size=None),
    }


@jax_situation
def several_steps_in_one_execution(k: Any) -> Any:
    model = _plain(k, steps_per_execution=2)
    found = [fitted(model, X, Y), fitted(model, X, Y, steps_per_epoch=3), model.predict(X, batch_size=4, verbose=0)]
    again = mlp(k)
    again.compile_from_config(model.get_compile_config())
    return [*found, again.steps_per_execution, model.evaluate(X, Y, batch_size=4, verbose=0)]


@situation
def two_fits_go_on(k: Any) -> Any:
    model = _plain(k, optimizer=k.optimizers.Adam(0.01))
    first = fitted(model, X, Y)
    second = fitted(model, X, Y)
    model.compile("sgd", "mae")
    return [first, second, fitted(model, X, Y), int(model.optimizer.iterations)]


@jax_situation
def shuffled_by_the_seed(k: Any) -> Any:
    found = {}
    for name, options in {"all": {}, "batch": {"shuffle": "batch"}, "split": {"validation_split": 0.25}}.items():
        np.random.seed(4)
        found[name] = fitted(_plain(k), X, Y, **{"shuffle": True, "epochs": 3, **options})
    return found


@jax_situation
def hooks_are_called_in_order(k: Any) -> Any:
    hooks = [f"on_{what}_{edge}" for what in ("train", "test", "predict", "epoch") for edge in ("begin", "end")]
    hooks += [f"on_{what}_batch_{edge}" for what in ("train", "test", "predict") for edge in ("begin", "end")]

    def recorder(seen: list[Any]) -> Any:
        def hook(name: str) -> Any:
            def call(self: Any, *index: int, logs: Any = None) -> None:
                if name == "on_predict_batch_end":
                    logs = {key: list(np.asarray(value).shape) for key, value in logs.items()}
                seen.append([name, *index, dict(logs or {})])

            def whole(self: Any, logs: Any = None) -> None:
                call(self, logs=logs)

            return whole if name.split("_")[1] in ("train", "test", "predict") and "batch" not in name else call

        return type("Recorder", (k.callbacks.Callback,), {name: hook(name) for name in hooks})()

    found: dict[str, Any] = {}
    for size in (1, 2):
        model, seen = _plain(k, steps_per_execution=size), []
        listen = recorder(seen)
        model.fit(X, Y, batch_size=5, epochs=2, shuffle=False, verbose=0, validation_split=1 / 3, callbacks=[listen])
        found[f"params {size}"] = {name: listen.params[name] for name in sorted(listen.params)}
        model.evaluate(X, Y, batch_size=5, verbose=0, callbacks=[listen])
        model.predict(X, batch_size=5, verbose=0, callbacks=[listen])
        found[f"seen {size}"] = seen
    return found


@situation
def callbacks_that_change_training(k: Any) -> Any:
    c = k.callbacks
    found = {}
    for name, chosen in {
        "stop": [c.EarlyStopping("loss", min_delta=0.5, patience=1, restore_best_weights=True)],
        "plateau": [c.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=0.5, cooldown=1)],
        "schedule": [c.LearningRateScheduler(lambda epoch, rate: rate * 0.5)],
        "lambda": [c.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(extra=float(epoch)))],
    }.items():
        found[name] = fitted(_plain(k, optimizer=k.optimizers.SGD(0.1)), X, Y, epochs=6, callbacks=chosen)
    return found


@situation
def nan_stops_training(k: Any) -> Any:
    model = _plain(k, optimizer=k.optimizers.SGD(1e30))
    history = model.fit(
        X, Y, batch_size=2, epochs=3, shuffle=False, verbose=0, callbacks=[k.callbacks.TerminateOnNaN()]
    )
    return {"epochs": history.epoch, "stop": bool(model.stop_training)}


@situation
def schedules_and_options_of_optimizers(k: Any) -> Any:
    o, s = k.optimizers, k.optimizers.schedules
    found = {}
    for name, optimizer in {
        "decay": o.SGD(s.ExponentialDecay(0.1, 2, 0.5)),
        "pieces": o.Adam(s.PiecewiseConstantDecay([2, 4], [0.1, 0.01, 0.001])),
        "cosine": o.SGD(s.CosineDecay(0.1, 5, warmup_target=0.2, warmup_steps=2)),
        "accumulated": o.SGD(0.1, gradient_accumulation_steps=3),
        "averaged": o.Adam(0.1, use_ema=True, ema_momentum=0.6),
        "overwritten": o.SGD(0.1, use_ema=True, ema_momentum=0.6, ema_overwrite_frequency=2),
        "all": o.Adam(
            0.1, gradient_accumulation_steps=2, use_ema=True, ema_momentum=0.5, clipnorm=0.3, weight_decay=0.1
        ),
        "scaled": o.SGD(0.1, loss_scale_factor=16.0),
    }.items():
        model = _plain(k, optimizer=optimizer)
        found[name] = [fitted(model, X, Y, epochs=3), int(optimizer.iterations), float(optimizer.learning_rate)]
    return found


@situation
def freezing_after_compile(k: Any) -> Any:
    found = []
    for optimizer in (k.optimizers.SGD(0.1), k.optimizers.Adam(0.1)):
        model = _plain(k, optimizer=optimizer)
        found.append(fitted(model, X, Y))
        model.layers[0].trainable = False
        found.append(fitted(model, X, Y))
        model.layers[0].trainable = True
        found.append(fitted(model, X, Y))
    return found


@situation
def own_train_and_test_steps(k: Any) -> Any:
    class Own(k.Model):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.level = k.metrics.Mean(name="level")

        def train_step(self, data: Any) -> Any:
            x, y = data[:2]
            variables = self.trainable_weights
            if k.__name__ == "keras":
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred) * 2.0
                self.zero_grad()
                loss.backward()
                import torch

                with torch.no_grad():
                    self.optimizer.apply([v.value.grad for v in variables], variables)
            else:
                with k.GradientTape() as tape:
                    y_pred = self(x, training=True)
                    loss = self.compute_loss(y=y, y_pred=y_pred) * 2.0
                self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            self.level.update_state(loss)
            for metric in self.metrics:
                if metric.name not in ("loss", "level"):
                    metric.update_state(y, y_pred)
            return {"twice": loss, **{m.name: m.result() for m in self.metrics if m.name == "level"}}

        def test_step(self, data: Any) -> Any:
            x, y = data[:2]
            y_pred = self(x, training=False)
            self.level.update_state(k.ops.mean(k.ops.abs(y - y_pred)))
            return {"level": self.level.result()}

        def predict_step(self, data: Any) -> Any:
            x = data[0] if isinstance(data, (tuple, list)) else data
            return {"out": self(x, training=False) + 1.0}

    inputs = k.Input((3,))
    model = fix(Own(inputs, k.layers.Dense(1)(k.layers.Dense(4, "tanh")(inputs))))
    model.compile("sgd", "mse")
    found = fitted(model, X, Y, validation_split=1 / 3)
    return [found, model.predict(X, verbose=0), model.evaluate(X, Y, verbose=0), model.train_on_batch(X, Y)]


@situation
def freezing_before_compile(k: Any) -> Any:
    model = mlp(k)
    model.layers[0].trainable = False
    model.compile(k.optimizers.Adam(0.1), "mse")
    first = fitted(model, X, Y)
    model.trainable = False
    model.compile("sgd", "mse")
    return {"first": first, "evaluate": model.evaluate(X, Y, verbose=0), "slots": len(model.trainable_variables)}


@situation
def own_compute_loss(k: Any) -> Any:
    class Own(k.Model):  # type: ignore[misc]
        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
        ) -> Any:
            base = super().compute_loss(x, y, y_pred, sample_weight, training)
            return base + (0.5 if training else 0.25) * k.ops.mean(k.ops.square(y_pred))

    class Old(k.Model):  # type: ignore[misc]
        def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None) -> Any:
            return k.ops.mean(k.ops.abs(y - y_pred)) * 2.0

    found = {}
    for kind in (Own, Old):
        inputs = k.Input((3,))
        model = fix(kind(inputs, k.layers.Dense(1)(k.layers.Dense(4, "tanh")(inputs))))
        model.compile("sgd", "mse" if kind is Own else None, metrics=["mae"])
        found[kind.__name__] = fitted(model, X, Y, validation_split=1 / 3)
    return found


@situation
def own_compute_metrics(k: Any) -> Any:
    class Own(k.Model):  # type: ignore[misc]
        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            figures = super().compute_metrics(x, y, y_pred, sample_weight)
            return {**figures, "twice": figures["mae"] * 2.0}

    inputs = k.Input((3,))
    model = fix(Own(inputs, k.layers.Dense(1)(inputs)))
    model.compile("sgd", "mse", metrics=["mae"])
    return {"fit": fitted(model, X, Y, validation_split=1 / 3), "batch": model.train_on_batch(X, Y, return_dict=True)}


@situation
def kinds_of_data(k: Any) -> Any:
    import pandas
    import torch

    class Batches(k.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            part = slice(4 * index, 4 * index + 4)
            return X[part], Y[part], WEIGHTS[part]

    def generated() -> Iterator[Any]:
        while True:
            for start in range(0, 12, 4):
                yield X[start : start + 4], Y[start : start + 4]

    tensors = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    loader = torch.utils.data.DataLoader(tensors, batch_size=4)
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    none: dict[str, Any] = {"batch_size": None}
    return {
        "frame": fitted(_plain(k), frame, pandas.Series(Y[:, 0])),
        "frame of targets": fitted(
            _plain(k), frame, pandas.DataFrame({"y": Y[:, 0]}), sample_weight=pandas.Series(WEIGHTS)
        ),
        "loader": fitted(_plain(k), loader, **none),
        "loader for both": fitted(_plain(k), loader, validation_data=loader, **none),
        "batches": fitted(_plain(k), Batches(), validation_data=Batches(), **none),
        "weighted batches": fitted(_plain(k), Batches(), steps_per_epoch=2, **none),
        "generator": fitted(_plain(k), generated(), steps_per_epoch=3, **none),
        "predict": _plain(k).predict(Batches(), verbose=0),
        "evaluate": _plain(k).evaluate(generated(), steps=2, verbose=0),
        "float64": fitted(_plain(k), X.astype("float64"), Y.astype("float64")),
        "bool": fitted(_plain(k), X > 0, Y > 0),
    }


@situation
def data_that_do_not_go(k: Any) -> Any:
    def generated() -> Iterator[Any]:
        yield X, Y

    def attempt(*data: Any, **options: Any) -> Any:
        return refused(lambda: _plain(k).fit(*data, verbose=0, **options))

    return {
        "lengths": attempt(X, Y[:5]),
        "weights length": attempt(X, Y, sample_weight=WEIGHTS[:5]),
        "text": attempt("data.csv"),
        "targets twice": attempt(generated(), Y),
        "weights twice": attempt(generated(), sample_weight=WEIGHTS),
        "both weights": attempt(X, Y, sample_weight=WEIGHTS, class_weight={0: 1.0}),
        "class weights of a generator": attempt(generated(), class_weight={0: 1.0}),
        "split of a generator": attempt(generated(), validation_split=0.5),
        "split too small": attempt(X[:1], Y[:1], validation_split=0.5),
        "frequency": attempt(X, Y, validation_data=(X, Y), validation_freq="often"),
        "not compiled": refused(lambda: mlp(k).fit(X, Y)),
        "empty generator": attempt(batch for batch in ()),
        "generator of arrays": attempt(x for x in [X]),
        "four parts": attempt(x for x in [(X, Y, WEIGHTS, X)]),
        "unknown argument": refused(lambda: _plain(k).evaluate(X, Y, verbose=0, epochs=3)),
    }


def _policy(k: Any, name: str) -> Any:
    k.config.set_dtype_policy(name)
    try:
        layers = k.layers
        model = k.Sequential([k.Input((3,)), layers.Dense(8, "relu"), layers.BatchNormalization(), layers.Dense(3)])
        model.add(layers.Activation("softmax", dtype="float32"))
        fix(model)
    finally:
        k.config.set_dtype_policy("float32")
    return model


@situation
def mixed_float16_with_loss_scaling(k: Any) -> Any:
    model = _policy(k, "mixed_float16")
    model.compile(k.optimizers.SGD(0.1), CE, metrics=["accuracy"])
    kinds = sorted({str(k.backend.standardize_dtype(v.dtype)) for v in model.weights})
    steps = stepped(model, X, CLASSES)
    scale = float(np.asarray(k.ops.convert_to_numpy(model.optimizer.dynamic_scale)))
    return {"optimizer": type(model.optimizer).__name__, "kinds": kinds, "coarse": steps, "scale": scale}


@situation
def mixed_bfloat16(k: Any) -> Any:
    model = _policy(k, "mixed_bfloat16")
    model.compile(k.optimizers.Adam(0.01), CE)
    return {"optimizer": type(model.optimizer).__name__, "coarse": stepped(model, X, CLASSES)}


@situation
def loss_scale_falls_and_grows(k: Any) -> Any:
    optimizer = k.optimizers.LossScaleOptimizer(k.optimizers.SGD(0.1), initial_scale=8.0, dynamic_growth_steps=2)
    model = _plain(k, optimizer=optimizer)
    found = []
    for factor in (1.0, 1.0, 1e30, 1.0, 1.0, 1.0):
        model.train_on_batch(X * np.float32(factor), Y * np.float32(factor))
        scale = float(np.asarray(k.ops.convert_to_numpy(optimizer.dynamic_scale)))
        found.append([scale, int(optimizer.iterations), weights(model)])
    return found


@situation
def predictions_of_all_lengths(k: Any) -> Any:
    model = _plain(k)
    return [model.predict(X[:n], batch_size=size, verbose=0) for n, size in ((12, 5), (12, None), (1, 4), (3, 3))]


@situation
def settings_in_files(k: Any) -> Any:
    model = mlp(k)
    model.compile(k.optimizers.Adam(0.25), "mse", metrics=["mae"])
    config = model.get_compile_config()
    again = mlp(k)
    again.compile_from_config(config)
    return {"keys": sorted(config), "loss": config["loss"], "fit": fitted(again, X, Y)}
