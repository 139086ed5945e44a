"""Boxes against Keras: every pair of formats, moves, overlaps."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "numpy")

import itertools
from typing import Any

import keras
import numpy as np
import pytest

from engine.utils import bounding_boxes as ours

theirs = keras.utils.bounding_boxes
FORMATS = (
    "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh",
)  # fmt: skip
ABSOLUTE = [f for f in FORMATS if not f.startswith("rel")]


def boxes(*shape: int, seed: int = 0) -> Any:
    """Corners within a picture of 40 by 60."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 20, (*shape, 2))
    return np.concatenate([low, low + rng.uniform(1, 20, (*shape, 2))], axis=-1).astype("float32")


def close(one: Any, other: Any) -> None:
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(("source", "target"), list(itertools.product(FORMATS, FORMATS)))
def test_formats_turn_into_each_other_as_with_keras(source: str, target: str) -> None:
    x = boxes(2, 3) / (50 if source.startswith("rel") else 1)
    close(ours.convert_format(x, source, target, 40, 60), theirs.convert_format(x, source, target, 40, 60))


def test_formats_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="last dimension of 4"):
        ours.convert_format(np.zeros((2, 3)), "xyxy", "xywh")
    with pytest.raises(ValueError, match="target=xyzw"):
        ours.convert_format(boxes(2), "xyxy", "xyzw")
    with pytest.raises(ValueError, match="must receive `height` and `width`"):
        ours.convert_format(boxes(2), "xyxy", "rel_xyxy")


def test_boxes_move_with_their_picture_as_with_keras() -> None:
    rng = np.random.default_rng(1)
    angle, lean_x, lean_y = (rng.uniform(-40, 40, 2).astype("float32") for _ in range(3))
    across, down = (rng.uniform(-0.3, 0.3, 2).astype("float32") for _ in range(2))
    scale = rng.uniform(0.5, 2, 2).astype("float32")
    arguments = (boxes(2, 3), angle, across, down, scale, lean_x, lean_y, 40, 60)
    np.testing.assert_allclose(
        np.asarray(ours.affine_transform(*arguments)), theirs.affine_transform(*arguments), rtol=1e-4, atol=1e-3
    )
    close(ours.crop(boxes(2, 3), 4, 7, 12, 15), theirs.crop(boxes(2, 3), 4, 7, 12, 15))
    close(ours.pad(boxes(2, 3), 4, 7), theirs.pad(boxes(2, 3), 4, 7))
    with pytest.raises(NotImplementedError, match="convert_format"):
        ours.crop(boxes(2, 3), 4, 7, 12, 15, "xywh")


def test_boxes_are_cut_at_the_edges_as_with_keras() -> None:
    x = boxes(2, 3) * 2 - 10
    x[0, 0] = (70, 70, 90, 90)
    for form, data in (("xyxy", x), ("rel_xyxy", x / 40)):
        given = {"boxes": data, "labels": np.arange(6).reshape(2, 3)}
        our = ours.clip_to_image_size(dict(given), 40, 60, form)
        their = theirs.clip_to_image_size(dict(given), 40, 60, form)
        close(our["boxes"], their["boxes"])
        assert np.asarray(our["labels"]).tolist() == np.asarray(their["labels"]).tolist()
        assert -1 in np.asarray(our["labels"])


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("encoding", ["center_xywh", "center_yxhw"])
@pytest.mark.parametrize("variance", [None, (0.1, 0.1, 0.2, 0.2)])
def test_deltas_are_those_of_keras_and_lead_back(form: str, encoding: str, variance: Any) -> None:
    shape = (40, 60, 3)
    anchors = np.asarray(theirs.convert_format(boxes(5, seed=2), "xyxy", form, 40, 60))
    things = np.asarray(theirs.convert_format(boxes(2, 5, seed=3), "xyxy", form, 40, 60))
    our = ours.encode_box_to_deltas(anchors, things, form, form, encoding, variance, shape)
    close(our, theirs.encode_box_to_deltas(anchors, things, form, form, encoding, variance, shape))
    back = ours.decode_deltas_to_boxes(anchors, our, form, form, encoding, variance, shape)
    np.testing.assert_allclose(np.asarray(back), things, rtol=1e-4, atol=1e-3)
    levels = ours.decode_deltas_to_boxes({"a": anchors}, {"a": our}, form, form, encoding, variance, shape)
    close(levels["a"], back)


@pytest.mark.parametrize("form", ABSOLUTE)
@pytest.mark.parametrize("batch", [(), (2,)])
def test_overlaps_are_those_of_keras(form: str, batch: tuple[int, ...]) -> None:
    one = np.asarray(theirs.convert_format(boxes(*batch, 4, seed=4), "xyxy", form))
    other = np.asarray(theirs.convert_format(boxes(*batch, 3, seed=5), "xyxy", form))
    close(ours.compute_iou(one, other, form), theirs.compute_iou(one, other, form))
    pairs = np.asarray(theirs.convert_format(boxes(*batch, 4, seed=6), "xyxy", form))
    close(ours.compute_ciou(one, pairs, form), theirs.compute_ciou(one, pairs, form))


def test_overlaps_with_nothing_are_masked() -> None:
    one, other = boxes(2, seed=7), np.concatenate([boxes(1, seed=8), -np.ones((1, 4), "float32")])
    iou = np.asarray(ours.compute_iou(one, other, "xyxy", use_masking=True, mask_val=-5))
    assert (iou[:, 1] == -5).all()
    assert (iou[:, 0] >= 0).all()
    close(np.diag(np.asarray(ours.compute_iou(one, one, "xyxy"))), np.ones(2))
    with pytest.raises(ValueError, match="`image_shape` argument must be provided"):
        ours.compute_iou(one, other, "rel_xyxy")
