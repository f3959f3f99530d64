"""The tables. Queries stand in `read/`, inserts in `write.py`; changes need a migration.

What belongs to a call has its key and no foreign key: on PostgreSQL calls and all that is theirs lie in partitions by
the month in which they were recorded (`loading.py`), which are dropped one by one.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Computed,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from audit.store.columns import BigKey, Picos, UtcTime, UuidBytes

__all__ = [
    "OF_A_CALL",
    "acts",
    "api_keys",
    "call_labels",
    "calls",
    "checkpoints",
    "checks",
    "data_keys",
    "entries",
    "exchanges",
    "findings",
    "flips",
    "holds",
    "issued_keys",
    "ledger_writers",
    "losses",
    "metadata",
    "part_links",
    "part_uses",
    "parts",
    "prices",
    "reviews",
    "tiles",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_STANDING = """CASE
WHEN outcome IN ('blocked_prompt', 'blocked_completion') THEN 'ok'
WHEN status >= 400 OR error_code IS NOT NULL OR error_message IS NOT NULL THEN 'error'
WHEN ending IN ('closed', 'cancelled', 'abandoned', 'unknown') AND complete IS NOT TRUE THEN 'unfinished'
WHEN ending = 'failed' OR status IS NULL OR complete IS FALSE THEN 'error'
ELSE 'ok' END"""
"""How a call fared, content filters aside (`Standing`): a block comes as an error, or as a stream cut short."""
_UNPLACED, _UNREVOKED = text("place IS NULL"), text("revoked_at IS NULL")

calls = Table(
    "calls",
    metadata,
    Column("pk", BigKey, primary_key=True, autoincrement=False),  # that of its entry
    Column("id", UuidBytes, nullable=False, index=True),  # once: `entries` sees to it
    Column("started_at", UtcTime, nullable=False, index=True),
    Column("recorded_at", UtcTime, nullable=False),
    Column("origin", String(8), nullable=False),
    Column("reference", Text),
    # reading
    Column("provider", String(255), nullable=False),
    Column("operation", String(24), nullable=False),
    Column("dialect", String(32), nullable=False),
    Column("dialect_version", Integer, nullable=False),
    Column("streamed", Boolean(create_constraint=False), nullable=False),
    Column("model_requested", Text),
    Column("model_served", Text),
    Column("model_match", String(9), nullable=False),
    Column("response_id", Text),
    Column("request_id", Text),
    Column("attempt", Integer),
    Column("status", Integer),
    Column("ending", String(9), nullable=False),
    Column("complete", Boolean(create_constraint=False)),
    Column("finish_reason", Text),  # every choice's, joined by commas
    Column("refusal", Boolean(create_constraint=False), nullable=False),
    Column("error_code", Text),  # also the transport's failure, as its class
    Column("error_message", Text),
    Column("outcome", String(18), nullable=False),
    Column("standing", String(10), Computed(_STANDING, persisted=True), nullable=False),
    Column("block_reasons", JSON(none_as_null=True)),
    Column("notes", JSON(none_as_null=True)),
    # time
    Column("first_byte_us", BigInteger),
    Column("first_token_us", BigInteger),
    Column("duration_us", BigInteger),
    Column("provider_first_token_us", BigInteger),
    Column("provider_duration_us", BigInteger),
    # usage, normalised: input with cache reads, writes and tool results; output with reasoning
    Column("input_tokens", BigInteger),
    Column("cached_input_tokens", BigInteger),
    Column("cache_write_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("reasoning_tokens", BigInteger),
    # usage, the provider's own figures, meaning what the provider means
    Column("native_input_tokens", BigInteger),
    Column("native_output_tokens", BigInteger),
    Column("native_total_tokens", BigInteger),
    Column("usage_partial", Boolean(create_constraint=False)),
    # price
    Column("cost", Picos),
    Column("currency", String(3)),
    Column("price_pk", BigKey),
    Column("quantities", Text),  # what the unit prices were multiplied with, in their order, joined by commas
    Column("unpriced_reason", Text),
    # whose
    Column("key_fingerprint", String(24)),
    Column("project", Text),
    Column("user_id", Text),
    Column("session_id", Text),
    Column("canary", String(64)),
    # size, as received
    Column("request_bytes", BigInteger, nullable=False),
    Column("response_bytes", BigInteger, nullable=False),
    # conversation, by what the request repeats of an earlier one
    Column("said_digest", BigInteger, index=True),  # of all that the request repeats and says, and of who asks
    Column("continues", UuidBytes),  # the id of the call that it goes on from
    Column("conversation", UuidBytes, index=True),  # the id of the first of them; null where nothing is continued
    postgresql_partition_by="RANGE (pk)",
)

exchanges = Table(
    "exchanges",
    metadata,
    Column("call_pk", BigKey, primary_key=True, autoincrement=False),
    Column("codec", Integer, nullable=False),
    Column("salt", LargeBinary(16), nullable=False),  # of the commitments to both bodies; see ledger/leaf.py
    Column("recipe", Text),  # where parts stand in the bodies; null where none do: see recipes.py
    Column("content", LargeBinary, nullable=False),  # see packing.py
    postgresql_partition_by="RANGE (call_pk)",
)

parts = Table(
    "parts",
    metadata,
    Column("pk", BigKey, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # see bodies.py
    Column("before", BigKey, index=True),  # the part that this one goes on from: its bytes come first
    Column("codec", Integer, nullable=False),
    Column("recipe", Text),  # as in `exchanges`, of one body
    Column("content", LargeBinary, nullable=False),
)

part_uses = Table(
    "part_uses",
    metadata,
    Column("call_pk", BigKey, primary_key=True, autoincrement=False),
    Column("part_pk", BigKey, primary_key=True, autoincrement=False, index=True),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (call_pk)",
)

part_links = Table(
    "part_links",
    metadata,
    Column("user_pk", BigKey, primary_key=True, autoincrement=False),  # the part in which the other stands
    Column("part_pk", BigKey, primary_key=True, autoincrement=False, index=True),
    sqlite_with_rowid=False,
)

data_keys = Table(
    "data_keys",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),  # of what it is the key: see sealing.py
    Column("master", String(8), nullable=False),  # the id of the key that can unwrap it
    Column("wrapped", LargeBinary(60), nullable=False),
    sqlite_with_rowid=False,
)

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

findings = Table(
    "findings",
    metadata,
    Column("call_pk", BigKey, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 0, in the order of the reply
    Column("source", String(10), nullable=False),
    Column("category", Text, nullable=False),
    Column("severity", Text),
    Column("probability", Text),
    Column("score", Float),
    Column("detected", Boolean(create_constraint=False)),
    Column("filtered", Boolean(create_constraint=False)),
    Column("masked", Boolean(create_constraint=False), nullable=False),
    Column("error", Text),
    Column("choice", Integer),
    Column("start_offset", BigInteger),
    Column("end_offset", BigInteger),
    Column("check_offset", BigInteger),
    Column("details", JSON(none_as_null=True)),
    Column("place", Text),
    sqlite_with_rowid=False,  # lie by call: they are read by call
    postgresql_partition_by="RANGE (call_pk)",
)

call_labels = Table(
    "call_labels",
    metadata,
    Column("call_pk", BigKey, primary_key=True, autoincrement=False),
    Column("name", String(120), primary_key=True),
    Column("value", Text, nullable=False),
    Index("ix_call_labels_name_value", "name", "value"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (call_pk)",
)

prices = Table(
    "prices",
    metadata,
    Column("pk", BigKey, primary_key=True),
    Column("digest", String(71), nullable=False, unique=True),  # sha256:… of the working
    Column("working", JSON, nullable=False),  # source, model, multiplier, unit prices in order
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

OF_A_CALL = (exchanges, findings, call_labels, part_uses)
"""Tables of what belongs to one call, beside its row in `calls` and its words in the search index."""
