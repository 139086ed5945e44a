"""Connectionist temporal classification of `keras.ops.nn`: labels for sequences without knowing where they stand."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import dtypes
from engine.core.cases import F, I, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec, convert_to_tensor
from engine.kernels import ctc as kernels
from engine.ops.activation import log_softmax
from engine.ops.elementwise import cast, ones_like
from engine.ops.reduce import sum as total

__all__ = ["ctc_decode", "ctc_loss"]

NN = "keras.src.ops.nn"


def _same_batch(**shapes: Any) -> Any:
    """The batch that all share; None where none of them knows it."""
    known = {name: shape[0] for name, shape in shapes.items() if shape is not None and shape[0] is not None}
    if len(set(known.values())) > 1:
        numbers = " ≠ ".join(f"{n} ({name})" for name, n in known.items())
        raise ShapeError(f"all values of CTC have the same first axis, the batch: {numbers}.", rule=numbers)
    return next(iter(known.values()), None)


def _precise(scores: Any) -> Any:
    """At least single precision."""
    scores = convert_to_tensor(scores)
    return scores if scores.dtype == "float64" else cast(scores, dtypes.result_type(scores.dtype, "float32"))


def _loss_specs(target: Spec, logs: Spec, length: Spec, frames: Spec | None, *, blank: int) -> tuple[Spec, Spec]:
    for name, spec, rank in (("target", target, 2), ("output", logs, 3), ("target_length", length, 1)):
        if len(spec.shape) != rank:
            axes = {1: "batch", 2: "batch and labels", 3: "batch, time and classes"}[rank]
            raise ShapeError(f"`{name}` has {rank} axes: {axes}. It has {len(spec.shape)} here.")
    given = None if frames is None else frames.shape
    batch = _same_batch(target=target.shape, output=logs.shape, target_length=length.shape, output_length=given)
    classes, count = logs.shape[2], target.shape[1]
    if classes is not None and not 0 <= blank < classes:
        raise ShapeError(f"`mask_index` is {blank}, but the classes are 0 to {classes - 1}.")
    states = None if count is None else 2 * count + 1
    return Spec((batch,), logs.dtype), Spec((batch, logs.shape[1], states), "float64")


def _loss_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    target, logs, length, frames = inputs
    if grads[0] is None:
        return (None,) * 4
    values = (grads[0], target, logs, length, frames, outputs[1])
    return None, dispatch(OPS["ctc_grad"], values, attrs), None, None


@defop(
    infer=_loss_specs,
    vjp_all=_loss_vjp,
    saves=1,
    cases=(
        case(I(3, 4), F(3, 9, 5), I(3, high=5), None, blank=0),
        case(I(3, 4), F(3, 9, 6), I(3, high=5), I(3, high=10), blank=5),
        case(I(2, 4), F(2, 3, 5), I(2, high=5), None, blank=0),
        case(I(0, 4), F(0, 9, 5), I(0), None, blank=0),
    ),
)
def ctc(target: Any, logs: Any, target_length: Any, output_length: Any, *, blank: int) -> Any:
    """Minus the log-probability of each target under log-probabilities of classes, and the forward scores."""
    return kernels.loss(target, logs, target_length, output_length, blank)


def _weighted(h: Any, r: Any, g: Any, *rest: Any, blank: int) -> Any:
    """The gradient is linear in g: one number for each sample."""
    return total(h * ctc_grad(ones_like(g), *rest, blank=blank), axis=(1, 2))


def _no_second(*_: Any, **__: Any) -> Any:
    raise ValueError("ctc_loss has first derivatives only: its gradient cannot be differentiated by the scores.")


@defop(
    infer=lambda g, target, logs, *rest, **_: Spec(logs.shape, g.dtype),
    vjp=(_weighted, None, _no_second, None, None, None),
    cases=(
        case(
            F(2),
            I(2, 4),
            np.linspace(-2, -1, 90, dtype="float32").reshape(2, 9, 5),
            I(2, high=5),
            None,
            np.zeros((2, 9, 9)),
            blank=0,
        ),
    ),
)
def ctc_grad(
    g: Any, target: Any, logs: Any, target_length: Any, output_length: Any, forward: Any, *, blank: int
) -> Any:
    """Gradient of `ctc` by the log-probabilities."""
    return kernels.loss_grad(g, target, logs, target_length, output_length, forward, blank)


@composite(f"{NN}:CTCLoss", call=("target", "output", "target_length", "output_length"))
def ctc_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> Any:
    """Minus the log-probability that the frames of `output` spell `target`: one number for each sample.

    Args:
        target: (batch, labels) whole numbers.
        output: (batch, time, classes) raw scores.
        target_length, output_length: (batch,) how much of each sample counts; None as `output_length` is all of it.
        mask_index: the class that stands for no label.
    """
    logs = log_softmax(_precise(output), axis=-1)
    lengths = [None if n is None else cast(n, "int32") for n in (target_length, output_length)]
    return ctc(cast(target, "int32"), logs, lengths[0], lengths[1], blank=int(mask_index))[0]


def _decode_specs(scores: Spec, lengths: Spec, *, paths: int = 1, **_: Any) -> tuple[Spec, Spec]:
    if len(scores.shape) != 3:
        raise ShapeError(f"`inputs` has 3 axes: batch, time and classes. It has {len(scores.shape)} here.")
    batch = _same_batch(inputs=scores.shape, sequence_lengths=lengths.shape)
    return Spec((paths, batch, scores.shape[1]), "int32"), Spec((batch, paths), scores.dtype)


@defop(
    infer=_decode_specs,
    nondiff="decoding chooses labels",
    cases=(
        case(F(3, 7, 4), I(3, high=8), blank=0, merge=True),
        case(F(3, 7, 4), I(3, high=8), blank=3, merge=False),
    ),
)
def ctc_greedy(scores: Any, lengths: Any, *, blank: int, merge: bool) -> Any:
    """The best class of each frame, without repeats and blanks."""
    return kernels.greedy(scores, lengths, blank, merge)


@defop(
    infer=_decode_specs,
    nondiff="decoding chooses labels",
    cases=(
        case(F(3, 7, 4), I(3, high=8), width=5, paths=2, blank=0),
        case(F(0, 7, 4), I(0), width=5, paths=1, blank=0),
    ),
)
def ctc_beams(logs: Any, lengths: Any, *, width: int, paths: int, blank: int) -> Any:
    """The most probable label sequences."""
    return kernels.beam_search(logs, lengths, width, paths, blank)


@composite(f"{NN}:CTCDecode", call=("inputs", "sequence_lengths"))
def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> Any:
    """Label sequences that the scores (batch, time, classes) spell.

    Returns:
        Labels (paths, batch, time) with -1 after the end, and scores (batch, paths): minus the sum of the best scores
        for "greedy" (one path), log-probabilities for "beam_search".
    """
    if strategy not in ("greedy", "beam_search"):
        raise ValueError(f"Invalid strategy {strategy}. Supported values are 'greedy' and 'beam_search'.")
    scores = _precise(inputs)
    lengths = cast(sequence_lengths, "int32")
    blank = int(scores.shape[-1]) - 1 if mask_index is None else int(mask_index)
    if strategy == "greedy":
        return ctc_greedy(scores, lengths, blank=blank, merge=bool(merge_repeated))
    return ctc_beams(log_softmax(scores, axis=-1), lengths, width=int(beam_width), paths=int(top_paths), blank=blank)
