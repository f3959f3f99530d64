from __future__ import annotations

import pytest
from sqlalchemy import Engine, delete, select

from audit.store import backfill, tables
from audit.store.backfill import enter_calls
from audit.store.write import Writer
from tests.store.bodies_of import a_conversation, talking
from tests.store.read.test_committed import a_full_call, assert_as_committed
from tests.store.samples import NOON


def test_calls_of_before_are_entered_in_order(engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "LOT", 2)
    writer.append([*talking(list(a_conversation(4))), a_full_call(9)])
    with engine.begin() as connection:
        connection.execute(delete(tables.entries))
        connection.execute(delete(tables.ledger_writers))
        assert enter_calls(connection, NOON) == 5
        entries = tables.entries.c
        numbers = connection.execute(select(entries.number).order_by(entries.pk)).scalars().all()
        assert connection.execute(select(tables.ledger_writers.c.opened_at)).scalars().all() == [NOON]
    assert numbers == [0, 1, 2, 3, 4]
    assert_as_committed(engine)


def test_an_empty_record_has_none(engine: Engine) -> None:
    with engine.begin() as connection:
        assert enter_calls(connection, NOON) == 0
