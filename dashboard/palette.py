"""Colours with meanings, the same on every page, for a light and a dark ground.

Chosen so that neighbours stay apart under protanopia and deuteranopia (Machado et al., 2009) and every mark keeps a
contrast of 3 : 1 with its ground (WCAG 2.2, 1.4.11); the tests measure both. A colour never stands alone: a word is
always beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from audit.call import Outcome
from audit.store.scope import Standing

__all__ = ["DARK", "LIGHT", "OTHER", "Palette", "badge_colour", "model_colours", "word"]

OTHER = "other"
"""What models past the eighth are drawn as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one ground."""

    ground: str
    ink: str
    muted: str
    grid: str
    accent: str
    other: str
    """For models past the eighth, and for what has no name."""
    outcomes: Mapping[str, str]
    states: Mapping[str, str]
    standings: Mapping[str, str]
    percentiles: Mapping[str, str]
    models: tuple[str, ...]
    heat: tuple[str, str]
    """From few to many."""


LIGHT = Palette(
    ground="#FFFFFF",
    ink="#16202C",
    muted="#5B6875",
    grid="#E7EBEF",
    accent="#1D4ED8",
    other="#93A0AE",
    outcomes={
        Outcome.CLEAN: "#2A9D74",
        Outcome.ANNOTATED: "#D07A0A",
        Outcome.BLOCKED_PROMPT: "#7A0C2B",
        Outcome.BLOCKED_COMPLETION: "#E0344F",
        Outcome.MASKED: "#2A7AD3",
        Outcome.FILTER_ERROR: "#701C7F",
        Outcome.NOT_ASSESSED: "#7F93A3",
    },
    states={
        "up": "#2A9D74",
        "degraded": "#D07A0A",
        "down": "#B3172F",
        "unknown": "#8593A2",
    },
    standings={Standing.OK: "#2F7FE6", Standing.ERROR: "#B3172F", Standing.UNFINISHED: "#8593A2"},
    percentiles={"p50": "#2F7FE6", "p95": "#B97F1F", "p99": "#8A3550", "provider": "#2FA070"},
    models=("#2F7FE6", "#B97F1F", "#2FA070", "#930980", "#3636B8", "#0E9CC9", "#57600B", "#8A3550"),
    heat=("#DCE9F9", "#1B4F9C"),
)

DARK = Palette(
    ground="#11161D",
    ink="#E6EBF1",
    muted="#9AA7B5",
    grid="#252D37",
    accent="#6AA6FF",
    other="#7D8B9A",
    outcomes={
        Outcome.CLEAN: "#4CCFBB",
        Outcome.ANNOTATED: "#FFB04A",
        Outcome.BLOCKED_PROMPT: "#D2293B",
        Outcome.BLOCKED_COMPLETION: "#F0958A",
        Outcome.MASKED: "#88B1FF",
        Outcome.FILTER_ERROR: "#8A5FE0",
        Outcome.NOT_ASSESSED: "#66778A",
    },
    states={
        "up": "#4CCFBB",
        "degraded": "#FFB04A",
        "down": "#E5394B",
        "unknown": "#62738A",
    },
    standings={Standing.OK: "#4AA8F0", Standing.ERROR: "#E5394B", Standing.UNFINISHED: "#62738A"},
    percentiles={"p50": "#4AA8F0", "p95": "#D9A441", "p99": "#D97B95", "provider": "#6FE39B"},
    models=("#4AA8F0", "#D9652F", "#6FE39B", "#D154A6", "#5B78F5", "#4FDDE6", "#D3D25C", "#BD8480"),
    heat=("#1B2B40", "#7DB4FF"),
)

_WORDS: dict[str, str] = {
    Outcome.BLOCKED_PROMPT: "blocked prompt",
    Outcome.BLOCKED_COMPLETION: "blocked completion",
    Outcome.FILTER_ERROR: "filter failed",
    Outcome.NOT_ASSESSED: "not assessed",
}
BadgeColour = Literal["red", "orange", "green", "blue", "violet", "gray"]
_BADGES: dict[str, BadgeColour] = {
    "clean": "green",
    "annotated": "orange",
    "blocked prompt": "red",
    "blocked completion": "red",
    "blocked": "red",
    "masked": "blue",
    "filter failed": "violet",
    "up": "green",
    "degraded": "orange",
    "down": "red",
    "different": "orange",
    "error": "red",
}


def word(value: str) -> str:
    """Return how an outcome, a state or a standing is called on the pages."""
    return _WORDS.get(value, value.replace("_", " "))


def badge_colour(told: str) -> BadgeColour:
    """Return the name of the theme's colour for what `word` gave, such as `error` or `error 404`; else gray."""
    return _BADGES.get(told) or _BADGES.get(told.partition(" ")[0], "gray")


def model_colours(models: Iterable[str], palette: Palette) -> dict[str, str]:
    """Return a colour for each of the eight foremost of `models`, that stays as long as it is among them.

    Each pair of a name and a colour has a number out of a hash, and the pairs with the least numbers are made first: so
    nothing depends on the order of names, and when one comes or goes few others move.
    """
    slots = range(len(palette.models))
    foremost = list(dict.fromkeys(models))[: len(slots)]
    taken: dict[str, int] = {}
    for name, slot in sorted(product(foremost, slots), key=_number):
        if name not in taken and slot not in taken.values():
            taken[name] = slot
    return {name: palette.models[taken[name]] for name in foremost}


def _number(pair: tuple[str, int]) -> bytes:
    return hashlib.sha256(f"{pair[1]} {pair[0]}".encode("utf-8", "replace")).digest()
