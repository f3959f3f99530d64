from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from audit.store import tables
from audit.store.engine import is_sqlite
from audit.store.loading import MONTH_KEYS
from audit.store.months import Months, key_of_a_call, months
from audit.store.schema import upgrade
from audit.store.write import Writer
from tests.store.samples import NOON, a_call
from tests.store.whole import an_empty_engine


def test_keys_get_the_month_in_which_they_were_recorded() -> None:
    found = Months((3, 7), (672, 673))
    assert [found.key(pk) for pk in (3, 6, 7, 90)] == [
        672 * MONTH_KEYS + 3,
        672 * MONTH_KEYS + 6,
        673 * MONTH_KEYS + 7,
        673 * MONTH_KEYS + 90,
    ]


def test_what_came_before_the_first_call_stays_before_it() -> None:
    assert Months((3,), (672,)).key(2) == 2


def test_keys_that_have_a_month_keep_it() -> None:
    key = 673 * MONTH_KEYS + 5
    assert Months((1,), (672,)).key(key) == key
    assert Months().key(key) == key
    assert Months().key(5) == 5


def test_a_clock_that_was_put_back_changes_no_order(engine: Engine, tmp_path: Path) -> None:
    with an_empty_engine("sqlite", tmp_path / "source") as source:
        upgrade(source)
        for number, days in enumerate((0, 40, -40, 0, 80), start=1):
            Writer(source, clock=lambda days=days: NOON + timedelta(days=days)).append([a_call(number)])
        with source.begin() as old, engine.begin() as new:
            found = months(old, new)
    keys = [found.key(pk) for pk in range(1, 6)]
    assert keys == sorted(keys)
    assert [key // MONTH_KEYS for key in keys] == ([0] * 5 if is_sqlite(engine) else [672, 673, 673, 673, 674])


def test_which_columns_are_calls_keys(engine: Engine) -> None:
    keyed = {table.name: key_of_a_call(table) for table in tables.metadata.sorted_tables}
    assert {name for name, key in keyed.items() if key == "pk"} == {"calls", "entries"}
    assert {name for name, key in keyed.items() if key == "call_pk"} == {table.name for table in tables.OF_A_CALL}
