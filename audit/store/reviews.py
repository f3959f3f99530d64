"""Review: what people decide about what content filters did, each decision an act of the ledger.

None is ever changed: who thinks again decides again, and what was decided before stays beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, func, select

from audit.call import Outcome, Source
from audit.errors import AuditError
from audit.store import tables
from audit.store.acts import record_act
from audit.store.engine import translated
from audit.store.ledger import Author
from audit.store.loading import take_writing_turn
from audit.store.rows.acts import Kind
from audit.store.rows.reviews import Review, ReviewRow, ReviewVerdict
from audit.wire.parse import printable

__all__ = ["decide", "statement_of"]

_c, _f, _r = tables.calls.c, tables.findings.c, tables.reviews.c
_BLOCKED = {Source.PROMPT: Outcome.BLOCKED_PROMPT, Source.COMPLETION: Outcome.BLOCKED_COMPLETION}


def decide(engine: Engine, review: Review, *, reviewer: str) -> ReviewRow:
    """Enter a decision, and return it as it stands in the record.

    Raises `AuditError` for a call that is not in the record, a category that its findings do not name, a verdict that
    cannot be and for a lack of reasons; `StoreError` when the database cannot be used.
    """
    author, now = Author(), datetime.now(UTC)
    with translated(), author.transaction(engine) as connection:
        take_writing_turn(connection)
        _must_fit(connection, review)
        row = _row(connection, review, reviewer, now)
        connection.execute(tables.reviews.insert(), row)
        statement = statement_of(row)
        record_act(connection, author, now, kind=Kind.REVIEW, actor=reviewer, statement=statement, act_id=row["id"])
    author.close(engine, now)
    typed = {"call": row.pop("call_id"), "side": review.side, "verdict": review.verdict}
    return ReviewRow(**{**row, **typed}, latest=True)


def statement_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an act says of a row of `reviews`: all of it, but for what it does not say."""
    told = {name: row[name] for name in ("side", "category", "version", "verdict", "severity", "reason", "reviewer")}
    at = row["decided_at"].astimezone(UTC).isoformat(timespec="microseconds")
    said = {"review": row["id"].hex, "call": row["call_id"].hex, "at": at, **told}
    return {name: value for name, value in said.items() if value is not None}


def _row(connection: Connection, review: Review, reviewer: str, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "call_id": review.call,
        "side": review.side.value,
        "category": review.category,
        "version": _version(connection, review, reviewer),
        "verdict": review.verdict.value,
        "severity": None if review.severity is None else printable(review.severity),
        "reason": printable(review.reason),
        "reviewer": reviewer,
        "decided_at": now,
    }


def _version(connection: Connection, review: Review, reviewer: str) -> int:
    same = (
        _r.call_id == review.call,
        _r.side == review.side,
        _r.category.is_not_distinct_from(review.category),
        _r.reviewer == reviewer,
    )
    return int(connection.execute(select(func.coalesce(func.max(_r.version), 0)).where(*same)).scalar_one()) + 1


def _must_fit(connection: Connection, review: Review) -> None:
    """Refuse what cannot be said of the call as it stands in the record."""
    if not review.reason.strip():
        raise AuditError("a decision wants a reason: say why in a few words")
    call = connection.execute(select(_c.pk, _c.outcome).where(_c.id == review.call)).one_or_none()
    if call is None:
        raise AuditError(f"call {review.call} is not in the record; `audit calls list` shows those that are")
    said = select(_f.category, _f.filtered, _f.masked).where(_f.call_pk == call.pk, _f.source == review.side)
    findings = connection.execute(said.order_by(_f.number)).all()
    _must_be_named(review, [one.category for one in findings])
    stopped = _stopped(review, Outcome(call.outcome), findings)
    if stopped is not None and not review.verdict.can_be(stopped=stopped):
        raise AuditError(_why_not(review, stopped=stopped))


def _must_be_named(review: Review, categories: Sequence[str]) -> None:
    if review.category is not None and review.category not in categories:
        known = ", ".join(dict.fromkeys(categories)) or "none"
        raise AuditError(
            f"no finding names {review.category!r} for the {review.side} of this call; those that there are: {known}"
        )


def _stopped(review: Review, outcome: Outcome, findings: Sequence[Any]) -> bool | None:
    """Whether a filter has stopped or masked what is decided about; None where the reply does not say which did."""
    side = outcome is _BLOCKED[review.side] or any(one.filtered or one.masked for one in findings)
    if review.category is None:
        return side
    named = [one for one in findings if one.category == review.category]
    if any(one.filtered or one.masked for one in named):
        return True
    return None if side and any(one.filtered is None for one in named) else False


def _why_not(review: Review, *, stopped: bool) -> str:
    about = f"the {review.side}" if review.category is None else f"{review.category} in the {review.side}"
    can_be = ", ".join(verdict for verdict in ReviewVerdict if verdict.can_be(stopped=stopped))
    did = f"a filter stopped or masked {about}" if stopped else f"no filter stopped {about}"
    return f"{did}, so it cannot be {review.verdict}; it can be {can_be}"
