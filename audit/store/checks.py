"""Checks and flips: who runs which slot, what came of it, and what that makes of a model's state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from audit.call import Call
from audit.canary.state import EVIDENCE, HISTORY, Check, Flip, State
from audit.canary.verdict import Judgement, Verdict
from audit.store.columns import member
from audit.store.engine import insert_new, translated
from audit.store.tables import checks, flips
from audit.wire.parse import printable

__all__ = ["Checks"]

_MOST_CHARACTERS = 500


class Checks:
    """The checks and flips of one database. Safe for threads; all methods may raise `StoreError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(
        self, canary: str, provider: str, model: str, *, slot_at: datetime, by: str, started_at: datetime
    ) -> int | None:
        """Take a slot; return the check's key, or None when someone else has taken it."""
        row = {
            "canary": canary,
            "provider": provider,
            "model": model,
            "slot_at": slot_at,
            "claimed_by": by[:64],
            "started_at": started_at,
        }
        with self._transaction() as connection:
            new = insert_new(connection, checks, "canary", "provider", "model", "slot_at").returning(checks.c.pk)
            return connection.execute(new, row).scalar()

    def finish(self, pk: int, judgement: Judgement, call: Call | None, *, ended_at: datetime) -> None:
        """Write down what came of a check; `call` is None when nothing was asked."""
        found: dict[str, Any] = {
            "ended_at": ended_at,
            "verdict": judgement.verdict.value,
            "reasons": [printable(reason)[:_MOST_CHARACTERS] for reason in judgement.reasons] or None,
        }
        if call is not None:
            found |= {
                "call_id": call.exchange.id,
                "model_served": printable(call.reading.model_served or "")[:_MOST_CHARACTERS] or None,
                "first_token_us": call.reading.first_token_us,
                "duration_us": call.exchange.duration_us,
            }
        with self._transaction() as connection:
            connection.execute(checks.update().where(checks.c.pk == pk), found)

    def history(self, provider: str, model: str, limit: int = HISTORY) -> list[Check]:
        """Return a model's latest checks that tell something about it, the latest first."""
        wanted = (
            select(checks.c.pk, checks.c.ended_at, checks.c.verdict, checks.c.reasons)
            .where(checks.c.provider == provider, checks.c.model == model)
            .where(checks.c.ended_at.is_not(None), checks.c.verdict.in_([verdict.value for verdict in EVIDENCE]))
            .order_by(checks.c.started_at.desc())
            .limit(limit)
        )
        with self._transaction() as connection:
            return [
                Check(pk=row.pk, at=row.ended_at, verdict=member(Verdict, row.verdict), reason=(row.reasons or [""])[0])
                for row in connection.execute(wanted)
            ]

    def last_flip(self, provider: str, model: str) -> Flip | None:
        """Return a model's latest change of state; None when it never had one."""
        with self._transaction() as connection:
            return _last_flip(connection, provider, model)

    def add_flip(self, provider: str, model: str, *, old: Flip | None, new: Flip) -> bool:
        """Store `new` if `old` is still the model's latest flip; return whether it was."""
        row = {
            "provider": provider,
            "model": model,
            "at": new.at,
            "state_before": new.before.value,
            "state": new.state.value,
            "reason": new.reason,
            "check_pk": new.check_pk,
        }
        with self._transaction() as connection:
            _take_turn(connection, provider, model)
            latest = _last_flip(connection, provider, model)
            if (latest and latest.pk) != (old and old.pk):
                return False
            connection.execute(flips.insert(), row)
            return True

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with translated(), self._engine.begin() as connection:
            yield connection


def _take_turn(connection: Connection, provider: str, model: str) -> None:
    """Let only one transaction at a time look for the latest flip and add one: a flip has no unique key of its own.

    The model's first check stands for the model. SQLite has no such locks and needs none: its writers take turns.
    """
    first = (
        select(checks.c.pk)
        .where(checks.c.provider == provider, checks.c.model == model)
        .order_by(checks.c.started_at, checks.c.pk)
        .limit(1)
        .with_for_update(key_share=True)
    )
    connection.execute(first)


def _last_flip(connection: Connection, provider: str, model: str) -> Flip | None:
    wanted = (
        select(flips, checks.c.ended_at)
        .join_from(flips, checks, flips.c.check_pk == checks.c.pk, isouter=True)
        .where(flips.c.provider == provider, flips.c.model == model)
        .order_by(flips.c.at.desc(), flips.c.pk.desc())
        .limit(1)
    )
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    return Flip(
        pk=row.pk,
        at=row.at,
        seen_at=row.at if row.ended_at is None else row.ended_at,
        before=member(State, row.state_before),
        state=member(State, row.state),
        reason=row.reason,
        check_pk=row.check_pk,
    )
