"""The migrations as Alembic's own command runs them, for whoever writes the next one."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Column, Engine, Integer, MetaData, Table, inspect, text

from audit.store.schema import differences, head, revision
from audit.store.tables import metadata

ROOT = Path(__file__).parents[2]


def test_the_configured_database_is_brought_up_to_date(engine: Engine, config: Config) -> None:
    command.upgrade(config, "head")
    assert (revision(engine), differences(engine)) == (head(), [])
    command.check(config)


def test_every_migration_before_the_ledger_can_be_taken_back(engine: Engine, config: Config) -> None:
    command.upgrade(config, "0002")
    command.downgrade(config, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    command.upgrade(config, "head")
    assert differences(engine) == []


def test_the_search_index_is_there_and_empty(engine: Engine, config: Config) -> None:
    command.upgrade(config, "head")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM call_words")).scalar() == 0


def test_a_new_migration_says_what_has_changed(
    engine: Engine, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with columns of our own types, of which it says what they are in a database."""
    command.upgrade(config, "head")
    losses = metadata.tables["losses"]
    added = Table("novelties", MetaData(), Column("pk", Integer, primary_key=True), Column("at", losses.c.at.type))
    added.to_metadata(metadata)
    try:
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", f"{ROOT / 'migrations' / 'versions'}\n{tmp_path}")
        command.revision(config, "novelty", autogenerate=True, version_path=str(tmp_path), rev_id="9999")
    finally:
        metadata.remove(metadata.tables["novelties"])
    (path,) = tmp_path.glob("9999_*.py")
    written = path.read_text()
    assert all(
        part in written for part in ("'novelties'", "sa.Integer()", "sa.BigInteger()", f"down_revision = '{head()}'")
    )
    assert "call_words" not in written
