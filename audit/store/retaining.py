"""Removal by age: calls lose their bodies, then all that is known of them, as policies say, and the ledger tells so.

Of the policies that fit a call the one that keeps it longest counts, for bodies and for the rest apart; among equals
the first. A call that none fits is kept, and so is what a hold names. Past months of which all is due go at once where
calls lie in partitions (`bygone.py`), all else in small transactions beside which others record on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, case, func, or_, select, true

from audit.call import Outcome
from audit.store import tables
from audit.store.bygone import Gone, Month, remove_month
from audit.store.choosing import By, fitting
from audit.store.engine import at_one_moment, translated
from audit.store.erasing import What, take_out
from audit.store.holds import Hold, held, held_back, in_force
from audit.store.ledger import Author
from audit.store.loading import among, take_writing_turn
from audit.store.partitions import drop_empty_months, past_months

__all__ = ["Due", "Policy", "Removed", "Share", "due_now", "remove_due"]

AT_ONCE = 500
"""Calls of one act, and of one transaction."""
BY = "retention"
"""How calls were chosen, as the act tells it."""
_c, _x = tables.calls.c, tables.exchanges.c
_WITH_BODIES = select(_x.call_pk).where(_x.call_pk == _c.pk).exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long those calls are kept that fit all selectors which are given, each by any of its words."""

    name: str
    bodies_before: datetime | None = None
    """Bodies of calls that began before are due; None: they never are."""
    metadata_before: datetime | None = None
    outcomes: tuple[Outcome, ...] = ()
    labels: tuple[str, ...] = ()
    """As NAME=VALUE."""
    projects: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """Fingerprints, or names of keys."""

    def before(self, what: What) -> datetime | None:
        """Return the time before which calls must have begun to be due."""
        return self.bodies_before if what is What.BODIES else self.metadata_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What would go by one policy."""

    policy: str
    what: What
    calls: int
    bytes: int
    """Of the bodies as they were received, where they are not gone already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What would go now."""

    shares: tuple[Share, ...]
    held: tuple[tuple[Hold, int], ...]
    """What stays: holds, and how many of the calls that are due each of them holds."""


@dataclass(slots=True)
class Removed:
    """What has gone."""

    calls: dict[What, int] = field(default_factory=lambda: dict.fromkeys(What, 0))
    acts: list[UUID] = field(default_factory=list)
    months: list[str] = field(default_factory=list)
    """Whose partitions were dropped."""


def due_now(connection: Connection, policies: Sequence[Policy]) -> Due:
    """Return what would go now, for a transaction that reads."""
    holds, steps = in_force(connection), list(_steps(policies))
    shares = [_share(connection, policy, what, and_(due, ~held(holds))) for policy, what, due in steps]
    any_due = or_(*(due for _, _, due in steps)) if steps else ~true()
    return Due(shares=tuple(shares), held=held_back(connection, holds, any_due))


def remove_due(
    engine: Engine,
    policies: Sequence[Policy],
    *,
    actor: str,
    now: datetime,
    progress: Callable[[int], None] = lambda _gone: None,
) -> Removed:
    """Remove what is due and no hold holds; `progress` is told how many calls have gone.

    What has gone stays gone if it breaks off, and can be gone on with. Raises `StoreError`.
    """
    author, removed = Author(), Removed()
    with translated():
        for what, steps in groupby(_steps(policies), key=lambda step: step[1]):
            dues = [(policy, due) for policy, _, due in steps]
            for gone in _months(engine, author, what, dues, actor, now):
                removed.calls[what] += gone.calls
                removed.acts += gone.acts
                progress(sum(removed.calls.values()))
            for policy, due in dues:
                for some in _lots(engine, due):
                    _remove(engine, author, policy, what, due, some, actor, removed)
                    progress(sum(removed.calls.values()))
        removed.months = drop_empty_months(engine, now)
    author.close(engine, datetime.now(UTC))
    return removed


def _months(
    engine: Engine,
    author: Author,
    what: What,
    dues: Sequence[tuple[Policy, ColumnElement[bool]]],
    actor: str,
    now: datetime,
) -> Iterator[Gone]:
    """Remove what is due of past months of which all is, each at once; yield what has gone with each."""
    grounds = [(policy.name, due) for policy, due in dues]
    for number in past_months(engine, now):
        month = Month(number=number, what=what, grounds=grounds, by=BY, actor=actor)
        if (gone := remove_month(engine, author, month)) is not None:
            yield gone


def _remove(
    engine: Engine,
    author: Author,
    policy: Policy,
    what: What,
    due: ColumnElement[bool],
    some: Sequence[int],
    actor: str,
    removed: Removed,
) -> None:
    """Remove those of some calls that are still due and under no hold, in one transaction."""
    with author.transaction(engine) as connection:
        take_writing_turn(connection)
        still = select(_c.pk, _c.id).where(among(connection, _c.pk, some), due, ~held(in_force(connection)))
        rows = connection.execute(still.order_by(_c.pk)).all()
        if not rows:
            return
        act = take_out(connection, author, rows, what=what, ground=policy.name, by=BY, actor=actor)
    removed.calls[what] += len(rows)
    removed.acts.append(act)


def _lots(engine: Engine, due: ColumnElement[bool]) -> Iterator[Sequence[int]]:
    """Yield the keys of calls that are due, the oldest first: found before the turn to write, which others wait for."""
    after: ColumnElement[bool] = true()
    while rows := _read(engine, select(_c.pk, _c.started_at).where(due, after).order_by(_c.started_at, _c.pk)):
        yield [row.pk for row in rows]
        at, pk = rows[-1].started_at, rows[-1].pk
        after = or_(_c.started_at > at, and_(_c.started_at == at, _c.pk > pk))


def _read(engine: Engine, query: Select[Any]) -> Sequence[Any]:
    with at_one_moment(engine).connect() as connection:
        return connection.execute(query.limit(AT_ONCE)).all()


def _steps(policies: Sequence[Policy]) -> Iterator[tuple[Policy, What, ColumnElement[bool]]]:
    """Yield by which policy calls may lose what, and which; those first that are to lose all."""
    whole = list(_due(policies, What.ALL))
    yield from ((policy, What.ALL, due) for policy, due in whole)
    for policy, due in _due(policies, What.BODIES):
        yield policy, What.BODIES, and_(due, _WITH_BODIES, *(~other for _, other in whole))


def _due(policies: Sequence[Policy], what: What) -> Iterator[tuple[Policy, ColumnElement[bool]]]:
    """Yield each policy with the condition that calls are due by it and that none which keeps longer fits them."""
    longer: list[ColumnElement[bool]] = []
    for policy in sorted(policies, key=lambda one: one.before(what) or datetime.min.replace(tzinfo=UTC)):
        before, fits = policy.before(what), _fits(policy)
        if before is not None:
            yield policy, and_(_c.started_at < before, fits, *(~other for other in longer))
        longer.append(fits)


def _fits(policy: Policy) -> ColumnElement[bool]:
    """The condition that a call fits a policy: never null, as it is also asked whether it does not."""
    wanted: list[ColumnElement[bool]] = [true()]
    if policy.outcomes:
        wanted.append(_c.outcome.in_(policy.outcomes))
    if policy.labels:
        wanted.append(or_(*(fitting(By.LABEL, label) for label in policy.labels)))
    if policy.projects:
        wanted.append(and_(_c.project.is_not(None), _c.project.in_(policy.projects)))
    if policy.providers:
        wanted.append(_c.provider.in_(policy.providers))
    if policy.keys:
        wanted.append(and_(_c.key_fingerprint.is_not(None), _of_keys(policy.keys)))
    return and_(*wanted)


def _of_keys(keys: Sequence[str]) -> ColumnElement[bool]:
    named = [select(one.c.fingerprint).where(one.c.name.in_(keys)) for one in (tables.api_keys, tables.issued_keys)]
    return or_(_c.key_fingerprint.in_(keys), *(_c.key_fingerprint.in_(one) for one in named))


def _share(connection: Connection, policy: Policy, what: What, due: ColumnElement[bool]) -> Share:
    sizes = func.coalesce(func.sum(case((_WITH_BODIES, _c.request_bytes + _c.response_bytes), else_=0)), 0)
    calls, size = connection.execute(select(func.count(), sizes).select_from(tables.calls).where(due)).one()
    return Share(policy=policy.name, what=what, calls=calls, bytes=int(size))
