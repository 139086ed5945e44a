"""Keras's `keras.ops`: every function works on tensors, on NumPy arrays, while tracing, and in Functional graphs."""

from __future__ import annotations

import importlib
from typing import Any

from engine.core.tensor import convert_to_numpy, is_tensor
from engine.ops import image as image
from engine.ops import linalg as linalg
from engine.ops.activation import *
from engine.ops.adaptive_pool import *
from engine.ops.attention import *
from engine.ops.bitwise import *
from engine.ops.choice import *
from engine.ops.complex import *
from engine.ops.conv import *
from engine.ops.ctc import *
from engine.ops.cumulative import *
from engine.ops.derivative import *
from engine.ops.elementwise import *
from engine.ops.fourier import *
from engine.ops.host import *
from engine.ops.index import *
from engine.ops.joining import *
from engine.ops.linalg import *
from engine.ops.loop import *
from engine.ops.loss import *
from engine.ops.making import *
from engine.ops.matrices import *
from engine.ops.nan import *
from engine.ops.norm import *
from engine.ops.optimizer import *
from engine.ops.order import *
from engine.ops.patches import *
from engine.ops.pool import *
from engine.ops.product import *
from engine.ops.rearranging import *
from engine.ops.reduce import *
from engine.ops.rnn import *
from engine.ops.scan import *
from engine.ops.segment import *
from engine.ops.sets import *
from engine.ops.shape import *
from engine.ops.slicing import *
from engine.ops.solving import *
from engine.ops.special import *
from engine.ops.statistics import *
from engine.ops.windows import *


def __getattr__(name: str) -> Any:
    if name in ("nn", "numpy"):  # made of all the names above
        return importlib.import_module(f"engine.ops.{name}")
    raise AttributeError(f"module 'engine.ops' has no attribute {name!r}")
