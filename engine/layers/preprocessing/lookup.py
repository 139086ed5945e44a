"""Vocabularies: terms to whole numbers and back, learned with `adapt` or given."""

from __future__ import annotations

from typing import Any

from engine.core.params import Param
from engine.layers.base import Layer
from engine.layers.preprocessing.data import OUTPUT_MODES
from engine.layers.preprocessing.vocabulary import IndexLookup
from engine.layers.spec import Ports


class StringLookup(
    IndexLookup,
    category="preprocessing",
    keras="keras.layers:StringLookup",
    ports=Ports(ranks=(1, None), dtypes="string"),
):
    """Texts as whole numbers by a vocabulary, or whole numbers as texts with `invert=True`.

    The vocabulary is learned with `adapt(data)` or given. Numbers begin with the mask (if there is one) and the
    unknown terms; more than one number for unknown terms is chosen by hash.
    """

    max_tokens: int | None = Param(None, ge=2, doc="Most terms, those for masks and unknown terms counted.")
    num_oov_indices: int = Param(1, ge=0, doc="Numbers for terms that the vocabulary does not hold.")
    mask_token: str | None = Param(None, doc="Term that stands for an empty place; it gets number 0.")
    oov_token: str | None = Param("[UNK]", doc="Term given back for unknown numbers.", advanced=True)
    vocabulary: Any = Param(None, kind="Any", nullable=True, doc="Terms in order, or the path of a file of them.")
    idf_weights: Any = Param(None, kind="Any", nullable=True, advanced=True, doc='Weight of each term, for "tf_idf".')
    invert: bool = Param(False, doc="From numbers back to terms.")
    output_mode: str = Param("int", choices=tuple(OUTPUT_MODES), doc="What a term, or a sample of them, becomes.")
    pad_to_max_tokens: bool = Param(False, advanced=True, doc="Rows of `max_tokens` even for smaller vocabularies.")
    sparse: bool = Param(False, advanced=True, doc="Not available here; rows are always whole.")
    encoding: str = Param("utf-8", advanced=True, doc="How bytes are read as text.")
    TEXT = True
    vocabulary_dtype = "string"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str | None = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        settings = {key: value for key, value in locals().items() if key in self.PARAMS or key == "salt"}
        self._check_types(**settings)
        Layer.__init__(self, name=name)
        self._begin(settings, kwargs)

    @property
    def compute_dtype(self) -> str:
        return "int64" if self.invert else "string"


class IntegerLookup(
    IndexLookup,
    category="preprocessing",
    keras="keras.layers:IntegerLookup",
    ports=Ports(ranks=(1, None), dtypes="int"),
):
    """Whole numbers of any size (such as identifiers) as numbers of a vocabulary, or back with `invert=True`.

    The vocabulary is learned with `adapt(data)` or given. Numbers begin with the mask (if there is one) and the
    unknown terms; more than one number for unknown terms is chosen by remainder or by hash.
    """

    max_tokens: int | None = Param(None, ge=2, doc="Most terms, those for masks and unknown terms counted.")
    num_oov_indices: int = Param(1, ge=0, doc="Numbers for terms that the vocabulary does not hold.")
    mask_token: int | None = Param(None, doc="Number that stands for an empty place; it becomes 0.")
    oov_token: int | None = Param(-1, doc="Number given back for unknown ones.", advanced=True)
    vocabulary: Any = Param(None, kind="Any", nullable=True, doc="Terms in order, or the path of a file of them.")
    vocabulary_dtype: str = Param("int64", choices=("int64",), advanced=True, doc="Type of the terms.")
    idf_weights: Any = Param(None, kind="Any", nullable=True, advanced=True, doc='Weight of each term, for "tf_idf".')
    invert: bool = Param(False, doc="From numbers of the vocabulary back to terms.")
    output_mode: str = Param("int", choices=tuple(OUTPUT_MODES), doc="What a term, or a sample of them, becomes.")
    sparse: bool = Param(False, advanced=True, doc="Not available here; rows are always whole.")
    pad_to_max_tokens: bool = Param(False, advanced=True, doc="Rows of `max_tokens` even for smaller vocabularies.")
    oov_method: str = Param(
        "floormod", choices=("floormod", "farmhash"), advanced=True, doc="How unknown terms spread."
    )
    salt: Any = Param(None, kind="Any", nullable=True, advanced=True, doc="Key of the hash, for oov_method='farmhash'.")

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int | None = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        settings = {key: value for key, value in locals().items() if key in self.PARAMS}
        self._check_types(**settings)
        if max_tokens is not None and max_tokens <= 1:
            raise ValueError(
                "If `max_tokens` is set for `IntegerLookup`, it must be greater than 1. "
                f"Received: max_tokens={max_tokens}"
            )
        if num_oov_indices < 0:
            raise ValueError(
                "The value of `num_oov_indices` argument for `IntegerLookup` must >= 0. "
                f"Received: num_oov_indices={num_oov_indices}"
            )
        if vocabulary_dtype != "int64":
            raise ValueError(
                "Only `vocabulary_dtype='int64'` is supported at this time. "
                f"Received: vocabulary_dtype={vocabulary_dtype}"
            )
        Layer.__init__(self, name=name)
        self._begin(settings, kwargs)
