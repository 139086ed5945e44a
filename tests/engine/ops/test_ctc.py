"""CTC against Keras and PyTorch, and decoding against the sum over all alignments."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

import engine
from engine import losses, ops
from engine.core.errors import ShapeError
from engine.core.graph import trace
from engine.core.plan import compile
from engine.core.tape import GradientTape
from engine.core.tensor import Spec, Tensor
from tests.engine.ops.oracle import check_gradient, draw, keras, same, same_as_keras

TARGET = np.array([[1, 2, 2, 3], [3, 3, 3, 0], [4, 1, 0, 0], [0, 0, 0, 0]], "int32")
LENGTHS = np.array([4, 3, 2, 0], "int32")
FRAMES = np.array([9, 7, 4, 5], "int32")


@pytest.mark.parametrize("blank", [0, 5])
def test_loss_is_that_of_keras(blank: int) -> None:
    same_as_keras("ctc_loss", TARGET, draw(1, 4, 9, 6), LENGTHS, FRAMES, mask_index=blank, rtol=2e-5, atol=1e-5)


def test_impossible_targets_cost_what_they_cost_in_keras() -> None:
    target = np.array([[1, 1, 1, 1], [1, 2, 3, 4]], "int32")
    lengths, frames = np.array([4, 4], "int32"), np.array([5, 2], "int32")
    same_as_keras("ctc_loss", target, draw(1, 2, 6, 5), lengths, frames, rtol=1e-6)


def test_loss_and_gradient_are_those_of_pytorch() -> None:
    scores = draw(2, 4, 9, 6, dtype="float64")
    place = torch.tensor(scores, requires_grad=True)
    logs = torch.log_softmax(place, -1).transpose(0, 1)
    wanted = torch.nn.functional.ctc_loss(
        logs, torch.tensor(TARGET), torch.tensor(FRAMES), torch.tensor(LENGTHS), reduction="none"
    )
    wanted.backward(torch.arange(1.0, 5.0, dtype=torch.float64))
    value = Tensor(scores)
    with GradientTape() as tape:
        tape.watch(value)
        own = ops.ctc_loss(TARGET, value, LENGTHS, FRAMES)
        total = ops.sum(own * np.arange(1.0, 5.0))
    np.testing.assert_allclose(own.numpy(), wanted.detach().numpy(), rtol=1e-10)
    np.testing.assert_allclose(tape.gradient(total, value).numpy(), place.grad.numpy(), rtol=1e-8, atol=1e-10)


def test_gradient_agrees_with_finite_differences() -> None:
    check_gradient(lambda x: ops.ctc_loss(TARGET, x, LENGTHS, FRAMES), draw(3, 4, 9, 6))


def test_forward_derivatives_and_no_second_ones() -> None:
    scores, direction = draw(3, 4, 9, 6, dtype="float64"), draw(4, 4, 9, 6, dtype="float64")

    def loss(x: Any) -> Any:
        return ops.ctc_loss(TARGET, x, LENGTHS, FRAMES)

    _, along = ops.jvp(loss, (scores,), (direction,))
    ahead, behind = (loss(scores + sign * 1e-6 * direction).numpy() for sign in (1, -1))
    np.testing.assert_allclose(along.numpy(), (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-6)
    value = Tensor(scores)
    with GradientTape() as outer:
        outer.watch(value)
        with GradientTape() as inner:
            inner.watch(value)
            total = ops.sum(loss(value))
        gradient = inner.gradient(total, value)
    with pytest.raises(ValueError, match="first derivatives only"):
        outer.gradient(gradient, value)


def alignments(logs: np.ndarray, blank: int) -> dict[tuple[int, ...], float]:
    """Log-probability of every label sequence, by adding up all paths."""
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(logs.shape[1]), repeat=len(logs)):
        labels = tuple(k for k, _ in itertools.groupby(path) if k != blank)
        score = sum(logs[t, k] for t, k in enumerate(path))
        found[labels] = np.logaddexp(found.get(labels, -np.inf), score)
    return found


def test_beams_are_the_most_probable_sequences_and_the_loss_their_probability() -> None:
    scores = draw(4, 3, 6, 4, dtype="float64")
    paths, logs = ops.ctc_decode(scores, np.array([6, 4, 5]), "beam_search", beam_width=400, top_paths=5, mask_index=2)
    for b, count in enumerate((6, 4, 5)):
        frames = scores[b, :count]
        every = alignments(frames - np.log(np.exp(frames).sum(-1, keepdims=True)), 2)
        best = sorted(every, key=lambda labels: -every[labels])[:5]
        for i, labels in enumerate(best):
            row = paths.numpy()[i, b]
            assert tuple(row[: len(labels)]) == labels and (row[len(labels) :] == -1).all()
            assert float(logs[b, i]) == pytest.approx(every[labels], rel=1e-9)
            if labels:
                target, size = np.array([labels]), np.array([len(labels)])
                value = ops.ctc_loss(target, scores[b : b + 1], size, np.array([count]), mask_index=2)
                assert -float(value[0]) == pytest.approx(every[labels], rel=1e-9)


@pytest.mark.parametrize("merge", [True, False])
@pytest.mark.parametrize("blank", [0, 3, None])
def test_greedy_decoding_is_that_of_keras(merge: bool, blank: int | None) -> None:
    options: dict[str, Any] = {"merge_repeated": merge, "mask_index": blank}
    same_as_keras("ctc_decode", draw(5, 5, 12, 4), np.array([12, 7, 1, 0, 9]), **options)


@pytest.mark.parametrize(("width", "paths", "blank"), [(3, 1, 0), (4, 4, 4), (10, 3, 2)])
def test_beam_search_is_that_of_keras(width: int, paths: int, blank: int) -> None:
    options = {"strategy": "beam_search", "beam_width": width, "top_paths": paths, "mask_index": blank}
    with np.errstate(divide="ignore"):  # Keras takes the logarithm of 0
        same_as_keras("ctc_decode", draw(6, 4, 15, 5) * 2, np.array([15, 9, 3, 12]), rtol=1e-4, atol=1e-4, **options)


def test_more_paths_than_there_are_sequences() -> None:
    paths, logs = ops.ctc_decode(draw(7, 1, 1, 2), np.array([1]), "beam_search", top_paths=4)
    assert paths.shape == (4, 1, 1) and logs.shape == (1, 4)
    assert np.isfinite(logs.numpy()[0, :2]).all() and (logs.numpy()[0, 2:] == -np.inf).all()


def test_open_axes_and_functional_graphs() -> None:
    specs = [Spec((None, None), "int32"), Spec((None, None, 6), "float32"), *[Spec((None,), "int32")] * 2]
    plan = compile(trace(lambda *x: ops.ctc_loss(*x), specs))
    scores = draw(1, 4, 9, 6)
    for rows in (4, 2):
        given = (TARGET[:rows], scores[:rows], LENGTHS[:rows], FRAMES[:rows])
        same(ops.ctc_loss(*given), plan(*given)[0], rtol=0, atol=0)
    inputs = engine.Input((9, 6)), engine.Input((), dtype="int32")
    labels, values = ops.ctc_decode(*inputs, strategy="beam_search", top_paths=2)
    assert (labels.shape, labels.dtype, values.shape) == ((2, None, 9), "int32", (None, 2))


def test_a_model_learns_to_spell() -> None:
    engine.utils.set_random_seed(1)
    model = engine.Sequential([engine.Input((9, 6)), engine.layers.Dense(16, "relu"), engine.layers.Dense(6)])
    model.compile(engine.optimizers.Adam(0.05), losses.CTC())
    x = draw(8, 4, 9, 6)
    history = model.fit(x, TARGET, epochs=60, verbose=0)
    assert history.history["loss"][-1] < 0.2 * history.history["loss"][0]
    labels, _ = ops.ctc_decode(model.predict(x, verbose=0), np.full(4, 9))
    np.testing.assert_array_equal(labels.numpy()[0, :, :4], np.where(TARGET == 0, -1, TARGET))


def test_the_loss_counts_labels_that_are_not_zero() -> None:
    scores = draw(1, 4, 9, 6)
    same(losses.ctc(TARGET, scores), keras.losses.ctc(TARGET, scores))


def test_refusals() -> None:
    scores = draw(1, 4, 9, 6)
    with pytest.raises(ShapeError, match=r"4 \(target\) ≠ 3 \(output\)"):
        ops.ctc_loss(TARGET, scores[:3], LENGTHS, FRAMES)
    with pytest.raises(ValueError, match="a target is 7, but the classes of the output are 0 to 5"):
        ops.ctc_loss(TARGET + 3, scores, LENGTHS, FRAMES)
    with pytest.raises(ShapeError, match="`mask_index` is 6"):
        ops.ctc_loss(TARGET, scores, LENGTHS, FRAMES, mask_index=6)
    with pytest.raises(ValueError, match="Invalid strategy best"):
        ops.ctc_decode(scores, FRAMES, "best")
    with pytest.raises(ValueError, match="y_pred"):
        losses.ctc(TARGET, TARGET)
