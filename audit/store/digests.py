"""What tables hold, as values and in the order of their keys: the same digest whichever database holds them.

Of a call's key its month does not count, which says where a call lies and nothing of it (`months.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, LargeBinary, Table, func, select

from audit.store.engine import in_byte_order
from audit.store.loading import MONTH_KEYS
from audit.store.months import key_of_a_call
from audit.store.tables import metadata

__all__ = ["Rows", "TableDigest", "counts", "digests", "lots", "together"]

LOT = 500
LARGE_LOT = 8
"""Rows at a time of tables that hold bodies: each may have hundreds of megabytes."""
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDigest:
    """What a table holds."""

    name: str
    rows: int
    sha256: str


class Rows:
    """Rows of a table that go by, in the order of their keys."""

    def __init__(self, table: Table) -> None:
        key = key_of_a_call(table)
        self._name = table.name
        self._key_at = None if key is None else table.c.keys().index(key)
        self._hash = sha256()
        self._count = 0

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take in the next."""
        for row in rows:
            values = list(row)
            if self._key_at is not None:
                values[self._key_at] %= MONTH_KEYS
            self._hash.update(_encoded(values))
        self._count += len(rows)

    @property
    def digest(self) -> TableDigest:
        """What they have come to."""
        return TableDigest(name=self._name, rows=self._count, sha256=self._hash.hexdigest())


def lots(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    """Yield the rows of a table in the order of their keys, some at a time."""
    order = [in_byte_order(connection, column) for column in table.primary_key]
    large = any(isinstance(column.type, LargeBinary) and column.type.length is None for column in table.columns)
    rows = select(table).order_by(*order).execution_options(yield_per=LARGE_LOT if large else LOT)
    yield from connection.execute(rows).partitions()


def digests(connection: Connection, progress: Callable[[int], None] = lambda _rows: None) -> tuple[TableDigest, ...]:
    """Return what all tables hold; `progress` is told of rows as they go by."""
    found = []
    for table in metadata.sorted_tables:
        rows = Rows(table)
        for lot in lots(connection, table):
            rows.add(lot)
            progress(len(lot))
        found.append(rows.digest)
    return tuple(found)


def counts(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    counted = ((table.name, select(func.count()).select_from(table)) for table in metadata.sorted_tables)
    return {name: connection.execute(count).scalar_one() for name, count in counted}


def together(tables: Sequence[TableDigest]) -> str:
    """Return one digest of all tables."""
    lines = sorted(f"{table.name} {table.rows} {table.sha256}\n" for table in tables)
    return "sha256:" + sha256("".join(lines).encode()).hexdigest()


def _encoded(values: Sequence[Any]) -> bytes:
    try:
        return _encode(values)
    except (OverflowError, UnicodeEncodeError):  # in JSON: whole numbers beyond 64 bits, lone surrogates
        return json.dumps(values, sort_keys=True, default=_text).encode()


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
