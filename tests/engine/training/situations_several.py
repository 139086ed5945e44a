"""Situations with several inputs and outputs: lists, dicts, nested structures, per-output losses, weights, metrics."""

from __future__ import annotations

from typing import Any

from situations import (  # type: ignore[import-not-found]
    CE,
    CLASSES,
    OTHER,
    WEIGHTS,
    X,
    Y,
    fitted,
    fix,
    fork,
    numbers,
    refused,
    situation,
    stepped,
)

LISTED = [Y, CLASSES]
NAMED = {"left": Y, "right": CLASSES}


def _both(k: Any, targets: Any = None, as_dict: bool = False, **options: Any) -> Any:
    model = fork(k, as_dict)
    model.compile("sgd", **options)
    targets = targets if targets is not None else (NAMED if as_dict else LISTED)
    return {
        "fit": fitted(model, X, targets, validation_split=1 / 3),
        "steps": stepped(model, X, targets),
        "evaluate": model.evaluate(X, targets, verbose=0),
        "named": list(model.evaluate(X, targets, verbose=0, return_dict=True)),
    }


@situation
def losses_in_a_list(k: Any) -> Any:
    return _both(k, loss=["mse", CE], loss_weights=[0.5, 2.0], metrics=[["mae", "mse"], ["accuracy"]])


@situation
def losses_in_a_dict(k: Any) -> Any:
    return _both(
        k, loss={"right": CE, "left": "mae"}, loss_weights={"left": 0.5, "right": 2.0}, metrics={"left": "mse"}
    )


@situation
def targets_in_a_dict_for_a_list(k: Any) -> Any:
    return _both(k, NAMED, loss={"right": CE, "left": "mae"}, metrics={"right": ["accuracy"], "left": ["mse", "mae"]})


@situation
def outputs_in_a_dict(k: Any) -> Any:
    return _both(k, as_dict=True, loss={"right": CE, "left": "mae"}, metrics={"right": ["accuracy"], "left": "mae"})


@situation
def outputs_in_a_dict_with_weights(k: Any) -> Any:
    return _both(
        k,
        as_dict=True,
        loss={"left": "mse", "right": CE},
        loss_weights={"left": 0.25, "right": 1.5},
        weighted_metrics={"left": ["mae"], "right": ["accuracy"]},
    )


@situation
def one_loss_for_all_outputs(k: Any) -> Any:
    model = fork(k)
    model.compile("sgd", "mse", metrics=[["mae"], ["mae"]])
    return {"fit": fitted(model, X, [Y, numbers(12, 3)]), "listed": model.evaluate(X, [Y, numbers(12, 3)], verbose=0)}


@situation
def an_output_without_loss(k: Any) -> Any:
    model = fork(k)
    model.compile("sgd", [None, CE], metrics=[None, ["accuracy"]])
    return stepped(model, X, LISTED)


@situation
def an_output_without_loss_in_a_dict(k: Any) -> Any:
    model = fork(k, as_dict=True)
    model.compile("sgd", {"left": None, "right": CE})
    return stepped(model, X, NAMED)


@situation
def weights_per_output(k: Any) -> Any:
    found = {}
    for name, as_dict, given in (
        ("list", False, [WEIGHTS, OTHER]),
        ("dict", True, {"left": WEIGHTS, "right": OTHER}),
        ("one", False, WEIGHTS),
        ("one for a dict", True, WEIGHTS),
    ):
        model = fork(k, as_dict)
        losses = {"left": "mse", "right": CE}
        chosen = {"left": ["mae"], "right": ["accuracy"]}
        model.compile("sgd", losses, metrics=chosen, weighted_metrics=chosen)
        found[name] = fitted(model, X, NAMED if as_dict else LISTED, sample_weight=given)
    return found


@situation
def nested_outputs(k: Any) -> Any:
    x = k.Input((3,))
    h = k.layers.Dense(4, "tanh")(x)
    a, b, c = (k.layers.Dense(n, name=f"o{n}")(h) for n in (1, 2, 3))
    model = fix(k.Model(x, {"first": [a, b], "second": c}))
    targets = {"first": [Y, numbers(12, 2)], "second": numbers(12, 3)}
    model.compile(
        "sgd", {"first": ["mse", "mae"], "second": "mse"}, metrics={"first": [["mae"], ["mse"]], "second": ["mae"]}
    )
    return {"fit": fitted(model, X, targets), "predict": model.predict(X, verbose=0)}


@situation
def inputs_in_lists_dicts_and_nests(k: Any) -> Any:
    found = {}
    for name in ("list", "dict", "nest"):
        a, b, c = (k.Input((n,), name=f"in{n}") for n in (1, 2, 3))
        joined = k.layers.Concatenate()([a, b, c])
        given: Any = {"list": [a, b, c], "dict": {"in1": a, "in2": b, "in3": c}, "nest": {"p": [a, b], "q": c}}[name]
        model = fix(k.Model(given, k.layers.Dense(1)(joined)))
        model.compile("sgd", "mse")
        p, q, r = numbers(12, 1), numbers(12, 2), numbers(12, 3)
        data: Any = {"list": [p, q, r], "dict": {"in3": r, "in1": p, "in2": q}, "nest": {"q": r, "p": [p, q]}}[name]
        found[name] = fitted(model, data, Y, validation_data=(data, Y))
    return found


@situation
def subclassed_with_dicts(k: Any) -> Any:
    class Pair(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = k.layers.Dense(2, "tanh"), k.layers.Dense(1)

        def call(self, inputs: Any, training: Any = None) -> Any:
            h = self.one(inputs["a"]) + inputs["b"]
            return {"sum": self.two(h), "state": h}

    model = Pair()
    data = {"a": X, "b": numbers(12, 2)}
    model(data)
    fix(model)
    targets = {"sum": Y, "state": numbers(12, 2)}
    model.compile("sgd", {"sum": "mse", "state": "mae"}, metrics={"sum": ["mae"]})
    return {"fit": fitted(model, data, targets), "predict": sorted(model.predict(data, verbose=0).items())}


@situation
def subclassed_with_a_tuple(k: Any) -> Any:
    class Pair(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = k.layers.Dense(2, "tanh"), k.layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            h = self.one(inputs)
            return self.two(h), h

    model = Pair()
    model(X)
    fix(model)
    model.compile("sgd", ["mse", "mae"], metrics=[["mae"], ["mse"]])
    return {"fit": fitted(model, X, (Y, numbers(12, 2))), "steps": stepped(model, X, (Y, numbers(12, 2)))}


@situation
def shared_layers_and_nested_models(k: Any) -> Any:
    shared = k.layers.Dense(3, "tanh", kernel_regularizer="l2")
    inner = k.Sequential([k.Input((3,)), k.layers.Dense(2, "tanh"), k.layers.Dense(3)])
    x, z = k.Input((3,)), k.Input((3,))
    y = k.layers.Add()([inner(shared(x)), shared(inner(z))])
    model = fix(k.Model([x, z], k.layers.Dense(1)(y)))
    model.compile(k.optimizers.Adam(0.01), "mse")
    return {"fit": fitted(model, [X, -X], Y), "trainable": len(model.trainable_variables)}


@situation
def what_does_not_fit_the_outputs(k: Any) -> Any:
    def attempt(targets: Any, **options: Any) -> Any:
        model = fork(k)
        model.compile("sgd", **options)
        return refused(lambda: model.fit(X, targets, verbose=0))

    return {
        "names": attempt(LISTED, loss={"left": "mse", "middle": "mse"}),
        "one name": attempt(LISTED, loss={"left": "mse"}),
        "weights": attempt(LISTED, loss=["mse", CE], loss_weights=[1.0, 2.0, 3.0]),
        "metrics name": attempt(LISTED, loss=["mse", CE], metrics={"middle": ["mae"]}),
        "metrics count": attempt(LISTED, loss=["mse", CE], metrics=["mae"]),
        "targets": attempt([Y, CLASSES, Y], loss=["mse", CE]),
        "target names": attempt({"left": Y, "middle": Y}, loss=["mse", CE]),
    }
