"""`ops.image` but for resizing: values of Keras's NumPy backend, gradients, plans with an open batch, graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine
from engine import ops
from engine.core.graph import trace
from engine.core.plan import compile
from engine.core.tensor import Spec, Tensor
from engine.ops import image
from tests.engine.ops.oracle import check_gradient, draw, keras, same

theirs = keras.ops.image
MODES = ["constant", "nearest", "wrap", "mirror", "reflect"]
WAYS = ["nearest", "bilinear"]
TURNS = np.array([[0.9, 0.3, -2, -0.2, 1.1, 3, 0, 0], [2, 0.3, -12, -0.2, 1.6, 9, 0, 0]], "float32")
CORNERS = np.array([[[0, 0], [6, 0], [0, 7], [6, 7]]] * 2, "float32")
START = Tensor(CORNERS.astype("float64") + 0.17)
ASKEW = CORNERS + draw(31, 2, 4, 2)


def pictures(*shape: int, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(len(shape)).uniform(0, 255, shape or (2, 8, 7, 3)).astype(dtype)


def flipped(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, -1, -3)


CALLS: list[tuple[str, dict[str, Any]]] = [
    *[("affine_transform", {"transform": TURNS, "interpolation": w, "fill_mode": m, "fill_value": 7.0})
      for w in WAYS for m in MODES],
    *[("perspective_transform", {"start_points": CORNERS, "end_points": ASKEW, "interpolation": w, "fill_value": 4.0})
      for w in WAYS],
    *[("elastic_transform", {"alpha": 9.0, "sigma": 1.2, "interpolation": w, "fill_mode": m, "seed": 3})
      for w in WAYS for m in ("reflect", "constant")],
    ("gaussian_blur", {}),
    ("gaussian_blur", {"kernel_size": (5, 3), "sigma": (0.7, 2.0)}),
    ("gaussian_blur", {"kernel_size": (4, 2), "sigma": (1.0, 2.0)}),
    ("sobel_edges", {}),
    ("rgb_to_grayscale", {}),
    ("pad_images", {"top_padding": 1, "left_padding": 2, "right_padding": 0, "target_height": 12}),
    ("crop_images", {"top_cropping": 1, "bottom_cropping": 2, "right_cropping": 3, "target_width": 2}),
    ("extract_patches", {"size": 3}),
    ("extract_patches", {"size": (3, 2), "strides": 2}),
    ("extract_patches", {"size": 2, "strides": 1, "dilation_rate": 2}),
    ("extract_patches", {"size": (2, 3), "padding": "same"}),
]  # fmt: skip
each_call = pytest.mark.parametrize(("name", "options"), CALLS, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CALLS)])


@each_call
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_values_are_those_of_keras(name: str, options: dict[str, Any], data_format: str) -> None:
    x = pictures() if data_format == "channels_last" else flipped(pictures())
    own = getattr(image, name)(x, **options, data_format=data_format)
    same(own, getattr(theirs, name)(x, **options, data_format=data_format), atol=2e-3, rtol=1e-5)


@each_call
def test_plans_with_an_open_batch_give_the_same_bits(name: str, options: dict[str, Any]) -> None:
    x = pictures()
    eager = getattr(image, name)(x, **options)
    plan = compile(trace(lambda v: getattr(image, name)(v, **options), [Spec((None, *x.shape[1:]), "float32")]))
    np.testing.assert_array_equal(plan(x)[0], eager.numpy())


@each_call
def test_single_pictures_are_treated_as_in_a_batch(name: str, options: dict[str, Any]) -> None:
    if name == "sobel_edges":
        return  # Keras takes batches only
    x = pictures()[:1]
    alone = {k: v[0] if k in ("transform", "start_points", "end_points") else v for k, v in options.items()}
    batched = {k: v[:1] if k in ("transform", "start_points", "end_points") else v for k, v in options.items()}
    own = getattr(image, name)(x[0], **alone)
    np.testing.assert_allclose(own.numpy(), getattr(image, name)(x, **batched).numpy()[0], rtol=1e-6)


@each_call
def test_gradients_flow_back_to_the_pixels(name: str, options: dict[str, Any]) -> None:
    check_gradient(lambda v: getattr(image, name)(v, **options), draw(8, 2, 8, 7, 3))


@each_call
def test_functional_graphs_hold_the_operation(name: str, options: dict[str, Any]) -> None:
    inputs = engine.Input((8, 7, 3), batch_size=2)
    model = engine.Model(inputs, getattr(image, name)(inputs, **options))
    x = pictures()
    np.testing.assert_allclose(model(x).numpy(), getattr(image, name)(x, **options).numpy(), rtol=1e-6)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float32", "uint8", "int32", "float16"])
def test_arrays_are_read_between_their_elements_as_with_keras(order: int, mode: str, dtype: str) -> None:
    places = np.random.default_rng(2).uniform(-20, 25, (3, 4, 5)).astype("float32")
    x = pictures(5, 6, 2, dtype=dtype)
    own = image.map_coordinates(x, places, order, mode, 3)
    same(own, theirs.map_coordinates(x, places, order, mode, 3), rtol=2e-3 if dtype == "float16" else 1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_gradients_flow_to_places_and_values(mode: str) -> None:
    places = draw(4, 2, 6) * 4
    check_gradient(lambda x, c: image.map_coordinates(x, c, 1, mode, 0.5), draw(3, 4, 5), places)


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (lambda t: image.affine_transform(Tensor(draw(8, 2, 8, 7, 3, dtype="float64")), t), TURNS + 0.013),
        (lambda p: image.perspective_transform(Tensor(draw(8, 2, 8, 7, 3, dtype="float64")), START, p), ASKEW),
        (lambda s: image.gaussian_blur(Tensor(draw(8, 2, 8, 7, 3, dtype="float64")), (5, 5), s), np.array([0.8, 1.3])),
    ],
    ids=["affine", "perspective", "blur"],
)
def test_gradients_flow_to_what_moves_the_picture(function: Callable[..., Any], given: np.ndarray) -> None:
    """At places between pixels: on a pixel the mixture has a kink."""
    check_gradient(function, given, rel=1e-4)


def test_colours_turn_into_hue_and_back_as_with_keras() -> None:
    x = pictures() / 255
    x[0, 0] = [[0, 0, 0], [0.5, 0.5, 0.5], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]]
    for data_format, value in (("channels_last", x), ("channels_first", flipped(x))):
        for name in ("rgb_to_hsv", "hsv_to_rgb"):
            own = getattr(image, name)(value, data_format)
            np.testing.assert_array_equal(own.numpy(), getattr(theirs, name)(value, data_format))
    np.testing.assert_allclose(image.hsv_to_rgb(image.rgb_to_hsv(x)).numpy(), x, atol=1e-6)
    check_gradient(image.rgb_to_hsv, pictures(4, 5, 3) / 255)
    check_gradient(image.hsv_to_rgb, pictures(4, 5, 3) / 255 * 0.3 + 0.02)


def test_grey_of_whole_numbers_and_of_grey() -> None:
    x = pictures(dtype="uint8")
    np.testing.assert_array_equal(image.rgb_to_grayscale(x).numpy(), theirs.rgb_to_grayscale(x))
    np.testing.assert_array_equal(image.rgb_to_grayscale(x[..., :1]).numpy(), x[..., :1])


@pytest.mark.parametrize("shape", [(2, 9, 8, 3), (9, 8, 1)])
def test_likeness_is_that_of_keras(shape: tuple[int, ...]) -> None:
    x, y = pictures(*shape), pictures(*shape) + 20 * draw(5, *shape)
    same(image.ssim(x, y, 255.0, filter_size=5), theirs.ssim(x, y, 255.0, filter_size=5), rtol=1e-4)
    same(image.ssim(x, x, 255.0, 5, data_format="channels_last"), np.ones(shape[:-3], "float32"), rtol=1e-4)
    check_gradient(lambda a, b: image.ssim(a, b, 1.0, 3), draw(1, 2, 5, 5, 1), draw(2, 2, 5, 5, 1))


@pytest.mark.parametrize("method", ["linear", "bicubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize("antialias", [False, True])
def test_scaling_and_shifting_is_that_of_keras(method: str, antialias: bool) -> None:
    x, scale, shift = pictures(), np.array([0.6, 1.5], "float32"), np.array([1.0, -2.0], "float32")
    given = (x, (2, 6, 12, 3), scale, shift, (1, 2), method, antialias)
    same(image.scale_and_translate(*given), theirs.scale_and_translate(*given), atol=1e-2, rtol=1e-4)


def test_scaling_has_gradients_for_scale_and_shift() -> None:
    x, scale, shift = draw(1, 5, 6), np.array([0.63, 1.52]), np.array([1.04, -2.03])
    for antialias in (False, True):
        check_gradient(
            lambda a, s, t, sharp=not antialias: image.scale_and_translate(a, (4, 9), s, t, (0, 1), "cubic", not sharp),
            x, scale, shift, rel=1e-4,
        )  # fmt: skip


@pytest.mark.parametrize("shape", [(2, 4, 6, 5, 2), (4, 6, 5, 2)])
@pytest.mark.parametrize("options", [{"size": (2, 3, 2)}, {"size": 2, "strides": 1}, {"size": 2, "padding": "same"}])
def test_boxes_of_volumes_are_those_of_keras(shape: tuple[int, ...], options: dict[str, Any]) -> None:
    x = draw(6, *shape)
    same(image.extract_patches_3d(x, **options), theirs.extract_patches_3d(x, **options))


WRONG: list[tuple[Callable[..., Any], str]] = [
    (lambda m: m.affine_transform(pictures(), TURNS, "magic"), "argument `interpolation`"),
    (lambda m: m.affine_transform(pictures(), TURNS, fill_mode="magic"), "argument `fill_mode`"),
    (lambda m: m.affine_transform(pictures(), TURNS[None]), "Invalid transform rank"),
    (lambda m: m.affine_transform(pictures(3, 3), TURNS), "Invalid images rank"),
    (lambda m: m.perspective_transform(pictures(), CORNERS[:, :3], CORNERS[:, :3]), "Invalid start_points shape"),
    (lambda m: m.perspective_transform(pictures(), CORNERS, CORNERS[0]), "same shape"),
    (lambda m: m.map_coordinates(pictures(3, 3), pictures(3, 3), 1), "First dim of `coordinates`"),
    (lambda m: m.map_coordinates(pictures(3, 3), pictures(2, 3), 2), "argument `order`"),
    (lambda m: m.map_coordinates(pictures(3), pictures(1), 1), "Invalid coordinates rank"),
    (lambda m: m.rgb_to_hsv(pictures(dtype="uint8")), "Invalid images dtype"),
    (lambda m: m.rgb_to_grayscale(pictures(2, 3, 3, 2)), "Invalid channel size"),
    (lambda m: m.pad_images(pictures(), 1, 1, 1, 1, 3, 4), "exactly two of top_padding"),
    (lambda m: m.pad_images(pictures(), 1, 1, None, 1, 3), "bottom_padding must be >= 0"),
    (lambda m: m.crop_images(pictures(), 1, 1, 1, 1, None, 9), "exactly two of left_cropping"),
    (lambda m: m.crop_images(pictures(), -1, 1, 1, 1), "top_cropping must be >= 0"),
    (lambda m: m.extract_patches(pictures(), (1, 2, 3, 4)), "Invalid `size` argument"),
    (lambda m: m.scale_and_translate(pictures(), (1,), np.ones(1), np.ones(1), (0,), "magic"), "argument `method`"),
    (lambda m: m.gaussian_blur(pictures(3, 3)), "Invalid images rank"),
]


@pytest.mark.parametrize(("call", "sentence"), WRONG)
def test_what_cannot_be_is_refused_as_with_keras(call: Callable[..., Any], sentence: str) -> None:
    for module in (image, theirs):
        with pytest.raises(ValueError, match=sentence):
            call(module)


@pytest.mark.parametrize("mode", MODES)
def test_places_that_are_no_numbers_stay_none(mode: str) -> None:
    places = np.array([[0.5, np.nan, np.inf], [1, 1, 1]], "float32")
    found = image.map_coordinates(np.arange(12, dtype="float32").reshape(3, 4), places, 1, mode).numpy()
    np.testing.assert_array_equal(found, np.array([3, np.nan, np.nan], "float32"))


def test_one_transform_serves_a_whole_batch_of_unknown_length() -> None:
    x = pictures()
    turn = TURNS[:1]
    plan = compile(trace(lambda v: image.affine_transform(v, turn), [Spec((None, 8, 7, 3), "float32")]))
    expected = image.affine_transform(x, np.repeat(turn, 2, axis=0))
    np.testing.assert_array_equal(plan(x)[0], expected.numpy())


def test_every_name_of_keras_is_there() -> None:
    names = {n for n in vars(keras.ops.image) if not n.startswith("_")}
    assert names == set(image.__all__)
    assert ops.image is image
