"""The ledger, and what is entered into it beside calls."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from audit.store.columns import BigKey, UtcTime, UuidBytes
from audit.store.tables._metadata import metadata

__all__ = ["acts", "checkpoints", "entries", "holds", "ledger_writers", "reviews", "tiles"]

_UNPLACED = text("place IS NULL")

ledger_writers = Table(
    "ledger_writers",
    metadata,
    Column("pk", BigKey, primary_key=True),
    Column("id", LargeBinary(8), nullable=False, unique=True),
    Column("name", Text, nullable=False),  # host and process
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),  # null while it lives, or when it was killed
)

entries = Table(
    "entries",
    metadata,
    Column("pk", BigKey, primary_key=True, autoincrement=False),  # see loading.py
    Column("id", UuidBytes, nullable=False, unique=True),  # the call's or the act's
    Column("writer_pk", BigKey, nullable=False),
    Column("number", BigInteger, nullable=False),  # counts from 0 for each writer
    Column("salt", LargeBinary(16)),  # of the commitment to the metadata; goes with them
    Column("metadata_commitment", LargeBinary(32), nullable=False),
    Column("request_commitment", LargeBinary(32), nullable=False),
    Column("response_commitment", LargeBinary(32), nullable=False),
    Column("place", BigInteger, unique=True),  # in the log, from 0; null until it is sequenced
    UniqueConstraint("writer_pk", "number"),
    Index("ix_entries_unsequenced", "pk", sqlite_where=_UNPLACED, postgresql_where=_UNPLACED),
)

acts = Table(
    "acts",
    metadata,
    Column("id", UuidBytes, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("kind", String(24), nullable=False),
    Column("actor", Text, nullable=False),  # who did it, as far as is known
    Column("statement", JSON, nullable=False),
    Index("ix_acts_kind_at", "kind", "at"),
)

holds = Table(
    "holds",
    metadata,
    Column("id", UuidBytes, primary_key=True),  # that of the act by which it was placed
    Column("by", String(16), nullable=False),  # what calls are named by: see choosing.py
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", UtcTime, nullable=False),
    Column("released_at", UtcTime),
)

reviews = Table(
    "reviews",
    metadata,
    Column("pk", BigKey, primary_key=True),
    Column("id", UuidBytes, nullable=False, unique=True),  # that of its act
    Column("call_id", UuidBytes, nullable=False, index=True),
    Column("side", String(10), nullable=False),
    Column("category", Text),
    Column("version", Integer, nullable=False),  # from 1, of the same reviewer about the same
    Column("verdict", String(16), nullable=False),
    Column("severity", Text),
    Column("reason", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("decided_at", UtcTime, nullable=False),
)

tiles = Table(
    "tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),  # up to 256 in a row, of 32 bytes each
    sqlite_with_rowid=False,
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("note", Text, nullable=False),  # as it was signed
)
