"""Facts about values and types under Keras's names (`keras.backend`)."""

from __future__ import annotations

from engine.core.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from engine.core.dtypes import is_float as is_float_dtype
from engine.core.dtypes import is_int as is_int_dtype
from engine.core.dtypes import result_type, standardize_dtype
from engine.core.naming import get_uid
from engine.core.tensor import is_keras_tensor
from engine.utils.session import clear_session

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]
