"""Layers for pictures, on dicts, single pictures, plans, datasets and models, against Keras's NumPy backend."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

import engine
from engine.core import registry
from engine.core.graph import trace
from engine.core.plan import compile
from engine.core.tensor import Spec, Tensor
from engine.data.dataset import Dataset
from engine.layers.preprocessing.image_base import ImageLayer
from tests.engine.layers import derive

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
derive.repair(keras)
USES = [u for u in derive.all_uses() if u.is_augmentation and u.changed == ""]
each_layer = pytest.mark.parametrize("use", USES, ids=[u.layer for u in USES])
BOXES = np.array([[[1, 2, 5, 6], [0, 0, 3, 4]], [[2, 1, 7, 8], [4, 4, 8, 9]]], "float32")
LAST_ONLY = ("AutoContrast", "RandomColorJitter", "AugMix", "RandAugment")
"""What Keras does with channels last only: it stretches contrast along other axes, or tells no part the layout."""
NO_BOXES = ("CutMix", "RandomElasticTransform")
"""Layers that refuse boxes, in Keras too."""


def pictures(batch: int = 2, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(batch).uniform(0, 255, (batch, 9, 8, 3)).astype(dtype)


def data(boxes: bool = True, masks: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = {"images": pictures(), "labels": np.eye(3, dtype="float32")[:2]}
    if boxes:
        found["bounding_boxes"] = {"boxes": BOXES.copy(), "labels": np.array([[1, 2], [0, 1]])}
    if masks:
        found["segmentation_masks"] = np.random.default_rng(4).integers(0, 3, (2, 9, 8, 1)).astype("float32")
    return found


def made(library: Any, use: derive.Use, **options: Any) -> Any:
    return derive.built(library, derive.Use(use.layer, "", {**use.config, **options}, use.shapes))


def plain(value: Any) -> np.ndarray:
    return np.asarray(value.numpy() if isinstance(value, Tensor) else value)


def same(ours: Any, theirs: Any, path: str = "") -> None:
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        for key in theirs:
            same(ours[key], theirs[key], f"{path}/{key}")
        return
    np.testing.assert_allclose(plain(ours), plain(theirs), rtol=1e-4, atol=2e-3, err_msg=path)


def can_do(name: str) -> tuple[bool, bool]:
    """Whether Keras moves boxes, and whether it moves masks, as the pictures move."""
    boxes = name not in (*NO_BOXES, "RandomCrop", "MixUp", "RandAugment")
    return boxes, name not in ("CutMix", "MixUp", "RandomElasticTransform")


@each_layer
@pytest.mark.parametrize(("training", "first"), [(True, False), (False, False), (True, True)])
def test_what_belongs_to_pictures_goes_with_them_as_with_keras(use: derive.Use, training: bool, first: bool) -> None:
    if use.layer in ("ContrastLimitedAdaptiveHistogramEqualization", "RandomGrayscale"):
        return  # Keras takes no dicts there
    boxes, masks = can_do(use.layer)
    if use.layer == "RandomCrop" and not training:
        return  # Keras leaves the pictures whole although it announces another size
    if first and use.layer in LAST_ONLY:
        return
    options = {"bounding_box_format": "xyxy", "data_format": "channels_first" if first else "channels_last"}
    results = []
    for library in (engine, keras):
        given = data(boxes, masks)
        for key in ("images", "segmentation_masks") if first else ():
            if key in given:
                given[key] = np.moveaxis(given[key], -1, 1)
        layer = made(library, use, **options, **({"seed": 3} if has_seed(use) else {}))
        results.append(layer(given, training=training))
    same(*results)


def has_seed(use: derive.Use) -> bool:
    return "seed" in registry.all_of("layer")[use.layer].PARAMS


@pytest.mark.parametrize("form", ["xywh", "center_xywh", "rel_xyxy", "yxyx", "rel_yxyx", "rel_xywh"])
@pytest.mark.parametrize(
    "name", ["RandomFlip", "RandomTranslation", "RandomZoom", "RandomShear", "CenterCrop", "Resizing"]
)
def test_boxes_in_every_format(name: str, form: str) -> None:
    use = next(u for u in USES if u.layer == name)
    convert = keras.utils.bounding_boxes.convert_format
    results = []
    for library in (engine, keras):
        given = data(masks=False)
        given["bounding_boxes"]["boxes"] = np.asarray(convert(BOXES, "xyxy", form, 9, 8))
        options = {"seed": 5} if has_seed(use) else {}
        results.append(made(library, use, bounding_box_format=form, **options)(given, training=True))
    same(*results)


@each_layer
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_single_pictures_as_with_keras(use: derive.Use, data_format: str) -> None:
    x = pictures()[0]
    first = data_format == "channels_first"
    if first and use.layer in LAST_ONLY:
        return
    x = np.moveaxis(x, -1, 0) if first else x
    results = [made(lib, use, data_format=data_format)(x.copy(), training=True) for lib in (engine, keras)]
    same(*results)


@each_layer
def test_both_layouts_give_the_same_pictures(use: derive.Use) -> None:
    if use.layer == "RandomErasing":
        use = derive.Use(use.layer, "", {"fill_value": (1, 2, 3)}, use.shapes)  # noise is drawn in the layout's order
    x = pictures()
    last = made(engine, use)(x, training=True)
    first = made(engine, use, data_format="channels_first")(np.moveaxis(x, -1, 1), training=True)
    np.testing.assert_allclose(np.moveaxis(plain(first), 1, -1), plain(last), rtol=1e-5, atol=1e-3)


@each_layer
def test_plans_with_an_open_batch_draw_what_eager_calls_draw(use: derive.Use) -> None:
    options = {"seed": 11} if has_seed(use) else {}
    eager, planned = made(engine, use, **options), made(engine, use, **options)
    x = pictures(3)
    if use.layer == "AugMix":
        return  # its chains come from Python's generator
    plan = compile(trace(lambda v: planned(v, training=True), [Spec((None, 9, 8, 3), "float32")]))
    for batch in (x, x[:2]):
        np.testing.assert_array_equal(plan(batch)[0], plain(eager(batch, training=True)))


def test_augmix_draws_its_chains_anew_in_a_plan_too() -> None:
    layer = engine.layers.AugMix(seed=2, alpha=5.0)
    plan = compile(trace(lambda v: layer(v, training=True), [Spec((None, 9, 8, 3), "float32")]))
    before = int(layer.generator.state.numpy()[1])
    runs = [np.array(plan(pictures())[0]) for _ in range(6)]
    assert int(layer.generator.state.numpy()[1]) > before
    for run in runs:
        assert run.shape == (2, 9, 8, 3)
        assert run.min() >= 0
        assert run.max() <= 255
    # A mixture of one kind in every run would stretch all pictures alike.
    spreads = {round(float(np.std(run)), 3) for run in runs}
    assert len(spreads) == 6


@each_layer
def test_nothing_changes_outside_training_unless_it_is_the_layers_work(use: derive.Use) -> None:
    layer = made(engine, use)
    x = pictures()
    out = plain(layer(x, training=False))
    kind = registry.all_of("layer")[use.layer]
    assert engine.catalog.component("layer", use.layer).train_only == (not kind.ALWAYS)
    if not kind.ALWAYS:
        np.testing.assert_array_equal(out, x)


@each_layer
def test_whole_numbers_are_taken(use: derive.Use) -> None:
    x = pictures(dtype="uint8")
    layer, other = made(engine, use), made(engine, use)
    engine.utils.set_random_seed(1)
    out = layer(x, training=True)
    engine.utils.set_random_seed(1)
    floats = other(x.astype("float32"), training=True)
    kept = use.layer in ("Resizing", "RandomGrayscale", "MaxNumBoundingBoxes")
    kept = kept or use.layer.startswith("ContrastLimited")
    assert out.dtype == ("uint8" if kept else "float32")
    np.testing.assert_allclose(plain(out).astype("float32"), plain(floats), atol=1.0 if kept else 1e-6)


@each_layer
def test_datasets_map_them_picture_by_picture_and_in_batches(use: derive.Use) -> None:
    layer = made(engine, use)
    shape = layer.compute_output_shape((4, 9, 8, 3))
    alone = list(Dataset.from_tensor_slices(pictures(4)).map(layer).batch(4))
    batched = list(Dataset.from_tensor_slices(pictures(4)).batch(2).map(lambda x: layer(x, training=True)))
    assert plain(alone[0]).shape == shape
    assert plain(batched[1]).shape == (2, *shape[1:])


def test_a_model_augments_in_training_and_leaves_data_alone_otherwise() -> None:
    engine.utils.set_random_seed(3)
    layers = engine.layers
    model = engine.Sequential(
        [
            engine.Input((9, 8, 3)), layers.RandomFlip("horizontal", seed=1), layers.RandomRotation(0.1, seed=2),
            layers.RandomCrop(6, 6, seed=3), layers.RandomErasing(0.5, seed=4), layers.Rescaling(1 / 255),
            layers.Flatten(), layers.Dense(2, activation="softmax"),
        ]
    )  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy")
    history = model.fit(pictures(7), np.array([0, 1, 0, 1, 1, 0, 1]), batch_size=3, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    first, second = model.predict(pictures(5), verbose=0), model.predict(pictures(5), verbose=0)
    np.testing.assert_array_equal(first, second)
    assert int(model.layers[0].generator.state.numpy()[1]) == 6  # one draw for each of six training steps


def bright(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Black pictures with a white rectangle where the box is."""
    images = np.zeros((len(boxes), *size, 1), "float32")
    for picture, (x1, y1, x2, y2) in zip(images, boxes[:, 0].astype(int), strict=True):
        picture[y1:y2, x1:x2] = 255
    return images


def seen(picture: np.ndarray) -> np.ndarray:
    """The corners of what is white."""
    ys, xs = np.nonzero(picture[..., 0] > 127)
    return np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])


MOVES: list[tuple[str, dict[str, Any], float]] = [
    ("RandomFlip", {"seed": 1}, 0.01),
    ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.2, "fill_mode": "constant", "seed": 2}, 1.0),
    ("RandomZoom", {"height_factor": 0.2, "fill_mode": "constant", "seed": 3}, 40.0),
    ("RandomPerspective", {"scale": 0.2, "seed": 4}, 1.5),
    ("RandomCrop", {"height": 30, "width": 34, "seed": 5}, 0.01),
    ("CenterCrop", {"height": 30, "width": 34}, 0.01),
    ("Resizing", {"height": 80, "width": 60}, 1.0),
    ("Resizing", {"height": 60, "width": 60, "crop_to_aspect_ratio": True}, 2.0),
    ("Resizing", {"height": 60, "width": 60, "pad_to_aspect_ratio": True}, 2.0),
]


@pytest.mark.parametrize(("name", "config", "tolerance"), MOVES, ids=[f"{m[0]}-{i}" for i, m in enumerate(MOVES)])
@pytest.mark.parametrize("form", ["xyxy", "rel_yxyx"])
def test_boxes_lie_where_their_things_lie(name: str, config: dict[str, Any], tolerance: float, form: str) -> None:
    if name == "RandomZoom":
        config = {**config, "height_factor": (-0.3, -0.1)}
        tolerance = 1.5 if form == "xyxy" else 1.5
    boxes = np.array([[[14, 16, 26, 24]], [[16, 15, 24, 25]], [[12, 18, 28, 23]]], "float32")
    convert = keras.utils.bounding_boxes.convert_format
    given = {
        "images": bright(boxes, (40, 44)),
        "bounding_boxes": {
            "boxes": np.asarray(convert(boxes, "xyxy", form, 40, 44)), "labels": np.zeros((3, 1), "int32")
        },
    }  # fmt: skip
    out = getattr(engine.layers, name)(**config, bounding_box_format=form)(given, training=True)
    images = plain(out["images"])
    found = np.asarray(convert(plain(out["bounding_boxes"]["boxes"]), form, "xyxy", *images.shape[1:3]))
    for picture, box in zip(images, found[:, 0], strict=True):
        np.testing.assert_allclose(box, seen(picture), atol=tolerance)


def test_boxes_turn_with_their_picture() -> None:
    boxes = np.array([[[14, 16, 26, 24]]], "float32")
    given = {"images": bright(boxes, (40, 40)), "bounding_boxes": {"boxes": boxes, "labels": np.zeros((1, 1), "int32")}}
    layer = engine.layers.RandomRotation((0.25, 0.25), bounding_box_format="xyxy", fill_mode="constant")
    out = layer(given, training=True)
    np.testing.assert_allclose(plain(out["bounding_boxes"]["boxes"])[0, 0], seen(plain(out["images"])[0]), atol=1.01)


def test_mixup_keeps_the_boxes_of_both_pictures() -> None:
    layer = engine.layers.MixUp(0.4, bounding_box_format="xyxy", seed=1)
    given = data()
    drawn = layer.get_random_transformation(given)
    order = plain(drawn["permutation_order"])
    out = layer.transform_bounding_boxes(given["bounding_boxes"], drawn)
    np.testing.assert_array_equal(plain(out["boxes"]), np.concatenate([BOXES, BOXES[order]], axis=1))
    labels = given["bounding_boxes"]["labels"]
    np.testing.assert_array_equal(plain(out["labels"]), np.concatenate([labels, labels[order]], axis=1))
    masks = given["segmentation_masks"]
    weight = plain(drawn["mix_weight"]).reshape(-1, 1, 1, 1)
    mixed = layer.transform_segmentation_masks(masks, drawn)
    np.testing.assert_allclose(plain(mixed), weight * masks + (1 - weight) * masks[order], rtol=1e-5)


def test_the_caller_keeps_what_it_gave() -> None:
    given = data()
    before = {k: np.array(v) for k, v in given.items() if k != "bounding_boxes"}
    engine.layers.RandomFlip(bounding_box_format="rel_xyxy", seed=1)(given, training=True)
    for key, value in before.items():
        np.testing.assert_array_equal(given[key], value)
    np.testing.assert_array_equal(given["bounding_boxes"]["boxes"], BOXES)


def test_lists_of_boxes_of_different_length_are_filled_up() -> None:
    layer = engine.layers.MaxNumBoundingBoxes(3, bounding_box_format="xyxy")
    lists = {"boxes": [[[1.0, 2, 3, 4]], [[1.0, 2, 3, 4], [0, 0, 2, 2]]], "labels": [[1], [2, 3]]}
    out = layer({"images": pictures(), "bounding_boxes": lists})["bounding_boxes"]
    np.testing.assert_array_equal(plain(out["labels"]), [[1, -1, -1], [2, 3, -1]])
    assert plain(out["boxes"])[0, 1].tolist() == [0, 0, 0, 0]
    assert plain(out["boxes"])[0, 2].tolist() == [-1, -1, -1, -1]
    shapes = {"images": (2, 9, 8, 3), "bounding_boxes": {"boxes": (2, 7, 4), "labels": (2, 7)}}
    assert layer.compute_output_shape(shapes)["bounding_boxes"] == {"boxes": (2, 3, 4), "labels": (2, 3)}
    with pytest.raises(KeyError, match="unsupported keys"):
        layer.compute_output_shape({"bounding_boxes": {"boxes": (2, 7, 4), "labels": (2, 7), "odd": (2,)}})


@pytest.mark.parametrize("name", NO_BOXES)
def test_layers_that_cannot_move_boxes_say_so(name: str) -> None:
    with pytest.raises(NotImplementedError, match=name):
        getattr(engine.layers, name)(bounding_box_format="xyxy", seed=1)(data(), training=True)


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("RandomRotation", {"factor": 1.5}),
    ("RandomRotation", {"factor": (0.1, 0.2, 0.3)}),
    ("RandomRotation", {"factor": "much"}),
    ("RandomBrightness", {"factor": 0.2, "value_range": 255}),
    ("RandomContrast", {"factor": -0.2}),
    ("RandomZoom", {"height_factor": -1.0}),
    ("RandomShear", {"x_factor": 2.0}),
    ("RandomPosterization", {"factor": 9}),
    ("RandomGaussianBlur", {"kernel_size": 4}),
    ("RandomPerspective", {"scale": 2.0}),
    ("RandomGrayscale", {"factor": 2.0}),
    ("Solarization", {"addition_factor": 1.5}),
]


@pytest.mark.parametrize(("name", "config"), WRONG)
def test_settings_that_cannot_be_are_refused_as_with_keras(name: str, config: dict[str, Any]) -> None:
    for library in (engine, keras):
        with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the library's own
            getattr(library.layers, name)(**config)


def test_boxes_need_a_format() -> None:
    with pytest.raises(ValueError, match="bounding_box_format"):
        engine.layers.RandomFlip(seed=1)(data(), training=True)


@each_layer
def test_pictures_of_unknown_size_pass_a_graph(use: derive.Use) -> None:
    layer = made(engine, use)
    out = layer(engine.KerasTensor((None, None, None, 3), "float32"))
    kind: type[ImageLayer] = registry.all_of("layer")[use.layer]
    expected = layer.compute_output_shape((None, None, None, 3))
    assert (out.shape, out.dtype) == (expected, "float32")
    assert issubclass(kind, ImageLayer)
