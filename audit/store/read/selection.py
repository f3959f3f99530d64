"""What the words of a scope mean in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    type_coerce,
)

from audit.call import Operation, Outcome
from audit.store import tables
from audit.store.loading import MONTH_KEYS, since_key
from audit.store.read.exchanges import said_in, stored_exchanges
from audit.store.scope import By, Canaries, Level, Scope
from audit.store.search import folded, matching, wanted_phrases
from audit.store.unindexed import waiting

__all__ = [
    "BLOCKED",
    "DAY_S",
    "MODEL",
    "SPOKEN_OF",
    "UNPRICED",
    "WITHOUT_USAGE",
    "Selection",
    "id_range",
    "kind",
    "selected",
    "span",
]

MAX_REREAD = 300
"""Calls that are read again to tell whether their words stand side by side: a tenth of a second's work."""
DAY_S = 86_400

_c, _f = tables.calls.c, tables.findings.c
_GENERATING = tuple(operation.value for operation in Operation if operation.generates)

BLOCKED: ColumnElement[bool] = _c.outcome.in_(tuple(outcome.value for outcome in Outcome if outcome.blocked))
MODEL: ColumnElement[str] = func.coalesce(_c.model_served, _c.model_requested, literal_column("'unknown'"))
REQUESTED: ColumnElement[str] = func.coalesce(_c.model_requested, _c.model_served, literal_column("'unknown'"))
SPOKEN_OF = _c.outcome != Outcome.NOT_ASSESSED.value
"""Of other calls no filter said a word, and they are most: for them nothing need be looked up."""
UNPRICED: ColumnElement[bool] = _c.unpriced_reason.is_not(None)
WITHOUT_USAGE: ColumnElement[bool] = and_(_c.input_tokens.is_(None), _c.output_tokens.is_(None))
_GROUPS: dict[By, ColumnElement[Any]] = {
    By.NONE: null(),
    By.PROVIDER: _c.provider,
    By.MODEL: MODEL,
    By.REQUESTED: REQUESTED,
    By.KEY: _c.key_fingerprint,
    By.PROJECT: _c.project,
    By.USER: _c.user_id,
    By.SESSION: _c.session_id,
    By.OUTCOME: _c.outcome,
    By.STANDING: _c.standing,
    By.OPERATION: _c.operation,
    By.CANARY: _c.canary,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The calls of a scope."""

    where: ColumnElement[bool]
    bounded: bool = False
    """A phrase was looked for in the newest candidates only."""
    unindexed: int = 0
    """Calls that are not found by their words yet, and were searched for words."""


def selected(connection: Connection, scope: Scope) -> Selection:
    """Return the calls of a scope; looks up what is searched for."""
    where = and_(*_time(connection, scope), *_whose(scope), *_what(scope), *_said(scope))
    query = (scope.search or "").strip()
    return _searched(connection, where, query) if query else Selection(where=where)


def kind(by: By, label: str | None, offset_s: int = 0) -> ColumnElement[Any]:
    """Return what groups of calls have in common: a label's value, else what `by` says; days as their number."""
    if label is not None:
        labels = tables.call_labels.c
        value = select(labels.value).where(labels.call_pk == _c.pk, labels.name == label)
        return value.scalar_subquery()
    return span(DAY_S, offset_s) if by is By.DAY else _GROUPS[by]


def span(width_s: int, offset_s: int) -> ColumnElement[int]:
    """Return the number of the span of time in which a call began, counted from 1970 in local time."""
    if width_s < 1:
        raise ValueError("a span of time lasts a second or more")
    return (type_coerce(_c.started_at, BigInteger) + offset_s * 1_000_000) // (width_s * 1_000_000)


def id_range(beginning: str) -> tuple[UUID, UUID] | None:
    """Return the least and the greatest id with this beginning; None if no id begins like that."""
    digits = beginning.replace("-", "").lower()
    if not digits or len(digits) > 32 or not set(digits) <= set("0123456789abcdef"):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def _time(connection: Connection, scope: Scope) -> Iterable[ColumnElement[bool]]:
    if scope.since is not None:
        yield _c.started_at >= scope.since
        if (key := since_key(connection, scope.since)) is not None:  # partitions between need not be looked at
            yield or_(_c.pk >= key, _c.pk < MONTH_KEYS)
    if scope.until is not None:
        yield _c.started_at < scope.until


def _whose(scope: Scope) -> Iterable[ColumnElement[bool]]:
    for column, values in (
        (_c.key_fingerprint, scope.keys),
        (_c.project, scope.projects),
        (_c.user_id, scope.users),
        (_c.session_id, scope.sessions),
    ):
        if values:
            yield or_(column.in_(values), column.is_(None)) if "" in values else column.in_(values)
    if scope.conversations:
        yield or_(*map(_in_conversation, scope.conversations))
    for name in dict(scope.labels):
        labels = tables.call_labels.c
        wanted = [value for other, value in scope.labels if other == name]
        yield _c.pk.in_(select(labels.call_pk).where(labels.name == name, labels.value.in_(wanted)))
    if scope.canary:
        yield _c.canary == scope.canary
    elif scope.canaries is not Canaries.WITH:
        yield _c.canary.is_(None) if scope.canaries is Canaries.WITHOUT else _c.canary.is_not(None)


def _in_conversation(beginning: str) -> ColumnElement[bool]:
    bounds = id_range(beginning)
    return false() if bounds is None else or_(_c.conversation.between(*bounds), _c.id.between(*bounds))


def _what(scope: Scope) -> Iterable[ColumnElement[bool]]:
    yield _c.operation.in_(scope.operations or _GENERATING)
    if scope.providers:
        yield _c.provider.in_(scope.providers)
    if scope.models:
        yield MODEL.in_(scope.models)
    if scope.requested:
        yield REQUESTED.in_(scope.requested)
    if scope.outcomes:
        yield _c.outcome.in_(scope.outcomes)
    if scope.standings:
        yield _c.standing.in_(scope.standings)
    if scope.matches:
        yield _c.model_match.in_(scope.matches)
    if scope.unpriced:
        yield UNPRICED
    if scope.without_usage:
        yield WITHOUT_USAGE


def _said(scope: Scope) -> Iterable[ColumnElement[bool]]:
    """Whether a filter said one thing that is of a category, a side and a level that are meant."""
    wanted: list[ColumnElement[bool]] = [
        column.in_(values) for column, values in ((_f.category, scope.categories), (_f.source, scope.sides)) if values
    ]
    if scope.levels:
        wanted.append(or_(*map(_at_level, scope.levels)))
    if wanted:
        yield SPOKEN_OF
        yield select(_f.call_pk).where(_f.call_pk == _c.pk, *wanted).exists()


def _at_level(level: str) -> ColumnElement[bool]:
    graded = func.coalesce(_f.severity, _f.probability)
    ungraded, ran = graded.is_(None), _f.error.is_(None)
    at: dict[str, ColumnElement[bool]] = {
        Level.FOUND: and_(ungraded, _f.detected.is_(True)),
        Level.NOT_FOUND: and_(ungraded, ran, _f.detected.is_not(True)),
        Level.FAILED: _f.error.is_not(None),
    }
    return at.get(level, and_(graded == level, ran))


def _searched(connection: Connection, where: ColumnElement[bool], query: str) -> Selection:
    words, unindexed = matching(connection, query), waiting(connection)
    phrases = [folded(phrase) for phrase in wanted_phrases(query)]
    if words is None:
        return Selection(where=and_(where, _named(query)))
    if not any(phrases):
        return Selection(where=and_(where, or_(_c.pk.in_(words), _named(query))), unindexed=unindexed)
    candidates = stored_exchanges(connection, and_(where, _c.pk.in_(words)), limit=MAX_REREAD + 1)
    found = [pk for pk, exchange in candidates[:MAX_REREAD] if _holds(folded(said_in(exchange)), phrases)]
    return Selection(
        where=and_(where, or_(_c.pk.in_(found), _named(query))),
        bounded=len(candidates) > MAX_REREAD,
        unindexed=unindexed,
    )


def _holds(said: str, phrases: list[str]) -> bool:
    return all(f" {phrase} " in f" {said} " for phrase in phrases)


def _named(query: str) -> ColumnElement[bool]:
    """Whether a call bears the searched word as an id; prose is not looked up."""
    wanted = query.strip('"')
    if len(wanted) < 8 or " " in wanted:
        return false()
    bounds = id_range(wanted)
    return or_(
        _c.response_id == wanted,
        _c.request_id == wanted,
        _c.reference == wanted,
        _c.id.between(*bounds) if bounds else false(),
    )
