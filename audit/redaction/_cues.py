"""Words before a number that say what it is."""

from __future__ import annotations

import re

__all__ = ["Cue"]

_REACH = 28
"""Characters before a number in which a word counts: `"phone_number": "`, `Telefonnummer (privat): `."""


class Cue:
    """Words, of which one has to stand before."""

    def __init__(self, *beginnings: str) -> None:
        """Take what the words begin with, in small letters."""
        # Without anything before it and without a flag, this is looked for by first letters, ten times as fast.
        self._words = re.compile("|".join(map(re.escape, beginnings)))

    def before(self, text: str, at: int) -> bool:
        """Whether one of the words begins shortly before a place in a text."""
        said = text[max(0, at - _REACH) : at].lower()
        return any(not said[: match.start()][-1:].isalpha() or _wide(match[0]) for match in self._words.finditer(said))


def _wide(word: str) -> bool:
    """Whether a word is of a script that has no spaces between words."""
    return word[0] >= "\u2e80"
