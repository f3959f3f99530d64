from __future__ import annotations

import pytest
from sqlalchemy import Engine, delete, select

from audit.store import backfill, tables
from audit.store.backfill import enter_record
from audit.store.read.acts import acts
from audit.store.write import Writer
from tests.store.bodies_of import a_conversation, talking
from tests.store.read.test_committed import a_full_call, assert_as_committed
from tests.store.samples import NOON, a_call, a_price, an_id


def test_calls_of_before_are_entered_in_order(engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "LOT", 2)
    writer.append([*talking(list(a_conversation(4))), a_full_call(9)])
    with engine.begin() as connection:
        connection.execute(delete(tables.entries))
        connection.execute(delete(tables.acts))
        connection.execute(delete(tables.ledger_writers))
        assert enter_record(connection, NOON) == 5
        entries = tables.entries.c
        numbers = connection.execute(select(entries.number).order_by(entries.pk)).scalars().all()
        assert connection.execute(select(tables.ledger_writers.c.opened_at)).scalars().all() == [NOON]
    assert numbers == [0, 1, 2, 3, 4, 5], "and a price"
    assert_as_committed(engine)


def test_an_empty_record_has_none(engine: Engine) -> None:
    with engine.begin() as connection:
        assert enter_record(connection, NOON) == 0


def test_prices_and_losses_of_before_are_entered_too(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(1, price=a_price("0.5")), a_call(2, price=a_price("0.25"))])
    writer.lost(an_id(7), NOON, 2, "the disk was full")
    with engine.begin() as connection:
        told = {(one.kind, tuple(one.statement.items())) for one in acts(connection, None, None, 9)}
        for table in (tables.entries, tables.acts):
            connection.execute(delete(table))
        enter_record(connection, NOON)
        entered = acts(connection, None, None, 9)
    assert {(one.kind, tuple(one.statement.items())) for one in entered} == told
    assert {one.actor for one in entered} == {"before the ledger"}
