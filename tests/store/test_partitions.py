"""Partitions in which nothing lies are dropped, and no others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import OperationalError

from audit.store import tables
from audit.store.engine import at_one_moment, is_sqlite, open_engine
from audit.store.loading import MONTH_KEYS, PARTITIONED, make_partitions, month_of, partition, tells_months
from audit.store.partitions import drop_empty_months, empty_month, keep_months, past_months
from audit.store.removing import remove_bodies, remove_metadata
from audit.store.write import Appended, Writer
from tests.store.samples import a_call

THEN, NOW = datetime(2021, 3, 5, tzinfo=UTC), datetime(2021, 6, 1, 12, tzinfo=UTC)


def partitions(engine: Engine, month: str) -> set[str]:
    return {name for name in inspect(engine).get_table_names() if name.endswith(month)}


def whole(month: str) -> set[str]:
    return {f"{table}_{month}" for table in PARTITIONED}


def test_past_months_without_calls_go_whole(engine: Engine) -> None:
    drop_empty_months(engine, THEN)  # what other tests have left behind
    Writer(engine, clock=lambda: THEN).append([a_call(1), a_call(2)])
    if is_sqlite(engine):
        assert drop_empty_months(engine, NOW) == []
        return
    assert partitions(engine, "2021_03") == whole("2021_03")
    assert drop_empty_months(engine, NOW) == ["2021_04"]  # made ahead, and nothing came into it
    with engine.begin() as connection:
        pks = connection.execute(select(tables.calls.c.pk)).scalars().all()
        remove_bodies(connection, pks)
        remove_metadata(connection, pks[1:])
    assert drop_empty_months(engine, NOW) == []
    with engine.begin() as connection:
        remove_metadata(connection, pks)
    assert drop_empty_months(engine, NOW) == ["2021_03"]
    assert partitions(engine, "2021_03") == set()
    assert Writer(engine, clock=lambda: NOW).append([a_call(3)]) == Appended(new=1)


def test_this_months_and_the_nexts_stay_and_last_months_for_a_day(engine: Engine) -> None:
    first = datetime(2021, 5, 31, 23, tzinfo=UTC)
    drop_empty_months(engine, first)
    with engine.begin() as connection:
        make_partitions(connection, month_of(first) * MONTH_KEYS + 1)
        told = tells_months(connection)
    for now in (first, datetime(2021, 6, 1, 23, tzinfo=UTC)):
        assert drop_empty_months(engine, now) == []
    assert drop_empty_months(engine, datetime(2021, 6, 2, 1, tzinfo=UTC)) == (["2021_05"] if told else [])
    assert partitions(engine, "2021_06") == (whole("2021_06") if told else set())
    drop_empty_months(engine, datetime(2021, 8, 2, tzinfo=UTC))


def test_the_month_of_what_was_there_before_goes_unmentioned(engine: Engine) -> None:
    drop_empty_months(engine, THEN)
    with engine.begin() as connection:
        make_partitions(connection, 1)
    assert drop_empty_months(engine, datetime(1970, 2, 3, tzinfo=UTC)) == []
    assert partitions(engine, "1970_01") == set()
    drop_empty_months(engine, THEN)  # the month that was made ahead


def test_what_somebody_reads_from_stays_until_the_next_time(
    engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_empty_months(engine, THEN)
    with engine.begin() as connection:
        make_partitions(connection, month_of(THEN) * MONTH_KEYS + 1)
        if not tells_months(connection):
            return
    monkeypatch.setattr("audit.store.partitions._PATIENCE", text("SET LOCAL lock_timeout = '20ms'"))
    reader = open_engine(url)
    with reader.connect() as reading:
        reading.execute(text(f"SELECT * FROM {partition('calls', month_of(THEN))}"))
        assert drop_empty_months(engine, NOW) == ["2021_04"]
    reader.dispose()
    assert drop_empty_months(engine, NOW) == ["2021_03"]
    assert partitions(engine, "2021_03") == set()


def test_two_who_drop_a_month_do_not_fall_over_each_other(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_empty_months(engine, NOW)
    with engine.begin() as connection:
        make_partitions(connection, month_of(THEN) * MONTH_KEYS + 1)
    months = past_months(engine, NOW)
    first = drop_empty_months(engine, NOW)
    assert first == ([] if is_sqlite(engine) else ["2021_03", "2021_04"])
    monkeypatch.setattr("audit.store.partitions.past_months", lambda *_asked: months)
    assert drop_empty_months(engine, NOW) == []


def test_months_stay_while_somebody_reads_the_record_of_one_moment(
    engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_empty_months(engine, THEN)
    Writer(engine, clock=lambda: THEN).append([a_call(1), a_call(2)])
    monkeypatch.setattr("audit.store.partitions._PATIENCE", text("SET LOCAL lock_timeout = '20ms'"))
    reader = open_engine(url)
    with at_one_moment(reader).connect() as reading:
        keep_months(reading)
        if not is_sqlite(engine):
            with pytest.raises(OperationalError, match="lock"):
                empty(engine)
        assert drop_empty_months(engine, NOW) == []
        assert len(reading.execute(select(tables.exchanges.c.call_pk)).all()) == 2
    reader.dispose()
    if not is_sqlite(engine):
        empty(engine)
        with engine.begin() as connection:
            assert connection.execute(select(tables.exchanges.c.call_pk)).all() == []
            assert len(connection.execute(select(tables.calls.c.pk)).all()) == 2


def empty(engine: Engine) -> None:
    with engine.begin() as connection:
        empty_month(connection, month_of(THEN), ["exchanges", "part_uses"])
