"""What commands do before they show what a call's bodies say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from audit.cli._output import legible
from audit.wiring.viewing import note_view

if TYPE_CHECKING:
    from uuid import UUID

    from audit.settings import Settings

__all__ = ["say_view"]


def say_view(settings: Settings, call: UUID, way: str) -> None:
    """Have the ledger note who looks, and say where it cannot; raise `LedgerError` if then nothing is to be shown."""
    if told := note_view(settings, call, way):
        click.echo(legible(told), err=True)
