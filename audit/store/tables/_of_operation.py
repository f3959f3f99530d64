"""Keys, losses, and what canaries found."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from audit.store.columns import BigKey, Picos, UtcTime, UuidBytes
from audit.store.tables._metadata import metadata

__all__ = ["api_keys", "checks", "data_keys", "flips", "issued_keys", "losses"]

_UNREVOKED = text("revoked_at IS NULL")

data_keys = Table(
    "data_keys",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),  # of what it is the key: see sealing.py
    Column("master", String(8), nullable=False),  # the id of the key that can unwrap it
    Column("wrapped", LargeBinary(60), nullable=False),
    sqlite_with_rowid=False,
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("fingerprint", String(24), primary_key=True),
    Column("name", Text),
    Column("provider", String(255), nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
)

issued_keys = Table(
    "issued_keys",
    metadata,
    Column("pk", BigKey, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the key, which itself is not kept
    Column("fingerprint", String(24), nullable=False, unique=True),  # as in `calls`
    Column("project", Text),
    Column("user_id", Text),
    Column("labels", JSON(none_as_null=True)),
    Column("providers", JSON, nullable=False),  # patterns, as a list; likewise models
    Column("models", JSON, nullable=False),
    Column("rpm", Integer),
    Column("budget", Picos),  # with the two that follow, or without
    Column("budget_currency", String(3)),
    Column("budget_period", String(5)),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
    # A name is free again once its key is revoked.
    Index("ix_issued_keys_name", "name", unique=True, sqlite_where=_UNREVOKED, postgresql_where=_UNREVOKED),
)

losses = Table(
    "losses",
    metadata,
    Column("pk", BigKey, primary_key=True),
    Column("id", UuidBytes, nullable=False, unique=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("count", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)

checks = Table(
    "checks",
    metadata,
    Column("pk", BigKey, primary_key=True),
    Column("canary", String(64), nullable=False),
    Column("provider", String(255), nullable=False),
    Column("model", String(255), nullable=False),
    Column("slot_at", UtcTime, nullable=False),  # when it was due; claimed by inserting the row
    Column("claimed_by", String(64), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),  # null while under way, or when its scheduler died
    Column("verdict", String(16)),
    Column("reasons", JSON(none_as_null=True)),
    Column("call_id", UuidBytes),
    Column("model_served", Text),
    Column("first_token_us", BigInteger),
    Column("duration_us", BigInteger),
    UniqueConstraint("canary", "provider", "model", "slot_at"),
    Index("ix_checks_provider_model_started_at", "provider", "model", "started_at"),
)

flips = Table(
    "flips",
    metadata,
    Column("pk", BigKey, primary_key=True),
    Column("provider", String(255), nullable=False),
    Column("model", String(255), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("state_before", String(12), nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("check_pk", ForeignKey("checks.pk")),
    Index("ix_flips_provider_model_at", "provider", "model", "at"),
)
