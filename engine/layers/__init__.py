"""Keras's `keras.layers`."""

from __future__ import annotations

from engine.layers.activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from engine.layers.adaptive_pool import (
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveAveragePooling3D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AdaptiveMaxPooling3D,
)
from engine.layers.attention import MultiHeadAttention
from engine.layers.base import Layer
from engine.layers.bidirectional import Bidirectional
from engine.layers.conv import (
    Conv1D,
    Conv2D,
    Conv3D,
    DepthwiseConv1D,
    DepthwiseConv2D,
    SeparableConv1D,
    SeparableConv2D,
)
from engine.layers.conv_lstm import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
from engine.layers.conv_transpose import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose
from engine.layers.core import Dense, Embedding, Identity, Input, InputLayer, Masking
from engine.layers.dot_attention import AdditiveAttention, Attention
from engine.layers.einsum_dense import EinsumDense
from engine.layers.grouped_attention import GroupedQueryAttention as GroupQueryAttention
from engine.layers.lambda_layer import Lambda
from engine.layers.merge import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from engine.layers.norm import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
)
from engine.layers.pipeline import Pipeline
from engine.layers.pool import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from engine.layers.preprocessing.audio import MelSpectrogram, STFTSpectrogram
from engine.layers.preprocessing.category import CategoryEncoding
from engine.layers.preprocessing.discretization import Discretization
from engine.layers.preprocessing.hashing import HashedCrossing, Hashing
from engine.layers.preprocessing.image_augment import AugMix, RandAugment
from engine.layers.preprocessing.image_color import (
    RandomBrightness,
    RandomColorDegeneration,
    RandomColorJitter,
    RandomContrast,
    RandomGrayscale,
    RandomHue,
    RandomSaturation,
)
from engine.layers.preprocessing.image_geometry import (
    RandomFlip,
    RandomRotation,
    RandomShear,
    RandomTranslation,
    RandomZoom,
)
from engine.layers.preprocessing.image_histogram import (
    AutoContrast,
    ContrastLimitedAdaptiveHistogramEqualization,
    Equalization,
)
from engine.layers.preprocessing.image_mix import CutMix, MixUp, RandomErasing
from engine.layers.preprocessing.image_size import CenterCrop, RandomCrop, Resizing
from engine.layers.preprocessing.image_tone import (
    RandomGaussianBlur,
    RandomInvert,
    RandomPosterization,
    RandomSharpness,
    Solarization,
)
from engine.layers.preprocessing.image_warp import RandomElasticTransform, RandomPerspective
from engine.layers.preprocessing.lookup import IntegerLookup, StringLookup
from engine.layers.preprocessing.max_boxes import MaxNumBoundingBoxes
from engine.layers.preprocessing.numeric import Normalization, Rescaling
from engine.layers.preprocessing.text import TextVectorization
from engine.layers.recurrent import GRU, LSTM, SimpleRNN
from engine.layers.regularization import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from engine.layers.reshape import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    Flatten,
    Permute,
    RepeatVector,
    Reshape,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from engine.layers.reversible_embedding import ReversibleEmbedding
from engine.layers.rnn import RNN, StackedRNNCells
from engine.layers.rnn_cells import GRUCell, LSTMCell, SimpleRNNCell
from engine.layers.spec import InputSpec
from engine.layers.spectral import SpectralNormalization
from engine.layers.wrapper import TimeDistributed, Wrapper

Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose = (
    Conv1DTranspose,
    Conv2DTranspose,
    Conv3DTranspose,
)
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
)
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D


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
