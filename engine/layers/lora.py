"""Low-rank adaptation (Hu and others 2021): weights stay, a small product beside them is trained."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.params import Param
from engine.layers.base import Layer

FINE_TUNING = "Fine-tuning"


def lora_rank(listed: bool = True) -> Any:
    """Declaration of the rank."""
    doc = "Columns of the small product that is trained while the weights stay; empty trains the weights."
    return Param(None, ge=1, group=FINE_TUNING, advanced=True, brief=True, doc=doc, listed=listed)


def lora_alpha(listed: bool = True) -> Any:
    """Declaration of the scale."""
    doc = "The product counts alpha / rank; empty: once."
    return Param(None, group=FINE_TUNING, advanced=True, brief=True, doc=doc, listed=listed)


def quantization() -> Any:
    """Declaration of what a later version quantizes by."""
    return Param(None, kind="Any", advanced=True, brief=True, hidden=True, doc="Only None.")


class Adapted(Layer):
    """A layer whose weights can be frozen and adapted by `alpha / rank · a · b`.

    The table is `_<TABLE>` and the sum of table and product the property of that name; both are merged in files.
    """

    TABLE = "kernel"
    ALPHA_IN_BUILD = True
    """Whether `lora_alpha` of the constructor is heeded; some layers of Keras take the rank instead."""

    lora_rank: Any = None
    lora_alpha: Any = None
    quantization_config: Any = None
    lora_enabled = False

    def setup(self) -> None:
        super().setup()
        if self.quantization_config is not None:
            raise ValueError(
                f"{type(self).__name__}: quantization_config is None, since weights are not quantized yet; quantizers "
                f"come with a later version. Got {type(self.quantization_config).__name__}; leave it out."
            )
        if self.lora_rank and self.lora_alpha is None:
            self.lora_alpha = self.lora_rank

    def _start_lora(self) -> None:
        """At the end of `build`: adapt if the constructor was told to."""
        if self.lora_rank:
            self._adapt(self.lora_rank, self.lora_alpha if self.ALPHA_IN_BUILD else None, "he_uniform", "zeros")

    def enable_lora(
        self, rank: int, lora_alpha: Any = None, a_initializer: Any = "he_uniform", b_initializer: Any = "zeros"
    ) -> None:
        """Freeze the weights and train a product of `rank` columns that is added to them.

        Args:
            rank: columns of the first and rows of the second factor.
            lora_alpha: the product counts `lora_alpha / rank`; once by default.
            a_initializer, b_initializer: start of the factors.

        Raises:
            ValueError: the layer is not built, has a constraint, or is adapted already.
        """
        self._adapt(rank, lora_alpha, a_initializer, b_initializer)

    def _adapt(self, rank: int, alpha: Any, a_initializer: Any, b_initializer: Any) -> None:
        name = "embedding" if self.TABLE == "embeddings" else self.TABLE
        if getattr(self, f"{self.TABLE}_constraint") is not None:
            raise ValueError(
                f"Lora is incompatible with {name} constraints. In order to enable lora on this layer, remove the "
                f"`{self.TABLE}_constraint` argument."
            )
        if f"_{self.TABLE}" not in self.__dict__:
            raise ValueError("Cannot enable lora on a layer that isn't yet built.")
        if self.lora_enabled:
            raise ValueError("lora is already enabled. This can only be done once per layer.")
        table = self._table()
        cost = getattr(self, f"{self.TABLE}_regularizer")
        for letter, shape, start in (
            ("a", (*table.shape[:-1], rank), a_initializer),
            ("b", (rank, table.shape[-1]), b_initializer),
        ):
            named = f"lora_{self.TABLE}_{letter}"
            setattr(self, named, self.add_weight(shape, start, dtype="float32", regularizer=cost, name=named))
        table.trainable = False
        self.lora_enabled, self.lora_rank = True, rank
        self.lora_alpha = rank if alpha is None else alpha

    def _table(self) -> Any:
        return getattr(self, f"_{self.TABLE}")

    def _factors(self) -> tuple[Any, Any]:
        return getattr(self, f"lora_{self.TABLE}_a"), getattr(self, f"lora_{self.TABLE}_b")

    def _merged(self) -> Any:
        """The table with the product added."""
        if "_" + self.TABLE not in self.__dict__:
            raise AttributeError(f"You must build the layer before accessing `{self.TABLE}`.")
        if not self.lora_enabled:
            return self._table()
        a, b = self._factors()
        return ops.add(self._table(), (self.lora_alpha / self.lora_rank) * ops.matmul(a, b))

    def _stored_value(self, variable: Any) -> Any:
        """Table and product are written as one, so that any reader understands the file."""
        if self.lora_enabled and variable is self._table():
            return ops.convert_to_numpy(ops.cast(self._merged(), variable.dtype))
        return super()._stored_value(variable)

    def load_own_variables(self, store: Any) -> None:
        """Read the weights; the product starts again at nothing, since files hold it merged."""
        super().load_own_variables(store)
        for factor in self._factors() if self.lora_enabled else ():
            factor.assign(ops.zeros(factor.shape))

    def _stored(self) -> list[Any]:
        product = {id(v) for v in self._factors()} if self.lora_enabled else set()
        return [v for v in self._own_variables() if id(v) not in product]
