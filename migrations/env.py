"""Run by Alembic: `audit db upgrade` hands its connection over; `alembic` itself opens the configured database."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, TypeDecorator, inspect

from audit.settings import load_settings
from audit.store.backfill import enter_record
from audit.store.engine import open_engine
from audit.store.schema import is_ours
from audit.store.tables import metadata

BEFORE_THE_LEDGER = ("0001", "0002")


def plainly(kind: str, item: Any, _autogen: object) -> str | Literal[False]:
    """Write our own column types into migrations as what they are in the database."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_name=lambda name, kind, _parents: kind != "table" or is_ours(name),
        render_as_batch=True,
        render_item=plainly,
    )
    before = context.get_context().get_current_revision()
    with context.begin_transaction():
        context.run_migrations()
    if before in BEFORE_THE_LEDGER and inspect(connection).has_table("entries"):
        enter_record(connection, datetime.now(UTC))


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = open_engine(load_settings(os.environ).database_url)
    try:
        with engine.begin() as opened:
            run(opened)
    finally:
        engine.dispose()
