"""Who looks at calls' bodies in the configured database, entered into its ledger as the settings want it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from audit.errors import LedgerError, StoreError
from audit.wiring.acting import actor

if TYPE_CHECKING:
    from audit.settings import Settings
    from audit.store.looks import Look

__all__ = ["enter", "note_copy", "note_look", "note_view", "unnoted"]


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


def note_look(settings: Settings, look: Look) -> str | None:
    """Enter that whoever runs this process looks at many calls' bodies; returns and raises as `note_view` does."""
    return _note_look(settings, settings.database_url, look)


def note_copy(settings: Settings, way: str, into: str, say: Callable[[str], None], url: str | None = None) -> None:
    """Enter that the whole record is copied, before it is: the configured one, or that of the database at `url`.

    Where it cannot be entered, that is told to `say`; raises `LedgerError` where nothing is to be copied then.
    """
    from audit.store.looks import Look

    if told := _note_look(settings, url or settings.database_url, Look(way=way, into=into)):
        say(told)


def enter(settings: Settings, call: UUID, way: str, person: str | None = None) -> None:
    """Enter a view, unless views are off; raise `StoreError` if the database cannot be written to."""
    from audit.store.views import enter_view

    _enter(settings, settings.database_url, partial(enter_view, call=call, way=way, actor=person or actor()))


def _note_look(settings: Settings, url: str, look: Look) -> str | None:
    from audit.store.views import enter_look

    try:
        _enter(settings, url, partial(enter_look, look=look, actor=actor()))
    except StoreError as exc:
        return unnoted(settings, exc)
    return None


def _enter(settings: Settings, url: str, enter: Callable[[Any], UUID]) -> None:
    from audit.store.engine import opened
    from audit.store.sequencing import advance

    if settings.ledger.views == "off":
        return
    with opened(url) as engine:
        enter(engine)
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
