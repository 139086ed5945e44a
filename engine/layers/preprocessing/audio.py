"""Sounds as pictures of time and frequency."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from engine import ops
from engine.core import config
from engine.core.params import Param
from engine.initializers import STFT
from engine.kernels.windowing import window as named_window
from engine.layers.base import InputSpec, Layer, Ports
from engine.layers.conv import FORMAT_DOC, LAYOUTS, PADDING_DOC

WINDOW_DOC = "How each piece is faded out: the name of a window, its numbers, or None."
MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
_MEL_HERTZ, _MEL_FACTOR = 700.0, 1127.0
"""The mel scale of the Hidden Markov Model Toolkit: mel = 1127 · ln(1 + hertz / 700)."""


class STFTSpectrogram(Layer, category="preprocessing", keras="keras.layers:STFTSpectrogram", ports=Ports(ranks=(3, 3))):
    """How strong each frequency is in each piece of a signal, by filters that may go on learning.

    (batch, time, channels) becomes (batch, new time, channels · (fft_length / 2 + 1)); with `expand_dims` the
    channels keep an axis of their own. Mode "stft" gives real and imaginary parts one after the other.
    """

    mode: str = Param("log", choices=MODES, doc="What is given: sizes, their logarithms, powers, parts or angles.")
    frame_length: int = Param(256, ge=1, doc="Samples in each piece.")
    frame_step: int = Param(None, ge=1, nullable=True, doc="Samples from one piece to the next; empty: half a piece.")
    fft_length: int = Param(None, ge=1, nullable=True, advanced=True, doc="Points of the transform, a power of two.")
    window: Any = Param("hann", kind="Any", nullable=True, advanced=True, doc=WINDOW_DOC)
    periodic: bool = Param(False, advanced=True, doc="The window begins anew after its last number.")
    scaling: str = Param("density", choices=("density", "spectrum"), nullable=True, advanced=True, doc="Scale of it.")
    padding: str = Param("valid", choices=("valid", "same"), doc=PADDING_DOC)
    expand_dims: bool = Param(False, doc="Give pictures: an axis for frequencies and one for channels.")
    data_format: str = Param(None, choices=LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)

    def setup(self) -> None:
        if self.frame_step is not None and self.frame_step > self.frame_length:
            raise ValueError(
                "`frame_step` should be a positive integer not greater than `frame_length`. "
                f"Received frame_step={self.frame_step}, frame_length={self.frame_length}"
            )
        if self.fft_length is not None and self.fft_length < self.frame_length:
            raise ValueError(
                "`fft_length` should be not less than `frame_length`. "
                f"Received fft_length={self.fft_length}, frame_length={self.frame_length}"
            )
        if self.fft_length is not None and self.fft_length & -self.fft_length != self.fft_length:
            warnings.warn(
                f"`fft_length` is recommended to be a power of two. Received fft_length={self.fft_length}",
                stacklevel=4,
            )
        if isinstance(self.window, str):
            named_window(self.window, 1)
        self._step = self.frame_step or max(self.frame_length // 2, 1)
        self._points = self.fft_length or 2 ** math.ceil(math.log2(self.frame_length))
        self.data_format = config.standardize_data_format(self.data_format)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape: Any) -> None:
        shape = (self.frame_length, 1, self._points // 2 + 1)
        for side, other in (("real", "imag"), ("imag", "real")):
            if self.mode != other:
                start = STFT(side, self.window, self.scaling, self.periodic)
                setattr(self, f"{side}_kernel", self.add_weight(shape, start, name=f"{side}_kernel"))

    def call(self, inputs: Any) -> Any:
        if inputs.dtype not in ("float16", "float32", "float64"):
            raise TypeError(
                f"Invalid input type. Expected `float16`, `float32` or `float64`. Received: input type={inputs.dtype}"
            )
        signals = ops.transpose(inputs, (0, 2, 1)) if self.data_format == "channels_first" else inputs
        channels = signals.shape[-1]
        if channels is None:
            raise ValueError(f"{self.name}: the number of channels has to be known. The input is {inputs.shape}.")
        return self._joined([self._spectrum(signals[..., c : c + 1]) for c in range(channels)])

    def _spectrum(self, signal: Any) -> Any:
        """(batch, time, 1) to (batch, new time, frequencies)."""
        real, imaginary = (
            None if kernel is None else ops.conv(signal, kernel, self._step, self.padding, "channels_last")
            for kernel in (getattr(self, "real_kernel", None), getattr(self, "imag_kernel", None))
        )
        if real is None or imaginary is None:
            return imaginary if real is None else real
        if self.mode == "angle":
            return ops.arctan2(imaginary, real)
        if self.mode == "stft":
            return ops.concatenate([real, imaginary], axis=-1)
        power = ops.square(real) + ops.square(imaginary)
        if self.mode == "psd":
            # All frequencies but the first and the last stand for their mirror images, too.
            return power + ops.pad(power[..., 1:-1], ((0, 0), (0, 0), (1, 1)))
        size = ops.sqrt(ops.maximum(power, config.epsilon()))
        return size if self.mode == "magnitude" else ops.log(ops.maximum(size, config.epsilon()))

    def _joined(self, spectra: list[Any]) -> Any:
        if len(spectra) == 1 and self.data_format == "channels_last" and not self.expand_dims:
            return spectra[0]
        if self.data_format == "channels_last":
            return ops.stack(spectra, axis=-1) if self.expand_dims else ops.concatenate(spectra, axis=-1)
        if self.expand_dims:
            return ops.stack(spectra, axis=1)
        return ops.transpose(ops.concatenate(spectra, axis=-1), (0, 2, 1))


class MelSpectrogram(Layer, category="preprocessing", keras="keras.layers:MelSpectrogram", ports=Ports(ranks=(1, 2))):
    """How strong a sound is over time in bands of pitch, as ears hear them: the usual input for speech.

    (batch, samples) becomes (batch, num_mel_bins, pieces); without a batch likewise.
    """

    fft_length: int = Param(2048, ge=1, doc="Points of each Fourier transform.")
    sequence_stride: int = Param(512, ge=1, doc="Samples from one piece to the next.")
    sequence_length: int = Param(None, ge=1, nullable=True, doc="Samples in each piece; empty: fft_length.")
    window: Any = Param("hann", kind="Any", nullable=True, advanced=True, doc=WINDOW_DOC)
    sampling_rate: int = Param(16000, ge=1, doc="Samples in a second.")
    num_mel_bins: int = Param(128, ge=1, doc="Number of bands.")
    min_freq: float = Param(20.0, ge=0, doc="Lower end of the lowest band in hertz.")
    max_freq: float = Param(None, gt=0, nullable=True, doc="Upper end of the highest band; empty: half the rate.")
    power_to_db: bool = Param(True, doc="Give decibels.")
    top_db: float = Param(80.0, advanced=True, doc="Decibels below the loudest at which the scale ends.")
    mag_exp: float = Param(2.0, advanced=True, doc="Power of the sizes: 1 for sizes, 2 for power.")
    min_power: float = Param(1e-10, gt=0, advanced=True, doc="What counts as silence.")
    ref_power: float = Param(1.0, advanced=True, doc="Power of 0 decibels.")
    built = True

    def setup(self) -> None:
        self.sequence_length = self.sequence_length or self.fft_length
        self.max_freq = self.max_freq or int(self.sampling_rate / 2)
        if self.fft_length < self.sequence_length:
            raise ValueError(
                "`fft_length` must be greater than or equal to `sequence_length`. "
                f"Received: `sequence_length`={self.sequence_length}, `fft_length`={self.fft_length}."
            )

    def call(self, inputs: Any) -> Any:
        signal = inputs if inputs.dtype == "float64" else ops.cast(inputs, "float32")
        real, imaginary = ops.stft(
            signal, self.sequence_length, self.sequence_stride, self.fft_length, window=self.window, center=True
        )
        power = ops.power(ops.sqrt(ops.square(real) + ops.square(imaginary)), self.mag_exp)
        bands = self.linear_to_mel_weight_matrix(
            self.num_mel_bins, self.fft_length // 2 + 1, self.sampling_rate, self.min_freq, self.max_freq
        )
        loudness = ops.matmul(power, ops.cast(bands, power.dtype))
        if self.power_to_db:
            loudness = self._decibels(loudness)
        return ops.cast(ops.swapaxes(loudness, -1, -2), self.compute_dtype)

    def _decibels(self, power: Any) -> Any:
        level = 10.0 * ops.log10(ops.maximum(power, self.min_power))
        level = level - 10.0 * math.log10(max(abs(self.ref_power), self.min_power))
        return ops.maximum(level, ops.max(level) - self.top_db)

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins: int = 20,
        num_spectrogram_bins: int = 129,
        sampling_rate: float = 8000,
        lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0,
        dtype: str = "float32",
    ) -> Any:
        """Weights (num_spectrogram_bins, num_mel_bins) of overlapping triangles, even on the mel scale, peak 1."""
        kind = np.dtype(dtype)

        def mel(hertz: Any) -> Any:
            return kind.type(_MEL_FACTOR) * np.log(kind.type(1) + np.asarray(hertz, kind) / kind.type(_MEL_HERTZ))

        # The first frequency, the mean of the signal, belongs to no band.
        pitch = mel(np.linspace(0, sampling_rate / 2.0, num_spectrogram_bins, dtype=kind))[1:, None]
        edges = np.linspace(mel(lower_edge_hertz), mel(upper_edge_hertz), num_mel_bins + 2, dtype=kind)
        low, middle, high = edges[:-2], edges[1:-1], edges[2:]
        slopes = np.minimum((pitch - low) / (middle - low), (high - pitch) / (high - middle))
        return ops.convert_to_tensor(np.pad(np.maximum(slopes, kind.type(0)), ((1, 0), (0, 0))))
