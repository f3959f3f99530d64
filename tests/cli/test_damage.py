"""Damaged databases: commands tell it, or do not come across it, and none ends in a traceback."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from audit.store.engine import sqlite_module
from tests.cli.terminal import Audit

COMMANDS = (
    "calls list",
    "usage --by key",
    "verify",
    "doctor",
    "hold list",
    "review list",
    "erase --user ada --ground GDPR --dry-run",
    "retention show",
    "ledger status",
)
POLICY = '[[retention.policies]]\nname = "all"\nbodies = "1d"\nmetadata = "2d"\n'
PAGE = 8_192


def rubbish(_pages: list[bytes], chance: Random) -> bytes:
    return chance.randbytes(PAGE)


def another(pages: list[bytes], chance: Random) -> bytes:
    return chance.choice([page for page in pages[1:] if page[0] == 13])  # a leaf of a table


@pytest.mark.sqlite_only(reason="pages of its file are damaged")
@pytest.mark.parametrize(
    ("table", "made"),
    [
        ("alembic_version", another),
        ("api_keys", another),
        ("call_words_data", rubbish),
        ("calls", rubbish),
        ("entries", another),
        ("holds", another),
        ("holds", rubbish),
    ],
)
def test_no_command_ends_in_a_traceback(
    audit: Audit, filled: str, home: Path, table: str, made: Callable[[list[bytes], Random], bytes]
) -> None:
    (home.parent / "audit.toml").write_text(POLICY)
    path = Path(filled.removeprefix("sqlite:///"))
    sound = path.read_bytes()
    pages = [sound[at : at + PAGE] for at in range(0, len(sound), PAGE)]
    at = root_of(path, table) - 1
    damaged = b"".join((*pages[:at], made(pages, Random(table)), *pages[at + 1 :]))
    for command in COMMANDS:
        path.with_name("audit.db-wal").unlink(missing_ok=True)
        path.with_name("audit.db-shm").unlink(missing_ok=True)
        path.write_bytes(damaged)
        assert audit(*command.split()).code in (0, 1, 2)


def root_of(path: Path, table: str) -> int:
    """Return the number of the first page of a table."""
    with closing(sqlite_module().connect(path)) as connection:
        wanted = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        return int(connection.execute(wanted, (table,)).fetchone()[0])


@pytest.mark.sqlite_only(reason="no other database takes bytes for text")
def test_bytes_in_the_place_of_texts_are_listed_as_such(audit: Audit, filled: str) -> None:
    with closing(sqlite_module().connect(filled.removeprefix("sqlite:///"))) as connection:
        connection.execute("UPDATE checks SET model = x'ff' WHERE pk = 2")
        connection.execute("UPDATE api_keys SET name = x'ff'")
        connection.commit()
    for command in ("canary status", "keys list", "usage --by key"):
        said = audit(*command.split())
        assert said.code == 0, said.err
        assert "xff" in said.out
