"""What is found after a power cut, by the driver that the package uses, against what was to be kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine, select, text

from audit.call import Exchange
from audit.errors import LedgerError
from audit.ledger.note import Checkpoint, open_checkpoint
from audit.store import tables
from audit.store.engine import open_engine, sqlite_url
from audit.store.read.exchanges import stored_exchanges
from audit.store.read.verification import verify
from audit.store.rows.verified import Verdict
from audit.store.schema import differences, head, revision, upgrade
from audit.store.sequencing import Sequencer, notes
from audit.store.write import Writer
from tests.campaigns.power_play import NAME, Diary
from tests.ledger.anchoring import MemoryAnchor
from tests.ledger.keys import KEY
from tests.store.samples import a_call

__all__ = ["KINDS", "Finding", "findings", "read_all"]

Finding = tuple[str, str]
"""What kind of harm was done, of `KINDS`, and to what."""
KINDS = ("lost", "corrupt", "half there", "altered", "ledger", "schema", "unusable")


def findings(
    folder: Path,
    files: Mapping[str, bytes],
    diary: Diary,
    kept: Mapping[UUID, Exchange],
    schemas: Collection[str | None],
) -> list[Finding]:
    """Open the files of a disk in a folder and return what is wrong there.

    `kept` was in the database before the scene, and `schemas` are those it may be of.
    """
    for name, content in files.items():
        (folder / name).write_bytes(content)
    engine = open_engine(sqlite_url(folder / NAME))
    try:
        refused = [("unusable", refusal) for refusal in diary.refusals]
        return [
            *refused,
            *_schema(engine, diary, schemas),
            *_damage(engine),
            *_record(engine, diary, kept),
            *_ledger(engine, diary.anchored),
            *_unusable(engine),
        ]
    except Exception as exc:  # noqa: BLE001  # what a broken file makes readers raise is anything
        return [("corrupt", f"{type(exc).__name__}: {exc}"[:200])]
    finally:
        engine.dispose()


def read_all(engine: Engine) -> dict[UUID, Exchange]:
    """Return every stored exchange by its id."""
    with engine.connect() as connection:
        everything = tables.calls.c.pk > 0
        return {found.id: found for _, found in stored_exchanges(connection, everything, limit=1_000)}


def _schema(engine: Engine, diary: Diary, schemas: Collection[str | None]) -> Iterator[Finding]:
    """Find what the upgrade has done, which is all of it or nothing; and do it."""
    found = revision(engine)
    if found not in ({head()} if diary.upgraded else {*schemas, head()}):
        yield "schema", f"is of {found}"
    upgrade(engine)
    if head() not in schemas and (told := differences(engine)):
        yield "schema", "; ".join(told)


def _damage(engine: Engine) -> Iterator[Finding]:
    with engine.connect() as connection:
        for line in connection.execute(text("PRAGMA integrity_check")).scalars():
            if line != "ok":
                yield "corrupt", line


def _record(engine: Engine, diary: Diary, kept: Mapping[UUID, Exchange]) -> Iterator[Finding]:
    found, wanted, written = read_all(engine), set(kept), dict(kept)
    for batch in diary.batches:
        calls = {call.exchange.id: call.exchange for call in batch.calls}
        written |= calls
        wanted |= calls.keys() if batch.acknowledged else set()
        missing = calls.keys() - found.keys()
        if missing and len(missing) < len(calls):
            yield "half there", f"{len(missing)} calls of {len(calls)} are missing"
    yield from (("lost", str(one)) for one in sorted(wanted - found.keys()))
    yield from (("altered", str(one)) for one, exchange in found.items() if exchange != written.get(one))
    yield from _without_entries(engine)


def _without_entries(engine: Engine) -> Iterator[Finding]:
    calls, entries = tables.calls.c, tables.entries.c
    with engine.connect() as connection:
        for pk in connection.execute(select(calls.pk).where(calls.pk.not_in(select(entries.pk)))).scalars():
            yield "half there", f"call {pk} is not in the ledger"


def _ledger(engine: Engine, anchored: Sequence[str]) -> Iterator[Finding]:
    """Find what the log says against the record or the anchor, and whether it goes on from there."""
    yield from _verdicts(engine, anchored)
    sequencer = Sequencer(engine, KEY, [MemoryAnchor(list(anchored))])
    try:
        sequencer.advance()
        sequencer.sign()
    except LedgerError as exc:
        yield "ledger", str(exc)[:200]
    else:
        yield from _verdicts(engine, anchored)


def _verdicts(engine: Engine, anchored: Sequence[str]) -> Iterator[Finding]:
    with engine.connect() as connection:
        found = verify(connection, [_checkpoint(note) for note in (*anchored, *notes(connection))])
    for one in found.amiss:
        if one.verdict is not Verdict.UNSEQUENCED:
            yield "ledger", f"{one.verdict} {one.what}: {one.why}"[:200]


def _checkpoint(note: str) -> Checkpoint:
    return open_checkpoint(note, KEY.verifier)


def _unusable(engine: Engine) -> Iterator[Finding]:
    """Find whether what is recorded next is."""
    writer = Writer(engine)
    appended = writer.append([a_call(999)])
    writer.close()
    if appended.new != 1:
        yield "unusable", str(appended)
