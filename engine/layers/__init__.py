"""Keras's `keras.layers`."""

from __future__ import annotations

from engine.layers.activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from engine.layers.attention import MultiHeadAttention
from engine.layers.base import Layer
from engine.layers.conv import Conv2D, DepthwiseConv2D
from engine.layers.core import Dense, Embedding, Identity, Input, InputLayer, Masking
from engine.layers.einsum_dense import EinsumDense
from engine.layers.merge import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from engine.layers.norm import BatchNormalization, LayerNormalization
from engine.layers.pool import (
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling2D,
)
from engine.layers.preprocessing.numeric import Normalization, Rescaling
from engine.layers.regularization import Dropout, GaussianNoise
from engine.layers.reshape import Cropping2D, Flatten, Permute, RepeatVector, Reshape, ZeroPadding2D
from engine.layers.rnn import GRU, LSTM, RNN, SimpleRNN
from engine.layers.rnn_cells import GRUCell, LSTMCell, SimpleRNNCell
from engine.layers.spec import InputSpec

Convolution2D, DepthwiseConvolution2D = Conv2D, DepthwiseConv2D
MaxPool2D, AvgPool2D = MaxPooling2D, AveragePooling2D
GlobalAvgPool2D, GlobalMaxPool2D = GlobalAveragePooling2D, GlobalMaxPooling2D
GlobalAvgPool1D, GlobalMaxPool1D = GlobalAveragePooling1D, GlobalMaxPooling1D


def serialize(layer: Layer) -> dict[str, object]:
    """Plain data that names the layer's class and holds its settings."""
    from engine.saving.config import serialize_keras_object

    result: dict[str, object] = serialize_keras_object(layer)
    return result


def deserialize(config: dict[str, object], custom_objects: dict[str, object] | None = None) -> Layer:
    """The layer that `serialize` described."""
    from engine.saving.config import deserialize_keras_object

    layer: Layer = deserialize_keras_object(config, custom_objects)
    return layer
