"""A record from one database into another of whatever kind, all of it or nothing.

It is read as it is at one moment, and written in one transaction, which is kept only if what has been written reads
as what was: who is killed in the middle leaves an empty database behind, and can begin again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table, select

from audit.errors import StoreError
from audit.store.digests import Rows, TableDigest, counts, digests, lots, together
from audit.store.engine import at_one_moment, translated
from audit.store.loading import MONTH_KEYS, continue_keys, insert_rows, make_partitions, take_writing_turn
from audit.store.lots import in_lots
from audit.store.months import key_of_a_call, months
from audit.store.partitions import keep_months
from audit.store.schema import head, revision, upgrade
from audit.store.search import add_words, words_of
from audit.store.tables import metadata

__all__ = ["Copied", "copy_record"]

Progress = Callable[[int, int], None]
_WORDS_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was read, and what was written."""

    source: tuple[TableDigest, ...]
    target: tuple[TableDigest, ...]
    """As it was read again."""
    indexed: int
    """Calls that can be found by their words."""

    @property
    def is_equal(self) -> bool:
        """Whether it is the same, row by row; else nothing of it was kept."""
        return self.source == self.target

    @property
    def rows(self) -> int:
        """How many rows there were in all tables."""
        return sum(table.rows for table in self.source)

    @property
    def sha256(self) -> str:
        """The digest of all that was read."""
        return together(self.source)


def copy_record(
    source: Engine,
    target: Engine,
    progress: Progress = lambda _done, _of: None,
    begin: Callable[[], None] = lambda: None,
) -> Copied:
    """Copy all tables into an empty database, whose schema is made; `progress` is told how many steps are done.

    `begin` is called when there is somewhere to copy to and nothing has been read: what it writes is copied too.
    Calls keep their keys, but for the month in them: see `months.py`. Raises `StoreError` for a source that is not up
    to date, for a target that holds anything, and when either cannot be used.
    """
    _must_be_current(source)
    upgrade(target)
    reading = at_one_moment(source)
    with translated(), reading.begin() as old, target.connect() as new, new.begin() as transaction:
        keep_months(old)
        take_writing_turn(new)
        _must_be_empty(new)
        begin()
        copied = _Copy(old, new, progress).run()
        if not copied.is_equal:
            transaction.rollback()
    return copied


class _Copy:
    """A copy under way."""

    def __init__(self, source: Connection, target: Connection, progress: Progress) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self._months = months(source, target)
        self._made: set[int] = set()
        self._done, self._steps = 0, 2 * sum(counts(source).values())

    def run(self) -> Copied:
        source = tuple(self._table(table) for table in metadata.sorted_tables)
        indexed = self._index()
        return Copied(source=source, target=digests(self._target, self._advance), indexed=indexed)

    def _table(self, table: Table) -> TableDigest:
        gone_by = Rows(table)
        for rows in lots(self._source, table):
            gone_by.add(rows)
            insert_rows(self._target, table, self._theirs(table, rows))
            self._advance(len(rows))
        continue_keys(self._target, table)
        return gone_by.digest

    def _theirs(self, table: Table, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """The rows as the other database takes them."""
        names, key = table.c.keys(), key_of_a_call(table)
        computed = [column.name for column in table.columns if column.computed is not None]
        made = [dict(zip(names, row, strict=True)) for row in rows]
        for row in made:
            for name in computed:
                del row[name]
            if key is not None:
                row[key] = self._key(row[key])
        return made

    def _key(self, pk: int) -> int:
        key = self._months.key(pk)
        if key // MONTH_KEYS not in self._made:
            make_partitions(self._target, key)
            self._made.add(key // MONTH_KEYS)
        return key

    def _index(self) -> int:
        indexed = 0
        for some in in_lots(words_of(self._source), _WORDS_AT_ONCE):
            add_words(self._target, [(self._months.key(pk), words) for pk, words in some])
            indexed += len(some)
        return indexed

    def _advance(self, rows: int) -> None:
        self._done += rows
        self._progress(self._done, self._steps)


def _must_be_current(source: Engine) -> None:
    found, expected = revision(source), head()
    if found is None:
        raise StoreError("there is no record in the database that is to be copied", permanent=True)
    if found != expected:
        raise StoreError(
            f"the database that is to be copied has revision {found}, not {expected}: "
            "AUDIT_DATABASE_URL=… audit db upgrade brings it up to date",
            permanent=True,
        )


def _must_be_empty(target: Connection) -> None:
    for table in metadata.sorted_tables:
        if target.execute(select(*table.primary_key).limit(1)).first() is not None:
            raise StoreError(
                f"the database that is to be filled holds a record already (in {table.name}), and nothing is written "
                "over: name one that is empty",
                permanent=True,
            )
