from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from audit.errors import StoreError
from audit.store import schema
from audit.store.engine import open_engine
from audit.store.schema import SchemaCheck, differences, head, is_ours, revision, upgrade
from audit.store.tables import metadata


def opened(url: str, request: pytest.FixtureRequest) -> Engine:
    engine = open_engine(url)
    request.addfinalizer(engine.dispose)
    return engine


@pytest.fixture
def empty(empty_url: str, request: pytest.FixtureRequest) -> Engine:
    return opened(empty_url, request)


def test_an_empty_database_gets_all_tables(empty: Engine) -> None:
    assert revision(empty) is None
    assert upgrade(empty) == (None, head())
    assert revision(empty) == head()
    assert set(metadata.tables) <= set(inspect(empty).get_table_names())
    assert differences(empty) == []


def test_an_upgrade_can_be_repeated(engine: Engine) -> None:
    assert upgrade(engine) == (head(), head())


def test_a_newer_database_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer audit \\(revision 9999\\)") as caught:
        upgrade(engine)
    assert caught.value.permanent
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{head()}'"))


def test_a_database_of_two_revisions_is_told_as_damaged(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    for ask in (revision, upgrade):
        with pytest.raises(StoreError, match="the database is damaged"):
            ask(engine)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version WHERE version_num = '9999'"))


def test_processes_that_upgrade_at_once_do_it_once(empty_url: str, request: pytest.FixtureRequest) -> None:
    program = (
        "import sys\n"
        "from audit.store.engine import open_engine\n"
        "from audit.store.schema import upgrade\n"
        "sys.stdin.readline()\n"
        "print(upgrade(open_engine(sys.argv[1]))[0])\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    with ThreadPoolExecutor(len(started)) as threads:
        said = sorted(threads.map(lambda process: process.communicate("go\n")[0].strip(), started))
    assert said == sorted(["None", head(), head(), head()])
    assert differences(opened(empty_url, request)) == []


def test_a_failed_upgrade_leaves_the_database_as_it_was(empty: Engine) -> None:
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE losses (mine integer)"))
    with pytest.raises(StoreError, match="losses"):
        upgrade(empty)
    assert inspect(empty).get_table_names() == ["losses"]


def test_a_table_that_is_not_as_expected_is_told(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE strange (x integer)"))
        connection.execute(text("DROP INDEX ix_losses_at"))
    told = differences(engine)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE strange"))
        connection.execute(text("CREATE INDEX ix_losses_at ON losses (at)"))
    assert [next((word for word in ("strange", "ix_losses_at") if word in line), line) for line in sorted(told)] == [
        "ix_losses_at",
        "strange",
    ]


def test_a_database_out_of_reach_is_told(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'none.db'}", read_only=True)
    for ask in (revision, upgrade):
        with pytest.raises(StoreError, match="out of reach"):
            ask(engine)


def test_the_search_index_is_not_compared() -> None:
    assert [name for name in ("calls", "call_words", "call_words_data", None) if is_ours(name)] == ["calls", None]


def test_an_installed_package_brings_its_own_migrations(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundled = tmp_path / "audit" / "_bundled" / "migrations" / "versions"
    bundled.mkdir(parents=True)
    text = "revision = 'abcd'\ndown_revision = None\ndef upgrade(): pass\n"
    (bundled / "first.py").write_text(text)
    monkeypatch.setattr(schema, "files", lambda package: tmp_path / package)
    assert head() == "abcd"


@pytest.mark.parametrize(
    ("check", "sound"),
    [
        (SchemaCheck(revision="2", expected="2"), True),
        (SchemaCheck(revision="1", expected="2"), False),
        (SchemaCheck(revision=None, expected="2"), False),
        (SchemaCheck(revision="2", expected="2", differences=("a",)), False),
    ],
)
def test_a_schema_is_sound_if_it_is_the_newest_and_as_it_should_be(check: SchemaCheck, sound: bool) -> None:
    assert check.sound is sound
