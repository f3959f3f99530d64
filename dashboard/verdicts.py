"""What content filters said, put side by side: levels of all providers on one scale, rates with intervals. Pure.

Providers grade in their own words (Azure safe…high, Vertex HARM_SEVERITY_*, Gemini's NEGLIGIBLE…HIGH probability,
Bedrock's NONE…HIGH confidence); some only tell found or not found. The scale keeps these apart from each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.call import Outcome, Source
from audit.store.rows import CategoryRow, CoverageRow, OutcomeRow
from audit.store.scope import Level
from dashboard import figures
from dashboard.charts import Bar
from dashboard.diagrams import Cell
from dashboard.palette import word
from dashboard.tables import Column, calls_column

__all__ = ["LEVELS", "Verdicts", "alarming", "bars", "cells", "columns", "coverage_columns", "level", "side_by_side"]

LEVELS = ("not found", "safe", "low", "medium", "high", "found", "other", "failed")
"""`other` is for words that no provider is known to use."""
_HARMLESS = ("safe", "not found")
_WIDTHS = {Outcome.BLOCKED_PROMPT: 104, Outcome.BLOCKED_COMPLETION: 132, Outcome.MASKED: 66, Outcome.CLEAN: 66}
_SCALE = {
    "safe": "safe",
    "none": "safe",
    "negligible": "safe",
    "harm_severity_negligible": "safe",
    "low": "low",
    "harm_severity_low": "low",
    "medium": "medium",
    "harm_severity_medium": "medium",
    "high": "high",
    "harm_severity_high": "high",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """How many calls of a group had which outcome, and how the share of blocked ones stood before."""

    group: str | None
    counts: Mapping[str, int]
    before: Mapping[str, int]

    @property
    def calls(self) -> int:
        return sum(self.counts.values())

    @property
    def blocked(self) -> int:
        return _blocked(self.counts)

    @property
    def drift(self) -> str | None:
        """`up` or `down` when the block rate moved beyond chance, else None."""
        past = sum(self.before.values())
        if not past or not self.calls:
            return None
        now, then = figures.wilson(self.blocked, self.calls), figures.wilson(_blocked(self.before), past)
        if not now.excludes(then):
            return None
        return "up" if now.low > then.high else "down"


def level(native: str | None) -> str | None:
    """Return a provider's level on the common scale; None when there is none."""
    return None if native is None else _SCALE.get(native.lower(), "other")


def cells(rows: Sequence[CategoryRow], source: Source, most: int = 14) -> list[Cell]:
    """Return the fields of the heat map of one side, for `most` categories: those with most alarming calls first."""
    counts: dict[str, dict[str, int]] = {}
    filtered: dict[tuple[str, str], int] = {}
    native: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if row.source != source:
            continue
        levels = counts.setdefault(row.category, {})
        for name, said, calls in _levels(row):
            levels[name] = levels.get(name, 0) + calls
            filtered[row.category, name] = filtered.get((row.category, name), 0) + min(row.filtered, calls)
            native.setdefault((row.category, name), set()).add(said)
    foremost = sorted(counts, key=lambda category: (-alarming(counts[category]), -sum(counts[category].values())))
    return [
        Cell(
            row=_short(category),
            column=name,
            calls=calls,
            told=_told(category, calls, filtered[category, name]),
            category=category,
            levels=tuple(sorted(native[category, name])),
        )
        for category in foremost[:most]
        for name, calls in counts[category].items()
        if calls
    ]


def alarming(levels: Mapping[str, int]) -> int:
    """Return how many calls stand at a level that is not harmless."""
    return sum(calls for name, calls in levels.items() if name not in _HARMLESS)


def bars(rows: Sequence[OutcomeRow]) -> list[Bar]:
    """Return a bar for each span and outcome, with its share of the span's calls in words."""
    whole: dict[datetime | None, int] = {}
    for row in rows:
        whole[row.at] = whole.get(row.at, 0) + row.calls
    return [
        Bar(at=row.at, group=row.outcome, value=row.calls, told=figures.rate(row.calls, whole[row.at]))
        for row in rows
        if row.at is not None
    ]


def side_by_side(rows: Sequence[OutcomeRow], before: Sequence[OutcomeRow]) -> list[Verdicts]:
    """Return the outcomes of each group, the one with most calls first."""
    now, past = _by_group(rows), _by_group(before)
    found = [Verdicts(group=group, counts=counts, before=past.get(group, {})) for group, counts in now.items()]
    return sorted(found, key=lambda verdicts: -verdicts.calls)


def columns(title: str, names: Mapping[str, str]) -> list[Column[Verdicts]]:
    """Return what the table of outcomes says of a group."""

    def share(outcome: Outcome) -> Column[Verdicts]:
        return Column(
            title=word(outcome).capitalize(),
            value=lambda row: row.counts.get(outcome, 0),
            written=figures.count,
            figure=True,
            width=_WIDTHS.get(outcome, 92),
        )

    return [
        Column(title=title, value=lambda row: names.get(row.group or "", row.group or "(none)"), width=220),
        calls_column(width=74),
        Column(
            title="Block rate",
            value=lambda row: figures.rate(row.blocked, row.calls),
            width=184,
            help="With the 95 % interval where there are few calls",
        ),
        Column(title="Before", value=_before, width=116, help="The period before; an arrow: beyond chance"),
        *(share(outcome) for outcome in Outcome),
    ]


def coverage_columns(title: str, names: Mapping[str, str]) -> list[Column[CoverageRow]]:
    """Return what the table of coverage says of a group."""
    return [
        Column(title=title, value=lambda row: names.get(row.group or "", row.group or "(none)"), width=220),
        calls_column(width=74),
        Column(title="Prompt assessed", value=lambda row: row.prompt / row.calls, bar=True, width=120),
        Column(title="Completion assessed", value=lambda row: row.completion / row.calls, bar=True, width=120),
        Column(title="Not at all", value=lambda row: row.not_assessed, written=figures.count, figure=True, width=84),
        Column(title="Filter failed", value=lambda row: row.errors, written=figures.count, figure=True, width=84),
    ]


def _levels(row: CategoryRow) -> list[tuple[str, str, int]]:
    """How a row's calls fall on the scale: its level there, that in the record, calls."""
    failed = "failed", Level.FAILED.value, row.errors
    graded = level(row.level)
    if row.level is not None and graded is not None:
        return [(graded, row.level, row.ran), failed]
    return [("found", Level.FOUND.value, row.detected), ("not found", Level.NOT_FOUND.value, row.not_found), failed]


def _short(category: str) -> str:
    """Google's names all begin alike; the rest stays in capitals, and so apart from others' names."""
    return category.removeprefix("HARM_CATEGORY_") or category


def _told(category: str, calls: int, filtered: int) -> str:
    told = figures.plural(calls, "call") + (f", {figures.count(filtered)} filtered" if filtered else "")
    return told if _short(category) == category else f"{told} ({category})"


def _by_group(rows: Sequence[OutcomeRow]) -> dict[str | None, dict[str, int]]:
    groups: dict[str | None, dict[str, int]] = {}
    for row in rows:
        counts = groups.setdefault(row.group, {})
        counts[row.outcome] = counts.get(row.outcome, 0) + row.calls
    return groups


def _blocked(counts: Mapping[str, int]) -> int:
    return counts.get(Outcome.BLOCKED_PROMPT, 0) + counts.get(Outcome.BLOCKED_COMPLETION, 0)


def _before(row: Verdicts) -> str | None:
    past = sum(row.before.values())
    if not past:
        return None
    arrow = {"up": " ↑", "down": " ↓", None: ""}[row.drift]
    return f"{figures.share(_blocked(row.before), past)} of {figures.count(past)}{arrow}"
