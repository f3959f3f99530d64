"""What reviewers decide about calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0005"
down_revision = "0004"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("call_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("category", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("severity", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_reviews")),
        sa.UniqueConstraint("id", name=op.f("uq_reviews_id")),
    )
    op.create_index("ix_reviews_call_id", "reviews", ["call_id"])


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT count(*) FROM reviews")).scalar():
        raise CommandError(
            "decisions are not thrown away: stop audit, install the version before, and restore a backup of the "
            "database that was made before the upgrade"
        )
    op.drop_table("reviews")
