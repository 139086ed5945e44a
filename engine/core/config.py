"""Global numeric settings: default float type, epsilon, image layout, kernel set."""

from __future__ import annotations

import os
from dataclasses import dataclass

FLOAT_TYPES = ("bfloat16", "float16", "float32", "float64")


@dataclass
class _Settings:
    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"
    kernel_set: str = "numpy"
    interactive_logging: bool = True
    traceback_filtering: bool = True
    flash_attention: bool | None = None
    max_epochs: int | None = None
    max_steps_per_epoch: int | None = None


SETTINGS = _Settings(
    max_epochs=int(os.environ.get("KERAS_MAX_EPOCHS") or 0) or None,
    max_steps_per_epoch=int(os.environ.get("KERAS_MAX_STEPS_PER_EPOCH") or 0) or None,
)


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


def set_image_data_format(data_format: str) -> None:
    """Set the default layout of pictures."""
    SETTINGS.image_data_format = standardize_data_format(data_format)


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


def set_backend(backend: str) -> None:
    """Accept "numpy", the array library underneath.

    Raises:
        ValueError: any other name.
    """
    if backend != "numpy":
        raise ValueError(
            f"Available backends are ('numpy',). Received: backend={backend}. This engine calculates with NumPy alone; "
            "leave the call out, or run the script with Keras to use another library."
        )


def enable_interactive_logging() -> None:
    """Write progress and messages to standard output, as at the start."""
    SETTINGS.interactive_logging = True


def disable_interactive_logging() -> None:
    """Send progress and messages to the log "engine" of Python's `logging`, for programs nobody watches."""
    SETTINGS.interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Whether messages go to standard output."""
    return SETTINGS.interactive_logging


def enable_traceback_filtering() -> None:
    """Show only the frames of one's own code when the engine raises, as at the start."""
    SETTINGS.traceback_filtering = True


def disable_traceback_filtering() -> None:
    """Show the engine's own frames too."""
    SETTINGS.traceback_filtering = False


def is_traceback_filtering_enabled() -> bool:
    """Whether the engine's own frames are left out of tracebacks."""
    return SETTINGS.traceback_filtering


def enable_flash_attention() -> None:
    """Prefer the fused attention, which `None` in `flash_attention=` arguments then stands for."""
    SETTINGS.flash_attention = None


def disable_flash_attention() -> None:
    """Let `flash_attention=None` stand for the plain computation."""
    SETTINGS.flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """False after `disable_flash_attention`; None leaves the choice to the attention."""
    return SETTINGS.flash_attention


def enable_unsafe_deserialization() -> None:
    """Has no effect but a warning: files never run code here, whatever is set."""
    import warnings

    warnings.warn(
        "enable_unsafe_deserialization() has no effect: code in files is never run here. Pass functions that a file "
        "names in `custom_objects`, or register them.",
        stacklevel=2,
    )


def is_nnx_enabled() -> bool:
    """Whether layers are modules of JAX's NNX: never."""
    return False


def max_epochs() -> int | None:
    """The most epochs that `fit` runs; None for no limit. The variable KERAS_MAX_EPOCHS sets it at the start."""
    return SETTINGS.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit the epochs of every `fit`, to try a script out; None takes the limit away."""
    SETTINGS.max_epochs = max_epochs


def max_steps_per_epoch() -> int | None:
    """The most batches of an epoch; None for no limit. KERAS_MAX_STEPS_PER_EPOCH sets it at the start."""
    return SETTINGS.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit the batches of `fit`, `evaluate` and `predict`, to try a script out; None takes the limit away."""
    SETTINGS.max_steps_per_epoch = max_steps_per_epoch
