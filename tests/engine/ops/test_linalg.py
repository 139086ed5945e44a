"""Linear algebra: values against Keras, gradients against PyTorch, identities, refusals."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import torch

import engine
from engine import ops
from engine.core.errors import ShapeError
from engine.core.graph import infer_specs
from engine.core.tape import GradientTape
from engine.core.tensor import Spec, Tensor
from tests.engine.ops.oracle import check_gradient, draw, keras, parts, same, same_as_keras, same_in_a_plan


def definite(*shape: int, dtype: str = "float32") -> np.ndarray:
    """Symmetric matrices with eigenvalues of at least 1."""
    roots = draw(3, *shape, dtype="float64")
    return (roots @ roots.swapaxes(-1, -2) + np.eye(shape[-1])).astype(dtype)


VALUES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("cholesky", (definite(3, 3),), {}),
    ("cholesky", (definite(2, 4, 4),), {"upper": True}),
    ("cholesky_inverse", (np.linalg.cholesky(definite(3, 3)),), {}),
    ("cholesky_inverse", (np.linalg.cholesky(definite(3, 3)).T.copy(),), {"upper": True}),
    ("det", (draw(1, 3, 3),), {}),
    ("det", (draw(1, 2, 4, 4),), {}),
    ("slogdet", (draw(1, 2, 4, 4),), {}),
    ("logdet", (definite(2, 4, 4),), {}),
    ("eigh", (definite(2, 4, 4),), {}),
    ("inv", (draw(1, 2, 3, 3),), {}),
    ("lstsq", (draw(1, 5, 3), draw(2, 5)), {}),
    ("lstsq", (draw(1, 5, 3), draw(2, 5, 2)), {"rcond": 0.3}),
    ("lstsq", (draw(1, 3, 5), draw(2, 3, 2)), {}),
    ("lu_factor", (draw(1, 3, 3),), {}),
    ("matrix_rank", (np.array([[1.0, 2], [2, 4]], "float32"),), {}),
    ("matrix_rank", (draw(1, 2, 3, 4),), {"tol": 1.0}),
    ("pinv", (draw(1, 4, 3),), {}),
    ("pinv", (draw(1, 2, 3, 5),), {"rcond": 0.4}),
    ("qr", (draw(1, 4, 3),), {}),
    ("qr", (draw(1, 2, 3, 4),), {"mode": "complete"}),
    ("qr", (draw(1, 5, 3),), {"mode": "complete"}),
    ("solve", (definite(3, 3), draw(2, 3)), {}),
    ("solve", (definite(2, 3, 3), draw(2, 2, 3, 4)), {}),
    ("solve_triangular", (definite(3, 3), draw(2, 3)), {}),
    ("solve_triangular", (definite(2, 3, 3), draw(2, 2, 3, 4)), {"lower": True}),
    ("solve_triangular", (definite(2, 3, 3), draw(2, 2, 3)), {"lower": True}),
    ("svd", (draw(1, 4, 3),), {}),
    ("svd", (draw(1, 2, 3, 4),), {"full_matrices": False}),
    ("svd", (draw(1, 2, 3, 4),), {"compute_uv": False}),
]


@pytest.mark.parametrize(("name", "inputs", "options"), VALUES)
def test_values_are_those_of_keras(name: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> None:
    same_as_keras(name, *inputs, rtol=2e-4, atol=2e-5, **options)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 4, 4), (2, 2, 3, 4)])
def test_lu_is_that_of_lapack(shape: tuple[int, ...]) -> None:
    x = draw(4, *shape)
    packed, pivots = ops.lu_factor(x)
    rows, columns = shape[-2:]
    for i, one in enumerate(x.reshape(-1, rows, columns)):
        wanted, exchanged = scipy.linalg.lu_factor(one)
        np.testing.assert_allclose(packed.numpy().reshape(-1, rows, columns)[i], wanted, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(pivots.numpy().reshape(-1, min(rows, columns))[i], exchanged)


def test_eigenvectors_of_general_matrices() -> None:
    x = draw(5, 2, 4, 4)
    values, vectors = ops.eig(x)
    assert (values.dtype, vectors.dtype) == ("complex64", "complex64")
    theirs = keras.ops.eig(x)[0]
    np.testing.assert_allclose(np.sort_complex(values.numpy()), np.sort_complex(theirs), rtol=1e-4, atol=1e-5)
    left, right = x @ vectors.numpy(), vectors.numpy() * values.numpy()[:, None]
    np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-4)


NORMS: list[tuple[tuple[int, ...], Any, Any]] = [
    ((3, 4), None, None),
    ((2, 3, 4), None, None),
    ((5,), 3, None),
    *(((2, 3, 4), order, 1) for order in (None, 1, 2, 3, 0, -1, 0.5, np.inf, -np.inf)),
    *(((2, 3, 4), order, (0, 2)) for order in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)),
    *(((2, 3, 4), order, (-1, 1)) for order in ("nuc", 1, np.inf)),
    ((3, 4), "nuc", None),
]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(("shape", "order", "axis"), NORMS)
def test_norms_are_those_of_keras(shape: tuple[int, ...], order: Any, axis: Any, keepdims: bool) -> None:
    same_as_keras("norm", draw(6, *shape), ord=order, axis=axis, keepdims=keepdims, rtol=1e-4)
    if order != 0:
        check_gradient(lambda x: ops.norm(x, order, axis, keepdims), draw(6, *shape))


def test_norm_of_whole_numbers_is_a_float() -> None:
    same_as_keras("norm", np.arange(6, dtype="int32").reshape(2, 3), axis=1)


def torch_gradient(function: Callable[..., Any], *inputs: np.ndarray) -> list[np.ndarray]:
    places = [torch.tensor(x, requires_grad=True) for x in inputs]
    total: Any = 0.0
    for i, y in enumerate(parts(function(*places))):
        if y.is_floating_point():
            total = total + (y * torch.tensor(draw(90 + i, *y.shape, dtype="float64"))).sum()
    total.backward()
    return [place.grad.numpy() for place in places]


def own_gradient(function: Callable[..., Any], *inputs: np.ndarray) -> list[np.ndarray]:
    places = [Tensor(x) for x in inputs]
    with GradientTape() as tape:
        tape.watch(places)
        total: Any = 0.0
        for i, y in enumerate(parts(function(*places))):
            if y.dtype == "float64":
                total = total + ops.sum(y * draw(90 + i, *y.shape, dtype="float64"))
    return [g.numpy() for g in tape.gradient(total, places)]


la = torch.linalg
GRADIENTS: list[tuple[str, Callable[..., Any], Callable[..., Any], tuple[tuple[int, ...], ...]]] = [
    ("cholesky", ops.cholesky, la.cholesky, ((2, 3, 3),)),
    ("upper cholesky", lambda x: ops.cholesky(x, True), lambda x: la.cholesky(x, upper=True), ((3, 3),)),
    ("inverse", ops.cholesky_inverse, lambda x: torch.cholesky_inverse(x.tril()), ((3, 3),)),
    ("det", ops.det, la.det, ((2, 3, 3),)),
    ("logdet", ops.logdet, torch.logdet, ((2, 3, 3),)),
    ("slogdet", ops.slogdet, lambda x: tuple(la.slogdet(x)), ((2, 3, 3),)),
    ("inv", ops.inv, la.inv, ((2, 3, 3),)),
    ("pinv", ops.pinv, la.pinv, ((2, 4, 3),)),
    ("wide pinv", ops.pinv, la.pinv, ((3, 5),)),
    ("qr", ops.qr, lambda x: tuple(la.qr(x)), ((2, 4, 3),)),
    ("wide qr", ops.qr, lambda x: tuple(la.qr(x)), ((3, 5),)),
    ("solve", ops.solve, la.solve, ((2, 3, 3), (2, 3, 4))),
    ("solve a vector", ops.solve, la.solve, ((3, 3), (3,))),
    ("lstsq", ops.lstsq, lambda a, b: la.lstsq(a, b).solution, ((5, 3), (5, 2))),
    ("singular values", lambda x: ops.svd(x, compute_uv=False), la.svdvals, ((2, 4, 3),)),
    ("eigenvalues", lambda x: ops.eigh(x)[0], lambda x: la.eigvalsh((x + x.mT) / 2), ((2, 3, 3),)),
    ("lu", lambda x: ops.lu_factor(x)[0], lambda x: la.lu_factor(x)[0], ((2, 3, 3),)),
    (
        "triangle",
        lambda a, b: ops.solve_triangular(a, b, lower=True),
        lambda a, b: la.solve_triangular(a.tril(), b, upper=False),
        ((2, 3, 3), (2, 3, 4)),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("own", "their", "shapes"), [g[1:] for g in GRADIENTS], ids=[g[0] for g in GRADIENTS])
def test_gradients_are_those_of_pytorch(own: Any, their: Any, shapes: Any) -> None:
    first = definite if shapes[0][-1] == shapes[0][-2] else lambda *s, dtype: draw(3, *s, dtype=dtype)
    inputs = [first(*shapes[0], dtype="float64"), *(draw(8, *s, dtype="float64") for s in shapes[1:])]
    for ours, theirs in zip(own_gradient(own, *inputs), torch_gradient(their, *inputs), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-9)


def test_singular_and_eigenvectors_in_a_loss_that_does_not_see_their_signs() -> None:
    """|u| and |v| are determined; PyTorch agrees on them."""
    x = draw(9, 2, 4, 3, dtype="float64")
    ours = own_gradient(lambda m: tuple(f * f for f in ops.svd(m, full_matrices=False)), x)
    theirs = torch_gradient(lambda m: tuple(f * f for f in la.svd(m, full_matrices=False)), x)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6, atol=1e-9)
    x = definite(2, 4, 4, dtype="float64")
    ours = own_gradient(lambda m: tuple(f * f for f in ops.eigh(m)), x)
    theirs = torch_gradient(lambda m: tuple(f * f for f in la.eigh((m + m.mT) / 2)), x)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6, atol=1e-9)


def test_the_slope_of_a_determinant_of_a_singular_matrix() -> None:
    x = np.array([[1.0, 2, 3], [2, 4, 6], [0, 1, 5]])
    (ours,), (theirs,) = own_gradient(ops.det, x), torch_gradient(la.det, x)
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


def test_second_derivatives() -> None:
    def slope(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            y = ops.sum(ops.inv(x) ** 2) + ops.det(x) + ops.logdet(x) + ops.sum(ops.cholesky(x) ** 3)
        return tape.gradient(y, x)

    check_gradient(slope, definite(3, 3))


def test_one_matrix_for_a_batch_of_right_sides() -> None:
    a, b = definite(3, 3), draw(2, 4, 3, 2)
    np.testing.assert_allclose(ops.solve(a, b).numpy(), np.linalg.solve(a, b), rtol=1e-4, atol=1e-5)
    check_gradient(ops.solve, a, b)
    vectors = draw(2, 4, 3)
    own = ops.solve(definite(4, 3, 3), vectors)
    np.testing.assert_allclose((definite(4, 3, 3) @ own.numpy()[..., None])[..., 0], vectors, rtol=1e-3, atol=1e-4)


def test_batches_of_inverses_from_factors() -> None:
    """Keras's NumPy backend cannot do batches here."""
    x = definite(2, 3, 3)
    factor = ops.cholesky(x)
    np.testing.assert_allclose(ops.cholesky_inverse(factor).numpy(), np.linalg.inv(x), rtol=1e-3, atol=1e-5)


def test_types() -> None:
    whole = np.array([[2, 1], [1, 3]])
    assert ops.det(whole).dtype == "float32" and float(ops.det(whole)) == pytest.approx(5.0)
    assert ops.inv(draw(1, 3, 3, dtype="float16")).dtype == "float16"
    assert ops.solve(whole, np.array([1, 2])).dtype == "float32"


def test_open_batches_and_functional_graphs() -> None:
    spec = Spec((None, 4, 3), "float32")
    shapes = [s.shape for s in infer_specs(lambda x: ops.svd(x), spec)]
    assert shapes == [(None, 4, 4), (None, 3), (None, 3, 3)]
    inputs = engine.Input((3, 3))
    model = engine.Model(inputs, [ops.inv(inputs), *ops.qr(inputs), ops.norm(inputs, axis=(1, 2))])
    x = definite(2, 3, 3)
    same(list(map(engine.ops.convert_to_tensor, model.predict(x, verbose=0)))[0], np.linalg.inv(x), 1e-3, 1e-4)
    same_in_a_plan(ops.eigh, (x,), ops.eigh(x))


def test_the_namespace_has_the_names_of_keras() -> None:
    assert set(ops.linalg.__all__) == {n for n in dir(keras.ops.linalg) if not n.startswith("_")}
    for name in ops.linalg.__all__:
        ours, theirs = (inspect.signature(getattr(home, name)) for home in (ops.linalg, keras.ops.linalg))
        assert [(p.name, p.default) for p in ours.parameters.values()] == [
            (p.name, p.default) for p in theirs.parameters.values()
        ], name
        assert getattr(ops, name) is getattr(ops.linalg, name)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: ops.cholesky(np.diag([1.0, -1.0])), "not positive definite"),
        (lambda: ops.inv(np.zeros((2, 2))), "singular"),
        (lambda: ops.solve(np.zeros((2, 2)), np.ones(2)), "singular"),
        (lambda: ops.solve_triangular(np.zeros((2, 2)), np.ones(2)), "0 on its diagonal"),
        (lambda: ops.det(np.ones((2, 3))), "Expected a square matrix"),
        (lambda: ops.inv(np.ones(3)), "rank >= 2"),
        (lambda: ops.solve(np.eye(3), np.ones((2, 2))), "Incompatible shapes between `a` and `b`"),
        (lambda: ops.lstsq(np.ones((3, 2)), np.ones(4)), "equal to a.shape"),
        (lambda: ops.qr(np.eye(2), mode="thin"), "argument value not supported"),
        (lambda: ops.norm(np.ones(3), ord="fro", axis=0), "for vector norm"),
        (lambda: ops.norm(np.ones((3, 3)), ord=5, axis=(0, 1)), "for matrix norm"),
        (lambda: ops.norm(np.ones((3, 3)), ord="max"), "when using string"),
        (lambda: ops.norm(np.ones((3, 3, 3)), ord=2), "one axis names vectors"),
    ],
)
def test_refusals(call: Callable[[], Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()


def test_gradients_that_do_not_exist_are_refused() -> None:
    x = draw(1, 4, 3, dtype="float64")
    with pytest.raises(ValueError, match="full_matrices=False"):
        own_gradient(ops.svd, x)
    with pytest.raises(ValueError, match='mode="reduced"'):
        own_gradient(lambda m: ops.qr(m, "complete"), x)
    with pytest.raises(ShapeError, match="fully-defined"):
        infer_specs(ops.qr, Spec((None, None, 3), "float32"))
