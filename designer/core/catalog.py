"""The catalogue as the palette shows it: families in order, search, and what usually follows."""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass

from designer.core.ports import fits
from engine import catalog
from engine.catalog import Component, Spec

FAMILIES = (
    "core",
    "convolution",
    "pooling",
    "recurrent",
    "attention",
    "normalization",
    "regularization",
    "reshaping",
    "merging",
    "preprocessing",
    "block",
    "custom",
)
"""Families in the order of the palette; some may be empty."""

_USUAL = {
    "core": ("Input", "Dense", "Embedding"),
    "convolution": ("Conv2D", "SeparableConv2D"),
    "pooling": ("MaxPooling2D",),
    "recurrent": ("LSTM", "GRU", "Bidirectional"),
    "attention": ("MultiHeadAttention",),
    "normalization": ("BatchNormalization",),
    "regularization": ("Dropout",),
    "reshaping": ("Flatten",),
    "merging": ("Add",),
    "preprocessing": ("Rescaling", "Normalization", "Resizing", "RandomFlip", "TextVectorization"),
}
"""What most networks are made of; the palette shows these first and the rest of a family on demand."""
_WORDS = {
    "convolution": ("picture", "image", "filter", "cnn"),
    "pooling": ("picture", "smaller", "downsample"),
    "recurrent": ("sequence", "time", "memory", "rnn"),
    "attention": ("transformer",),
    "regularization": ("overfitting",),
    "reshaping": ("shape",),
    "merging": ("skip", "residual", "join"),
}
_ALIASES = {
    "Dense": ("fully connected", "linear", "perceptron"),
    "Conv2D": ("convolution",),
    "BatchNormalization": ("batchnorm", "bn"),
    "LayerNormalization": ("layernorm",),
    "MultiHeadAttention": ("self-attention", "mha"),
    "Embedding": ("words", "tokens"),
    "Add": ("sum", "plus"),
}
_FOLLOWS = {
    "image": ("Conv2D", "MaxPooling2D", "BatchNormalization", "Flatten", "GlobalAveragePooling2D", "Dropout", "Dense"),
    "sequence": (
        "LSTM",
        "GRU",
        "MultiHeadAttention",
        "LayerNormalization",
        "GlobalAveragePooling1D",
        "Dense",
        "Flatten",
    ),
    "vector": ("Dense", "Dropout", "BatchNormalization", "Activation"),
    "tokens": ("Embedding",),
}


@dataclass(frozen=True)
class Search:
    """What a search found, and a name that was perhaps meant when it found nothing."""

    found: tuple[Component, ...]
    meant: str = ""


@functools.cache
def layers() -> tuple[Component, ...]:
    """All layers that can be placed, by family and name."""
    shown = [c for c in catalog.describe("layer") if c.ports is not None]
    order = {family: i for i, family in enumerate(FAMILIES)}
    first = {"Input": 0, "Dense": 1}
    return tuple(sorted(shown, key=lambda c: (order.get(c.category, 99), first.get(c.name, 2), c.name)))


def family(name: str) -> tuple[Component, ...]:
    """The layers of one family."""
    return tuple(c for c in layers() if c.category == name)


def usual(name: str) -> tuple[Component, ...]:
    """The layers of a family that most networks use, most used first; the first ones where none is named."""
    members = {c.name: c for c in family(name)}
    named = tuple(members[n] for n in _USUAL.get(name, ()) if n in members)
    return named or tuple(members.values())[:3]


def component(layer_type: str) -> Component | None:
    """A layer type, or None when it is not known."""
    try:
        return catalog.component("layer", layer_type)
    except KeyError:
        return None


def search(text: str) -> Search:
    """Layers by name, alias, family or purpose; those whose name begins with the text first."""
    wanted = text.strip().lower()
    if not wanted:
        return Search(layers())
    ranked = [(rank, c) for c in layers() if (rank := _rank(c, wanted)) is not None]
    if ranked:
        return Search(tuple(c for _, c in sorted(ranked, key=lambda pair: pair[0])))
    names = {c.name.lower(): c.name for c in layers()}
    close = difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
    return Search((), names[close[0]] if close else "")


def _rank(c: Component, wanted: str) -> int | None:
    name = c.name.lower()
    if name.startswith(wanted):
        return 0
    if wanted in name:
        return 1
    words = (*_ALIASES.get(c.name, ()), *c.aliases, c.category, *_WORDS.get(c.category, ()))
    if any(word.lower().startswith(wanted) for word in words):
        return 2
    return 3 if wanted in c.summary.lower() else None


def suggest(spec: Spec | None) -> tuple[tuple[Component, ...], tuple[tuple[Component, str], ...]]:
    """Layers that fit after a value, best guess first; and those that do not, with the reason."""
    from designer.core.ports import rank_kind

    guesses = _FOLLOWS.get(rank_kind(spec), ()) if spec is not None else ("Input", "Dense", "Conv2D")
    good, bad = [], []
    for c in layers():
        refusal = fits(c, spec) if spec is not None else None
        if refusal is None:
            good.append(c)
        elif c.name != "Input":
            bad.append((c, refusal.sentence))
    order = {name: i for i, name in enumerate(guesses)}
    return tuple(sorted(good, key=lambda c: order.get(c.name, 99))), tuple(bad)
