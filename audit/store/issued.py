"""How keys of our own making get into the database, and are taken back. The keys themselves never do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from audit.store.engine import translated
from audit.store.rows import NewKey
from audit.store.tables import issued_keys

__all__ = ["add_key", "revoke_key"]


def add_key(engine: Engine, key: NewKey) -> bool:
    """Store a key; return False when another that is not revoked has its name. May raise `StoreError`."""
    row = {
        "name": key.name,
        "digest": key.digest,
        "fingerprint": key.fingerprint,
        "project": key.project,
        "user_id": key.user,
        "labels": dict(key.labels) or None,
        "providers": list(key.providers),
        "models": list(key.models),
        "rpm": key.rpm,
        "budget": key.budget.amount if key.budget else None,
        "budget_currency": key.budget.currency if key.budget else None,
        "budget_period": key.budget.period.value if key.budget else None,
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.expires_at,
    }
    with translated():
        try:
            with engine.begin() as connection:
                connection.execute(issued_keys.insert(), row)
        except IntegrityError:
            return False
    return True


def revoke_key(engine: Engine, fingerprint: str, at: datetime) -> bool:
    """Take a key back; return whether it was valid until now. May raise `StoreError`."""
    issued = issued_keys.c
    valid = (issued.fingerprint == fingerprint, issued.revoked_at.is_(None))
    with translated(), engine.begin() as connection:
        return connection.execute(issued_keys.update().where(*valid).values(revoked_at=at)).rowcount == 1
