"""What was said in calls whose words are still to be entered into the search index."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0006"
down_revision = "0005"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MONTH_KEYS = 2**40


def upgrade() -> None:
    op.create_table(
        "unindexed",
        sa.Column("call_pk", KEY, autoincrement=False, nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("call_pk", name=op.f("pk_unindexed")),
        postgresql_partition_by="RANGE (call_pk)",
    )
    if op.get_bind().dialect.name == "postgresql":
        for name in sa.inspect(op.get_bind()).get_table_names():
            if found := re.fullmatch(r"calls_(\d{4})_(\d\d)", name):
                low = ((int(found[1]) - 1970) * 12 + int(found[2]) - 1) * MONTH_KEYS
                partition = f"CREATE TABLE unindexed_{found[1]}_{found[2]} PARTITION OF unindexed"
                op.execute(f"{partition} FOR VALUES FROM ({low}) TO ({low + MONTH_KEYS})")


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT count(*) FROM unindexed")).scalar():
        raise CommandError(
            "calls wait for their words to be entered into the search index: run audit collect --once, and try again"
        )
    op.drop_table("unindexed")
