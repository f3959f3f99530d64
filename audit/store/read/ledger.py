"""What is asked of the ledger: is the record whole, and proofs for others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine, func, select

from audit.errors import LedgerError
from audit.ledger.merkle import consistency_proof, inclusion_proof
from audit.ledger.note import Checkpoint
from audit.ledger.tiles import HASH_BYTES, hashes_of
from audit.store import tables
from audit.store.columns import octets
from audit.store.engine import at_one_moment, translated
from audit.store.partitions import keep_months
from audit.store.read.acts import acts
from audit.store.read.committed import Committed, committed
from audit.store.read.verification import verify
from audit.store.rows.acts import ActRow
from audit.store.rows.verified import Verified
from audit.store.sequencing import input_of, last_note, load_tiles, notes, tree_root

__all__ = ["LedgerReader", "LedgerStanding", "Proven"]

_e, _w = tables.entries.c, tables.ledger_writers.c
_ENTRIES = select(tables.entries, _w.id.label("writer_id")).join_from(
    tables.entries, tables.ledger_writers, _e.writer_pk == _w.pk
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An entry, and what shows that the log holds it."""

    place: int
    hashes: Sequence[bytes]
    note: str
    """The checkpoint that is proven against, as it was signed."""
    leaf_input: bytes
    salt: bytes | None
    content: Committed | None
    """None for a call that is gone, for an act, and where it was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStanding:
    """How far a log has come."""

    entries: int
    waiting: int
    """Entries without a place in the log."""
    signed: int
    """Entries before the newest checkpoint in the database."""
    anchored: int
    """Likewise of the newest one in an anchor."""
    fits: bool
    """Whether the log begins with what was signed."""


class LedgerReader:
    """Answers from one database. Its answers are of one moment each; all may raise `StoreError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = at_one_moment(engine)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def last_note(self) -> str | None:
        """Return the newest checkpoint as it was signed; None when none was."""
        with self._transaction() as connection:
            return last_note(connection)

    def standing(self, held_to: Callable[[str], Checkpoint], anchored: Sequence[Checkpoint]) -> LedgerStanding:
        """Return how the log stands, without looking at any content; `held_to` reads the note that was signed last."""
        with self._transaction() as connection:
            count = connection.execute(select(func.count(), func.count(_e.place)).select_from(tables.entries)).one()
            note = last_note(connection)
            newest = [] if note is None else [held_to(note)]
            amiss = [one for one in (*newest, *anchored) if not _begins_with(connection, count[1], one)]
        return LedgerStanding(
            entries=count[0],
            waiting=count[0] - count[1],
            signed=max((one.size for one in newest), default=0),
            anchored=max((one.size for one in anchored), default=0),
            fits=not amiss,
        )

    def verify(
        self,
        checkpoints: Callable[[Sequence[str]], Sequence[Checkpoint]],
        *,
        anchored: int,
        since: datetime | None,
        sample: int | None,
        progress: Callable[[int, int], None],
    ) -> Verified:
        """Return whether the record is whole; `checkpoints` makes of the notes in the database what is to be held to.

        The rest is as in `verification.verify`.
        """
        with self._transaction() as connection:
            keep_months(connection)
            held = checkpoints(notes(connection))
            try:
                return verify(connection, held, anchored=anchored, since=since, sample=sample, progress=progress)
            except (TypeError, ValueError, OverflowError) as exc:  # SQLite takes anything in any column
                raise LedgerError(
                    f"the ledger's tables hold what was never written there ({exc}): restore a backup"
                ) from exc

    def acts(self, kind: str | None = None, *, since: datetime | None = None, limit: int = 1_000) -> tuple[ActRow, ...]:
        """Return what was done to the record and with it, the newest first."""
        with self._transaction() as connection:
            return acts(connection, kind, since, limit)

    def proof(self, entry_id: UUID, size_of: Callable[[str], int], *, content: bool = True) -> Proven:
        """Return the proof that the log holds an entry, against the newest checkpoint; `size_of` reads a note's size.

        With `content` also what was committed to, for which encrypted bodies want their key. Raises `LedgerError` if it
        is not in the log yet, or the log has lost what is needed; `EncryptionError`.
        """
        with self._transaction() as connection:
            row = connection.execute(_ENTRIES.where(_e.id == entry_id)).one_or_none()
            if row is None:
                raise LedgerError(f"the ledger has no entry {entry_id}")
            note = last_note(connection)
            size = 0 if note is None else size_of(note)
            if note is None or row.place is None or row.place >= size:
                raise LedgerError(f"entry {entry_id} is not in a signed checkpoint yet: ask again in a minute")
            with _whole():
                hashes = inclusion_proof(hashes_of(load_tiles(connection)), row.place, size)
            return Proven(
                place=row.place,
                hashes=hashes,
                note=note,
                leaf_input=input_of(row),
                salt=None if row.salt is None else octets(row.salt),
                content=next(committed(connection, [row.pk]), None) if content else None,
            )

    def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """Return the proof that the log of `new` entries begins with that of `old`; raises `LedgerError` likewise."""
        with self._transaction() as connection, _whole():
            return consistency_proof(hashes_of(load_tiles(connection)), old, new)

    def tile(self, level: int, number: int, width: int) -> bytes:
        """Return the hashes of a tile; raise `LedgerError` if it is not as full as that."""
        with self._transaction() as connection:
            hashes = load_tiles(connection)(level, number)[: width * HASH_BYTES]
        if len(hashes) != width * HASH_BYTES:
            raise LedgerError(f"the log's tile {level}/{number} is not whole; run audit verify")
        return hashes

    def leaf_inputs(self, first: int, count: int) -> list[bytes]:
        """Return what the leaves of entries are hashes of, in the log's order."""
        wanted = _ENTRIES.where(_e.place.between(first, first + count - 1)).order_by(_e.place)
        with self._transaction() as connection:
            rows = connection.execute(wanted).all()
        if len(rows) != count:
            raise LedgerError(f"entries from {first} on are missing from the log; run audit verify")
        return [input_of(row) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with translated(), self._engine.begin() as connection:
            yield connection


def _begins_with(connection: Connection, size: int, checkpoint: Checkpoint) -> bool:
    if checkpoint.size > size:
        return False
    try:
        return tree_root(connection, checkpoint.size) == checkpoint.root
    except LedgerError:
        return False


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except LookupError as exc:
        raise LedgerError(f"the log's tiles are not whole: {exc}; run audit verify") from exc
    except ValueError as exc:
        raise LedgerError(str(exc)) from exc
