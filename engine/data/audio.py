"""Folders of WAV files."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.data.dataset import Dataset
from engine.data.directories import Folder

_SCALES = {1: 2.0**7, 2: 2.0**15, 3: 2.0**23, 4: 2.0**31}


def read_wav(path: str) -> tuple[np.ndarray[Any, Any], int]:
    """(samples, rate): float32 of shape (time, channels) in [-1, 1), samples a second.

    Raises:
        ValueError: a file that is no WAV file with whole-number samples.
    """
    try:
        with wave.open(path, "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8)
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} cannot be read as WAV with whole-number samples: {error}.") from error
    parts = raw.reshape(-1, width).astype(np.int64)
    if width == 1:
        values = parts[:, 0] - 128
    else:
        # Little-endian bytes; the last one carries the sign.
        parts[:, -1] = parts[:, -1].astype(np.int8)
        values = (parts * (1 << 8 * np.arange(width, dtype=np.int64))).sum(axis=1)
    return (values / _SCALES[width]).astype("float32").reshape(-1, channels), rate


def resample(samples: np.ndarray[Any, Any], rate: int, wanted: int) -> np.ndarray[Any, Any]:
    """Samples (time, channels) at another rate, band-limited by way of the spectrum."""
    if rate == wanted:
        return samples
    count = max(round(len(samples) * wanted / rate), 1)
    spectrum = np.fft.rfft(samples, axis=0)
    kept = np.zeros((count // 2 + 1, samples.shape[1]), spectrum.dtype)
    size = min(len(spectrum), len(kept))
    kept[:size] = spectrum[:size]
    return (np.fft.irfft(kept, count, axis=0) * (count / len(samples))).astype("float32")


def audio_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """The sounds of a folder's .wav files in batches (batch, time, channels), float32 in [-1, 1).

    Args:
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset, follow_links,
            verbose: see `Folder`.
        sampling_rate: samples a second to bring all to; None keeps each file's.
        output_sequence_length: samples kept of each, shorter ones filled with 0; None fills up to the batch's longest.
        ragged: not offered: batches are plain arrays.

    Returns:
        A `Dataset` of (sounds, labels); two of them for subset "both".
    """
    if ragged and output_sequence_length is not None:
        raise ValueError("Cannot set both `ragged` and `output_sequence_length`")
    if ragged:
        raise ValueError("`ragged=True` needs TensorFlow's ragged tensors. Leave it out: batches are filled up with 0.")
    if sampling_rate is not None and not isinstance(sampling_rate, int):
        raise ValueError(f"`sampling_rate` should have an integer value. Received: sampling_rate={sampling_rate}")
    if sampling_rate is not None and sampling_rate <= 0:
        raise ValueError(f"`sampling_rate` should be higher than 0. Received: sampling_rate={sampling_rate}")

    def read(path: str) -> np.ndarray[Any, Any]:
        samples, rate = read_wav(path)
        if output_sequence_length is not None:
            missing = max(output_sequence_length - len(samples), 0)
            samples = np.pad(samples[:output_sequence_length], ((0, missing), (0, 0)))
        return samples if sampling_rate is None else resample(samples, rate, sampling_rate)

    folder = Folder(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset, follow_links,
        verbose, (".wav",), "audio",
    )  # fmt: skip
    return folder.datasets(read, Dataset.padded_batch)
