"""The colour tables: contrasts by WCAG 2, distances by CIEDE2000 as seen with four kinds of colour vision."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from designer.look import tokens
from designer.look.theme import DARK, HIGH_CONTRAST, LIGHT, THEMES, Theme

GROUNDS = "window panel canvas node sunken hover selection".split()
SMALLEST = {
    "light": {"text": 14.5, "text2": 7.4, "text3": 5.1, "accent": 5.2, "success": 5.2, "warn": 4.6, "error": 6.5},
    "dark": {"text": 10.6, "text2": 7.0, "text3": 4.9, "accent": 5.5, "success": 7.3, "warn": 6.6, "error": 4.9},
    "high contrast": {
        "text": 11.2,
        "text2": 11.2,
        "text3": 8.5,
        "accent": 5.8,
        "success": 8.7,
        "warn": 7.8,
        "error": 5.7,
    },
}
# Machado, Oliveira and Fernandes 2009, severity 1, for linear sRGB.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.119192, 0.9503041]]
)


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[-6:][i : i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    lights = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def lab(colour: str, vision: str) -> tuple[float, float, float]:
    seen = np.clip(VISIONS[vision] @ linear(colour), 0, 1)
    x, y, z = TO_XYZ @ seen / [0.95047, 1.0, 1.08883]
    fx, fy, fz = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def ciede2000(first: tuple[float, float, float], second: tuple[float, float, float]) -> float:
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean**7 / (mean**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    dl, dc = l2 - l1, c2 - c1
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    hm = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    t = 1 - 0.17 * math.cos(math.radians(hm - 30)) + 0.24 * math.cos(math.radians(2 * hm))
    t += 0.32 * math.cos(math.radians(3 * hm + 6)) - 0.2 * math.cos(math.radians(4 * hm - 63))
    sl = 1 + 0.015 * (lm - 50) ** 2 / math.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    rt = -2 * math.sqrt(cm**7 / (cm**7 + 25**7)) * math.sin(math.radians(60 * math.exp(-(((hm - 275) / 25) ** 2))))
    return math.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * dc / sc * dh / sh)


def distance(a: str, b: str, vision: str) -> float:
    return ciede2000(lab(a, vision), lab(b, vision))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_ciede2000_against_published_pairs(first: tuple, second: tuple, expected: float) -> None:
    """Pairs of Sharma, Wu and Dalal 2005."""
    assert ciede2000(first, second) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", THEMES)
def test_text_is_legible_on_every_ground(name: str) -> None:
    colours = THEMES[name].tokens
    for token, expected in SMALLEST[name].items():
        smallest = min(contrast(colours[token], colours[ground]) for ground in GROUNDS)
        assert smallest >= 4.5, token
        assert smallest == pytest.approx(expected, abs=0.06), token


@pytest.mark.parametrize("name", THEMES)
def test_edges_and_wires_are_visible(name: str) -> None:
    colours = THEMES[name].tokens
    assert min(contrast(colours["control"], colours[ground]) for ground in ("window", "panel", "canvas", "node")) >= 3
    assert contrast(colours["wire"], colours["canvas"]) >= 4.5
    assert contrast(colours["on_accent"], colours["accent"]) >= 4.5


@pytest.mark.parametrize("families", [tokens.FAMILIES_LIGHT, tokens.FAMILIES_DARK], ids=["light", "dark"])
@pytest.mark.parametrize("vision", VISIONS)
def test_families_are_told_apart_by_everyone(families: dict[str, tuple[str, str]], vision: str) -> None:
    assert len(families) == 12
    pairs = {(a, b): distance(families[a][0], families[b][0], vision) for a, b in itertools.combinations(families, 2)}
    assert len(pairs) == 66
    closest = min(pairs, key=pairs.__getitem__)
    assert pairs[closest] >= 13, closest


@pytest.mark.parametrize("families", [tokens.FAMILIES_LIGHT, tokens.FAMILIES_DARK], ids=["light", "dark"])
def test_glyphs_stand_out_from_their_tiles(families: dict[str, tuple[str, str]]) -> None:
    assert min(contrast(ground, ink) for ground, ink in families.values()) >= 4.35


@pytest.mark.parametrize("theme", [LIGHT, DARK, HIGH_CONTRAST], ids=lambda theme: theme.name)
def test_captions_are_legible_on_header_tints(theme: Theme) -> None:
    for family in theme.families:
        assert contrast(theme.tokens["text2"], theme.header(family).name()) >= 4.6, family


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("vision", VISIONS)
def test_curves_and_verdicts_are_told_apart(theme: Theme, vision: str) -> None:
    assert distance(theme.tokens["series1"], theme.tokens["series2"], vision) > 45
    assert distance(theme.tokens["success"], theme.tokens["error"], vision) > 14
