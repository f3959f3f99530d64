"""What the record is doing when its power is cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine, func, select

from audit.store import tables
from audit.store.schema import head
from audit.store.scrubbing import scrub
from tests.campaigns.power_play import Play

__all__ = ["SCENES", "Scene", "upgrading"]

BATCHES = 6
"""Batches of a scene."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is played, on what, and how often."""

    name: str
    play: Callable[[Play], None]
    often: int
    before: str | None = field(default_factory=head)
    """The schema at the beginning; None: there is no database."""


def writing(play: Play) -> None:
    """Append, as one process does that records."""
    recording = play.recording(play.engine())
    for _ in range(BATCHES):
        play.append(recording)


def checkpointing(play: Play) -> None:
    """Append, and bring the log into the database now and then in all ways there are."""
    engine = play.engine(pages=play.chance.choice([4, 20, 60]))
    recording = play.recording(engine)
    for _ in range(BATCHES):
        play.append(recording)
        _checkpoint(engine, play.chance.choice(["PASSIVE", "FULL", "RESTART", "TRUNCATE"]))
        play.go_on()


def reading(play: Play) -> None:
    """Append while others read, for so long that the log cannot be begun anew, and then can."""
    engine = play.engine(pages=20)
    readers, recording = play.engine(read_only=True), play.recording(engine)
    for _ in range(BATCHES // 2):
        with readers.connect() as connection:
            connection.execute(select(func.count()).select_from(tables.calls)).one()
            for _ in range(2):
                play.append(recording)
                _checkpoint(engine, "RESTART")


def taking_turns(play: Play) -> None:
    """Append from two connections."""
    recordings = [play.recording(play.engine(pages=30)) for _ in range(2)]
    for number in range(BATCHES):
        play.append(recordings[number % 2])


def reopening(play: Play) -> None:
    """Append and close the database, which removes the log, over and over."""
    for _ in range(BATCHES // 2):
        recording = play.recording(play.engine())
        play.append(recording)
        play.append(recording)
        play.opened.close()


def vacuuming(play: Play) -> None:
    """Append before and after the whole database is written anew."""
    engine = play.engine()
    recording = play.recording(engine)
    for _ in range(BATCHES // 3):
        play.append(recording)
        scrub(engine)
        play.append(recording)


def upgrading(play: Play) -> None:
    """Bring a database up to date, be it new, of an earlier version or what a cut has left, and append."""
    engine = play.engine()
    play.upgrade(engine)
    play.append(play.recording(engine))


def _checkpoint(engine: Engine, how: str) -> None:
    with engine.connect().execution_options(bare=True) as connection:
        connection.exec_driver_sql(f"PRAGMA wal_checkpoint({how})").one()


SCENES = (
    Scene("writing", writing, 6),
    Scene("checkpointing", checkpointing, 6),
    Scene("others reading", reading, 4),
    Scene("two writers", taking_turns, 4),
    Scene("closing and opening", reopening, 3),
    Scene("VACUUM", vacuuming, 3),
    Scene("upgrade of nothing", upgrading, 1, None),
    Scene("upgrade of 0002", upgrading, 1, "0002"),
)
