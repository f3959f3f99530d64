"""The record: calls with their exchanges and findings, keys, losses, canary checks and flips."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FTS5 = (
    "CREATE VIRTUAL TABLE call_words USING fts5(words, content='', contentless_delete=1, detail=none, "
    "tokenize='unicode61 remove_diacritics 2')"
)
STANDING = """CASE
WHEN outcome IN ('blocked_prompt', 'blocked_completion') THEN 'ok'
WHEN status >= 400 OR error_code IS NOT NULL OR error_message IS NOT NULL THEN 'error'
WHEN ending IN ('closed', 'cancelled', 'abandoned', 'unknown') AND complete IS NOT TRUE THEN 'unfinished'
WHEN ending = 'failed' OR status IS NULL OR complete IS FALSE THEN 'error'
ELSE 'ok' END"""
TSVECTOR = "CREATE TABLE call_words (call_pk bigint PRIMARY KEY REFERENCES calls (pk), words tsvector NOT NULL)"


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("fingerprint", sa.String(length=24), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("provider", sa.String(length=255), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "checks",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("canary", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=255), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("slot_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("verdict", sa.String(length=16)),
        sa.Column("reasons", sa.JSON(none_as_null=True)),
        sa.Column("call_id", sa.LargeBinary(length=16)),
        sa.Column("model_served", sa.Text()),
        sa.Column("first_token_us", sa.BigInteger()),
        sa.Column("duration_us", sa.BigInteger()),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_checks")),
        sa.UniqueConstraint(
            "canary", "provider", "model", "slot_at", name=op.f("uq_checks_canary_provider_model_slot_at")
        ),
    )
    op.create_index("ix_checks_provider_model_started_at", "checks", ["provider", "model", "started_at"])
    op.create_table(
        "losses",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_losses")),
        sa.UniqueConstraint("id", name=op.f("uq_losses_id")),
    )
    op.create_index("ix_losses_at", "losses", ["at"])
    op.create_table(
        "prices",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("working", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_prices")),
        sa.UniqueConstraint("digest", name=op.f("uq_prices_digest")),
    )
    op.create_table(
        "calls",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("provider", sa.String(length=255), nullable=False),
        sa.Column("operation", sa.String(length=24), nullable=False),
        sa.Column("dialect", sa.String(length=32), nullable=False),
        sa.Column("dialect_version", sa.Integer(), nullable=False),
        sa.Column("streamed", sa.Boolean(), nullable=False),
        sa.Column("model_requested", sa.Text()),
        sa.Column("model_served", sa.Text()),
        sa.Column("model_match", sa.String(length=9), nullable=False),
        sa.Column("response_id", sa.Text()),
        sa.Column("request_id", sa.Text()),
        sa.Column("attempt", sa.Integer()),
        sa.Column("status", sa.Integer()),
        sa.Column("ending", sa.String(length=9), nullable=False),
        sa.Column("complete", sa.Boolean()),
        sa.Column("finish_reason", sa.Text()),
        sa.Column("refusal", sa.Boolean(), nullable=False),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_message", sa.Text()),
        sa.Column("outcome", sa.String(length=18), nullable=False),
        sa.Column("standing", sa.String(length=10), sa.Computed(STANDING, persisted=True), nullable=False),
        sa.Column("block_reasons", sa.JSON(none_as_null=True)),
        sa.Column("notes", sa.JSON(none_as_null=True)),
        sa.Column("first_byte_us", sa.BigInteger()),
        sa.Column("first_token_us", sa.BigInteger()),
        sa.Column("duration_us", sa.BigInteger()),
        sa.Column("provider_first_token_us", sa.BigInteger()),
        sa.Column("provider_duration_us", sa.BigInteger()),
        sa.Column("input_tokens", sa.BigInteger()),
        sa.Column("cached_input_tokens", sa.BigInteger()),
        sa.Column("cache_write_tokens", sa.BigInteger()),
        sa.Column("output_tokens", sa.BigInteger()),
        sa.Column("reasoning_tokens", sa.BigInteger()),
        sa.Column("native_input_tokens", sa.BigInteger()),
        sa.Column("native_output_tokens", sa.BigInteger()),
        sa.Column("native_total_tokens", sa.BigInteger()),
        sa.Column("usage_partial", sa.Boolean()),
        sa.Column("cost", sa.BigInteger()),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("price_pk", KEY),
        sa.Column("quantities", sa.Text()),
        sa.Column("unpriced_reason", sa.Text()),
        sa.Column("key_fingerprint", sa.String(length=24)),
        sa.Column("project", sa.Text()),
        sa.Column("user_id", sa.Text()),
        sa.Column("session_id", sa.Text()),
        sa.Column("canary", sa.String(length=64)),
        sa.Column("request_bytes", sa.BigInteger(), nullable=False),
        sa.Column("response_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["price_pk"], ["prices.pk"], name=op.f("fk_calls_price_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_calls")),
        sa.UniqueConstraint("id", name=op.f("uq_calls_id")),
    )
    op.create_index("ix_calls_started_at", "calls", ["started_at"])
    op.create_table(
        "flips",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("provider", sa.String(length=255), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state_before", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("check_pk", KEY),
        sa.ForeignKeyConstraint(["check_pk"], ["checks.pk"], name=op.f("fk_flips_check_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_flips")),
    )
    op.create_index("ix_flips_provider_model_at", "flips", ["provider", "model", "at"])
    op.create_table(
        "call_labels",
        sa.Column("call_pk", KEY, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_pk"], ["calls.pk"], name=op.f("fk_call_labels_call_pk")),
        sa.PrimaryKeyConstraint("call_pk", "name", name=op.f("pk_call_labels")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_call_labels_name_value", "call_labels", ["name", "value"])
    op.create_table(
        "exchanges",
        sa.Column("call_pk", KEY, autoincrement=False, nullable=False),
        sa.Column("codec", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["call_pk"], ["calls.pk"], name=op.f("fk_exchanges_call_pk")),
        sa.PrimaryKeyConstraint("call_pk", name=op.f("pk_exchanges")),
    )
    op.create_table(
        "findings",
        sa.Column("call_pk", KEY, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text()),
        sa.Column("probability", sa.Text()),
        sa.Column("score", sa.Float()),
        sa.Column("detected", sa.Boolean()),
        sa.Column("filtered", sa.Boolean()),
        sa.Column("masked", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("choice", sa.Integer()),
        sa.Column("start_offset", sa.BigInteger()),
        sa.Column("end_offset", sa.BigInteger()),
        sa.Column("check_offset", sa.BigInteger()),
        sa.Column("details", sa.JSON(none_as_null=True)),
        sa.Column("place", sa.Text()),
        sa.ForeignKeyConstraint(["call_pk"], ["calls.pk"], name=op.f("fk_findings_call_pk")),
        sa.PrimaryKeyConstraint("call_pk", "number", name=op.f("pk_findings")),
        sqlite_with_rowid=False,
    )
    op.execute(FTS5 if op.get_bind().dialect.name == "sqlite" else TSVECTOR)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_call_words_words ON call_words USING gin (words)")


def downgrade() -> None:
    op.execute("DROP TABLE call_words")
    for table in ("findings", "exchanges", "call_labels", "flips", "calls", "prices", "losses", "checks", "api_keys"):
        op.drop_table(table)
