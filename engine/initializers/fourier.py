"""Filters that make a convolution a short-time Fourier transform."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.dtypes import numpy_dtype, standardize_dtype
from engine.core.params import Param
from engine.core.tensor import Tensor, as_array
from engine.initializers.initializer import Initializer
from engine.kernels.windowing import window as named_window


class STFT(Initializer, keras="keras.initializers:STFT"):
    """Cosines or sines of rising frequency, faded out at both ends, for kernels (frame, 1, frequencies)."""

    side: str = Param("real", choices=("real", "imag"), doc="Cosines (real) or sines (imag).")
    window: Any = Param("hann", kind="Any", nullable=True, doc="Name of a window, its numbers, or None.")
    scaling: str = Param(
        "density",
        choices=("density", "spectrum"),
        nullable=True,
        doc="Divide by the root of the sum of squares of the window (density) or by its sum (spectrum).",
    )
    periodic: bool = Param(False, doc="The window begins anew after its last number.")

    def setup(self) -> None:
        if isinstance(self.window, str):
            named_window(self.window, 1)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        frame, _, bins = shape
        kind = numpy_dtype(standardize_dtype(dtype))
        frequency = np.arange(bins, dtype=kind).reshape(1, 1, bins) / kind.type((bins - 1) * 2)
        time = np.arange(frame, dtype=kind).reshape(frame, 1, 1)
        angle = kind.type(-2) * time * frequency * np.arccos(kind.type(-1))
        kernel = np.cos(angle) if self.side == "real" else np.sin(angle)
        if self.window is not None:
            window = self._window(frame, kind)
            kernel = kernel * window / self._scale(window)
        return Tensor(kernel.astype(kind))

    def _window(self, frame: int, kind: Any) -> Any:
        values = self.window
        if isinstance(values, str):
            values = named_window(values, frame, self.periodic)
        values = np.asarray(as_array(values), kind)
        if values.shape != (frame,):
            raise ValueError(
                f"The shape of `window` must be equal to [frame_length]. Received: window shape={values.shape}"
            )
        return values.reshape(frame, 1, 1)

    def _scale(self, window: Any) -> Any:
        if self.scaling is None:
            return window.dtype.type(1)
        return np.sqrt(np.sum(np.square(window))) if self.scaling == "density" else np.sum(np.abs(window))
