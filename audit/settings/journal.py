"""How the journal is kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from audit.settings.fields import Reserve, Section, Size, off

__all__ = ["JournalSettings"]


class JournalSettings(Section):
    """What the journal, which lies between recording and the database, is to survive, and how large it may grow."""

    durability: Literal["process", "power"] = "process"
    """`process`: what is recorded outlives the process. `power`: the machine's power too, as each call waits until its
    beginning and its end are on stable storage."""
    max_bytes: Annotated[Size | None, BeforeValidator(off)] = 10 * 1024**3
    """What the files of all who journal in one home may come to; `false`: as much as the disk has. Calls that have
    begun are ended beyond it. The default holds days of a busy team's calls while the database is away."""
    free_reserve: Reserve | None = None
    """What the journal leaves free of its disk; None: 256 MiB, or a twentieth of the disk where that is less."""
