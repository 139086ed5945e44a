"""Spreading the values of pictures by counting them: for a whole channel, or tile by tile."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
WHITE = 255


def equalize(x: Array, low: float, high: float, bins: int) -> Array:
    """Values (batch, height, width, channels) between low and high, spread evenly channel by channel.

    A value becomes the share of smaller ones; a channel of one value stays as it is.
    """
    scale = WHITE / (high - low)
    values = x * scale + (0 - low * scale)
    result = np.empty(x.shape, "float64")
    for channel in range(x.shape[-1]):
        result[..., channel] = _equalized(values[..., channel], bins)
    back = (high - low) / WHITE
    return (result * back + low).astype(x.dtype)


def _equalized(values: Array, bins: int) -> Array:
    single = values.astype("float32")
    places = np.clip((single * (bins - 1) / np.float32(WHITE)).astype("int32"), 0, bins - 1)
    counts = np.bincount(places.ravel(), minlength=bins)
    if np.count_nonzero(counts) <= 1:
        return values
    shares = np.cumsum(counts)
    least = shares[np.flatnonzero(shares)[0]]
    table = np.clip(np.round((shares - least) * WHITE / (shares[-1] - least)), 0, WHITE)
    return np.asarray(table[np.clip(values / 255.0 * (bins - 1), 0, bins - 1).astype("int32")])


def clahe(x: Array, limit: float, grid: tuple[int, int]) -> Array:
    """Values (batch, height, width, channels) from 0 to 255, spread evenly in each tile.

    Counts above the limit are cut off and shared out among all values; between the middles of tiles, what the four
    nearest tiles say is mixed (Zuiderveld 1994).
    """
    height, width = x.shape[1:3]
    tile = tuple(-(-n // count) for n, count in zip((height, width), grid, strict=True))
    sides = [(0, t * count - n) for t, count, n in zip(tile, grid, (height, width), strict=True)]
    padded = np.pad(x, [(0, 0), *sides, (0, 0)], mode="symmetric")
    pixels = np.clip(padded, 0, WHITE).astype("int32")
    table = _tables(pixels, tile, grid, limit)
    return _mixed(pixels, table, tile, grid)[:, :height, :width]


def _tables(pixels: Array, tile: tuple[int, ...], grid: tuple[int, int], limit: float) -> Array:
    """(batch, rows + 2, columns + 2, channels, 256): each tile's new values; the outer tiles stand twice."""
    batch, channels, size = len(pixels), pixels.shape[-1], tile[0] * tile[1]
    tiles = pixels.reshape(batch, grid[0], tile[0], grid[1], tile[1], channels).transpose(0, 1, 3, 5, 2, 4)
    rows = tiles.reshape(-1, size)
    flat = rows + np.arange(len(rows), dtype=np.int64)[:, None] * (WHITE + 1)
    counts = np.bincount(flat.ravel(), minlength=len(rows) * (WHITE + 1)).reshape(len(rows), WHITE + 1)
    counts = counts.astype("float32")
    if limit > 0:
        cut = np.clip(counts, 0, np.float32(limit * size / 256.0))
        counts = cut + (counts - cut).sum(-1, keepdims=True) / 256.0
    shares = np.cumsum(counts, axis=-1, dtype="float32")
    least = shares.min(-1, keepdims=True)
    rest = np.float32(size) - least
    table = np.clip((shares - least) * 255.0 / np.where(rest == 0, np.float32(1), rest), 0, WHITE)
    table = table.reshape(batch, grid[0], grid[1], channels, WHITE + 1)
    return np.pad(table, [(0, 0), (1, 1), (1, 1), (0, 0), (0, 0)], mode="edge")


def _mixed(pixels: Array, table: Array, tile: tuple[int, ...], grid: tuple[int, int]) -> Array:
    """Each pixel's new value, mixed of those of the tiles around it."""
    axes = []
    for length, count, axis in zip(tile, grid, (1, 2), strict=True):
        place = (np.arange(length * count, dtype="float32") - length / 2.0) / length + np.float32(1.0)
        low = np.floor(place)
        shape = [1, 1, 1, 1]
        shape[axis] = -1
        near, far = (np.clip(low + step, 0, count + 1).astype("int32").reshape(shape) for step in (0, 1))
        axes.append((near, far, (place - low).reshape(shape).astype("float32")))
    (top, bottom, down), (left, right, across) = axes
    batch = np.arange(len(pixels)).reshape(-1, 1, 1, 1)
    channel = np.arange(pixels.shape[-1])

    def row(y: Array) -> Array:
        first, second = (table[batch, y, x, channel, pixels] for x in (left, right))
        return np.asarray(first * (1.0 - across) + second * across)

    return np.asarray(row(top) * (1.0 - down) + row(bottom) * down)
