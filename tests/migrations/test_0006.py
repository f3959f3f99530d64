"""What waits for the search index: a table beside all others, with a partition for each month that there is."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, inspect

from audit.store.loading import partition
from audit.store.read import Reader
from audit.store.schema import differences, head
from audit.store.scope import Scope
from audit.store.unindexed import enter_some
from audit.store.write import Writer
from tests.migrations.old import put_calls
from tests.store.samples import a_call, said


def put_old_calls(engine: Engine, config: Config) -> None:
    command.upgrade(config, "0002")
    with engine.begin() as connection:
        put_calls(connection)
    command.upgrade(config, "0005")


def put_aside(engine: Engine) -> None:
    writer = Writer(engine)
    assert writer.append([a_call(7, input=said("an apple"))], words_later=True).new == 1
    writer.close()


def test_words_can_wait_in_a_record_that_was_there_and_are_not_thrown_away(engine: Engine, config: Config) -> None:
    put_old_calls(engine, config)
    command.upgrade(config, "0006")
    assert differences(engine) == [] or head() != "0006"
    put_aside(engine)
    with pytest.raises(CommandError, match="audit collect --once"):
        command.downgrade(config, "0005")
    assert Reader(engine).calls(Scope(search="apple")).unindexed == 1
    assert enter_some(engine) == 1
    assert Reader(engine).calls(Scope(search="apple")).total == 1
    command.downgrade(config, "0005")
    assert [name for name in inspect(engine).get_table_names() if name.startswith("unindexed")] == []


def test_every_month_has_its_partition(engine: Engine, config: Config) -> None:
    put_old_calls(engine, config)
    command.upgrade(config, "0006")
    put_aside(engine)
    assert enter_some(engine) == 1
    command.downgrade(config, "0005")
    command.upgrade(config, "0006")
    names = inspect(engine).get_table_names()
    months = [name.removeprefix("calls_") for name in names if name.startswith("calls_")]
    assert sorted(name for name in names if name.startswith("unindexed_")) == [f"unindexed_{one}" for one in months]
    if engine.dialect.name == "postgresql":
        assert {partition("unindexed", 0)} < {f"unindexed_{one}" for one in months}
    assert Writer(engine).append([a_call(8, input=said("a pear"))], words_later=True).new == 1
    assert enter_some(engine) == 1
