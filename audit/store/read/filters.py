"""What content filters did, and how much of it they looked at."""

from __future__ import annotations

from sqlalchemy import Connection, case, distinct, func, null, select

from audit.call import Source
from audit.store import tables
from audit.store.read.selection import kind, selected, span
from audit.store.read.tallies import group_name, span_start
from audit.store.rows import CategoryRow, CoverageRow, OutcomeRow
from audit.store.scope import By, Scope

__all__ = ["categories", "coverage", "outcomes"]

_c, _f = tables.calls.c, tables.findings.c


def outcomes(
    connection: Connection, scope: Scope, bucket_s: int | None, by: By, label: str | None, offset_s: int
) -> tuple[OutcomeRow, ...]:
    """Return how many calls had which outcome, for each span of time and group, oldest first."""
    keys = {"span": span(bucket_s, offset_s) if bucket_s else null(), "kind": kind(by, label, offset_s)}
    named = [value.label(name) for name, value in keys.items()]
    counted = select(*named, _c.outcome, func.count().label("calls")).where(selected(connection, scope).where)
    rows = connection.execute(counted.group_by(*keys, _c.outcome).order_by(*keys, _c.outcome))
    return tuple(
        OutcomeRow(
            at=span_start(row.span, bucket_s, offset_s) if bucket_s else None,
            group=group_name(by, label, row.kind),
            outcome=row.outcome,
            calls=row.calls,
        )
        for row in rows
    )


def categories(connection: Connection, scope: Scope) -> tuple[CategoryRow, ...]:
    """Return what filters said, by source, category and level, most calls first."""
    level = func.coalesce(_f.severity, _f.probability).label("level")
    said = select(
        _f.source,
        _f.category,
        level,
        func.count(distinct(_f.call_pk)).label("calls"),
        *(
            func.count(distinct(case((condition, _f.call_pk)))).label(name)
            for name, condition in {
                "detected": _f.detected.is_(True),
                "filtered": _f.filtered.is_(True),
                "masked": _f.masked.is_(True),
                "errors": _f.error.is_not(None),
            }.items()
        ),
    ).join_from(tables.findings, tables.calls)
    grouped = said.where(selected(connection, scope).where).group_by(_f.source, _f.category, "level")
    rows = [CategoryRow(**row._mapping) for row in connection.execute(grouped)]
    return tuple(sorted(rows, key=lambda row: (-row.calls, row.source, row.category, row.level or "")))


def coverage(connection: Connection, scope: Scope, by: By, label: str | None) -> tuple[CoverageRow, ...]:
    """Return how much the filters looked at, for each group, most calls first."""
    assessed = (
        select(
            _f.call_pk,
            func.max(case((_f.error.is_(None) & (_f.source == Source.PROMPT), 1))).label("prompt"),
            func.max(case((_f.error.is_(None) & (_f.source == Source.COMPLETION), 1))).label("completion"),
            func.max(case((_f.error.is_not(None), 1))).label("error"),
        )
        .group_by(_f.call_pk)
        .subquery()
    )
    counted = (
        select(
            kind(by, label).label("kind"),
            func.count().label("calls"),
            func.count(assessed.c.prompt).label("prompt"),
            func.count(assessed.c.completion).label("completion"),
            (func.count() - func.count(assessed.c.call_pk)).label("not_assessed"),
            func.count(assessed.c.error).label("errors"),
        )
        .select_from(tables.calls.outerjoin(assessed, assessed.c.call_pk == _c.pk))
        .where(selected(connection, scope).where)
        .group_by("kind")
    )
    rows = [
        CoverageRow(
            group=group_name(by, label, row.kind),
            calls=row.calls,
            prompt=row.prompt,
            completion=row.completion,
            not_assessed=row.not_assessed,
            errors=row.errors,
        )
        for row in connection.execute(counted)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.calls, row.group or "")))
