"""What commands do before they show what a call's bodies say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from audit.cli._output import legible
from audit.wiring.viewing import note_look, note_view

if TYPE_CHECKING:
    from uuid import UUID

    from audit.settings import Settings
    from audit.store.looks import Look

__all__ = ["say", "say_look", "say_view"]


def say_view(settings: Settings, call: UUID, way: str) -> None:
    """Have the ledger note who looks, and say where it cannot; raise `LedgerError` if then nothing is to be shown."""
    if told := note_view(settings, call, way):
        say(told)


def say_look(settings: Settings, look: Look) -> None:
    """Do the same for a look at many calls at once."""
    if told := note_look(settings, look):
        say(told)


def say(told: str) -> None:
    """Say what the ledger could not note."""
    click.echo(legible(told), err=True)
