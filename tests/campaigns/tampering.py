"""Ways to tamper with a record by raw SQL, each of which changes one thing.

What the ledger does not cover, and why, stands in `NOT_COVERED`: nothing there is tampered with.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from sqlalchemy import Column, Connection, Table, text
from sqlalchemy.types import JSON, Boolean

from audit.ledger.merkle import root
from audit.ledger.note import Checkpoint
from audit.ledger.tiles import HASH_BYTES, hashes_of
from audit.store import tables
from audit.store.sequencing import load_tiles
from tests.ledger.keys import STRANGER

__all__ = ["CONTENT", "NOT_COVERED", "PACKED", "TAMPERINGS", "NothingToDo"]

CONTENT: tuple[Table, ...] = (
    tables.calls, tables.exchanges, tables.parts, tables.findings, tables.call_labels, tables.prices, tables.entries,
    tables.acts, tables.losses, tables.reviews, tables.holds, tables.tiles, tables.checkpoints,
    tables.ledger_writers,
)  # fmt: skip
NOT_COVERED = {
    "calls.standing": "computed by the database from columns that are covered",
    "ledger_writers.name": "says on which machine a writer ran; its random id is covered",
    "ledger_writers.opened_at": "of the database alone: entries come before",
    "ledger_writers.closed_at": "of the database alone: changes when a writer ends",
    "checkpoints.at": "of the database alone: a witness's signature tells a time",
    "losses.pk": "of the database alone",
    "prices.pk of what no call has any more": "of the database alone; another is held to its calls",
    "reviews.pk": "of the database alone: in which order decisions are listed",
    "entries.pk of acts and of what was erased": "of the database alone; that of a call is held to the call's key",
    "part_uses, part_links": "derived: which parts a call needs, so that erasure removes what nobody needs",
    "the search index, unindexed": "derived from bodies; what is on its way there",
    "api_keys, issued_keys, checks, flips": "not entered: state of the gateway, not calls",
}
PACKED = {("exchanges", "content"), ("exchanges", "recipe"), ("exchanges", "codec"), ("parts", "content"),
          ("parts", "recipe"), ("parts", "codec"), ("parts", "before")}  # fmt: skip
"""Columns of which several values unpack to the same bytes: these say the same, and nothing has been changed."""

_HELD_TO_CALLS = {
    tables.entries.c.pk: "select count(*) from calls where id = :id",
    tables.prices.c.pk: "select count(*) from calls where price_pk = :pk",
}


class NothingToDo(Exception):
    """The record has nothing that this way could change."""


def flip(connection: Connection, chance: Random) -> str:
    """Change a bit, or a character, of one value."""
    table = chance.choice(CONTENT)
    column = chance.choice([one for one in table.columns if f"{table.name}.{one.name}" not in NOT_COVERED])
    row = _some_row(connection, table, chance)
    if column in _HELD_TO_CALLS and not connection.execute(text(_HELD_TO_CALLS[column]), row).scalar_one():
        raise NothingToDo
    old = row[column.name]
    _write(connection, column, row, changed(old, column, chance))
    return f"{table.name}.{column.name}"


def swap(connection: Connection, chance: Random) -> str:
    """Let two rows have each other's value."""
    table = chance.choice(CONTENT)
    loose = [
        one for one in table.columns
        if f"{table.name}.{one.name}" not in NOT_COVERED and not one.primary_key and not one.unique
    ]  # fmt: skip
    if not loose:
        raise NothingToDo
    column, one, other = chance.choice(loose), *(_some_row(connection, table, chance) for _ in range(2))
    if one[column.name] == other[column.name]:
        raise NothingToDo
    _write(connection, column, one, other[column.name])
    _write(connection, column, other, one[column.name])
    return f"{table.name}.{column.name} of two rows"


def reorder(connection: Connection, chance: Random) -> str:
    """Let two entries have each other's place."""
    one, other = (_some_row(connection, tables.entries, chance) for _ in range(2))
    if one["place"] == other["place"]:
        raise NothingToDo
    for row, place in ((one, None), (other, one["place"]), (one, other["place"])):
        _write(connection, tables.entries.c.place, row, place)
    return "the order of the log"


def delete(connection: Connection, chance: Random) -> str:
    """Take a row away."""
    table = chance.choice(CONTENT)
    row = _some_row(connection, table, chance)
    connection.execute(text(f"delete from {table.name} where {_keys(table)}"), _key_of(table, row))
    return f"a row of {table.name}"


def insert(connection: Connection, chance: Random) -> str:
    """Put in a row like another one, under keys of its own."""
    table = chance.choice(CONTENT)
    row = _some_row(connection, table, chance)
    for column in table.columns:
        if (column.primary_key and column.name != "call_pk") or column.unique or column.name == "number":
            row[column.name] = changed(row[column.name], column, chance)
        if table.name in ("calls", "entries") and column.name == "id":
            row["id"] = chance.randbytes(16)
    row.pop("standing", None)
    names = [name for name in row if name in table.columns]
    values = ", ".join(_value(table.columns[name], name) for name in names)
    connection.execute(text(f"insert into {table.name} ({', '.join(names)}) values ({values})"), row)
    return f"a new row of {table.name}"


def truncate(connection: Connection, chance: Random) -> str:
    """Take the newest entries away, with their calls and all that is signed of them."""
    size = connection.execute(text("select count(*) from entries")).scalar_one()
    _cut(connection, size - chance.randint(1, size))
    return "the tail of the log"


def older(connection: Connection, chance: Random) -> str:
    """Put the record back to where it was signed first, with tiles that fit: only anchors know better."""
    size = connection.execute(text("select min(size) from checkpoints")).scalar_one()
    _cut(connection, size)
    return "an older copy of the database"


def forge(connection: Connection, chance: Random) -> str:
    """Sign the log as it is with another key, in place of a checkpoint or beside them."""
    row = _some_row(connection, tables.checkpoints, chance)
    tree_root = root(row["size"], hashes_of(load_tiles(connection)))
    note = STRANGER.signed(Checkpoint(STRANGER.name, row["size"], tree_root).text)
    if chance.random() < 0.5:
        _write(connection, tables.checkpoints.c.note, row, note)
    else:
        new = {**row, "size": row["size"] - 1, "note": note}
        connection.execute(text("insert into checkpoints (size, at, note) values (:size, :at, :note)"), new)
    return "a checkpoint signed with another key"


TAMPERINGS: dict[Callable[[Connection, Random], str], int] = {
    flip: 12, swap: 4, delete: 4, insert: 3, reorder: 1, truncate: 1, older: 1, forge: 1,
}  # fmt: skip
"""How often each is chosen."""


def changed(old: Any, column: Column[Any], chance: Random) -> Any:
    """Return another value, that differs as little as can be."""
    if isinstance(column.type, Boolean):
        return not old
    if isinstance(old, float):
        return old * 1.5 + 1
    if isinstance(old, int):
        return old ^ 1 << chance.randrange(30)
    if isinstance(old, bytes) and old:
        at = chance.randrange(len(old))
        return old[:at] + bytes([old[at] ^ 1 << chance.randrange(8)]) + old[at + 1 :]
    if isinstance(old, str) and old:
        return _other_text(old, column, chance)
    raise NothingToDo


def _other_text(old: str, column: Column[Any], chance: Random) -> str:
    at = chance.randrange(len(old))
    new = old[:at] + chr(ord(old[at]) ^ 1 << chance.randrange(5)) + old[at + 1 :]
    if isinstance(column.type, JSON):
        try:
            same = json.loads(new) == json.loads(old)
        except ValueError:
            same = False
        if same:
            raise NothingToDo
    return new


def _some_row(connection: Connection, table: Table, chance: Random) -> dict[str, Any]:
    """Return a row as the database has it, JSON as text."""
    columns = ", ".join(
        f"cast({one.name} as text) as {one.name}" if isinstance(one.type, JSON) else one.name for one in table.columns
    )
    order = ", ".join(one.name for one in table.primary_key)
    rows = connection.execute(text(f"select {columns} from {table.name} order by {order}")).mappings().all()
    if not rows:
        raise NothingToDo
    return {
        name: bytes(value) if isinstance(value, memoryview) else value for name, value in chance.choice(rows).items()
    }


def _write(connection: Connection, column: Column[Any], row: dict[str, Any], value: Any) -> None:
    table = column.table
    assert isinstance(table, Table)
    statement = f"update {table.name} set {column.name} = {_value(column, 'new')} where {_keys(table)}"
    connection.execute(text(statement), {**_key_of(table, row), "new": value})


def _value(column: Column[Any], name: str) -> str:
    return f"cast(:{name} as json)" if isinstance(column.type, JSON) else f":{name}"


def _keys(table: Table) -> str:
    return " and ".join(f"{one.name} = :key_{one.name}" for one in table.primary_key)


def _key_of(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {f"key_{one.name}": row[one.name] for one in table.primary_key}


def _cut(connection: Connection, size: int) -> None:
    """Leave the first entries alone, as if nothing had come after."""
    gone = "(select {} from entries where place >= :size)"
    for table, column, of in (
        ("calls", "pk", "pk"), ("exchanges", "call_pk", "pk"), ("findings", "call_pk", "pk"),
        ("call_labels", "call_pk", "pk"), ("part_uses", "call_pk", "pk"), ("acts", "id", "id"),
    ):  # fmt: skip
        connection.execute(text(f"delete from {table} where {column} in {gone.format(of)}"), {"size": size})
    connection.execute(text("delete from losses where id not in (select id from acts)"))
    told = "select statement ->> 'digest' from acts where kind = 'price'"
    connection.execute(text(f"delete from prices where digest not in ({told})"))
    connection.execute(text("delete from entries where place >= :size"), {"size": size})
    connection.execute(text("delete from checkpoints where size > :size"), {"size": size})
    connection.execute(
        text("delete from ledger_writers where not exists (select 1 from entries where writer_pk = ledger_writers.pk)")
    )
    left = load_tiles(connection)(0, 0)[: size * HASH_BYTES]  # the record is smaller than a tile
    connection.execute(text("delete from tiles"))
    if size:
        connection.execute(text("insert into tiles values (0, 0, :hashes)"), {"hashes": left})
