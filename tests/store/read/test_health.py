from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from audit.call import Ending
from audit.store.read import Reader
from audit.store.rows import Health
from audit.store.schema import head
from audit.store.write import Writer
from tests.store.samples import NOON, a_call, said


def test_the_record_tells_how_it_does(reader: Reader, engine: Engine) -> None:
    exchange = {"ending": Ending.UNKNOWN, "status": None}
    late = a_call(10, dialect="unknown", exchange=exchange, input=said("hello"))
    Writer(engine, clock=lambda: NOON + timedelta(days=3)).append([late], words_later=True)
    found = reader.health(NOON + timedelta(days=2))
    assert found.size_bytes > 50_000
    assert replace(found, size_bytes=0) == Health(
        calls=10,
        first_at=NOON,
        last_at=NOON + timedelta(minutes=750),
        recorded_at=NOON + timedelta(days=3),
        lost=7,
        lost_last_day=4,
        last_loss="killed",
        noted=1,
        unknown_dialect=1,
        unknown_ending=1,
        unindexed=1,
        size_bytes=0,
        revision=head(),
    )


def test_the_last_day_ends_now(reader: Reader) -> None:
    assert reader.health().lost_last_day == 0


def test_an_empty_record_is_well(empty: Reader) -> None:
    found = empty.health(NOON)
    assert replace(found, size_bytes=0) == Health(
        calls=0,
        first_at=None,
        last_at=None,
        recorded_at=None,
        lost=0,
        lost_last_day=0,
        last_loss=None,
        noted=0,
        unknown_dialect=0,
        unknown_ending=0,
        unindexed=0,
        size_bytes=0,
        revision=head(),
    )


def test_losses_are_counted_from_a_moment_on(reader: Reader) -> None:
    assert reader.lost(NOON) == 7
    assert reader.lost(NOON + timedelta(seconds=1)) == 4
    assert reader.lost(NOON + timedelta(days=2)) == 0
