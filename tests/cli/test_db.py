from __future__ import annotations

from pathlib import Path

import pytest

from audit.cli import db
from audit.store.copying import Copied
from audit.store.digests import TableDigest
from audit.store.engine import open_engine, sqlite_url
from audit.store.schema import head
from audit.wiring.restoring import Moved
from tests.cli.terminal import Audit
from tests.databases import KIND, an_empty_database


@pytest.fixture
def nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the configured database have no table yet."""
    monkeypatch.setenv("AUDIT_DATABASE_URL", an_empty_database(KIND, home))


def test_a_database_that_is_not_there_is_not_sound_and_is_not_made(audit: Audit, nothing: None, home: Path) -> None:
    said = audit("db", "check")
    assert said.code == 1
    assert said.lines == [
        f"revision none: nothing is there yet, expected {head()}",
        "`audit db upgrade` brings it up to date",
    ]
    assert not (home / "audit.db").exists()


def test_upgrading_makes_it_sound_and_can_be_repeated(audit: Audit, nothing: None) -> None:
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


def test_json_of_what_is_not_sound_exits_with_1(audit: Audit, nothing: None) -> None:
    said = audit("db", "check", "--json")
    assert (said.code, said.json["sound"], said.json["revision"]) == (1, False, None)


def test_a_copy_is_told_in_figures(audit: Audit, filled: str, home: Path) -> None:
    said = audit("db", "copy", filled, sqlite_url(home / "copy.db"))
    assert said.code == 0, said
    assert said.lines[0].startswith("copied    9 calls, ")
    assert said.lines[1].startswith("equal     value for value, read again from there: sha256:")
    assert said.lines[2] == "entries   11 ok; 0 anchored"
    assert said.lines[-1] == "whole"


def test_a_copys_json_tells_of_every_table(audit: Audit, filled: str, home: Path) -> None:
    (home.parent / "audit.toml").write_text('[ledger]\nviews = "off"\n')  # or the first would have one act more
    said = audit("db", "copy", "--verify", "sample", "--json", filled, sqlite_url(home / "copy.db"))
    assert (said.code, said.json["verified"], said.json["equal"], said.json["unreached"]) == (0, True, True, 0)
    (calls,) = (table for table in said.json["tables"] if table["name"] == "calls")
    assert (calls["rows"], calls["equal"], len(calls["sha256"])) == (9, True, 64)
    again = audit("db", "copy", "--json", sqlite_url(home / "copy.db"), sqlite_url(home / "more.db"))
    assert again.json["sha256"] == said.json["sha256"]


def test_a_database_that_is_not_empty_is_not_copied_into(audit: Audit, filled: str) -> None:
    said = audit("db", "copy", filled, filled)
    assert (said.code, said.out) == (2, "")
    assert "holds a record already" in said.err


def test_a_copy_that_is_not_equal_is_told_with_what_is_not(
    audit: Audit, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, losses = (TableDigest(name=name, rows=1, sha256="a") for name in ("calls", "losses"))
    other = TableDigest(name="losses", rows=1, sha256="b")
    copied = Copied(source=(calls, losses), target=(calls, other), indexed=0)
    monkeypatch.setattr(db, "copy_database", lambda *_given, **_options: Moved(copied=copied, verified=None))
    said = audit("db", "copy", filled, "sqlite://")
    assert (said.code, said.lines[1:]) == (
        1,
        ["NOT EQUAL: losses read otherwise than they were written; nothing was kept"],
    )
    said = audit("db", "copy", "--json", filled, "sqlite://")
    assert (said.code, said.json["verified"]) == (1, False)
    assert [table["equal"] for table in said.json["tables"]] == [True, False]
