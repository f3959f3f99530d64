"""From the schema that knew of no issued keys, with calls in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, inspect, text

from audit.store.engine import open_engine
from audit.store.issued import add_key
from audit.store.read import Reader
from audit.store.schema import differences, head
from audit.store.tables import metadata
from audit.store.write import Writer
from tests.databases import KINDS, a_database
from tests.store.samples import NOON, a_call, a_new_key, a_price

ROOT = Path(__file__).parents[2]
CALLS = text("SELECT count(*), sum(cost), min(id), max(started_at) FROM calls")


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A database of the newest schema, with calls of a key."""
    with a_database(request.param, tmp_path) as url:
        monkeypatch.setenv("AUDIT_DATABASE_URL", url)
        monkeypatch.setenv("AUDIT_CONFIG", str(tmp_path / "audit.toml"))
        (tmp_path / "audit.toml").write_text("")
        engine = open_engine(url)
        metadata.drop_all(engine)
        command.upgrade(Config(toml_file=ROOT / "pyproject.toml"), "head")
        exchange = {"key_fingerprint": "of ci"}
        Writer(engine).append([a_call(number, exchange=exchange, price=a_price("0.5")) for number in range(3)])
        yield engine
        engine.dispose()


def test_calls_are_as_they_were_behind_it_and_keys_can_be_issued(engine: Engine) -> None:
    config = Config(toml_file=ROOT / "pyproject.toml")
    command.downgrade(config, "0001")
    assert "issued_keys" not in inspect(engine).get_table_names()
    with engine.begin() as connection:
        before = connection.execute(CALLS).one()
    command.upgrade(config, "0002")
    assert differences(engine) == [] or head() != "0002"
    with engine.begin() as connection:
        assert connection.execute(CALLS).one() == before
    assert add_key(engine, a_new_key("ci"))
    (row,) = Reader(engine).issued_keys(NOON)
    assert row.last_used_at == NOON
