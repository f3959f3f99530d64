from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Dialect, Engine, MetaData, Table, TypeDecorator, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from audit.errors import StoreError
from audit.store.choosing import By
from audit.store.columns import BigKey, Picos, UtcTime, UuidBytes, from_picos, member, octets, to_picos

DIALECT: Dialect = sqlite.dialect()  # type: ignore[no-untyped-call]  # not annotated there
samples = Table(
    "samples",
    MetaData(),
    Column("pk", BigKey, primary_key=True),
    Column("at", UtcTime),
    Column("id", UuidBytes),
    Column("cost", Picos),
)


def stored(engine: Engine, **row: Any) -> Any:
    samples.create(engine)
    try:
        with engine.begin() as connection:
            connection.execute(samples.insert(), row)
            return connection.execute(select(samples)).one()
    finally:  # the tests of a process share one database of PostgreSQL
        samples.drop(engine)


def test_values_come_back_as_they_went(engine: Engine) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    uuid = UUID("01930000-0000-7000-8000-00000000000a")
    row = stored(engine, at=at, id=uuid, cost=Decimal("0.000001234567"))
    assert (row.pk, row.at, row.id, row.cost) == (1, at, uuid, Decimal("0.000001234567"))


def test_nothing_comes_back_as_nothing(engine: Engine) -> None:
    row = stored(engine, at=None, id=None, cost=None)
    assert (row.at, row.id, row.cost) == (None, None, None)


def test_a_time_without_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="without time zone"):
        stored(engine, at=datetime(2026, 1, 2))  # noqa: DTZ001  # that is the point


@pytest.mark.parametrize("column", [UtcTime(), UuidBytes(), Picos()])
@pytest.mark.parametrize("value", ["x", b"x", 2**62 * 1.5, 10**30, float("inf")])
def test_a_value_that_was_never_written_is_told_as_damage(column: TypeDecorator[Any], value: Any) -> None:
    if isinstance(column, Picos) and value in (10**30, 2**62 * 1.5):
        return  # an amount, if one of which a call would be dear
    with pytest.raises(StoreError, match="the database is damaged"):
        column.process_result_value(value, DIALECT)


def test_a_word_that_is_not_of_its_set_is_told_as_damage() -> None:
    assert member(By, "user") is By.USER
    with pytest.raises(StoreError, match="the database is damaged \\(a value is no By\\)"):
        member(By, b"user")


def test_a_number_is_not_as_many_zeros() -> None:
    assert octets(b"x") == b"x"
    for stored in (2**62, 3, "x", None):
        with pytest.raises(TypeError):
            octets(stored)


def test_a_time_of_another_zone_comes_back_in_utc(engine: Engine) -> None:
    there = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=9)))
    at = stored(engine, at=there).at
    assert (at, at.tzinfo) == (datetime(2026, 1, 1, 18, tzinfo=UTC), UTC)


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_time_survives(at: datetime) -> None:
    column = UtcTime()
    assert column.process_result_value(column.process_bind_param(at, DIALECT), DIALECT) == at


@given(st.decimals(min_value=-9_000_000, max_value=9_000_000, places=12))
def test_any_amount_of_twelve_decimals_survives(amount: Decimal) -> None:
    assert from_picos(to_picos(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "picos"),
    [("0.0000000000005", 0), ("0.0000000000015", 2), ("0.00000000000051", 1), ("-0.0000000000006", -1)],
)
def test_what_is_finer_is_rounded_halves_to_even(amount: str, picos: int) -> None:
    assert to_picos(Decimal(amount)) == picos


def test_ids_of_version_seven_sort_by_time_in_the_database(engine: Engine) -> None:
    samples.drop(engine, checkfirst=True)
    samples.create(engine)
    ids = [UUID(int=(milliseconds << 80) | (7 << 76)) for milliseconds in (3, 1, 2)]
    with engine.begin() as connection:
        connection.execute(samples.insert(), [{"id": uuid} for uuid in ids])
        found = connection.execute(select(samples.c.id).order_by(samples.c.id)).scalars().all()
    samples.drop(engine)
    assert found == sorted(ids)
