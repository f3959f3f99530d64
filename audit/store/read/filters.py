"""What content filters did, and how much of it they looked at."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, case, func, null, select

from audit.call import Source
from audit.store import tables
from audit.store.columns import FIELD, GROUP, RECORD
from audit.store.read.selection import SPOKEN_OF, kind, selected, span
from audit.store.read.tallies import group_name, span_start
from audit.store.read.texts import collected, line
from audit.store.rows import CategoryRow, CoverageRow, OutcomeRow
from audit.store.scope import By, Scope

__all__ = ["categories", "coverage", "outcomes"]

_c, _f = tables.calls.c, tables.findings.c
_NEVER = datetime.min.replace(tzinfo=UTC)


def outcomes(
    connection: Connection, scope: Scope, bucket_s: int | None, by: By, label: str | None, offset_s: int
) -> tuple[OutcomeRow, ...]:
    """Return how many calls had which outcome, for each span of time and group, oldest first."""
    keys = {"span": span(bucket_s, offset_s) if bucket_s else null(), "kind": kind(by, label, offset_s)}
    named = [value.label(name) for name, value in keys.items()]
    counted = select(*named, _c.outcome, func.count().label("calls")).where(selected(connection, scope).where)
    rows = [
        OutcomeRow(
            at=span_start(row.span, bucket_s, offset_s) if bucket_s else None,
            group=group_name(by, label, row.kind),
            outcome=row.outcome,
            calls=row.calls,
        )
        for row in connection.execute(counted.group_by(*keys, _c.outcome))
    ]
    return tuple(sorted(rows, key=lambda row: (row.at or _NEVER, row.group or "", row.outcome)))


def categories(connection: Connection, scope: Scope) -> tuple[CategoryRow, ...]:
    """Return what filters said, by source, category and level, most calls first."""
    counts: dict[tuple[str, ...], Counter[str]] = {}
    for said, calls in _said(connection, scope).items():
        flags: dict[tuple[str, ...], set[str]] = {}
        for text in said.split(RECORD):
            source, category, level, *flagged = text.split(FIELD)
            flags.setdefault((source, category, level), {"calls"}).update(_ways(flagged))
        for key, names in flags.items():
            counts.setdefault(key, Counter()).update(dict.fromkeys(names, calls))
    rows = [_category(key, count) for key, count in counts.items()]
    return tuple(sorted(rows, key=lambda row: (-row.calls, row.source, row.category, row.level or "")))


def coverage(connection: Connection, scope: Scope, by: By, label: str | None) -> tuple[CoverageRow, ...]:
    """Return how much the filters looked at, for each group, most calls first."""
    counted = select(kind(by, label).label("kind"), _ASSESSED.label("assessed"), func.count().label("calls"))
    grouped = counted.where(selected(connection, scope).where).group_by("kind", "assessed")
    groups: dict[str | None, Counter[int | None]] = {}
    for row in connection.execute(grouped):
        groups.setdefault(group_name(by, label, row.kind), Counter())[row.assessed] += row.calls
    rows = [_coverage(group, count) for group, count in groups.items()]
    return tuple(sorted(rows, key=lambda row: (-row.calls, row.group or "")))


def _said(connection: Connection, scope: Scope) -> Counter[str]:
    """How many calls have the same findings, which most calls of a provider have."""
    said = select(collected(_FINDING)).where(_f.call_pk == _c.pk).scalar_subquery()
    where = selected(connection, scope).where & SPOKEN_OF
    together = connection.execute(select(collected(said, GROUP)).where(where)).scalar_one()
    return Counter(together.split(GROUP) if together else ())


def _ways(flagged: list[str]) -> set[str]:
    """In which of a row's counts a finding is."""
    ways = set(filter(None, flagged))
    if "errors" not in ways:
        ways |= {"ran"} if "detected" in ways else {"ran", "not_found"}
    return ways


def _category(key: tuple[str, ...], count: Counter[str]) -> CategoryRow:
    source, category, level = key
    names = ("calls", "detected", "not_found", "filtered", "masked", "ran", "errors")
    counts = {name: count[name] for name in names}
    return CategoryRow(source=source, category=category, level=level or None, **counts)


def _coverage(group: str | None, count: Counter[int | None]) -> CoverageRow:
    def those(bit: int) -> int:
        return sum(calls for assessed, calls in count.items() if assessed is not None and assessed & bit)

    return CoverageRow(
        group=group,
        calls=count.total(),
        prompt=those(_PROMPT),
        completion=those(_COMPLETION),
        not_assessed=count[None],
        errors=those(_ERROR),
    )


def _flag(name: str, condition: ColumnElement[bool]) -> ColumnElement[str]:
    return case((condition, name), else_="")


_FINDING = line(
    _f.source,
    _f.category,
    func.coalesce(_f.severity, _f.probability, ""),
    _flag("detected", _f.detected.is_(True)),
    _flag("filtered", _f.filtered.is_(True)),
    _flag("masked", _f.masked.is_(True)),
    _flag("errors", _f.error.is_not(None)),
)
_PROMPT, _COMPLETION, _ERROR = 1, 2, 4
_LOOKED_AT = (
    select(
        func.max(case((_f.error.is_(None) & (_f.source == Source.PROMPT), _PROMPT), else_=0))
        + func.max(case((_f.error.is_(None) & (_f.source == Source.COMPLETION), _COMPLETION), else_=0))
        + func.max(case((_f.error.is_not(None), _ERROR), else_=0))
    )
    .where(_f.call_pk == _c.pk)
    .scalar_subquery()
)
_ASSESSED = case((SPOKEN_OF, _LOOKED_AT))
"""What the filters looked at in a call; null for a call without findings."""
