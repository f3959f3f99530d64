"""Is the record whole and unchanged? Every entry against what it commits to, and the log against what was signed.

Nothing that is stored beside an entry is believed: leaves are hashed anew from entries, roots from leaves, commitments
from calls, bodies and acts. What was erased is accepted where an act says so, which is an entry itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import Connection, func, select

from audit.errors import EncryptionError
from audit.ledger.leaf import METADATA, REQUEST, RESPONSE, commit
from audit.ledger.merkle import root
from audit.ledger.note import Checkpoint
from audit.ledger.tiles import HASH_BYTES, WIDTH, extended, hashes_of
from audit.store import tables
from audit.store.columns import octets
from audit.store.lots import in_weighed_lots
from audit.store.parts import Expand
from audit.store.read.addresses import Addresses
from audit.store.read.attested import look_at_attested
from audit.store.read.committed import MOST_BYTES, Committed, committed, sizes_of_bodies
from audit.store.read.erased import Erased, intact_acts
from audit.store.rows.verified import Verdict, Verified
from audit.store.sequencing import leaf_of

__all__ = ["verify"]

LOT = 500
MOST_LOST = 1_000_000
"""Entries in a row that a log may have lost: a place farther behind the one before was made up."""
_NOTHING = b"\x00" * HASH_BYTES
_e, _w, _t, _c = tables.entries.c, tables.ledger_writers.c, tables.tiles.c, tables.calls.c
_ENTRIES = select(tables.entries, _w.id.label("writer_id")).join_from(
    tables.entries, tables.ledger_writers, _e.writer_pk == _w.pk, isouter=True
)
Progress = Callable[[int, int], None]


def verify(
    connection: Connection,
    checkpoints: Sequence[Checkpoint],
    *,
    anchored: int = 0,
    since: datetime | None = None,
    sample: int | None = None,
    progress: Progress = lambda _done, _size: None,
) -> Verified:
    """Return what is found, for a transaction that reads.

    `checkpoints` are those whose signatures hold, `anchored` is the size of the greatest that came from an anchor.
    Leaves and roots are looked at all; contents and the parts of them of those that were recorded `since`, or of a
    random `sample`.
    `progress` is told how many entries are done, and of how many.
    """
    found = Verified(anchored=anchored)
    found.size = connection.execute(select(func.count()).where(_e.place.is_not(None))).scalar_one()
    acts = intact_acts(connection, found)
    addresses = Addresses(connection, found)
    look = _Look(connection, found, acts, _wanted(connection, since, sample), addresses)
    for rows in _lots(connection):
        look.at(rows)
        progress(look.place, found.size)
    _look_for_stray(connection, found, look.place)
    look.at_checkpoints(checkpoints)
    look.at_stored_tiles()
    _look_at_kept(connection, found, checkpoints)
    _look_at_numbers(connection, found)
    _look_for_strangers(connection, found)
    look_at_attested(connection, acts.told, found)
    if since is None and sample is None:
        addresses.look_at_others()
    waiting = connection.execute(select(func.count()).where(_e.place.is_(None))).scalar_one()
    if waiting:
        found.entries[Verdict.UNSEQUENCED] = waiting
        found.tell(Verdict.UNSEQUENCED, f"{waiting} entries", "they have no place in the log yet")
    return found


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """A call whose rows do not make one."""

    why: str


class _Look:
    """Goes over the entries in the order of the log."""

    def __init__(
        self,
        connection: Connection,
        found: Verified,
        erased: Erased,
        wanted: Callable[[int], bool],
        addresses: Addresses,
    ) -> None:
        self.place = 0
        self._connection = connection
        self._found = found
        self._erased = erased
        self._wanted = wanted
        self._addresses = addresses
        self._tree = _Tree()

    def at(self, rows: Sequence[Any]) -> None:
        """Look at the next entries."""
        leaves = [_leaf(row) for row in rows]
        for row, leaf in zip(rows, leaves, strict=True):
            self._pass_over_holes(row.place)
            self._tree.append(leaf)
            self.place += 1
        self._at_tiles(rows, leaves)
        self._at_contents([row for row in rows if self._wanted(row.pk)])

    def at_checkpoints(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Compare what was signed with the log as it is."""
        for checkpoint in sorted(checkpoints, key=lambda one: one.size):
            what = f"checkpoint at {checkpoint.size} entries"
            if checkpoint.size > self.place:
                why = f"the log has only {self.place}: entries have been taken away, or an older database is in place"
                self._found.tell(Verdict.MISSING, what, why)
            elif self._tree.root(checkpoint.size) != checkpoint.root:
                self._found.tell(Verdict.ALTERED, what, "the entries before it are not those that were signed")
            else:
                self._found.checkpoints += 1

    def at_stored_tiles(self) -> None:
        """Compare tiles above the leaves, by which proofs are made, with those that the leaves come to."""
        expected, stored = self._tree.tiles(), select(tables.tiles).order_by(_t.level, _t.number)
        for row in self._connection.execute(stored):
            hashes = expected.pop((row.level, row.number), b"")
            altered = octets(row.hashes) != hashes if row.level else len(row.hashes) != len(hashes)
            if altered:
                self._found.tell(Verdict.ALTERED, f"tile {row.level}/{row.number}", "it is not what the leaves come to")
        for level, number in expected:
            self._found.tell(Verdict.MISSING, f"tile {level}/{number}", "it is not in the log")

    def _pass_over_holes(self, place: int) -> None:
        while self.place < place:
            self._count(Verdict.MISSING, f"entry {self.place}", "there is none at this place of the log")
            self._tree.append(_NOTHING)
            self.place += 1

    def _at_tiles(self, rows: Sequence[Any], leaves: Sequence[bytes]) -> None:
        """Compare leaves with those that stand in the log: it tells which entry it is that does not fit."""
        numbers = (rows[0].place // WIDTH, rows[-1].place // WIDTH)
        stored = select(_t.number, _t.hashes).where(_t.level == 0, _t.number.between(*numbers))
        tiles = {row.number: octets(row.hashes) for row in self._connection.execute(stored)}
        for row, leaf in zip(rows, leaves, strict=True):
            number, at = divmod(row.place, WIDTH)
            if tiles.get(number, b"")[at * HASH_BYTES : (at + 1) * HASH_BYTES] != leaf:
                self._found.tell(Verdict.ALTERED, f"entry {row.place} of {row.id}", "it is not what stands in the log")

    def _at_contents(self, rows: Sequence[Any]) -> None:
        sizes = sizes_of_bodies(self._connection, [row.pk for row in rows])
        for some in in_weighed_lots(rows, lambda row: sizes.get(row.pk, 0), MOST_BYTES):
            self._at_some(some)

    def _at_some(self, rows: Sequence[Any]) -> None:
        """Look at what of the contents is in memory at once."""
        pks = [row.pk for row in rows if row.id not in self._erased.acts]
        calls = _calls(self._connection, pks, self._addresses.expanded)
        for row in rows:
            if row.id in self._erased.acts:
                self._found.entries[self._erased.acts[row.id]] += 1  # what is altered was told before
                continue
            try:
                verdict, why = _of_call(row, calls.get(row.pk), self._erased)
            except (TypeError, ValueError):  # SQLite takes anything in any column
                verdict, why = Verdict.ALTERED, "its entry is not one that can have been written"
            self._count(verdict, f"{_kind(row)} {row.id}", why)

    def _count(self, verdict: Verdict, what: str = "", why: str = "") -> None:
        self._found.entries[verdict] += 1
        if verdict not in (Verdict.OK, Verdict.ERASED):
            self._found.tell(verdict, what, why)


class _Tree:
    """The tree over leaves as they are hashed anew."""

    def __init__(self) -> None:
        self._size = 0
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._waiting: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        self._waiting.append(leaf)
        if len(self._waiting) >= WIDTH:
            self._settle()

    def root(self, size: int) -> bytes:
        self._settle()
        return root(size, hashes_of(self._load))

    def tiles(self) -> dict[tuple[int, int], bytes]:
        """Return all tiles, to be kept by who asks."""
        self._settle()
        return dict(self._tiles)

    def _settle(self) -> None:
        self._tiles.update(extended(self._size, self._waiting, self._load))
        self._size, self._waiting = self._size + len(self._waiting), []

    def _load(self, level: int, number: int) -> bytes:
        return self._tiles.get((level, number), b"")


def _lots(connection: Connection) -> Iterator[Sequence[Any]]:
    last = -1
    while rows := connection.execute(
        _ENTRIES.where(_e.place.between(last + 1, last + MOST_LOST)).order_by(_e.place).limit(LOT)
    ).all():
        yield rows
        last = rows[-1].place


def _look_for_stray(connection: Connection, found: Verified, size: int) -> None:
    for one in connection.execute(select(_e.id).where(_e.place >= size).limit(LOT)).scalars():
        found.tell(Verdict.ALTERED, f"the entry of {one}", f"its place is far behind the {size} that are filled")


def _leaf(row: Any) -> bytes:
    """The hash of an entry; of none that can have been written, if it has lost its form."""
    try:
        return leaf_of(row)
    except (ValueError, TypeError, AttributeError, OverflowError):
        return _NOTHING


def _wanted(connection: Connection, since: datetime | None, sample: int | None) -> Callable[[int], bool]:
    """What tells by its key whether the content of an entry is to be looked at."""
    if since is not None:
        first = connection.execute(select(func.min(_c.pk)).where(_c.recorded_at >= since)).scalar()
        return lambda pk: first is not None and pk >= first
    if sample is not None:
        pks = connection.execute(select(_e.pk).where(_e.place.is_not(None))).scalars().all()
        chosen = set(Random().sample(pks, min(sample, len(pks))))  # noqa: S311  # which ones is no secret
        return chosen.__contains__
    return lambda _pk: True


def _calls(connection: Connection, pks: Sequence[int], expand: Expand) -> Mapping[int, Committed | _Unreadable]:
    try:
        return {one.pk: one for one in committed(connection, pks, expand)}
    except EncryptionError:  # nothing is wrong with what needs but a key
        raise
    except Exception:  # noqa: BLE001  # rows that were tampered with raise whatever: which ones is found one by one
        found: dict[int, Committed | _Unreadable] = {}
        for pk in pks:
            try:
                found.update((one.pk, one) for one in committed(connection, [pk], expand))
            except Exception as exc:  # noqa: BLE001  # likewise
                found[pk] = _Unreadable(f"{type(exc).__name__}: {exc}"[:200])
        return found


def _kind(row: Any) -> str:
    """What an entry is of, which its commitments tell also when the row it is of is gone: no call has a request's
    commitment with the salt of its metadata."""
    try:
        of_act = commit(bytes(row.salt), REQUEST, b"") == bytes(row.request_commitment)
    except (TypeError, ValueError):  # as above
        of_act = False
    return "act" if of_act else "call"


def _of_call(row: Any, call: Committed | _Unreadable | None, erased: Erased) -> tuple[Verdict, str]:
    if call is None:
        return (Verdict.ERASED, "") if row.id in erased.whole else (Verdict.MISSING, "it is not in the record")
    if isinstance(call, _Unreadable):
        return Verdict.ALTERED, f"it cannot be read: {call.why}"
    if call.id != row.id or row.salt is None:
        return Verdict.ALTERED, "its row belongs to another"
    if commit(octets(row.salt), METADATA, call.metadata) != octets(row.metadata_commitment):
        return Verdict.ALTERED, "its metadata are not those that were recorded"
    if call.request is None or call.response is None or call.body_salt is None:
        gone = row.id in erased.whole or row.id in erased.bodies
        return (Verdict.ERASED, "") if gone else (Verdict.MISSING, "its bodies are not in the record")
    for side, content, commitment in (
        (REQUEST, call.request, row.request_commitment),
        (RESPONSE, call.response, row.response_commitment),
    ):
        if commit(call.body_salt, side, content) != bytes(commitment):
            which = "request" if side == REQUEST else "response"
            return Verdict.ALTERED, f"its {which} is not the one that was recorded"
    return Verdict.OK, ""


def _look_at_kept(connection: Connection, found: Verified, checkpoints: Sequence[Checkpoint]) -> None:
    """The database keeps each checkpoint before an anchor gets it, under its size."""
    kept = tables.checkpoints.c
    rows = connection.execute(select(kept.size, kept.note)).all()
    noted = [(row.size, row.note.split("\n")[1:2]) for row in rows]
    for size, lines in noted:
        if lines != [str(size)]:
            found.tell(Verdict.ALTERED, f"checkpoint at {size} entries", "its note is of another size")
    for size in sorted({one.size for one in checkpoints} - {size for size, _ in noted}):
        found.tell(Verdict.MISSING, f"checkpoint at {size} entries", "it is anchored, and no longer in the database")


def _look_at_numbers(connection: Connection, found: Verified) -> None:
    """Each writer counts from 0 without holes: what was taken away before it had its place shows here."""
    entered = select(_e.pk).where(_e.writer_pk == _w.pk).exists()  # a writer is made known with its first entry
    for pk in connection.execute(select(_w.pk).where(~entered)).scalars():
        found.tell(Verdict.MISSING, f"the entries of writer {pk}", "it has none left")
    counted = select(_e.writer_pk, func.count().label("entries"), func.max(_e.number).label("last"))
    for row in connection.execute(counted.group_by(_e.writer_pk)):
        if row.entries != row.last + 1:
            what, why = f"{row.last + 1 - row.entries} entries of writer {row.writer_pk}", "its numbers have holes"
            found.tell(Verdict.MISSING, what, why)


def _look_for_strangers(connection: Connection, found: Verified) -> None:
    """Rows that nothing has entered were put in by hand."""
    for table, kind in ((tables.calls, "call"), (tables.acts, "act")):
        entered = select(_e.id).where(_e.id == table.c.id).exists()
        for stranger in connection.execute(select(table.c.id).where(~entered).limit(LOT)).scalars():
            found.tell(Verdict.ALTERED, f"{kind} {stranger}", "the ledger knows nothing of it")
