"""What the table of calls cannot say: traced positions, functions of elements, refusals, special gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import ops
from engine.core.errors import ShapeError, TraceError
from engine.core.graph import trace
from engine.core.plan import compile
from engine.core.tensor import KerasTensor, Spec, Tensor, Variable
from tests.engine.ops.numpy_calls import numbers
from tests.engine.ops.oracle import gradient_of, keras


def test_slices_at_places_known_only_when_a_plan_runs() -> None:
    x = numbers(4, 5)
    plan = compile(trace(lambda x, start: ops.slice(x, start, (2, 3)), [Spec((4, 5), "float32"), Spec((2,), "int32")]))
    for start in ([0, 0], [2, 1], [1, 2]):
        wanted = keras.ops.slice(x, start, (2, 3))
        np.testing.assert_array_equal(plan(x, np.array(start, "int32"))[0], wanted)


def test_updates_at_places_known_only_when_a_plan_runs() -> None:
    x, new = numbers(4, 5), numbers(2, 3, seed=1)
    specs = [Spec((4, 5), "float32"), Spec((2,), "int32"), Spec((2, 3), "float32")]
    plan = compile(trace(ops.slice_update, specs))
    for start in ([0, 0], [2, 1], [1, 2]):
        place = np.array(start, "int32")
        np.testing.assert_array_equal(plan(x, place, new)[0], keras.ops.slice_update(x.copy(), place, new))


def test_updates_leave_infinities_beside_them_alone() -> None:
    x = np.array([np.inf, np.nan, 1.0], "float32")
    np.testing.assert_array_equal(ops.slice_update(x, [2], np.zeros(1, "float32")).numpy(), [np.inf, np.nan, 0.0])


def test_lists_are_values_too() -> None:
    assert ops.full_like([1, 2], 7).tolist() == [7, 7]
    assert ops.slice_update([1, 2, 3], [1], [9]).tolist() == [1, 9, 3]
    assert ops.flip([1, 2, 3]).tolist() == [3, 2, 1]
    assert ops.median([3, 1, 2]).item() == 2


@pytest.mark.parametrize("name", ["quantile", "percentile", "nanquantile", "nanpercentile"])
def test_quantiles_at_shares_known_only_when_a_plan_runs(name: str) -> None:
    x, q = numbers(5, 4), np.array([0.1, 0.5, 0.9], "float32") * (100 if "percentile" in name else 1)
    specs = [Spec((None, 4), "float32"), Spec((3,), "float32")]
    plan = compile(trace(lambda x, q: getattr(ops, name)(x, q, axis=0), specs))
    np.testing.assert_allclose(plan(x, q)[0], getattr(keras.ops, name)(x, q, axis=0), rtol=1e-5)


def test_a_batch_is_split_when_its_size_is_known() -> None:
    plan = compile(trace(lambda x: ops.split(x, 2), [Spec((None, 3), "float32")]))
    for rows in (2, 6):
        x = numbers(rows, 3)
        np.testing.assert_array_equal(np.concatenate(plan(x)), x)
    with pytest.raises(ShapeError, match="equal length"):
        plan(numbers(3, 3))


def test_slice_to_the_end() -> None:
    x = numbers(4, 5)
    np.testing.assert_array_equal(ops.slice(x, (1, 2), (-1, 2)).numpy(), x[1:, 2:4])


@pytest.mark.parametrize(
    ("signature", "function", "inputs"),
    [
        (None, lambda a, b: a * b + 1, (numbers(2, 3), numbers(3))),
        ("(n),(n)->()", lambda a, b: ops.sum(a * b), (numbers(2, 4), numbers(2, 4, seed=1))),
        ("(n)->(n)", lambda a: ops.cumsum(a), (numbers(2, 4),)),
    ],
)
def test_vectorized_functions_are_called_for_each_element(
    signature: str | None, function: Callable[..., Any], inputs: tuple[np.ndarray, ...]
) -> None:
    def plain(*given: Any) -> Any:
        return np.asarray(function(*given))

    own = ops.vectorize(function, signature=signature)(*inputs)
    np.testing.assert_allclose(own.numpy(), np.vectorize(plain, signature=signature)(*inputs), rtol=2e-5, atol=1e-6)


def test_vectorized_functions_leave_out_what_is_excluded_and_have_gradients() -> None:
    scaled = ops.vectorize(lambda x, factors: x * factors[1], excluded={1})
    (gradient,) = gradient_of(lambda x: scaled(x, [2.0, 5.0]), numbers(3))
    np.testing.assert_array_equal(gradient, np.full(3, 5.0, "float32"))


def test_of_updates_written_over_only_the_last_has_a_gradient() -> None:
    places = np.array([[1], [1], [0]], "int32")
    before, updates = gradient_of(
        lambda x, u: ops.scatter_update(x, places, u) * [1.0, 2.0, 3.0], numbers(3), numbers(3)
    )
    np.testing.assert_array_equal(before, [0, 0, 3])
    np.testing.assert_array_equal(updates, [0, 2, 1])


def test_equal_extremes_share_the_gradient() -> None:
    x = np.array([1.0, 2.0, 2.0, 5.0], "float32")
    ids = np.array([0, 0, 0, 1], "int32")
    (gradient,) = gradient_of(lambda x: ops.segment_max(x, ids, 2), x)
    np.testing.assert_array_equal(gradient, [0, 0.5, 0.5, 1])


@pytest.mark.parametrize(
    "function",
    [lambda x: ops.prod(x), lambda x: ops.cumprod(x)[-1], lambda x: ops.segment_prod(x, [0, 0, 0], 1)],
)
def test_products_with_a_zero_have_the_gradient_of_the_other_factors(function: Callable[..., Any]) -> None:
    (gradient,) = gradient_of(function, np.array([2.0, 0.0, 5.0], "float32"))
    np.testing.assert_array_equal(gradient, [0, 10, 0])
    (gradient,) = gradient_of(function, np.array([2.0, 0.0, 0.0], "float32"))
    np.testing.assert_array_equal(gradient, [0, 0, 0])


def test_equal_points_have_distance_and_gradient_zero() -> None:
    x = numbers(2, 3)
    assert ops.cdist(x, x).numpy()[0, 0] == 0
    (gradient,) = gradient_of(lambda v: ops.cdist(v, x), x)
    away = (x[0] - x[1]) / np.linalg.norm(x[0] - x[1])
    np.testing.assert_allclose(gradient, [away, -away], rtol=1e-5)


def test_parts_of_a_complex_number_come_back() -> None:
    x = numbers(2, 3, 2)
    np.testing.assert_array_equal(ops.view_as_real(ops.view_as_complex(x)).numpy(), x)
    z = ops.polar(ops.abs(x), ops.zeros_like(x))
    assert z.dtype == "complex64"
    np.testing.assert_array_equal(ops.real(z).numpy(), np.abs(x))
    assert ops.multiply(z, 2.0).dtype == "complex64"


def test_variables_are_values_too() -> None:
    x = numbers(2, 3)
    for name in ("median", "nanmax", "cumprod", "diagflat", "fliplr", "erfc", "real", "unravel_index"):
        options = {"shape": (2, 3)} if name == "unravel_index" else {}
        value = np.array([1, 4], "int32") if options else x
        own, plain = (getattr(ops, name)(v, **options) for v in (Variable(value), value))
        for a, b in zip(*((y if isinstance(y, tuple) else (y,)) for y in (own, plain)), strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ops.unique(x),
        lambda x: ops.bincount(x),
        lambda x: ops.segment_sum(x, x),
    ],
)
def test_results_whose_length_depends_on_values_are_refused_while_tracing(function: Callable[..., Any]) -> None:
    with pytest.raises(TraceError):
        trace(function, [Spec((4,), "int32")])


@pytest.mark.parametrize(
    ("function", "error", "words"),
    [
        (lambda: ops.quantile(numbers(3), 1.5), ValueError, "range"),
        (lambda: ops.quantile(numbers(3), 0.5, method="cubic"), ValueError, "Invalid method"),
        (lambda: ops.cross(numbers(4), numbers(4)), ValueError, "either 2 or 3"),
        (lambda: ops.rearrange(numbers(2, 3), "a b c -> a"), ShapeError, "every axis"),
        (lambda: ops.rearrange(numbers(2, 6), "a (b c) -> a b c"), ShapeError, "lengths"),
        (lambda: ops.rearrange(numbers(2, 6), "a (b c) -> a b c", b=4), ShapeError, "not made of"),
        (lambda: ops.depth_to_space(numbers(1, 2, 2, 3), 2), ValueError, "divisible"),
        (lambda: ops.space_to_depth(numbers(1, 3, 2, 3), 2), ValueError, "divisible"),
        (lambda: ops.fold(numbers(1, 5, 4), 3, 2), ShapeError, "multiple"),
        (lambda: ops.unfold(numbers(1, 1, 2, 2), 3), ShapeError, "does not fit"),
        (lambda: ops.scatter_update(numbers(3), [[0]], [1.0], reduction="mean"), ValueError, "reduction"),
        (lambda: ops.segment_sum(numbers(3), [0, 1]), ValueError, "same leading dimension"),
        (lambda: ops.ldexp(numbers(3), numbers(3)), TypeError, "integer"),
        (lambda: ops.array_split(numbers(3), [1]), TypeError, "must be of type `int`"),
        (lambda: ops.where(numbers(3), numbers(3)), ValueError, "both"),
        (lambda: ops.repeat(numbers(3), [1, 2]), ValueError, "do not fit"),
        (lambda: ops.get_item(numbers(3, 4), (Ellipsis, 1, Ellipsis)), ShapeError, "ellipsis"),
        (lambda: ops.swapaxes(numbers(3, 4), 0, 5), ShapeError, "axis 5"),
        (lambda: ops.diff(numbers(3), n=-1), ValueError, "non-negative"),
        (lambda: ops.view(numbers(2, 3), "float64"), ShapeError, "multiple"),
        (lambda: ops.view_as_complex(numbers(3)), ValueError, "size 2"),
        (lambda: ops.searchsorted(numbers(2, 3), 0.0), ValueError, "1-D"),
        (lambda: ops.rot90(numbers(3)), ValueError, "2 dimensions"),
        (lambda: ops.hanning(KerasTensor((), "int32")), TypeError, "symbolic"),
        (lambda: ops.slice(numbers(3, 4), (0,), (2,)), ValueError, "Length of `start_indices`"),
        (lambda: ops.slice(numbers(3, 4), (2, 0), (2, 2)), ShapeError, "ends at 4"),
        (lambda: ops.pad(numbers(3), 1, mode="mean"), ValueError, "mode"),
        (lambda: ops.correlate(numbers(3), numbers(2), mode="some"), ValueError, "mode"),
        (lambda: ops.psnr(numbers(3), numbers(2), 1.0), ValueError, "match"),
        (lambda: ops.vsplit(numbers(3), 3), ShapeError, "2 axes"),
        (lambda: ops.meshgrid(numbers(2), indexing="yx"), ValueError, "indexing"),
        (lambda: ops.select([True], []), ValueError, "same length"),
    ],
)
def test_refusals_say_which_rule(function: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        function()


def test_types_have_names() -> None:
    assert ops.dtype(numbers(2)) == "float32"
    assert ops.dtype(Tensor(np.zeros(2, "int8"))) == "int8"
    assert ops.empty_like(numbers(2, 3), dtype="int32").dtype == "int32"
