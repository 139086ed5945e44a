"""Windows by name, as `scipy.signal.get_window` names them: numbers by which a frame of a signal is faded out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def _cosines(*weights: float) -> Callable[[int], Array]:
    """A sum of cosines with alternating signs."""

    def window(count: int) -> Array:
        angle = np.linspace(-np.pi, np.pi, count)
        return np.asarray(sum(w * np.cos(k * angle) for k, w in enumerate(weights)))

    return window


def _centred(count: int) -> Array:
    """Places from -1 to 1."""
    return np.linspace(-1.0, 1.0, count)


def _barthann(count: int) -> Array:
    place = np.arange(count) / (count - 1.0) - 0.5
    return np.asarray(0.62 - 0.48 * np.abs(place) + 0.38 * np.cos(2 * np.pi * place))


def _bohman(count: int) -> Array:
    place = np.abs(_centred(count)[1:-1])
    inner = (1 - place) * np.cos(np.pi * place) + np.sin(np.pi * place) / np.pi
    return np.concatenate([[0.0], inner, [0.0]])


def _cosine(count: int) -> Array:
    return np.asarray(np.sin(np.pi / count * (np.arange(count) + 0.5)))


def _exponential(count: int) -> Array:
    return np.asarray(np.exp(-np.abs(np.arange(count) - (count - 1) / 2)))


def _lanczos(count: int) -> Array:
    return np.asarray(np.sinc(_centred(count)))


def _parzen(count: int) -> Array:
    place = np.abs(np.arange(count) - (count - 1) / 2)
    ratio = place / (count / 2)
    near = 1 - 6 * ratio**2 + 6 * ratio**3
    return np.where(place <= (count - 1) / 4, near, 2 * (1 - ratio) ** 3)


def _taylor(count: int) -> Array:
    bars, level = 4, 30
    ratio = np.arccosh(10 ** (level / 20)) / np.pi
    width = bars**2 / (ratio**2 + (bars - 0.5) ** 2)
    orders = np.arange(1, bars)
    factors = []
    for i, m in enumerate(orders):
        above = (-1) ** i * np.prod(1 - m**2 / width / (ratio**2 + (orders - 0.5) ** 2))
        below = 2 * np.prod(1 - m**2 / np.delete(orders, i) ** 2)
        factors.append(above / below)

    def at(place: Any) -> Any:
        angle = 2 * np.pi * orders[:, None] * (place - count / 2 + 0.5) / count
        return 1 + 2 * np.dot(factors, np.cos(angle))

    return np.asarray(at(np.arange(count)) / at((count - 1) / 2))


def _triangle(count: int) -> Array:
    place = np.arange(1, (count + 1) // 2 + 1)
    rise = (2 * place - 1) / count if count % 2 == 0 else 2 * place / (count + 1)
    return np.concatenate([rise, rise[::-1] if count % 2 == 0 else rise[-2::-1]])


def _tukey(count: int) -> Array:
    place = np.arange(count)
    share = 0.5 * (count - 1) / 2
    edge = np.minimum(place, count - 1 - place)
    return np.where(edge <= share, 0.5 * (1 + np.cos(np.pi * (edge / share - 1))), 1.0)


_WINDOWS: dict[str, Callable[[int], Array]] = {
    "barthann brthan bth": _barthann,
    "bartlett bart brt": lambda count: 1 - np.abs(_centred(count)),
    "blackman black blk": _cosines(0.42, 0.5, 0.08),
    "blackmanharris blackharr bkh": _cosines(0.35875, 0.48829, 0.14128, 0.01168),
    "bohman bman bmn": _bohman,
    "boxcar box ones rect rectangular": np.ones,
    "cosine halfcosine": _cosine,
    "exponential poisson": _exponential,
    "flattop flat flt": _cosines(0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
    "hamming hamm ham": _cosines(0.54, 0.46),
    "hann han": _cosines(0.5, 0.5),
    "lanczos sinc": _lanczos,
    "nuttall nutl nut": _cosines(0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "parzen parz par": _parzen,
    "taylor taylorwin": _taylor,
    "triangle triang tri": _triangle,
    "tukey tuk": _tukey,
}
WINDOWS = {name: function for names, function in _WINDOWS.items() for name in names.split()}
"""Windows by all their names."""


def window(name: str, length: int, periodic: bool = True) -> Array:
    """The window of that name; `periodic` ones begin anew after their last number.

    Raises:
        ValueError: no window has this name.
    """
    if name not in WINDOWS:
        known = ", ".join(names.split()[0] for names in _WINDOWS)
        raise ValueError(f"Unknown window type {name!r}. Known are: {known}.")
    if length <= 1:
        return np.ones(length)
    return WINDOWS[name](length + 1)[:-1] if periodic else np.asarray(WINDOWS[name](length))
