"""From the schemas that knew of no ledger, with calls in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, select, text, true

from audit.ledger.leaf import commit
from audit.store import tables
from audit.store.read import Reader
from audit.store.read.committed import committed
from audit.store.read.exchanges import stored_exchanges
from audit.store.rows.verified import Verdict
from audit.store.schema import differences, head
from audit.store.scope import Scope
from audit.store.write import Writer
from tests.migrations.old import EXCHANGES, put_calls
from tests.store.samples import NOON, a_call
from tests.store.two_months import verified


@pytest.mark.parametrize("before", ["0001", "0002"])
def test_calls_are_as_they_were_and_in_the_ledger(engine: Engine, config: Config, before: str) -> None:
    command.upgrade(config, before)
    with engine.begin() as connection:
        put_calls(connection)
    command.upgrade(config, "0003")
    assert differences(engine) == [] or head() != "0003"
    with engine.begin() as connection:
        found = stored_exchanges(connection, true(), limit=10)
        told = list(committed(connection, [1, 2, 3]))
        entries = connection.execute(select(tables.entries).order_by(tables.entries.c.number)).all()
        price_acts = connection.execute(select(tables.acts)).all()
    bodies = [(exchange.request_body, exchange.response_body, exchange.failure) for _, exchange in reversed(found)]
    assert bodies == [(exchange.request_body, exchange.response_body, exchange.failure) for exchange in EXCHANGES]
    assert [(entry.pk, entry.number, entry.id) for entry in entries[:3]] == [
        (1, 0, told[0].id),
        (2, 1, told[1].id),
        (3, 2, told[2].id),
    ]
    (price,) = price_acts
    assert (price.kind, price.actor, price.id) == ("price", "before the ledger", entries[3].id)
    for entry, one in zip(entries[:3], told, strict=True):
        assert one.request is not None
        assert one.body_salt is not None
        assert entry.metadata_commitment == commit(entry.salt, b"m", one.metadata)
        assert entry.request_commitment == commit(one.body_salt, b"q", one.request)


def test_what_comes_behind_it_is_recorded_and_shown_with_what_was_there(engine: Engine, config: Config) -> None:
    command.upgrade(config, "0002")
    with engine.begin() as connection:
        put_calls(connection)
    command.upgrade(config, "head")
    assert Writer(engine).append([a_call(number) for number in range(3)]).new == 3
    reader = Reader(engine)
    assert reader.totals(Scope()).calls == 6
    assert reader.totals(Scope(since=datetime(2026, 1, 1, tzinfo=UTC))).calls == 6, "also those with keys of no month"
    assert [row.labels for row in reader.after(0)][:3] == [(("team", "t1"),), (("team", "t2"),), (("team", "t3"),)]
    detail = reader.call(reader.after(0)[0].id)
    assert detail is not None
    assert (detail.findings[0].details, detail.notes) == ({"a": [1.5, None]}, ("a note",))
    assert reader.health(NOON).calls == 6
    assert verified(engine).entries == {Verdict.OK: 7}  # with the act of the price


def test_it_cannot_be_taken_back(engine: Engine, config: Config) -> None:
    command.upgrade(config, "0003")
    with pytest.raises(CommandError, match="restore a backup"):
        command.downgrade(config, "0002")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM entries")).scalar() == 0
