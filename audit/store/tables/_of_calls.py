"""What is kept of calls."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Computed,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from audit.store.columns import BigKey, Picos, UtcTime, UuidBytes
from audit.store.tables._metadata import metadata

__all__ = ["call_labels", "calls", "exchanges", "findings", "part_links", "part_uses", "parts", "prices", "unindexed"]

_STANDING = """CASE
WHEN outcome IN ('blocked_prompt', 'blocked_completion') THEN 'ok'
WHEN status >= 400 OR error_code IS NOT NULL OR error_message IS NOT NULL THEN 'error'
WHEN ending IN ('closed', 'cancelled', 'abandoned', 'unknown') AND complete IS NOT TRUE THEN 'unfinished'
WHEN ending = 'failed' OR status IS NULL OR complete IS FALSE THEN 'error'
ELSE 'ok' END"""
"""How a call fared, content filters aside (`Standing`): a block comes as an error, or as a stream cut short."""

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

unindexed = Table(
    "unindexed",
    metadata,
    Column("call_pk", BigKey, primary_key=True, autoincrement=False),  # the first of calls in a row; see unindexed.py
    Column("calls", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    postgresql_partition_by="RANGE (call_pk)",
)

prices = Table(
    "prices",
    metadata,
    Column("pk", BigKey, primary_key=True),
    Column("digest", String(71), nullable=False, unique=True),  # sha256:… of the working
    Column("working", JSON, nullable=False),  # source, model, multiplier, unit prices in order
)
