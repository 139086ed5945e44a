"""Models as estimators: scikit-learn's own checks, pipelines, searches, copies."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import engine
from engine.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer


def network(X: Any, y: Any, loss: str, activation: Any = None, width: int = 8) -> Any:
    """A small net that fits the data's columns; the same weights each time, as the checks want."""
    engine.utils.set_random_seed(0)
    x = engine.Input((X.shape[1],))
    hidden = engine.layers.Dense(width, activation="relu")(x)
    outputs = engine.layers.Dense(y.shape[1] if y.ndim > 1 else 1, activation=activation)(hidden)
    model = engine.Model(x, outputs)
    model.compile(engine.optimizers.Adam(0.02), loss)
    return model


def classifier(**settings: Any) -> SKLearnClassifier:
    arguments = {"loss": "categorical_crossentropy", "activation": "softmax"}
    return SKLearnClassifier(network, model_kwargs=arguments, fit_kwargs={"epochs": 5, "verbose": 0, **settings})


BEYOND_KERAS_TOO = {
    "check_classifiers_one_label_sample_weights",  # weights of 0 still shape what is learned
    "check_classifiers_classes",  # a few epochs may leave a class out
    "check_classifiers_train",  # the outputs are probabilities, not distances
}


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("estimator", "beyond"),
    [
        (classifier(), BEYOND_KERAS_TOO),
        (SKLearnRegressor(network, model_kwargs={"loss": "mse"}, fit_kwargs={"verbose": 0}), set()),
        (SKLearnTransformer(network, model_kwargs={"loss": "mse"}, fit_kwargs={"verbose": 0}), set()),
    ],
    ids=["classifier", "regressor", "transformer"],
)
def test_scikit_learns_checks_pass(estimator: Any, beyond: set[str]) -> None:
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    assert {r["check_name"] for r in results if r["status"] == "failed"} <= beyond
    assert sum(r["status"] == "passed" for r in results) > 35


def test_a_classifier_learns_in_a_pipeline_and_is_searched() -> None:
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    pipeline = make_pipeline(StandardScaler(), classifier(epochs=30))
    assert cross_val_score(pipeline, X, names, cv=3).mean() > 0.9
    search = GridSearchCV(
        classifier(epochs=20),
        {"model_kwargs": [{"loss": "categorical_crossentropy", "activation": "softmax", "width": w} for w in (1, 16)]},
        cv=2,
    ).fit(X, names)
    assert search.best_params_["model_kwargs"]["width"] == 16
    best = search.best_estimator_
    assert set(best.predict(X)) <= set(names) and list(best.classes_) == sorted(set(names))
    np.testing.assert_array_equal(best.classes_[best.decision_function(X).argmax(axis=1)], best.predict(X))


def test_a_compiled_model_is_cloned_unless_it_starts_warm() -> None:
    X, y = load_iris(return_X_y=True)
    model = network(X, y[:, None], "mse")
    before = model.get_weights()
    cold = SKLearnRegressor(model, fit_kwargs={"verbose": 0, "epochs": 2}).fit(X, y)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert cold.predict(X).shape == y.shape and cold.epoch_ == [0, 1]
    warm = SKLearnRegressor(model, warm_start=True, fit_kwargs={"verbose": 0}).fit(X, y, epochs=3)
    assert warm.model_ is model and warm.epoch_ == [0, 1, 2]
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    assert clone(cold).get_params()["fit_kwargs"] == {"verbose": 0, "epochs": 2}


def test_outputs_of_a_model_are_features_for_others() -> None:
    X, y = load_iris(return_X_y=True)
    features = SKLearnTransformer(network, model_kwargs={"loss": "mse"}, fit_kwargs={"verbose": 0})
    pipeline = make_pipeline(features, LogisticRegression()).fit(X, y)
    assert pipeline[:-1].transform(X).shape == (150, 1)


def test_what_cannot_be_fitted_says_so() -> None:
    X, y = load_iris(return_X_y=True)
    plain = engine.Sequential([engine.layers.Dense(1)])
    with pytest.raises(RuntimeError, match="needs to be compiled"):
        SKLearnRegressor(plain).fit(X, y)
    with pytest.raises(ValueError, match="only one class is present"):
        classifier().fit(X, np.zeros(150))
    with pytest.raises(ValueError, match="Only binary and multiclass"):
        classifier().fit(X, X[:, 0])
    with pytest.raises(RuntimeError, match="metadata routing"):
        classifier().set_fit_request(sample_weight=True)


class Doubled(engine.layers.Layer):
    """A layer of one's own."""

    def call(self, x: Any) -> Any:
        return x * 2


def test_copies_of_models_have_weights_of_their_own() -> None:
    X = np.ones((4, 3), "float32")
    model = engine.Sequential([engine.Input((3,)), engine.layers.Dense(2), Doubled()])
    model.compile("adam", "mse")
    model.fit(X, X[:, :2], verbose=0)
    copies = (copy.deepcopy(model), pickle.loads(pickle.dumps(model)))
    for twin in copies:
        np.testing.assert_array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))
        assert int(twin.optimizer.iterations) == 1
    model.fit(X, X[:, :2], verbose=0, epochs=3)
    assert (copies[0].get_weights()[0] != model.get_weights()[0]).any()
    copies[0].fit(X, X[:, :2], verbose=0, epochs=3)
    np.testing.assert_allclose(copies[0].get_weights()[0], model.get_weights()[0], rtol=1e-6)
    clone_of = engine.models.clone_model(model)
    assert clone_of.compiled and type(clone_of.optimizer) is type(model.optimizer)
