"""Numbers behind the curves: ticks, words for values, smoothing, and thinning to what a screen can show."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Line = tuple[Array, Array]
_SHARES = ("accuracy", "precision", "recall", "auc", "f1", "iou")


def title_of(name: str) -> str:
    """A quantity's name as people read it: "sparse_top_k_accuracy" is "Sparse top k accuracy"."""
    return name.replace("_", " ").capitalize()


def is_share(name: str) -> bool:
    """Whether a quantity is a share of 1, told in per cent."""
    return any(word in name for word in _SHARES)


def value_text(name: str, value: float) -> str:
    """A value beside its line: "0.0161", "1,240", "99.7 %"."""
    if not math.isfinite(value):
        return "?"
    if is_share(name):
        return f"{value * 100:.1f} %"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def tick_texts(name: str, ticks: list[float]) -> list[str]:
    """Words of ticks, all with as many decimals as the finest needs."""
    if is_share(name):
        ticks = [tick * 100 for tick in ticks]
    decimals = next((d for d in range(7) if all(math.isclose(round(t, d), t, abs_tol=1e-9) for t in ticks)), 6)
    ending = "%" if is_share(name) else ""
    return [f"{tick:,.{decimals}f}{ending}" for tick in ticks]


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round numbers (steps of 1, 2, 2.5 or 5) from at or below `low` to about `high`."""
    span = max(high - low, abs(high) * 1e-6, 1e-9)
    raw = span / max(most - 1, 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next((size * m for m in (1, 2, 2.5, 5, 10) if size * m >= raw * 0.999), size * 10)
    first = math.floor(low / step + 1e-9)
    count = math.floor((high - first * step) / step + 0.3)
    return [round((first + i) * step, 12) for i in range(count + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten between two logarithms; with their 2 and 5 where there are few."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    parts = (1,) if high - low > 3 else (1, 2, 5)
    found = [m * 10.0**p for p in powers for m in parts if low - 0.02 <= math.log10(m * 10.0**p) <= high + 0.02]
    return found or [10.0**low, 10.0**high]


def epoch_ticks(last: float, room: int) -> list[int]:
    """Whole epochs from 0 to the last, as many as there is room for."""
    raw = max(last, 1) / max(room, 1)
    size = 10 ** max(math.floor(math.log10(raw)), 0)
    step = next((size * m for m in (1, 2, 5, 10) if size * m >= raw), size * 10)
    ticks = list(range(0, math.floor(last) + 1, step))
    end = math.floor(last)
    if end - ticks[-1] >= step / 2:
        ticks.append(end)
    elif ticks[-1] != end and len(ticks) > 1:
        ticks[-1] = end
    return ticks


def smooth(values: Array, weight: float) -> Array:
    """The exponential moving average, divided by its own weights so that it starts at the first value."""
    if not weight or len(values) < 2:
        return values
    known = np.isfinite(values)
    sums = _decaying_sum(np.where(known, values, 0.0), weight)
    counts = _decaying_sum(known.astype(float), weight)
    return np.where(counts > 0, sums / np.where(counts > 0, counts, 1.0), np.nan)


def _decaying_sum(values: Array, weight: float) -> Array:
    """`s[t] = weight * s[t - 1] + values[t]`, in pieces so short that powers of the weight stay in range."""
    size = max(int(200 / -math.log(weight)), 1)
    powers = weight ** np.arange(size + 1)
    result, carried = np.empty(len(values)), 0.0
    for start in range(0, len(values), size):
        piece = values[start : start + size]
        decay = powers[: len(piece)]
        result[start : start + size] = np.cumsum(piece / decay) * decay + carried * decay * weight
        carried = result[start + len(piece) - 1]
    return result


def extent(x: Array, y: Array, columns: int) -> Line:
    """The same line through the lowest and highest value of each column of pixels: no peak is lost."""
    if len(x) <= 2 * columns or columns < 1:
        return x, y
    size = -(-len(x) // columns)
    blocks = y[: len(x) // size * size].reshape(-1, size)
    starts = np.arange(len(blocks)) * size
    picks = np.stack([starts + np.argmin(blocks, axis=1), starts + np.argmax(blocks, axis=1)], axis=1)
    picks.sort(axis=1)
    rest = y[len(blocks) * size :]
    tail = sorted((int(rest.argmin()), int(rest.argmax()))) if len(rest) else []
    chosen = np.concatenate([picks.ravel(), len(blocks) * size + np.array(tail, dtype=int), [len(x) - 1]])
    return x[chosen], y[chosen]


def means(x: Array, y: Array, columns: int) -> Line:
    """The line through the mean of each column of pixels; it ends where the line ends."""
    if len(x) <= columns or columns < 1:
        return x, y
    size = -(-len(x) // columns)
    whole = len(x) // size * size
    parts = [np.append(values[:whole].reshape(-1, size).mean(axis=1), values[-1]) for values in (x, y)]
    return parts[0], parts[1]
