"""Decisions: a table beside all others, which stay as they are."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, inspect

from audit.call import Source
from audit.store.read import Reader
from audit.store.reviews import decide
from audit.store.rows import Review, ReviewVerdict
from audit.store.schema import differences, head
from audit.store.scope import Scope
from tests.migrations.old import put_calls


def put_old_calls(engine: Engine, config: Config) -> None:
    command.upgrade(config, "0002")
    with engine.begin() as connection:
        put_calls(connection)
    command.upgrade(config, "0004")


def test_calls_from_before_can_be_decided_about_and_that_is_not_thrown_away(engine: Engine, config: Config) -> None:
    put_old_calls(engine, config)
    command.upgrade(config, "0005")
    assert differences(engine) == [] or head() != "0005"
    reader = Reader(engine)
    (row, *_) = reader.calls(Scope()).rows
    review = Review(call=row.id, side=Source.COMPLETION, verdict=ReviewVerdict.CANNOT_JUDGE, reason="it is cut short")
    decided = decide(engine, review, reviewer="ann")
    assert reader.reviews() == (decided,)
    with pytest.raises(CommandError, match="restore a backup"):
        command.downgrade(config, "0004")
    assert reader.reviews() == (decided,)


def test_there_is_a_way_back_as_long_as_nothing_was_decided(engine: Engine, config: Config) -> None:
    put_old_calls(engine, config)
    command.upgrade(config, "0005")
    command.downgrade(config, "0004")
    assert "reviews" not in inspect(engine).get_table_names()
    command.upgrade(config, "0005")
    assert Reader(engine).reviews() == ()
    assert Reader(engine).totals(Scope()).calls == 3
