"""How the journal is kept."""

from __future__ import annotations

from typing import Literal

from audit.settings.fields import Section

__all__ = ["JournalSettings"]


class JournalSettings(Section):
    """What the journal, which lies between recording and the database, is to survive."""

    durability: Literal["process", "power"] = "process"
    """`process`: what is recorded outlives the process. `power`: the machine's power too, as each call waits until its
    beginning and its end are on stable storage."""
