"""Connectionist temporal classification (Graves and others 2006): the sum over all alignments, in log space.

States are the labels with blanks before, between and after: 2N + 1 of them. All samples of a batch go in step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
FORBIDDEN = -1e5
"""What a forbidden start or step costs: impossible targets give a large loss, not an endless one, as in Keras."""
NOWHERE = -1e30


class Lattice:
    """States, emissions and allowed steps of a batch.

    Args:
        target: (batch, N) label numbers; what lies beyond `target_length` is not read.
        logs: (batch, T, classes) logarithms of probabilities.
        target_length, output_length: (batch,); None counts all T frames.
        blank: number of the class that stands for no label.
    """

    def __init__(self, target: Array, logs: Array, target_length: Array, output_length: Any, blank: int) -> None:
        batch, frames, classes = logs.shape
        count = target.shape[1]
        self.labels = np.clip(target_length, 0, count)
        full = np.full(batch, frames) if output_length is None else output_length
        self.running = np.arange(frames) < np.clip(full, 0, frames)[:, None]
        self.target = np.where(np.arange(count) < self.labels[:, None], target, blank)
        if self.target.size and (self.target.min() < 0 or self.target.max() >= classes):
            worst = self.target.max() if self.target.max() >= classes else self.target.min()
            raise ValueError(f"ctc_loss: a target is {worst}, but the classes of the output are 0 to {classes - 1}.")
        self.emissions = np.empty((batch, frames, 2 * count + 1))
        self.emissions[..., ::2] = logs[..., blank, None]
        self.emissions[..., 1::2] = np.take_along_axis(logs, self.target[:, None].astype(np.intp), 2)
        # The cost of coming from two states before: over a blank between two labels that differ.
        self.skips = np.full((batch, 2 * count + 1), NOWHERE)
        self.skips[:, 3::2] = np.where(self.target[:, 1:] == self.target[:, :-1], FORBIDDEN, 0.0)

    def forward(self) -> Array:
        """Log-probability of all ways into each state after each frame: (batch, T, 2N + 1)."""
        result = np.empty_like(self.emissions)
        state = np.full_like(self.skips, FORBIDDEN)
        state[:, 0] = 0.0
        for t in range(result.shape[1]):
            one, two = np.full_like(state, NOWHERE), np.full_like(state, NOWHERE)
            one[:, 1:] = state[:, :-1]
            two[:, 2:] = state[:, :-2]
            moved = _add_logs(state, one, two + self.skips) + self.emissions[:, t]
            state = np.where(self.running[:, t, None], moved, state)
            result[:, t] = state
        return result

    def total(self, forward: Array) -> Array:
        """Log-probability of each target: all ways that end in the last label or the blank after it."""
        batch, frames, states = self.emissions.shape
        if frames == 0:
            return np.where(self.labels == 0, 0.0, FORBIDDEN)
        last, rows, end = forward[:, -1], np.arange(batch), 2 * self.labels
        before = np.where(self.labels > 0, last[rows, np.maximum(end - 1, 0)], NOWHERE)
        return np.logaddexp(last[rows, end], before)

    def occupancy(self, forward: Array) -> Array:
        """Probability of standing in each state at each frame, given the target: (batch, T, 2N + 1)."""
        states = np.arange(self.skips.shape[1])
        end = 2 * self.labels[:, None]
        final = np.where((states == end) | ((states == end - 1) & (end > 0)), 0.0, NOWHERE)
        total, result, after = self.total(forward)[:, None], np.zeros_like(forward), final
        for t in reversed(range(forward.shape[1])):
            running = self.running[:, t, None]
            result[:, t] = np.where(running, np.exp(np.minimum(forward[:, t] + after - total, 0.0)), 0.0)
            ahead = after + self.emissions[:, t]
            one, two = np.full_like(after, NOWHERE), np.full_like(after, NOWHERE)
            one[:, :-1] = ahead[:, 1:]
            two[:, :-2] = ahead[:, 2:] + self.skips[:, 2:]
            after = np.where(running, _add_logs(ahead, one, two), final)
        return result


def _add_logs(a: Array, b: Array, c: Array) -> Array:
    """log(exp(a) + exp(b) + exp(c))."""
    top = np.maximum(np.maximum(a, b), c)
    result: Array = top + np.log(np.exp(a - top) + np.exp(b - top) + np.exp(c - top))
    return result


def loss(target: Array, logs: Array, target_length: Array, output_length: Any, blank: int) -> tuple[Array, Array]:
    """Minus the log-probability of each target, and what the gradient needs."""
    lattice = Lattice(target, logs, target_length, output_length, blank)
    forward = lattice.forward()
    return (-lattice.total(forward)).astype(logs.dtype), forward


def loss_grad(
    g: Array, target: Array, logs: Array, target_length: Array, output_length: Any, forward: Array, blank: int
) -> Array:
    """Gradient of `loss` by the log-probabilities: minus the probability that a frame stands for a class."""
    lattice = Lattice(target, logs, target_length, output_length, blank)
    shares = lattice.occupancy(forward) * -g.astype(np.float64)[:, None, None]
    out = np.zeros(logs.shape)
    out[..., blank] = shares[..., ::2].sum(-1)
    rows = np.arange(len(out))
    for n in range(lattice.target.shape[1]):
        out[rows, :, lattice.target[:, n]] += shares[..., 2 * n + 1]
    return out.astype(g.dtype)


def greedy(scores: Array, lengths: Array, blank: int, merge: bool) -> tuple[Array, Array]:
    """The best class of each frame, repeats merged and blanks left out: (1, batch, T), -1 after the end.

    Returns:
        The labels, and minus the sum of the best scores (batch, 1).
    """
    batch, frames, _ = scores.shape
    inside = np.arange(frames) < lengths[:, None]
    best = np.where(inside, scores.argmax(-1), blank)
    kept = best != blank
    if merge:
        kept[:, 1:] &= best[:, 1:] != best[:, :-1]
    labels = np.full((1, batch, frames), -1, np.int32)
    order = np.argsort(~kept, axis=1, kind="stable")
    packed = np.take_along_axis(np.where(kept, best, -1), order, 1)
    labels[0] = packed
    total = np.where(inside, scores.max(-1), scores.dtype.type(0)).sum(1, keepdims=True)
    return labels, -total


def beam_search(logs: Array, lengths: Array, width: int, paths: int, blank: int) -> tuple[Array, Array]:
    """The most probable label sequences: (paths, batch, T) with -1 after the end, and log-probabilities (batch, paths).

    Prefixes of equal labels are one beam with two scores: ending in a blank, and ending in the label.
    """
    batch, frames, _ = logs.shape
    labels = np.full((paths, batch, frames), -1, np.int32)
    scores = np.full((batch, paths), -np.inf, logs.dtype)
    for b in range(batch):
        found = _Beams(width, blank)
        for frame in logs[b, : max(int(lengths[b]), 0)].astype(np.float64):
            found.step(frame)
        for i, (label, score) in enumerate(found.best(paths)):
            labels[i, b, : len(label)] = label
            scores[b, i] = score
    return labels, scores


class _Beams:
    """The prefixes of one sample, as nodes of a tree: a node is its parent's node and one more label."""

    def __init__(self, width: int, blank: int) -> None:
        self.width, self.blank = width, blank
        self.nodes: list[tuple[int, int]] = [(-1, -1)]
        self.numbers: dict[tuple[int, int], int] = {}
        self.beams = np.zeros(1, np.intp)
        self.tails = np.full(1, -1)
        self.by_label, self.by_blank = np.full(1, -np.inf), np.zeros(1)

    def step(self, frame: Array) -> None:
        """One more frame of log-probabilities."""
        both = np.logaddexp(self.by_label, self.by_blank)
        longer = both[:, None] + frame
        has_tail = self.tails >= 0
        rows = np.flatnonzero(has_tail)
        longer[rows, self.tails[rows]] = (self.by_blank[:, None] + frame)[rows, self.tails[rows]]
        longer[:, self.blank] = -np.inf
        same = np.where(has_tail, self.by_label + frame[self.tails], -np.inf)
        self._merge(same, longer)
        silent = both + frame[self.blank]
        totals = np.concatenate([np.logaddexp(same, silent), longer.ravel()])
        chosen = np.flatnonzero(totals > -np.inf)
        if len(chosen) > self.width:
            chosen = chosen[np.argpartition(-totals[chosen], self.width - 1)[: self.width]]
        old = chosen[chosen < len(same)]
        parents, labels = np.divmod(chosen[chosen >= len(same)] - len(same), len(frame))
        added = [self._number(int(self.beams[p]), int(k)) for p, k in zip(parents, labels, strict=True)]
        self.beams = np.concatenate([self.beams[old], np.array(added, np.intp)])
        self.tails = np.concatenate([self.tails[old], labels])
        self.by_label = np.concatenate([same[old], longer[parents, labels]])
        self.by_blank = np.concatenate([silent[old], np.full(len(added), -np.inf)])

    def _merge(self, same: Array, longer: Array) -> None:
        """A prefix made longer may be another beam: add its score there."""
        places = {int(node): i for i, node in enumerate(self.beams)}
        for i, node in enumerate(self.beams):
            parent, label = self.nodes[node]
            place = places.get(parent)
            if place is not None:
                same[i] = np.logaddexp(same[i], longer[place, label])
                longer[place, label] = -np.inf

    def _number(self, parent: int, label: int) -> int:
        number = self.numbers.setdefault((parent, label), len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append((parent, label))
        return number

    def best(self, count: int) -> list[tuple[list[int], float]]:
        """The most probable sequences with their log-probabilities."""
        totals = np.logaddexp(self.by_label, self.by_blank)
        found = []
        for i in np.argsort(-totals, kind="stable")[:count]:
            labels: list[int] = []
            node = int(self.beams[i])
            while node:
                node, label = self.nodes[node]
                labels.insert(0, label)
            found.append((labels, float(totals[i])))
        return found
