"""The ledger, parts of bodies, conversations; on PostgreSQL, partitions by month."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MONTH_KEYS = 2**40
"""Keys of one month, counted from January 1970: what was there before lies in the first."""
STANDING = """CASE
WHEN outcome IN ('blocked_prompt', 'blocked_completion') THEN 'ok'
WHEN status >= 400 OR error_code IS NOT NULL OR error_message IS NOT NULL THEN 'error'
WHEN ending IN ('closed', 'cancelled', 'abandoned', 'unknown') AND complete IS NOT TRUE THEN 'unfinished'
WHEN ending = 'failed' OR status IS NULL OR complete IS FALSE THEN 'error'
ELSE 'ok' END"""
CALLS = """
id started_at recorded_at origin reference provider operation dialect dialect_version streamed model_requested
model_served model_match response_id request_id attempt status ending complete finish_reason refusal
error_code error_message outcome block_reasons notes first_byte_us first_token_us duration_us
provider_first_token_us provider_duration_us input_tokens cached_input_tokens cache_write_tokens output_tokens
reasoning_tokens native_input_tokens native_output_tokens native_total_tokens usage_partial cost currency
price_pk quantities unpriced_reason key_fingerprint project user_id session_id canary request_bytes
response_bytes
""".split()  # noqa: SIM905  # a list of the words would take fifty lines
FIGURES = CALLS[CALLS.index("first_byte_us") : CALLS.index("usage_partial")]
OF_CALLS: dict[str, Sequence[str]] = {
    "exchanges": ("call_pk", "codec", "content"),
    "findings": """
call_pk number source category severity probability score detected filtered masked error choice start_offset
end_offset check_offset details place
""".split(),  # noqa: SIM905  # likewise
    "call_labels": ("call_pk", "name", "value"),
}
INDEXES = {
    "calls": {
        "ix_calls_id": ["id"],
        "ix_calls_started_at": ["started_at"],
        "ix_calls_said_digest": ["said_digest"],
        "ix_calls_conversation": ["conversation"],
    },
    "call_labels": {"ix_call_labels_name_value": ["name", "value"]},
}
TSVECTOR = "CREATE TABLE call_words (call_pk bigint PRIMARY KEY, words tsvector NOT NULL) PARTITION BY RANGE (call_pk)"


def upgrade() -> None:
    _make_new_tables()
    postgresql = op.get_bind().dialect.name == "postgresql"
    old = ("findings", "exchanges", "call_labels", *(["call_words"] if postgresql else []), "calls")
    for table in old:
        _set_aside(table, postgresql=postgresql)
    _make_calls()
    if postgresql:
        op.execute(TSVECTOR)
        for table in (*old, "part_uses"):
            op.execute(f"CREATE TABLE {table}_1970_01 PARTITION OF {table} FOR VALUES FROM (0) TO ({MONTH_KEYS})")
    salt = "uuid_send(gen_random_uuid())" if postgresql else "randomblob(16)"
    _copy("calls", ("pk", *CALLS))
    for table, columns in OF_CALLS.items():
        _copy(table, columns, **({"salt": salt} if table == "exchanges" else {}))
    if postgresql:
        _copy("call_words", ("call_pk", "words"))
        op.execute("CREATE INDEX ix_call_words_words ON call_words USING gin (words)")
    for table, indexes in INDEXES.items():
        for name, columns in indexes.items():
            op.create_index(name, table, columns)
    for table in old:
        op.drop_table(f"{table}_0002")


def downgrade() -> None:
    raise CommandError(
        "a ledger is not taken back: stop audit, install the version before, and restore a backup of the database that "
        "was made before the upgrade"
    )


def _set_aside(table: str, *, postgresql: bool) -> None:
    for index in INDEXES.get(table, ()):
        op.execute(f"DROP INDEX IF EXISTS {index}")
    if postgresql:
        if table == "call_words":
            op.execute("DROP INDEX ix_call_words_words")
        op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {_primary(table)} TO {table}_0002_pk")
    op.rename_table(table, f"{table}_0002")


def _primary(table: str) -> str:
    return "call_words_pkey" if table == "call_words" else f"pk_{table}"


def _copy(table: str, columns: Sequence[str], **more: str) -> None:
    names, values = ", ".join([*columns, *more]), ", ".join([*columns, *more.values()])
    op.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}_0002")  # noqa: S608  # our own names


def _make_new_tables() -> None:
    op.create_table(
        "parts",
        sa.Column("pk", KEY, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("before", KEY),
        sa.Column("codec", sa.Integer(), nullable=False),
        sa.Column("recipe", sa.Text()),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_parts")),
        sa.UniqueConstraint("digest", name=op.f("uq_parts_digest")),
    )
    op.create_index("ix_parts_before", "parts", ["before"])
    for name, user in (("part_uses", "call_pk"), ("part_links", "user_pk")):
        op.create_table(
            name,
            sa.Column(user, KEY, autoincrement=False, nullable=False),
            sa.Column("part_pk", KEY, autoincrement=False, nullable=False),
            sa.PrimaryKeyConstraint(user, "part_pk", name=op.f(f"pk_{name}")),
            sqlite_with_rowid=False,
            postgresql_partition_by=f"RANGE ({user})" if name == "part_uses" else None,
        )
        op.create_index(f"ix_{name}_part_pk", name, ["part_pk"])
    op.create_table(
        "ledger_writers",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_ledger_writers")),
        sa.UniqueConstraint("id", name=op.f("uq_ledger_writers_id")),
    )
    op.create_table(
        "entries",
        sa.Column("pk", KEY, autoincrement=False, nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("writer_pk", KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16)),
        sa.Column("metadata_commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("request_commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("response_commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("place", sa.BigInteger()),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_entries")),
        sa.UniqueConstraint("id", name=op.f("uq_entries_id")),
        sa.UniqueConstraint("place", name=op.f("uq_entries_place")),
        sa.UniqueConstraint("writer_pk", "number", name=op.f("uq_entries_writer_pk_number")),
    )
    unsequenced = sa.text("place IS NULL")
    op.create_index("ix_entries_unsequenced", "entries", ["pk"], sqlite_where=unsequenced, postgresql_where=unsequenced)
    op.create_table(
        "acts",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
    )
    op.create_index("ix_acts_at", "acts", ["at"])
    op.create_index("ix_acts_kind_at", "acts", ["kind", "at"])
    op.create_table(
        "holds",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_tiles")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoints")),
    )


def _make_calls() -> None:
    op.create_table(
        "calls",
        sa.Column("pk", KEY, autoincrement=False, nullable=False),
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
        *(sa.Column(name, sa.BigInteger()) for name in FIGURES),
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
        sa.Column("said_digest", sa.BigInteger()),
        sa.Column("continues", sa.LargeBinary(length=16)),
        sa.Column("conversation", sa.LargeBinary(length=16)),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_calls")),
        postgresql_partition_by="RANGE (pk)",
    )
    op.create_table(
        "exchanges",
        sa.Column("call_pk", KEY, autoincrement=False, nullable=False),
        sa.Column("codec", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("recipe", sa.Text()),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("call_pk", name=op.f("pk_exchanges")),
        postgresql_partition_by="RANGE (call_pk)",
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
        sa.PrimaryKeyConstraint("call_pk", "number", name=op.f("pk_findings")),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (call_pk)",
    )
    op.create_table(
        "call_labels",
        sa.Column("call_pk", KEY, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("call_pk", "name", name=op.f("pk_call_labels")),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (call_pk)",
    )
