"""Colours keep their meaning for those who see fewer of them, on a light and a dark ground."""

from __future__ import annotations

import itertools
import math

import pytest

from audit.call import Outcome
from dashboard.palette import DARK, LIGHT, Palette, badge_colour, model_colours, word

Matrix = tuple[tuple[float, float, float], ...]
SEEN: dict[str, Matrix] = {
    "by all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    # Machado, Oliveira and Fernandes (2009), severity 1.0
    "without red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "without green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}
APART = 14.0
"""CIELAB distance that is told apart at a glance, in fields of some size."""
both = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
Light = tuple[float, float, float]


def linear(colour: str) -> Light:
    """Return the light of an sRGB colour (IEC 61966-2-1)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def times(matrix: Matrix, light: Light) -> Light:
    """Return a matrix times a vector."""
    first, second, third = (sum(a * b for a, b in zip(row, light, strict=True)) for row in matrix)
    return first, second, third


def lab(light: Light) -> Light:
    """Return CIELAB coordinates (D65)."""
    to_xyz: Matrix = (
        (0.4124564, 0.3575761, 0.1804375),
        (0.2126729, 0.7151522, 0.0721750),
        (0.0193339, 0.1191920, 0.9503041),
    )
    bounded = tuple(min(1.0, max(0.0, part)) for part in light)
    xyz = times(to_xyz, (bounded[0], bounded[1], bounded[2]))
    x, y, z = (
        cubed ** (1 / 3) if cubed > 0.008856 else 7.787 * cubed + 16 / 116
        for cubed in (part / white for part, white in zip(xyz, (0.95047, 1.0, 1.08883), strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2)."""
    weights = (0.2126, 0.7152, 0.0722)
    low, high = sorted(sum(a * b for a, b in zip(weights, linear(colour), strict=True)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def nearest(colours: list[str], seen: Matrix) -> float:
    """Return how far apart the two colours are that come nearest to each other."""
    points = [lab(times(seen, linear(colour))) for colour in colours]
    return min(math.dist(one, other) for one, other in itertools.combinations(points, 2))


def groups(palette: Palette) -> dict[str, list[str]]:
    """Return the colours that stand side by side in one chart."""
    return {
        "outcomes": list(palette.outcomes.values()),
        "states": list(palette.states.values()),
        "models": list(palette.models),
        "percentiles": list(palette.percentiles.values()),
    }


@both
def test_every_mark_stands_out_from_its_ground(palette: Palette) -> None:
    marks = [colour for colours in groups(palette).values() for colour in colours]
    assert min(contrast(colour, palette.ground) for colour in [*marks, palette.accent]) >= 3.0
    assert contrast(palette.ink, palette.ground) >= 7.0
    assert contrast(palette.muted, palette.ground) >= 4.5


@both
@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize("group", ["outcomes", "states", "models", "percentiles"])
def test_colours_side_by_side_are_told_apart(palette: Palette, seen: str, group: str) -> None:
    assert nearest(groups(palette)[group], SEEN[seen]) >= APART


@both
def test_every_outcome_has_a_colour(palette: Palette) -> None:
    assert set(palette.outcomes) == set(Outcome)


def test_a_model_keeps_its_colour_as_long_as_it_is_among_the_eight() -> None:
    names = [f"model-{number}" for number in range(12)]
    colours = model_colours(names, LIGHT)
    assert set(colours) == set(names[:8])
    assert len(set(colours.values())) == 8
    assert model_colours(reversed(names[:8]), LIGHT) == colours


def test_few_others_move_when_a_model_comes_or_goes() -> None:
    moved = 0
    for number in range(40):
        names = [f"model-{number}-{letter}" for letter in "abcdefgh"]
        before, after = model_colours(names, LIGHT), model_colours([*names[:7], "newcomer"], LIGHT)
        moved += sum(before[name] != after[name] for name in names[:7])
    assert moved / 40 < 2


def test_a_model_has_the_same_slot_on_both_grounds() -> None:
    light, dark = (model_colours(["gpt-4o", "o3-pro"], palette) for palette in (LIGHT, DARK))
    assert [LIGHT.models.index(colour) for colour in light.values()] == [
        DARK.models.index(colour) for colour in dark.values()
    ]


def test_words_and_badges_go_together() -> None:
    assert word(Outcome.FILTER_ERROR) == "filter failed"
    assert word("image_generation") == "image generation"
    assert badge_colour(word(Outcome.BLOCKED_PROMPT)) == "red"
    assert badge_colour("error 404") == "red"
    assert badge_colour("ok") == badge_colour("unheard of") == "gray"
