"""What a rule finds in a text, and what becomes of what several rules find in the same place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Find", "Hit", "Rule", "Span", "merged"]

Span = tuple[int, int]
"""Where something begins in a text, and where it ends."""
Find = Callable[[str, int, int], Iterable[Span]]
"""Finds spans in a text that begin and end between two places; it may look at what stands around."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of personal data."""

    name: str
    find: Find
    figures: int = 0
    """How many digits what it finds has at least, close together: it is asked only where there may be as many."""
    replacement: str | None = None
    """What takes the place of a find; None: a mark with the rule's name."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One find."""

    start: int
    end: int
    rule: Rule


def merged(hits: Iterable[Hit], order: Sequence[Rule]) -> Iterator[Hit]:
    """Yield hits from first to last; those that overlap become one, by the rule that stands first in `order`."""
    rank = {rule.name: at for at, rule in enumerate(order)}
    last: Hit | None = None
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if last is None or hit.start >= last.end:
            if last is not None:
                yield last
            last = hit
        else:
            rule = min(last.rule, hit.rule, key=lambda rule: rank[rule.name])
            last = Hit(last.start, max(last.end, hit.end), rule)
    if last is not None:
        yield last
