"""Entries of the ledger: who wrote them, in which order, and what they commit to."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import StoreError
from audit.ledger.leaf import WRITER_ID_BYTES
from audit.store import tables
from audit.store.loading import insert_rows

__all__ = ["Author", "Entry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the ledger is told of a call, or of an act."""

    id: UUID
    salt: bytes
    """Of the commitment to the metadata."""
    metadata: bytes
    request: bytes
    response: bytes


class Author:
    """One writer of the ledger: numbers what it enters without holes, so that a row that is taken away shows."""

    def __init__(self) -> None:
        self._id = os.urandom(WRITER_ID_BYTES)
        self._pk: int | None = None
        self._number = 0

    @contextmanager
    def transaction(self, engine: Engine) -> Iterator[Connection]:
        """Yield a connection in a transaction; after one that failed, what was entered is asked of the database."""
        try:
            with engine.begin() as connection:
                yield connection
        except BaseException:  # Ctrl-C too: what was numbered may not be in the database
            self._pk = None
            raise

    def enter(self, connection: Connection, first: int, now: datetime, entries: Sequence[Entry]) -> None:
        """Enter them under keys from `first` on, in one's turn to write."""
        if self._pk is None:
            self._pk, self._number = self._opened(connection, now)
        rows = [
            {
                "pk": first + at,
                "id": entry.id,
                "writer_pk": self._pk,
                "number": self._number + at,
                "salt": entry.salt,
                "metadata_commitment": entry.metadata,
                "request_commitment": entry.request,
                "response_commitment": entry.response,
            }
            for at, entry in enumerate(entries)
        ]
        insert_rows(connection, tables.entries, rows)
        self._number += len(rows)

    def close(self, engine: Engine, now: datetime) -> None:
        """Note that this writer has ended in order; one that is killed never says so."""
        writers = tables.ledger_writers
        with suppress(SQLAlchemyError, StoreError), engine.begin() as connection:
            connection.execute(writers.update().where(writers.c.id == self._id).values(closed_at=now))

    def _opened(self, connection: Connection, now: datetime) -> tuple[int, int]:
        """Return this writer's key and the next number, making it known if it is not."""
        writers, entries = tables.ledger_writers.c, tables.entries.c
        pk = connection.execute(select(writers.pk).where(writers.id == self._id)).scalar()
        if pk is not None:
            numbers = select(func.coalesce(func.max(entries.number), -1)).where(entries.writer_pk == pk)
            return pk, connection.execute(numbers).scalar_one() + 1
        name = f"{socket.gethostname()}:{os.getpid()}"
        new = tables.ledger_writers.insert().values(id=self._id, name=name, opened_at=now)
        (pk,) = connection.execute(new).inserted_primary_key  # type: ignore[misc]
        return pk, 0
