"""Keys of bodies that are encrypted at rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "data_keys",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("master", sa.String(length=8), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_keys")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise CommandError(
        "keys of encrypted bodies are not thrown away: stop audit, install the version before, and restore a backup of "
        "the database that was made before the upgrade"
    )
