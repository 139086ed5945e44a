"""Attention with every mask and flag, each program run with Keras and with the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine
from engine.core.tensor import Tensor
from tests.engine.layers.test_recurrent import array, same

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
RNG = np.random.default_rng(8)
QUERY, VALUE, KEY = (RNG.normal(size=(2, n, 4)).astype("float32") for n in (5, 6, 6))
QUERY_MASK = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], "bool")
VALUE_MASK = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 1, 1, 0]], "bool")
PAIR_MASK = RNG.random((2, 5, 6)) < 0.7
MASKS: list[dict[str, Any]] = [
    {},
    {"use_causal_mask": True},
    {"value_mask": VALUE_MASK},
    {"query_mask": QUERY_MASK, "key_mask": VALUE_MASK},
    {"attention_mask": PAIR_MASK, "use_causal_mask": True},
    {"attention_mask": np.zeros((2, 5, 6), "bool")},
    {"attention_mask": PAIR_MASK, "value_mask": VALUE_MASK, "use_causal_mask": True},
]
SETTINGS: list[dict[str, Any]] = [{}, {"sliding_window": 2}, {"use_gate": True}, {"dropout": 0.3, "seed": 3}]


def many_heads(lib: Any, grouped: bool, **settings: Any) -> Any:
    if grouped:
        return lib.layers.GroupQueryAttention(3, 4, 2, **settings)
    return lib.layers.MultiHeadAttention(2, 3, **settings)


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("masks", MASKS, ids=lambda m: "+".join(m) or "none")
@pytest.mark.parametrize("grouped", [False, True])
def test_masks_together(grouped: bool, masks: dict[str, Any], scores: bool) -> None:
    for settings in SETTINGS:

        def program(lib: Any, settings: dict[str, Any] = settings) -> Any:
            layer = many_heads(lib, grouped, **settings)
            return layer(QUERY, VALUE, KEY, return_attention_scores=scores, training=True, **masks)

        same(program)


def test_attention_over_other_axes_with_a_mask() -> None:
    pictures = RNG.normal(size=(2, 3, 4, 5)).astype("float32")
    mask = RNG.random((2, 3, 4, 3, 4)) < 0.8

    def program(lib: Any) -> Any:
        both = lib.layers.MultiHeadAttention(2, 3, output_shape=(2, 2))
        rows = lib.layers.MultiHeadAttention(2, 3, attention_axes=2, value_dim=2)
        return both(pictures, pictures, attention_mask=mask), both(pictures, pictures), rows(pictures, pictures)

    same(program)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Keras on masks that its projections lose
def test_masks_of_embeddings() -> None:
    words = np.array([[3, 1, 2, 0, 0], [2, 2, 1, 3, 0]], "int32")

    def program(lib: Any) -> Any:
        inputs = lib.Input((None,), dtype="int32")
        x = lib.layers.Embedding(5, 4, mask_zero=True)(inputs)
        found = [many_heads(lib, grouped)(x, x, use_causal_mask=True) for grouped in (False, True)]
        found += [
            lib.layers.Attention(use_scale=True)([x, x], use_causal_mask=True),
            lib.layers.AdditiveAttention()([x, x]),
        ]
        pooled = [lib.layers.GlobalAveragePooling1D()(y) for y in found]
        return lib.Model(inputs, [*found, *pooled]).predict(words, verbose=0)

    same(program)


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
def test_one_head_with_masks(name: str) -> None:
    def program(lib: Any) -> Any:
        layer = getattr(lib.layers, name)(dropout=0.2)
        found = []
        for masks in (None, [None, VALUE_MASK], [QUERY_MASK, VALUE_MASK], [QUERY_MASK, None, None]):
            inputs = [QUERY, VALUE, KEY]
            found += list(layer(inputs, mask=masks, return_attention_scores=True, use_causal_mask=True))
            found.append(layer(inputs, mask=masks))
        return found

    same(program)


def test_flash_attention_asks_for_no_dropout_and_no_scores() -> None:
    for grouped in (False, True):
        with pytest.raises(ValueError, match="Dropout is not supported when flash attention is enabled"):
            many_heads(engine, grouped, flash_attention=True, dropout=0.1)
        layer = many_heads(engine, grouped, flash_attention=True)
        with pytest.raises(ValueError, match="Returning attention scores is not supported"):
            layer(QUERY, VALUE, return_attention_scores=True)
    with pytest.raises(ValueError, match="must be divisible"):
        engine.layers.GroupQueryAttention(3, 4, 3)


def test_a_subclass_may_attend_in_its_own_way() -> None:
    def program(lib: Any) -> Any:
        class Sharp(lib.layers.MultiHeadAttention):
            def _compute_attention(self, query: Any, key: Any, value: Any, *rest: Any, **options: Any) -> Any:
                return super()._compute_attention(query * 4.0, key, value, *rest, **options)

        return Sharp(2, 3)(QUERY, VALUE, attention_mask=PAIR_MASK)

    same(program)


def test_reversible_embedding_leads_back() -> None:
    words = np.array([[1, 0, 3], [2, 2, 0]], "int32")
    vectors = RNG.normal(size=(2, 3, 4)).astype("float32")

    def program(lib: Any) -> Any:
        found = []
        for settings in ({}, {"tie_weights": False, "logit_soft_cap": 0.5}, {"reverse_dtype": "float16"}):
            layer = lib.layers.ReversibleEmbedding(5, 4, mask_zero=True, **settings)
            found += [layer(words), layer(vectors, reverse=True), *layer.weights]
        return found

    same(program)
    inputs = engine.Input((None,), dtype="int32")
    layer = engine.layers.ReversibleEmbedding(5, 4)
    back = layer(layer(inputs), reverse=True)
    assert back.shape == (None, None, 5)
    model = engine.Model.from_config(engine.Model(inputs, back).get_config())
    assert model.predict(words, verbose=0).shape == (2, 3, 5)
    masked = engine.layers.ReversibleEmbedding(5, 4, mask_zero=True)(Tensor(words))
    np.testing.assert_array_equal(array(masked._keras_mask), words != 0)
