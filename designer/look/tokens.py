"""The colour tables: three sets of tokens and two sets of family colours. A test recomputes contrasts and distances."""

from __future__ import annotations

from typing import Final

_NAMES: Final = (
    "window panel canvas node raised sunken hover selection line node_line "
    "success_ground warn_ground error_ground grid shadow "
    "text text2 text3 accent on_accent success warn error control wire series1 series2 brick note note_edge"
).split()

_LIGHT: Final = (
    "#E9ECF0 #F6F7F9 #EEF0F3 #FFFFFF #FFFFFF #E3E6EB #E7EBF2 #DCE6FF #CDD3DC #B4BCC8 "
    "#DDF3EC #FFF0D6 #FDE7E5 #D3D8E0 #2912161D "
    "#12161D #3E4856 #566070 #1F54D0 #FFFFFF #006B52 #826000 #A01010 #7B8493 #5F6B7B #1F54D0 #A14A00 "
    "#B5472B #FFF6D8 #D9C27A"
).split()

_DARK: Final = (
    "#14171C #1B1F26 #101318 #252A33 #2B313B #0D0F13 #2A303A #24365F #373E4A #4A5361 "
    "#12302A #352A12 #3A1D1D #242A33 #8C000000 "
    "#EFF2F6 #C0C8D3 #9EA8B6 #8DB0FF #0B1530 #5FE0B8 #F2B750 #FF7F7A #78838F #98A3B2 #8DB0FF #F2B750 "
    "#E07A55 #332D18 #6B5D2A"
).split()

_HIGH_CONTRAST: Final = (
    "#000000 #000000 #000000 #000000 #0A0A0A #000000 #1C1C1C #00338F #FFFFFF #FFFFFF "
    "#000000 #000000 #000000 #00000000 #00000000 "
    "#FFFFFF #FFFFFF #E0E0E0 #6FC3FF #000000 #5CFF9D #FFD23F #FF9E99 #FFFFFF #FFFFFF #6FC3FF #FFD23F "
    "#FFFFFF #000000 #FFFFFF"
).split()

LIGHT: Final[dict[str, str]] = dict(zip(_NAMES, _LIGHT, strict=True))
DARK: Final[dict[str, str]] = dict(zip(_NAMES, _DARK, strict=True))
HIGH_CONTRAST: Final[dict[str, str]] = dict(zip(_NAMES, _HIGH_CONTRAST, strict=True))

WHITE, INK = "#FFFFFF", "#12161D"

FAMILIES_LIGHT: Final[dict[str, tuple[str, str]]] = {
    "core": ("#515A64", WHITE),
    "convolution": ("#4D7FE4", INK),
    "pooling": ("#56BBCC", INK),
    "recurrent": ("#512778", WHITE),
    "attention": ("#BA4A9B", WHITE),
    "normalization": ("#77A169", INK),
    "regularization": ("#892E04", WHITE),
    "reshaping": ("#C9C769", INK),
    "merging": ("#7D7B18", WHITE),
    "preprocessing": ("#715247", WHITE),
    "block": ("#272B33", WHITE),
    "custom": ("#919292", INK),
}

FAMILIES_DARK: Final[dict[str, tuple[str, str]]] = {
    "core": ("#717980", WHITE),
    "convolution": ("#7FA1FF", INK),
    "pooling": ("#6DE1FD", INK),
    "recurrent": ("#8150B4", WHITE),
    "attention": ("#DD6EB2", INK),
    "normalization": ("#A7CF9D", INK),
    "regularization": ("#A9621C", WHITE),
    "reshaping": ("#FCF98E", INK),
    "merging": ("#D6AE43", INK),
    "preprocessing": ("#A29287", INK),
    "block": ("#3F5567", WHITE),
    "custom": ("#C3C4C4", INK),
}
