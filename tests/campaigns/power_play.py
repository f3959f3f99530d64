"""A record at work on a disk until its power is lost, and what it said it had kept until then."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError

from audit.call import Call, Tags
from audit.errors import AuditError
from audit.store.engine import open_engine, sqlite_url
from audit.store.schema import upgrade
from audit.store.sequencing import Sequencer
from audit.store.write import Writer
from tests.campaigns.apsw_driver import Driver
from tests.campaigns.disk import Disk
from tests.campaigns.disk_vfs import DiskVFS
from tests.ledger.anchoring import MemoryAnchor
from tests.ledger.keys import KEY
from tests.store.bodies_of import a_conversation, talking
from tests.store.samples import a_call, a_finding, a_price, said

__all__ = ["NAME", "Batch", "Diary", "Play", "Recording", "playing"]

NAME = "audit.db"
_numbers = count(1)
SIGNED = 0.6
"""How often the log is signed after a batch."""


@dataclass(slots=True)
class Batch:
    """Calls that were appended together."""

    calls: list[Call]
    acknowledged: bool = False
    """Whether `append` returned before the power was lost."""


@dataclass(slots=True)
class Diary:
    """What was to be kept, and what of it was said to be."""

    batches: list[Batch] = field(default_factory=list)
    upgraded: bool = False
    """Whether the schema was said to be the newest."""
    anchored: list[str] = field(default_factory=list)
    """Checkpoints of the log that were kept outside before the power was lost."""
    refusals: list[str] = field(default_factory=list)
    """What could not be done though the power was on."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What stores calls in a database and carries its ledger on."""

    writer: Writer
    sequencer: Sequencer


class PowerLost(Exception):
    """The scene is over."""


@dataclass(slots=True, kw_only=True)
class Play:
    """Plays scenes on a disk."""

    disk: Disk
    diary: Diary
    chance: random.Random
    synchronous: str
    url: str
    driver: Driver
    opened: ExitStack
    """Closes what was opened, for the most part after the power is lost."""

    def engine(self, *, read_only: bool = False, pages: int = 1_000) -> Engine:
        """Open the database; those who write bring its log into it after so many pages."""
        engine = open_engine(self.url, read_only=read_only, sqlite_driver=self.driver)
        self.opened.callback(engine.dispose)

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: object) -> None:
            for pragma in (f"synchronous={self.synchronous}", f"wal_autocheckpoint={pages}"):
                connection.execute(f"PRAGMA {pragma}")

        return engine

    def recording(self, engine: Engine) -> Recording:
        """Return what records, to be closed like all else; without power nothing reaches its anchor."""
        writer = Writer(engine)
        self.opened.callback(writer.close)
        return Recording(writer, Sequencer(engine, KEY, [MemoryAnchor(self.diary.anchored, before=self.go_on)]))

    def append(self, recording: Recording) -> None:
        """Append a batch and write down whether it counts; give it its place in the ledger, and mostly sign that."""
        batch = Batch(_calls(self.chance))
        self.diary.batches.append(batch)
        recording.writer.append(batch.calls)
        self.go_on()
        batch.acknowledged = True
        recording.sequencer.advance()
        if self.chance.random() < SIGNED:
            recording.sequencer.sign()
        self.go_on()

    def upgrade(self, engine: Engine) -> None:
        """Bring the schema up to date likewise."""
        upgrade(engine)
        self.go_on()
        self.diary.upgraded = True

    def go_on(self) -> None:
        """Raise `PowerLost` if that is so."""
        if self.disk.lost:
            raise PowerLost


@contextmanager
def playing(folder: Path, disk: Disk, *, diary: Diary, chance: random.Random, synchronous: str) -> Iterator[Play]:
    """Yield what plays on a disk, and cut its power in the end: before what is open is closed, or after."""
    name = f"disk {next(_numbers)}"
    vfs = DiskVFS(name, disk)
    try:
        with ExitStack() as opened:
            yield Play(
                disk=disk,
                diary=diary,
                chance=chance,
                synchronous=synchronous,
                url=sqlite_url(folder / NAME),
                driver=Driver(name),
                opened=opened,
            )
            if chance.random() < 0.5:
                disk.cut()
    except (PowerLost, AuditError, SQLAlchemyError) as exc:
        if not disk.lost:
            diary.refusals.append(str(exc)[:200])
    finally:
        disk.cut()
        vfs.unregister()


def _calls(chance: random.Random) -> list[Call]:
    """Return a few calls, of which some say again what was said before."""
    if chance.random() < 0.3:
        calls = talking(list(a_conversation(chance.randrange(1, 5), chance.choice(["pears", "plums"]))))
    else:
        calls = [_call(chance) for _ in range(chance.randrange(1, 6))]
    return [replace(call, exchange=replace(call.exchange, id=_id(chance))) for call in calls]


def _call(chance: random.Random) -> Call:
    number = chance.randrange(1_000)
    bodies = {
        "request_body": b'{"model":"m","messages":[{"role":"user","content":"question %d"}]}' % number,
        "response_body": chance.randbytes(chance.choice([0, 300, 5_000, 40_000])),
    }
    return a_call(
        exchange={**bodies, "tags": Tags(user=f"user {number % 10}", labels=(("team", "a"),))},
        price=a_price("0.5"),
        findings=(a_finding("violence"),),
        input=said(f"question {number}"),
    )


def _id(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)
