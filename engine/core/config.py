"""Global numeric settings: default float type, epsilon, image layout, kernel set."""

from __future__ import annotations

from dataclasses import dataclass

FLOAT_TYPES = ("bfloat16", "float16", "float32", "float64")


@dataclass
class _Settings:
    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"
    kernel_set: str = "numpy"


SETTINGS = _Settings()


def floatx() -> str:
    """Default float type, "float32" unless changed."""
    return SETTINGS.floatx


def set_floatx(value: str) -> None:
    """Set the default float type to "float16", "float32", "float64" or "bfloat16"."""
    if value not in FLOAT_TYPES:
        raise ValueError(f"Unknown `floatx` value: {value}. Expected one of {FLOAT_TYPES}.")
    SETTINGS.floatx = str(value)


def epsilon() -> float:
    """Small number that keeps divisions and logarithms finite, 1e-7 unless changed."""
    return SETTINGS.epsilon


def set_epsilon(value: float) -> None:
    """Set the value `epsilon()` returns."""
    SETTINGS.epsilon = value


def image_data_format() -> str:
    """Default layout of pictures: "channels_last" or "channels_first"."""
    return SETTINGS.image_data_format


def set_image_data_format(value: str) -> None:
    """Set the default layout of pictures."""
    SETTINGS.image_data_format = standardize_data_format(value)


def standardize_data_format(value: str | None) -> str:
    """`value` in lower case and checked; the default when None."""
    if value is None:
        return SETTINGS.image_data_format
    text = str(value).lower()
    if text not in ("channels_first", "channels_last"):
        raise ValueError(
            f"The `data_format` argument must be one of ('channels_first', 'channels_last'). Received: {value}"
        )
    return text


def backend() -> str:
    """Name of the array library underneath: always "numpy"."""
    return "numpy"
