from __future__ import annotations

from pathlib import Path

from audit.store.engine import open_engine
from audit.store.schema import head
from tests.cli.terminal import Audit


def test_a_database_that_is_not_there_is_not_sound_and_is_not_made(audit: Audit, home: Path) -> None:
    said = audit("db", "check")
    assert said.code == 1
    assert said.lines == [
        f"revision none: nothing is there yet, expected {head()}",
        "`audit db upgrade` brings it up to date",
    ]
    assert not (home / "audit.db").exists()


def test_upgrading_makes_it_sound_and_can_be_repeated(audit: Audit) -> None:
    assert audit("db", "upgrade").out == f"from revision none to {head()}\n"
    assert audit("db", "upgrade").out == f"at revision {head()} already\n"
    said = audit("db", "check")
    assert (said.code, said.lines) == (0, [f"revision {head()}, expected {head()}", "sound"])


def test_tables_that_somebody_has_changed_are_told(audit: Audit, filled: str) -> None:
    engine = open_engine(filled)
    with engine.begin() as connection:
        connection.exec_driver_sql("create table extra (x integer)")
    engine.dispose()
    said = audit("db", "check")
    assert said.code == 1
    assert any(line.startswith("differs: ") and "extra" in line for line in said.lines)
    assert said.lines[-1] == "somebody has changed the tables; restore a backup, or begin a new database"


def test_json_says_the_same(audit: Audit, filled: str) -> None:
    said = audit("db", "check", "--json")
    assert (said.code, said.json) == (
        0,
        {"revision": head(), "expected": head(), "differences": [], "sound": True},
    )


def test_json_of_what_is_not_sound_exits_with_1(audit: Audit) -> None:
    said = audit("db", "check", "--json")
    assert (said.code, said.json["sound"], said.json["revision"]) == (1, False, None)
