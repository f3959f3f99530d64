"""All rules over a text, each only where it can find anything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from audit.redaction.hit import Hit, Rule, merged

__all__ = ["Finder"]


class Finder:
    """Finds what some rules are about."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Take the rules, the surest first: what two of them find goes by the first one's name."""
        self.rules = tuple(rules)
        self._everywhere = [rule for rule in rules if not rule.figures]
        self._at_figures = [rule for rule in rules if rule.figures]

    def __call__(self, text: str) -> Iterator[Hit]:
        """Yield what is found, from first to last, nothing twice."""
        text = _without_surrogates(text)
        hits = [Hit(*span, rule) for rule in self._everywhere for span in rule.find(text, 0, len(text))]
        for match in _FIGURES.finditer(text) if self._at_figures else ():
            if _DATE.fullmatch(match[0]):
                continue
            start, end = max(0, match.start() - _BEFORE), min(match.end() + _BEHIND, len(text))
            for rule in self._at_figures:
                if match.end() - match.start() >= rule.figures:
                    hits += [Hit(*span, rule) for span in rule.find(text, start, end)]
        return merged(hits, self.rules)


def _without_surrogates(text: str) -> str:
    """Put something else, of the same length, where half a character stands: not every engine takes one."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


_FIGURES = re.compile(r"[0-9](?:[ ./()+-]{0,3}+[0-9]|[A-Za-z][0-9]){6,}+")
"""Figures with what people put between them, or a letter, as Italy has them."""
_DATE = re.compile(r"(?:19|20)[0-9]{2}([-/.]?)(?:0[1-9]|1[0-2])\1(?:[0-2][0-9]|3[01])(?:[T ][0-2][0-9])?")
"""By far the most of what has so many figures; no rule's finds look like it."""
_BEFORE, _BEHIND = 12, 4
"""Characters: an IBAN's beginning may be set off by a bank's name, and a letter may end a number."""
_SURROGATE = re.compile("[\ud800-\udfff]")
