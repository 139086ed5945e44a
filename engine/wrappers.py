"""Models as estimators of scikit-learn (`keras.wrappers`), for pipelines, grid searches and cross-validation."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.metadata_routing import MetadataRequest
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from engine.models import Model, clone_model


class _Estimator(BaseEstimator):  # type: ignore[misc]
    """What the wrappers share: making the model, fitting it, and the form of the targets.

    Attributes:
        model_: the fitted model.
        history_: the `History` of the last `fit`.
    """

    def __init__(
        self,
        model: Model | Callable[..., Model],
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags

    def __sklearn_clone__(self) -> Any:
        model = self.model if not isinstance(self.model, Model) else copy.deepcopy(self.model)
        return type(self)(model, self.warm_start, self.model_kwargs, self.fit_kwargs)

    @property
    def epoch_(self) -> Any:
        """Epochs of the last `fit`, 0 before."""
        history = getattr(self, "history_", None)
        return 0 if history is None else history.epoch

    def set_fit_request(self, **kwargs: Any) -> Any:
        """Say which arguments `fit` asks for when scikit-learn routes metadata: True, False, None or another name.

        Raises:
            RuntimeError: routing is not switched on.
        """
        if not sklearn.get_config().get("enable_metadata_routing", False):
            raise RuntimeError(
                "This method is only available when metadata routing is enabled. You can enable it using "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
        self._metadata_request = MetadataRequest(owner=type(self).__name__)
        for name, alias in kwargs.items():
            self._metadata_request.fit.add_request(param=name, alias=alias)
        return self

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Make the model and train it.

        Args:
            X: samples, (n, features).
            y: targets, (n,) or (n, outputs).
            kwargs: arguments of `model.fit`, which go before `fit_kwargs`.
        """
        X, y = validate_data(self, X, y)
        y = self._encoded(y)
        model = self._made(X, y)
        if not model.compiled or not model.loss or not model.optimizer:
            raise RuntimeError("Given model needs to be compiled, and have a loss and an optimizer.")
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def _made(self, X: Any, y: Any) -> Any:
        if not isinstance(self.model, Model):
            return self.model(X=X, y=y, **(self.model_kwargs or {}))
        return self.model if self.warm_start else clone_model(self.model)

    def predict(self, X: Any) -> Any:
        """What the model says of the samples, in the form of the targets it was fitted to."""
        return self._decoded(self._outputs(X))

    def _outputs(self, X: Any) -> Any:
        check_is_fitted(self)
        return self.model_.predict(
            validate_data(self, X, reset=False), verbose=(self.fit_kwargs or {}).get("verbose", 0)
        )

    def _encoded(self, y: Any) -> Any:
        """Targets as the model takes them: at least one column."""
        _kind_of(y)
        self._rank = y.ndim
        return y.reshape(-1, 1) if y.ndim == 1 else y

    def _decoded(self, outputs: Any) -> Any:
        return np.squeeze(outputs, axis=1) if self._rank == 1 and outputs.ndim == 2 else outputs


def _kind_of(y: Any) -> str:
    kind: str = type_of_target(y)
    if kind == "unknown":
        raise ValueError(f"Unknown label type for data: {y!r}")
    return kind


class SKLearnClassifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """A model as a classifier: classes become one column each, and the best column is the answer.

    Args:
        model: a compiled model, which is cloned for each `fit`; or a function `model(X, y, **model_kwargs)` that gives
            one, with `y` one-hot.
        warm_start: train the model itself, from the weights it has.
        model_kwargs: more arguments for the function.
        fit_kwargs: arguments of `model.fit`.

    Attributes:
        classes_: the classes, sorted.
        model_: the fitted model.
        history_: the `History` of the last `fit`.
    """

    def decision_function(self, X: Any) -> Any:
        """The model's outputs, one column for each class."""
        return self._outputs(X)

    def _encoded(self, y: Any) -> Any:
        kind = _kind_of(y)
        if kind not in ("binary", "multiclass"):
            raise ValueError(f"Only binary and multiclass target types are supported. Target type: {kind}")
        column = super()._encoded(y)
        self._encoder = OneHotEncoder(sparse_output=False).fit(column)
        self.classes_ = np.unique(y)
        if len(self.classes_) == 1:
            raise ValueError("Classifier can't train when only one class is present.")
        return self._encoder.transform(column)

    def _decoded(self, outputs: Any) -> Any:
        return super()._decoded(self._encoder.inverse_transform(outputs))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class SKLearnRegressor(RegressorMixin, _Estimator):  # type: ignore[misc]
    """A model as a regressor.

    Args:
        model: a compiled model, which is cloned for each `fit`; or a function `model(X, y, **model_kwargs)` that gives
            one.
        warm_start: train the model itself, from the weights it has.
        model_kwargs: more arguments for the function.
        fit_kwargs: arguments of `model.fit`.

    Attributes:
        model_: the fitted model.
        history_: the `History` of the last `fit`.
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class SKLearnTransformer(TransformerMixin, _Estimator):  # type: ignore[misc]
    """A model as a step that turns samples into its outputs, such as embeddings.

    Args:
        model: a compiled model, which is cloned for each `fit`; or a function `model(X, y, **model_kwargs)` that gives
            one.
        warm_start: train the model itself, from the weights it has.
        model_kwargs: more arguments for the function.
        fit_kwargs: arguments of `model.fit`.

    Attributes:
        model_: the fitted model.
        history_: the `History` of the last `fit`.
    """

    def transform(self, X: Any) -> Any:
        """The model's outputs for the samples."""
        return self._outputs(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]
