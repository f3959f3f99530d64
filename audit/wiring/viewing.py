"""Who looks at calls' bodies in the configured database, entered into its ledger as the settings want it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID

from audit.errors import LedgerError, StoreError
from audit.wiring.acting import actor

if TYPE_CHECKING:
    from audit.settings import Settings

__all__ = ["enter", "note_view", "unnoted"]


def note_view(settings: Settings, call: UUID, way: str, person: str | None = None) -> str | None:
    """Enter that a call's bodies are looked at, before they are shown; return what to say where that cannot be.

    Without a `person` it is who runs this process. Raises `LedgerError` where views are to be entered and cannot be:
    nothing is to be shown then.
    """
    try:
        enter(settings, call, way, person)
    except StoreError as exc:
        return unnoted(settings, exc)
    return None


def enter(settings: Settings, call: UUID, way: str, person: str | None = None) -> None:
    """Enter it, unless views are off; raise `StoreError` if the database cannot be written to."""
    from audit.store.engine import opened
    from audit.store.sequencing import advance
    from audit.store.views import enter_view

    if settings.ledger.views == "off":
        return
    with opened(settings.database_url) as engine:
        enter_view(engine, call, way=way, actor=person or actor())
        with suppress(LedgerError, StoreError):  # it is entered, and whoever comes next gives it its place
            advance(engine)


def unnoted(settings: Settings, exc: StoreError) -> str:
    """Return what to say of a view that could not be entered; raise `LedgerError` where each has to be."""
    if settings.ledger.views == "required":
        raise LedgerError(
            f"content is shown only once the ledger has noted who looks at it, and it cannot: {exc}; ask for the right "
            'to write to the database, or let `views` in [ledger] be "noted"'
        ) from exc
    return f"the ledger could not note this view: {exc}"
