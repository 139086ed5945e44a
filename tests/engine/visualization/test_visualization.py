"""Masks against Keras; boxes and pages by the pixels they must hold."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "numpy")

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from engine import visualization as ours

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (2, 20, 30, 3)).astype("uint8")
MASKS = RNG.integers(-1, 3, (2, 20, 30, 1)).astype("int32")


@pytest.mark.parametrize("blend", [True, False])
@pytest.mark.parametrize("colors", [None, {0: (9, 8, 7), 1: (1, 2, 3), 2: (200, 0, 0)}])
def test_masks_are_drawn_as_keras_draws_them(blend: bool, colors: Any) -> None:
    arguments: dict[str, Any] = {"num_classes": 3, "color_mapping": colors, "blend": blend, "alpha": 0.4}
    drawn = ours.draw_segmentation_masks(PICTURES, MASKS, **arguments)
    expected = np.asarray(keras.visualization.draw_segmentation_masks(PICTURES, MASKS, **arguments))
    assert drawn.dtype == expected.dtype
    assert np.abs(drawn.astype(int) - expected.astype(int)).max() <= 1
    first = ours.draw_segmentation_masks(
        PICTURES.transpose(0, 3, 1, 2), MASKS.transpose(0, 3, 1, 2), data_format="channels_first", **arguments
    )
    np.testing.assert_array_equal(first, drawn)


def test_masks_have_to_be_whole_numbers() -> None:
    with pytest.raises(TypeError, match="integer dtype"):
        ours.draw_segmentation_masks(PICTURES, MASKS.astype("float32"))
    with pytest.raises(ValueError, match="batched 4D"):
        ours.draw_segmentation_masks(PICTURES[0], MASKS)


def test_boxes_change_their_outline_only() -> None:
    boxes = {"boxes": np.array([[[4, 5, 12, 15], [1, 1, 3, 3]]] * 2, "float32"), "labels": np.array([[0, -1]] * 2)}
    color = (10, 200, 30)
    drawn = ours.draw_bounding_boxes(PICTURES, boxes, "xyxy", color=color, line_thickness=1)
    changed = (drawn != PICTURES).any(-1)
    outline = np.zeros((20, 30), bool)
    outline[5:16, [4, 12]] = outline[[5, 15], 4:13] = True
    assert not (changed & ~outline).any()
    assert (drawn[:, outline] == color).all()
    shares = boxes["boxes"] / np.array([30, 20, 30, 20], "float32")
    again = ours.draw_bounding_boxes(
        PICTURES / 255.0, {**boxes, "boxes": shares}, "rel_xyxy", color=color, line_thickness=1
    )
    assert np.abs(again.astype(int) - drawn).max() <= 1


def test_names_are_written_beside_their_boxes() -> None:
    boxes = {"boxes": np.array([[[4, 2, 28, 18]]], "float32"), "labels": np.array([[1]])}
    plain = ours.draw_bounding_boxes(PICTURES[:1], boxes, "xyxy")
    named = ours.draw_bounding_boxes(PICTURES[:1], boxes, "xyxy", {1: "cat"}, font_scale=0.7)
    sure = ours.draw_bounding_boxes(PICTURES[:1], {**boxes, "confidences": np.array([[0.5]])}, "xyxy", {1: "cat"})
    assert (named != plain).any()
    assert (sure != named).any()


def test_boxes_need_labels() -> None:
    with pytest.raises(ValueError, match="'boxes' and 'labels'"):
        ours.draw_bounding_boxes(PICTURES, {"boxes": np.zeros((2, 1, 4))}, "xyxy")
    with pytest.raises(TypeError, match="should be a dict"):
        ours.draw_bounding_boxes(PICTURES, [1], "xyxy")  # type: ignore[arg-type]


def test_a_page_holds_every_picture(tmp_path: Path) -> None:
    page = ours.plot_image_gallery(PICTURES[[0, 1, 0, 1, 0]] / 255.0, value_range=(0, 1), path=tmp_path / "page.png")
    with Image.open(tmp_path / "page.png") as written:
        assert written.size == page.size
    side = 120
    for number, (left, top) in enumerate([(0, 0), (124, 0), (0, 84), (124, 84), (0, 168)]):
        part = np.asarray(page)[top : top + 80, left : left + side, :3]
        np.testing.assert_array_equal(part[2::4, 2::4], PICTURES[number % 2])


def test_captions_and_boxes_are_on_the_page(tmp_path: Path) -> None:
    names = {0: "cat", 1: "dog"}
    labels = {"y_true": np.array([0, 1]), "y_pred": [1, 1], "label_map": names}
    plain = ours.plot_image_gallery(PICTURES, path=tmp_path / "a.png")
    told = ours.plot_image_gallery(PICTURES, path=tmp_path / "a.png", **labels)
    assert told.height > plain.height
    boxes = {"boxes": np.array([[[4, 5, 12, 15]]] * 2, "float32"), "labels": np.array([[0]] * 2)}
    page = ours.plot_bounding_box_gallery(PICTURES, "xyxy", y_true=boxes, legend=True, path=tmp_path / "b.png")
    colors = {tuple(c) for c in np.asarray(page).reshape(-1, 4)[:, :3]}
    assert (0, 188, 212) in colors
    assert (255, 235, 59) in colors, "the legend shows both colours"
    masks = ours.plot_segmentation_mask_gallery(PICTURES, 3, y_true=MASKS, y_pred=MASKS, path=tmp_path / "c.png")
    assert masks.size == (3 * 124, 2 * 84)


def test_pages_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="either `path`"):
        ours.plot_image_gallery(PICTURES, path=tmp_path / "a.png", show=True)
    with pytest.raises(ValueError, match="`label_map`"):
        ours.plot_image_gallery(PICTURES, y_true=[1, 2], path=tmp_path / "a.png")
