from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, delete, literal, select, text, update

from audit.store import tables
from audit.store.read.attested import look_at_attested
from audit.store.read.erased import intact_acts
from audit.store.rows.verified import Verified
from audit.store.write import Writer
from tests.store.samples import NOON, a_call, a_price, an_id


@pytest.fixture
def attested(engine: Engine, writer: Writer) -> Engine:
    """A price and a loss, and their acts."""
    writer.append([a_call(1, price=a_price("0.5"))])
    writer.lost(an_id(7), NOON, 2, "the disk was full")
    return engine


def told(engine: Engine, *statements: Any) -> list[str]:
    """Return what is amiss of prices and losses once these have been run."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
        found = Verified()
        look_at_attested(connection, intact_acts(connection, found).told, found)
    return [f"{one.verdict} {one.what.partition(' ')[0]}" for one in found.amiss]


def test_what_is_as_it_was_entered_is_not_told(attested: Engine) -> None:
    assert told(attested) == []


@pytest.mark.parametrize(
    "change", [{"count": 1}, {"reason": "none"}, {"at": NOON.replace(hour=1)}, {"id": an_id(8)}], ids=str
)
def test_an_altered_loss_is_told(attested: Engine, change: dict[str, Any]) -> None:
    assert told(attested, update(tables.losses).values(**change)) == ["ALTERED loss", "MISSING loss"]


def test_a_loss_that_is_gone_is_told(attested: Engine) -> None:
    assert told(attested, delete(tables.losses)) == ["MISSING loss"]


def test_an_altered_price_is_told_and_one_that_was_put_in(attested: Engine) -> None:
    assert told(attested, update(tables.prices).values(working={"parts": []})) == ["ALTERED price", "MISSING price"]
    new = tables.prices.insert().values(digest="d", working={"parts": [1]})
    assert told(attested, delete(tables.prices), new) == ["ALTERED price", "MISSING price"]


def test_an_act_of_a_price_that_is_altered_or_gone_is_no_word_for_it(attested: Engine) -> None:
    altered = update(tables.acts).where(tables.acts.c.kind == "price").values(statement={"digest": "d"})
    assert told(attested, altered) == ["ALTERED act", "ALTERED price"]
    assert told(attested, delete(tables.acts)) == ["ALTERED price", "ALTERED loss"]


def test_what_is_no_value_of_its_column_is_told(writer: Writer, engine: Engine) -> None:
    writer.append([a_call(1, price=a_price("0.5"))])
    writer.lost(an_id(7), NOON, 2, "the disk was full")
    if engine.dialect.name == "sqlite":  # which takes anything in any column
        spoilt = (text("update prices set working = 'x'"), text("update losses set at = 'x'"))
        assert told(engine, *spoilt) == ["ALTERED price", "MISSING price", "ALTERED loss", "MISSING loss"]


def test_a_price_that_is_there_twice_is_told(attested: Engine) -> None:
    again = tables.prices.insert().from_select(["digest", "working"], select(literal("d"), tables.prices.c.working))
    assert told(attested, again) == ["ALTERED price"]
