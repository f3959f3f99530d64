"""Entries into the log: each gets a place, the tree grows, and what it has come to is signed and anchored.

Writers wait for nobody: they enter what they store under numbers of their own, and one sequencer at a time, whoever
holds the turn, gives what has been committed its place in the log. What is signed is never taken back: before a
checkpoint is signed, the tree must begin with all that was signed before, in the database and in every anchor.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, select

from audit.errors import LedgerError
from audit.ledger.anchors import Anchor
from audit.ledger.leaf import leaf_hash, leaf_input
from audit.ledger.merkle import root
from audit.ledger.note import Checkpoint, Signer, VerifierKey, opened, parse, signed
from audit.ledger.tiles import LoadTile, extended, hashes_of
from audit.store import tables
from audit.store.columns import octets
from audit.store.engine import take_turn, translated
from audit.store.loading import insert_rows

__all__ = [
    "Sequencer",
    "advance",
    "input_of",
    "is_signed_by",
    "last_note",
    "leaf_of",
    "load_tiles",
    "log_size",
    "notes",
    "tree_root",
]

_log = logging.getLogger("audit")
LOT = 1_000
SEQUENCING = 4_201_769_220
"""The key of PostgreSQL's advisory lock for whoever sequences."""
_entries, _writers, _tiles = tables.entries.c, tables.ledger_writers.c, tables.tiles.c
_UNSEQUENCED = (
    select(tables.entries, _writers.id.label("writer_id"))
    .join_from(tables.entries, tables.ledger_writers, _entries.writer_pk == _writers.pk)
    .where(_entries.place.is_(None))
    .order_by(_entries.pk)
    .limit(LOT)
)


def _now() -> datetime:
    return datetime.now(UTC)


class Sequencer:
    """Brings entries into the log of one database, and signs what it has come to. Not for several threads at once."""

    def __init__(
        self,
        engine: Engine,
        signer: Signer,
        anchors: Sequence[Anchor] = (),
        *,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """Sign with `signer`, and put what is signed into all anchors."""
        self._engine = engine
        self._signer = signer
        self._anchors = anchors
        self._clock = clock
        self._has_told = False

    def advance(self) -> int:
        """As `advance`."""
        return advance(self._engine)

    def sign(self) -> Checkpoint | None:
        """Sign the log as it is and anchor it; None when nothing has come since the last time, or another key signs it.

        Raises `LedgerError`, and signs nothing, if the log does not begin with what was signed before; likewise if an
        anchor takes nothing, which then gets it the next time.
        """
        with translated(), self._engine.begin() as connection:
            take_turn(connection, SEQUENCING)
            signed_before = last_note(connection)
            if signed_before and not self._signs_after(signed_before):
                return None
            note = self._next_note(connection, signed_before)
        if newest := note or signed_before:
            self._put_into_anchors(newest, is_new=note is not None)
        return None if note is None else Checkpoint.parse(note)

    @property
    def is_ours(self) -> bool:
        """Whether the log is signed with this key, or with none so far. May raise `StoreError`."""
        with translated(), self._engine.execution_options(reads=True).begin() as connection:
            note = last_note(connection)
        return note is None or is_signed_by(note, self._signer.verifier)

    def _anchored(self) -> list[str]:
        """The newest note of each anchor that has one."""
        return [note for anchor in self._anchors if (note := anchor.last()) is not None]

    def _signs_after(self, note: str) -> bool:
        """Return whether this key goes on after a note: one log is signed by one key, whichever was first.

        Raises `LedgerError` if this key has signed too, as the anchors have it: then the log was replaced.
        """
        ours = self._signer.verifier
        if is_signed_by(note, ours):
            return True
        if any(is_signed_by(kept, ours) for kept in self._anchored()):
            raise LedgerError(
                "the database's log is signed by another key, and the anchors hold checkpoints of this one: another "
                "log was put in its place; nothing is signed until audit verify finds the record whole"
            )
        if not self._has_told:
            self._has_told = True
            _log.info(
                "the ledger is signed by %s with its own key, and not from here: to sign here too, copy that machine's "
                "ledger.key, or let `key` in [ledger] name it",
                Checkpoint.parse(note).origin,
            )
        return False

    def _put_into_anchors(self, note: str, *, is_new: bool) -> None:
        for anchor in self._anchors:
            lacks_it = anchor.remembers and anchor.last() != note
            if lacks_it or (is_new and not anchor.remembers):
                anchor.put(note)

    def _next_note(self, connection: Connection, signed_before: str | None) -> str | None:
        size = log_size(connection)
        before = [self._read(note) for note in (*([signed_before] if signed_before else []), *self._anchored())]
        for checkpoint in before:
            _must_begin_with(connection, size, checkpoint)
        if not size or size == max((one.size for one in before), default=0):
            return None
        note = signed(Checkpoint(self._signer.name, size, tree_root(connection, size)).text, self._signer)
        connection.execute(tables.checkpoints.insert().values(size=size, at=self._clock(), note=note))
        return note

    def _read(self, note: str) -> Checkpoint:
        return Checkpoint.parse(opened(note, [self._signer.verifier]))


def advance(engine: Engine) -> int:
    """Give all that is entered its place; return how many there were. May raise `StoreError`, `LedgerError`."""
    placed = 0
    try:
        while True:
            with translated(), engine.begin() as connection:
                take_turn(connection, SEQUENCING)
                lot = _place(connection)
            placed += lot
            if lot < LOT:
                return placed
    except (LookupError, TypeError, ValueError) as exc:
        told = f"the log cannot be carried on, as its tables are not as they were written ({exc}); run audit verify"
        raise LedgerError(told) from exc


def is_signed_by(note: str, key: VerifierKey) -> bool:
    """Return whether a note names a key as one that signed it; whether it did is for `opened` to say."""
    return any((one.name, one.key_id) == (key.name, key.key_id) for one in parse(note).signatures)


def input_of(row: Any) -> bytes:
    """Return what an entry's leaf is the hash of; the row has its writer's id too."""
    return leaf_input(
        record_id=row.id.bytes,
        writer_id=octets(row.writer_id),
        number=row.number,
        metadata=octets(row.metadata_commitment),
        request=octets(row.request_commitment),
        response=octets(row.response_commitment),
    )


def leaf_of(row: Any) -> bytes:
    """Return the hash of an entry's leaf."""
    return leaf_hash(input_of(row))


def log_size(connection: Connection) -> int:
    """Return how many entries have their place."""
    return int(connection.execute(select(func.coalesce(func.max(_entries.place) + 1, 0))).scalar_one())


def load_tiles(connection: Connection) -> LoadTile:
    """Return what reads tiles, each once; it gives no hashes for one that is not there."""
    known: dict[tuple[int, int], bytes] = {}

    def load(level: int, number: int) -> bytes:
        if (level, number) not in known:
            wanted = select(_tiles.hashes).where(_tiles.level == level, _tiles.number == number)
            known[level, number] = octets(connection.execute(wanted).scalar() or b"")
        return known[level, number]

    return load


def tree_root(connection: Connection, size: int) -> bytes:
    """Return the root over the first `size` entries, as the tiles have it; raise `LedgerError` if they lack any."""
    try:
        return root(size, hashes_of(load_tiles(connection)))
    except LookupError as exc:
        raise LedgerError(f"the log's tiles are not whole: {exc}; run audit verify") from exc


def _place(connection: Connection) -> int:
    rows = connection.execute(_UNSEQUENCED).all()
    if rows:
        size = log_size(connection)
        places = [{"entry": row.pk, "at": at} for at, row in enumerate(rows, start=size)]
        connection.execute(_PLACE, places)
        _put_tiles(connection, size, [leaf_of(row) for row in rows])
    return len(rows)


_PLACE = tables.entries.update().where(_entries.pk == bindparam("entry")).values(place=bindparam("at"))


def _put_tiles(connection: Connection, size: int, leaves: Sequence[bytes]) -> None:
    changed = extended(size, leaves, load_tiles(connection))
    for level, number in changed:
        connection.execute(tables.tiles.delete().where(_tiles.level == level, _tiles.number == number))
    rows = [{"level": level, "number": number, "hashes": hashes} for (level, number), hashes in changed.items()]
    insert_rows(connection, tables.tiles, rows)


def notes(connection: Connection) -> Sequence[str]:
    """Return all checkpoints as they were signed, the oldest first."""
    checkpoints = tables.checkpoints.c
    return connection.execute(select(checkpoints.note).order_by(checkpoints.size)).scalars().all()


def last_note(connection: Connection) -> str | None:
    """Return the newest checkpoint as it was signed; None when none was."""
    checkpoints = tables.checkpoints.c
    return connection.execute(select(checkpoints.note).order_by(checkpoints.size.desc()).limit(1)).scalar()


def _must_begin_with(connection: Connection, size: int, signed_before: Checkpoint) -> None:
    if signed_before.size > size:
        raise LedgerError(
            f"the log has {size} entries, and {signed_before.size} were signed: some have been taken away, or an older "
            "database was put in its place; nothing is signed until audit verify finds the record whole"
        )
    if signed_before.size and tree_root(connection, signed_before.size) != signed_before.root:
        raise LedgerError(
            f"the log's first {signed_before.size} entries are not those that were signed; nothing is signed until "
            "audit verify finds the record whole"
        )
