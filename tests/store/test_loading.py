from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, event, inspect, select, text
from sqlalchemy.exc import IntegrityError

from audit.store import tables
from audit.store.engine import is_sqlite, open_engine
from audit.store.loading import (
    MONTH_KEYS,
    PARTITIONED,
    among,
    continue_keys,
    insert_rows,
    make_partitions,
    month_of,
    next_key,
    partition,
    since_key,
    take_writing_turn,
    tells_months,
)
from audit.store.partitions import drop_empty_months
from audit.store.schema import differences
from audit.store.write import Writer
from tests.store.samples import NOON, a_call, an_id

LOSS = {"id": an_id(1), "at": NOON, "count": 3, "reason": "disk full"}
CHECK = {"canary": "c", "provider": "p", "model": "m", "slot_at": NOON, "claimed_by": "x", "started_at": NOON}


def test_rows_are_stored_as_they_are(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_rows(connection, tables.losses, [LOSS, {**LOSS, "id": an_id(2), "reason": "ö\n\\N\t"}])
        found = connection.execute(select(tables.losses).order_by(tables.losses.c.id)).all()
    assert [tuple(row)[1:] for row in found] == [
        (an_id(1), NOON, 3, "disk full"),
        (an_id(2), NOON, 3, "ö\n\\N\t"),
    ]


def test_json_and_nothing_are_told_apart(engine: Engine) -> None:
    with engine.begin() as connection:
        some = [{**CHECK, "reasons": ["a", {"b": None}]}, {**CHECK, "model": "n", "reasons": None}]
        insert_rows(connection, tables.checks, some)
        found = connection.execute(select(tables.checks.c.reasons).order_by(tables.checks.c.model)).scalars().all()
    assert found == [["a", {"b": None}], None]


def test_no_rows_are_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_rows(connection, tables.losses, [])
        assert connection.execute(select(tables.losses)).all() == []


def test_many_values_are_asked_for_at_once(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(number) for number in (1, 2, 3)])
    asked = [an_id(1), an_id(3), an_id(9)]
    with engine.begin() as connection:
        for lot, found in ((asked, asked[:2]), ([], [])):
            ids = select(tables.calls.c.id).where(among(connection, tables.calls.c.id, lot)).order_by(tables.calls.c.pk)
            assert connection.execute(ids).scalars().all() == found


def test_a_row_that_is_there_is_an_error_of_the_data(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(IntegrityError):
        insert_rows(connection, tables.losses, [LOSS, LOSS])


def test_months_are_counted_from_1970_in_utc() -> None:
    assert month_of(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert month_of(datetime(2026, 11, 30, 23, tzinfo=UTC)) == 682
    assert month_of(datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == 682


def test_keys_go_on_from_the_last_entry(engine: Engine) -> None:
    with engine.begin() as connection:
        first = next_key(connection, NOON)
    assert first == (1 if is_sqlite(engine) else 672 * MONTH_KEYS + 1)
    Writer(engine, clock=lambda: NOON).append([a_call(1), a_call(2)])
    with engine.begin() as connection:
        assert next_key(connection, NOON) == first + 2
        assert next_key(connection, NOON - timedelta(days=90)) == first + 2  # a clock that was put back
        later = next_key(connection, NOON + timedelta(days=31))
    assert later == (3 if is_sqlite(engine) else 673 * MONTH_KEYS + 1)


def test_calls_that_began_at_a_time_have_greater_keys(engine: Engine) -> None:
    with engine.begin() as connection:
        found = since_key(connection, datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert found == (None if is_sqlite(engine) else 673 * MONTH_KEYS)  # February: a clock may be ahead by a day


def test_there_are_partitions_for_this_month_and_the_next(engine: Engine) -> None:
    key = month_of(datetime(2031, 12, 5, tzinfo=UTC)) * MONTH_KEYS + 5
    for _ in range(2):
        with engine.begin() as connection:
            make_partitions(connection, key)
    names = {partition(table, month) for table in PARTITIONED for month in (743, 744)}
    assert {"calls_2031_12", "call_words_2032_01"} <= names
    assert names & set(inspect(engine).get_table_names()) == (set() if is_sqlite(engine) else names)


def test_a_new_month_does_not_wait_for_who_reads(engine: Engine, url: str) -> None:
    if is_sqlite(engine):
        return
    drop_empty_months(engine, NOON)
    reader, read = open_engine(url), select(tables.calls.c.pk)
    with reader.connect() as reading, engine.begin() as connection:
        assert reading.execute(read).all() == []
        connection.execute(text("SET LOCAL lock_timeout = '1s'"))
        make_partitions(connection, month_of(datetime(2019, 1, 1, tzinfo=UTC)) * MONTH_KEYS + 1)
        assert reading.execute(read).all() == []
    reader.dispose()
    assert differences(engine) == []


def test_it_is_asked_once_whether_partitions_are_there(engine: Engine) -> None:
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with engine.begin() as connection:
        make_partitions(connection, MONTH_KEYS)
        asked.clear()
        make_partitions(connection, MONTH_KEYS)
    assert len(asked) == (0 if is_sqlite(engine) else 1)


def test_keys_tell_months_where_there_are_partitions(engine: Engine) -> None:
    with engine.begin() as connection:
        assert tells_months(connection) != is_sqlite(engine)


def test_a_table_counts_on_behind_keys_that_it_was_given(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in (tables.losses, tables.calls, tables.api_keys):  # nothing is in them yet; the others never count
            continue_keys(connection, table)
        insert_rows(connection, tables.losses, [{"pk": 41, **LOSS}])
        continue_keys(connection, tables.losses)
        added = connection.execute(tables.losses.insert().values({**LOSS, "id": an_id(2)}))
        assert added.inserted_primary_key == (42,)


def test_one_at_a_time_appends(url: str) -> None:
    first, second, waits, order = open_engine(url), open_engine(url), Event(), list[str]()

    def other() -> None:
        waits.set()
        with second.begin() as connection:
            take_writing_turn(connection)
            order.append("second")

    thread = Thread(target=other)
    with first.begin() as connection:
        take_writing_turn(connection)
        thread.start()
        waits.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    first.dispose()
    second.dispose()
