"""Settings with which a layer begins when it is placed: what its catalogue entry requires, and what people expect."""

from __future__ import annotations

from typing import Any

STARTS: dict[str, dict[str, Any]] = {
    "Dense": {"units": 32, "activation": "relu"},
    "Conv2D": {"filters": 16, "kernel_size": [3, 3], "padding": "same", "activation": "relu"},
    "DepthwiseConv2D": {"kernel_size": [3, 3], "padding": "same"},
    "Dropout": {"rate": 0.3},
    "GaussianNoise": {"stddev": 0.1},
    "Embedding": {"input_dim": 1000, "output_dim": 16},
    "LSTM": {"units": 32},
    "GRU": {"units": 32},
    "SimpleRNN": {"units": 32},
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 16},
    "Activation": {"activation": "relu"},
    "Reshape": {"target_shape": [-1]},
    "Rescaling": {"scale": 1.0},
    "RepeatVector": {"n": 2},
    "Permute": {"dims": [1]},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": [16]},
}
