"""How calls get into the database: in batches, each in one transaction, each call once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from audit.call import Call
from audit.ledger.leaf import new_salts
from audit.store import tables
from audit.store.batch import Batch, Prepared, prepared
from audit.store.effective import Effective, enter_settings, entered_before
from audit.store.engine import blames_data, insert_new, store_error, translated, upsert_span
from audit.store.ledger import Author
from audit.store.loading import entered, make_partitions, next_key, take_writing_turn
from audit.store.losses import enter_losses
from audit.store.prices import enter_prices
from audit.store.records import key_rows
from audit.store.sealing import Sealer, must_be_plain, open_sealer
from audit.store.search import Index, index_of
from audit.store.unindexed import LATER
from audit.wire.parse import printable

__all__ = ["Appended", "Writer", "name_key"]

MAX_PRICES = 10_000
"""Workings of prices whose keys are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of a batch."""

    new: int = 0
    repeated: int = 0
    """Calls that were in the record already."""
    refused: tuple[tuple[UUID, str], ...] = ()
    """Calls that the database will not take, and why."""


def _now() -> datetime:
    return datetime.now(UTC)


class Writer:
    """Appends calls through one engine, encrypted if that has keys. Not for several threads at once."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = _now, *, actor: str = "unknown") -> None:
        """Append through an engine; `actor` is who does, for what it notes beside calls."""
        self._engine = engine
        self._clock = clock
        self._actor = actor
        self._price_pks: dict[str, int] = {}
        self._author = Author()
        self._sealer: Sealer | None = None

    def append(self, calls: Sequence[Call], *, words_later: bool = False) -> Appended:
        """Store the calls that are not there yet, all at once; one that the database will not take is left out.

        With `words_later` they cannot be found by their words yet: `enter_some` of `unindexed.py` sees to that.
        Raises `StoreError` when the database cannot be used: it can be tried again, what is stored stays so;
        `EncryptionError` for an encrypted record without its key.
        """
        if not calls:
            return Appended()
        try:
            return self._append(calls, words_later=words_later)
        except _SPOILT as exc:
            if isinstance(exc, DBAPIError) and not blames_data(exc):
                raise store_error(exc) from exc
            if len(calls) == 1:
                return Appended(refused=((calls[0].exchange.id, _reason(exc)),))
        except SQLAlchemyError as exc:
            raise store_error(exc) from exc
        middle = len(calls) // 2
        halves = (self.append(some, words_later=words_later) for some in (calls[:middle], calls[middle:]))
        return _together(*halves)

    def close(self) -> None:
        """Say in the ledger that this writer has ended in order, as far as the database can be reached."""
        self._author.close(self._engine, self._clock())

    def lost(self, loss_id: UUID, at: datetime, count: int, reason: str) -> None:
        """Note that `count` exchanges could not be recorded, and enter it into the ledger; once for each id."""
        row = {"id": loss_id, "at": at, "count": count, "reason": printable(reason[:500])}
        with self._turn() as connection:
            noted = insert_new(connection, tables.losses, "id").returning(tables.losses.c.id)
            if connection.execute(noted, row).scalar():
                enter_losses(connection, self._author, self._clock(), [row], actor=self._actor)

    def writes_by(self, effective: Effective) -> bool:
        """Enter the settings that calls are written by from now on; return False where they were entered before.

        Then nothing is written. May raise `StoreError`.
        """
        with _transaction(self._engine.execution_options(reads=True)) as connection:
            if entered_before(connection, effective) == effective.values:
                return False
        with self._turn() as connection:
            enter_settings(connection, self._author, self._clock(), effective, actor=self._actor)
        return True

    @contextmanager
    def _turn(self) -> Iterator[Connection]:
        """Yield a connection in a transaction, in one's turn to write."""
        with translated(), self._author.transaction(self._engine) as connection:
            take_writing_turn(connection)
            yield connection

    def _append(self, calls: Sequence[Call], *, words_later: bool) -> Appended:
        now, sealer = self._clock(), self._sealing()
        index = None if sealer else LATER if words_later else index_of(self._engine)
        made = _prepared(calls, now, index, sealer)  # before one's turn: it takes longer than all the rest
        with self._author.transaction(self._engine) as connection:
            take_writing_turn(connection)
            if sealer is None:
                must_be_plain(connection)
            new = _unknown(connection, made)
            price_pks = self._insert(connection, new, index, now) if new else {}
        self._remember(price_pks)
        return Appended(new=len(new), repeated=len(calls) - len(new))

    def _sealing(self) -> Sealer | None:
        """What seals, with nothing left in it of a batch that came to nothing; None where nothing is to be sealed."""
        if self._sealer is None:
            self._sealer = open_sealer(self._engine)
        else:
            self._sealer.forget()
        return self._sealer

    def _insert(
        self, connection: Connection, new: list[Prepared], index: Index | None, now: datetime
    ) -> dict[str, int]:
        workings = {one.price_digest: one.working for one in new if one.price_digest is not None}
        price_pks, unknown = self._stored_prices(connection, workings)
        first = next_key(connection, now)
        make_partitions(connection, first)
        entries = Batch(connection, new, first, price_pks, index, self._sealer).insert()
        self._author.enter(connection, first, now, entries)
        enter_prices(connection, self._author, now, unknown, actor=self._actor)
        if keys := key_rows([one.call for one in new]):
            upsert = upsert_span(connection, tables.api_keys, "fingerprint", first="first_seen_at", last="last_seen_at")
            connection.execute(upsert, _named(connection, keys))
        return price_pks

    def _stored_prices(
        self, connection: Connection, workings: dict[str, Any]
    ) -> tuple[dict[str, int], dict[str, dict[str, Any]]]:
        """Return the keys of workings by their digests, and those workings that were not there and are stored now."""
        known = {digest: pk for digest, pk in self._price_pks.items() if digest in workings}
        if asked := workings.keys() - known.keys():
            known |= _pks_of_prices(connection, asked)
        unknown = {digest: workings[digest] for digest in sorted(asked - known.keys())}
        if unknown:
            rows = [{"digest": digest, "working": made} for digest, made in unknown.items()]
            connection.execute(tables.prices.insert(), rows)
            known |= _pks_of_prices(connection, unknown.keys())
        return known, unknown

    def _remember(self, price_pks: dict[str, int]) -> None:
        if len(self._price_pks) > MAX_PRICES:
            self._price_pks.clear()
        self._price_pks.update(price_pks)


def name_key(engine: Engine, fingerprint: str, name: str | None) -> bool:
    """Give an API key a name, or take it away; return whether such a key was ever seen. May raise `StoreError`."""
    keys = tables.api_keys
    named = keys.update().where(keys.c.fingerprint == fingerprint).values(name=name and printable(name[:200]))
    with _transaction(engine) as connection:
        return connection.execute(named).rowcount == 1


def _prepared(calls: Sequence[Call], now: datetime, index: Index | None, sealer: Sealer | None) -> list[Prepared]:
    salts = new_salts(2 * len(calls))
    made = [prepared(call, now, salts, index, sealer) for call in calls]
    for one in made:
        one.pack()
    return made


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    with translated(), engine.begin() as connection:
        yield connection


def _unknown(connection: Connection, calls: Sequence[Prepared]) -> list[Prepared]:
    """The calls that are not in the record, and never were, each once."""
    by_id = {one.call.exchange.id.bytes: one for one in reversed(calls)}
    for known in entered(connection, list(by_id)):
        del by_id[known]
    return list(reversed(by_id.values()))


def _pks_of_prices(connection: Connection, digests: Collection[str]) -> dict[str, int]:
    prices = tables.prices.c
    found = connection.execute(select(prices.digest, prices.pk).where(prices.digest.in_(digests)))
    return {row.digest: row.pk for row in found}


def _named(connection: Connection, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give keys that were issued here the names they were issued under: they count when a key is seen first."""
    issued = tables.issued_keys.c
    ours = select(issued.fingerprint, issued.name).where(issued.fingerprint.in_([key["fingerprint"] for key in keys]))
    names = {row.fingerprint: row.name for row in connection.execute(ours)}
    return [{**key, "name": names.get(key["fingerprint"])} for key in keys]


def _reason(exc: Exception) -> str:
    cause = exc.orig if isinstance(exc, StatementError) and exc.orig is not None else exc
    return printable(f"{type(cause).__name__}: {cause}"[:500])


def _together(first: Appended, second: Appended) -> Appended:
    return Appended(
        new=first.new + second.new,
        repeated=first.repeated + second.repeated,
        refused=first.refused + second.refused,
    )


_SPOILT = (StatementError, ValueError, TypeError, ArithmeticError, RecursionError)
"""What one call's values can raise on their way into the database; `OverflowError` is an `ArithmeticError`."""
