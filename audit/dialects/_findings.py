"""What filters say and do, across formats: statements made several times put together, and what was withheld."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from audit.call import Finding, Source
from audit.dialects._fields import text

__all__ = ["Block", "details_of", "filtered_reasons", "gathered", "score_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What was withheld or stopped for safety, in a reading's terms; nothing, unless there are reasons."""

    reasons: tuple[str, ...] = ()
    source: Source | None = None


def gathered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return one finding per source, category and choice: the worst severity, any detected, any filtered.

    Its place and details are those of the gravest statement, the first of equals; so are its offsets where something
    was found, and elsewhere they span all that was looked at.
    """
    groups: dict[tuple[Source, str, int | None], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.source, finding.category, finding.choice), []).append(finding)
    return tuple(_one(group) for group in groups.values())


def filtered_reasons(findings: Iterable[Finding], word: str) -> tuple[str, ...]:
    """Return, for each finding that made the provider withhold something, `source.category.word`."""
    return tuple(f"{finding.source}.{finding.category}.{word}" for finding in findings if finding.filtered)


def score_of(value: Any) -> float | None:
    """Return a filter's figure: any finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def details_of(statement: dict[str, Any], names: Iterable[str]) -> dict[str, str | float]:
    """Return those of a statement's members that are text or figures."""
    values = ((name, statement.get(name)) for name in names)
    told = ((name, text(value) if isinstance(value, str) else score_of(value)) for name, value in values)
    return {name: value for name, value in told if value is not None}


def _one(group: list[Finding]) -> Finding:
    if len(group) == 1:
        return group[0]
    gravest = max(group, key=_gravity)
    return replace(
        gravest if gravest.alarming else _spanning(gravest, group),
        severity=max((finding.severity for finding in group), key=_rank),
        probability=max((finding.probability for finding in group), key=_rank),
        detected=_any(finding.detected for finding in group),
        filtered=_any(finding.filtered for finding in group),
        masked=any(finding.masked for finding in group),
        score=max((finding.score for finding in group if finding.score is not None), default=None),
        error=next((finding.error for finding in group if finding.error is not None), None),
    )


def _spanning(gravest: Finding, group: list[Finding]) -> Finding:
    starts = [finding.start_offset for finding in group if finding.start_offset is not None]
    ends = [finding.end_offset for finding in group if finding.end_offset is not None]
    checks = [finding.check_offset for finding in group if finding.check_offset is not None]
    return replace(
        gravest,
        start_offset=min(starts, default=None),
        end_offset=max(ends, default=None),
        check_offset=max(checks, default=None),
    )


def _gravity(finding: Finding) -> tuple[bool, bool, float, float, bool]:
    ranks = _rank(finding.severity), _rank(finding.probability)
    return (bool(finding.filtered), finding.masked, *ranks, bool(finding.detected))


def _rank(word: str | None) -> float:
    """A word that nobody knows ranks above what is harmless and below what is not."""
    if word is None:
        return 0
    return _RANKS.get(word.removeprefix("HARM_SEVERITY_").upper(), 2)


def _any(values: Iterable[bool | None]) -> bool | None:
    known = [value for value in values if value is not None]
    return any(known) if known else None


_RANKS = {"NONE": 1, "SAFE": 1, "NEGLIGIBLE": 1, "LOW": 3, "MEDIUM": 4, "HIGH": 5}
