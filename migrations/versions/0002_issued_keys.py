"""Keys of our own making, with what they may do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOT_REVOKED = sa.text("revoked_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "issued_keys",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=24), nullable=False),
        sa.Column("project", sa.Text()),
        sa.Column("user_id", sa.Text()),
        sa.Column("labels", sa.JSON(none_as_null=True)),
        sa.Column("providers", sa.JSON(), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("rpm", sa.Integer()),
        sa.Column("budget", sa.BigInteger()),
        sa.Column("budget_currency", sa.String(length=3)),
        sa.Column("budget_period", sa.String(length=5)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_issued_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_issued_keys_digest")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_issued_keys_fingerprint")),
    )
    op.create_index(
        "ix_issued_keys_name",
        "issued_keys",
        ["name"],
        unique=True,
        sqlite_where=NOT_REVOKED,
        postgresql_where=NOT_REVOKED,
    )


def downgrade() -> None:
    op.drop_table("issued_keys")
