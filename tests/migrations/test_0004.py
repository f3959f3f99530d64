"""Data keys: a table beside all others, which stay as they are."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine

from audit.store.read import Reader
from audit.store.schema import differences, head
from audit.store.scope import Scope
from audit.store.write import Writer
from tests.migrations.old import put_calls
from tests.store.samples import a_call


def test_calls_from_before_are_read_beside_new_ones(engine: Engine, config: Config) -> None:
    command.upgrade(config, "0002")
    with engine.begin() as connection:
        put_calls(connection)
    command.upgrade(config, "0003")
    command.upgrade(config, "0004")
    assert differences(engine) == [] or head() != "0004"
    assert Writer(engine).append([a_call(7)]).new == 1
    assert Reader(engine).totals(Scope()).calls == 4
    assert not Reader(engine).is_encrypted()


def test_there_is_no_way_back(engine: Engine, config: Config) -> None:
    command.upgrade(config, "0004")
    with pytest.raises(CommandError, match="restore a backup"):
        command.downgrade(config, "0003")
