"""Shape arithmetic against NumPy and PyTorch, and its derivations in numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.core import shapes
from engine.core.errors import ShapeError

dims = st.lists(st.integers(1, 4), min_size=0, max_size=4)


@given(dims, dims)
def test_broadcast_agrees_with_numpy(a: list[int], b: list[int]) -> None:
    try:
        expected = np.broadcast_shapes(tuple(a), tuple(b))
    except ValueError:
        with pytest.raises(ShapeError):
            shapes.broadcast(a, b)
    else:
        assert shapes.broadcast(a, b) == expected


@given(st.integers(1, 30), st.integers(1, 7), st.integers(1, 4), st.integers(1, 3))
def test_window_length_agrees_with_pytorch(n: int, kernel: int, stride: int, dilation: int) -> None:
    span = dilation * (kernel - 1) + 1
    if span > n:
        with pytest.raises(ShapeError, match="does not fit"):
            shapes.window_length(n, kernel, stride, "valid", dilation)
        return
    x, w = torch.zeros(1, 1, n), torch.zeros(1, 1, kernel)
    expected = torch.nn.functional.conv1d(x, w, stride=stride, dilation=dilation).shape[-1]
    assert shapes.window_length(n, kernel, stride, "valid", dilation) == expected


@given(st.integers(1, 30), st.integers(1, 7), st.integers(1, 4))
def test_same_padding_gives_the_length_it_promises(n: int, kernel: int, stride: int) -> None:
    before, after = shapes.same_padding(n, kernel, stride)
    assert after - before in (0, 1)
    padded = shapes.window_length(n + before + after, kernel, stride, "valid") if n + before + after >= kernel else None
    if kernel >= stride:
        assert padded == shapes.window_length(n, kernel, stride, "same") == -(-n // stride)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_reshape_agrees_with_numpy(old: list[int], new: list[int]) -> None:
    for target in (new, [-1, *new]):
        try:
            expected = np.zeros(old).reshape(target).shape
        except ValueError:
            with pytest.raises(ShapeError):
                shapes.reshape(old, target)
        else:
            assert shapes.reshape(old, target) == expected


def test_unknown_batches_stay_unknown() -> None:
    assert shapes.reshape((None, 4, 4), (None, 16)) == (None, 16)
    assert shapes.reshape((None, 4, 4), (-1, 16)) == (None, 16)
    assert shapes.broadcast((None, 3), (1, 3)) == (None, 3)
    assert shapes.matmul((None, 4), (4, 2)) == (None, 2)
    with pytest.raises(ShapeError, match="keeps the number"):
        shapes.reshape((None, 4, 4), (None, 5))


def test_derivations_are_told_in_numbers() -> None:
    with shapes.explaining() as notes:
        shapes.window_length(28, 5, 2, "valid")
        shapes.window_length(28, 3, 2, "same")
        shapes.concatenate([(None, 16), (None, 32)], 1)
    assert notes == ["valid: (28 − 5)/2 + 1 = 12.5, rounded down to 12", "same: ⌈28/2⌉ = 14", "16 + 32 = 48"]


def test_refusals_carry_rule_and_hint() -> None:
    with pytest.raises(ShapeError) as caught:
        shapes.window_length(2, 5, 1, "valid", axis="height")
    assert caught.value.rule == "(2 − 5)/1 + 1 = −2"
    assert "2 height" in str(caught.value)
    assert "padding" in caught.value.hint
    told = str(caught.value.within("model/conv_1"))
    assert told.startswith("Computed output size would be zero or negative. model/conv_1: a window of 5")
