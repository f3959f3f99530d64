"""The operator's own patterns, run by an engine whose time grows with the text and with nothing else (RE2)."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from audit.redaction.hit import Rule, Span

__all__ = ["pattern_rule"]


def pattern_rule(name: str, pattern: str, replacement: str | None = None) -> Rule:
    """Return a rule that finds a pattern, which was checked when the settings were read."""
    compiled = re2.compile(pattern)

    def find(text: str, start: int, end: int) -> Iterator[Span]:
        for match in compiled.finditer(text, start, end):
            if match.end() > match.start():
                yield match.span()

    return Rule(name=name, find=find, replacement=replacement)
