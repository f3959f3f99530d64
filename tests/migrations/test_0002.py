"""From the schema that knew of no issued keys, with calls in it."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from tests.migrations.old import put_calls

CALLS = text("SELECT count(*), sum(cost), min(id), max(started_at) FROM calls")


def test_calls_are_as_they_were_behind_it_and_keys_can_be_issued(engine: Engine, config: Config) -> None:
    command.upgrade(config, "0001")
    with engine.begin() as connection:
        put_calls(connection)
        before = connection.execute(CALLS).one()
    command.upgrade(config, "0002")
    with engine.begin() as connection:
        assert connection.execute(CALLS).one() == before
        assert connection.execute(text("SELECT count(*) FROM issued_keys")).scalar() == 0
