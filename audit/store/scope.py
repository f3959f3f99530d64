"""Which calls are meant: the filters that every page and every table share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Canaries", "Scope", "Standing"]


class Canaries(StrEnum):
    """Whether checks of our own count."""

    WITHOUT = "without"
    WITH = "with"
    ONLY = "only"


class Standing(StrEnum):
    """How a call fared, content filters aside."""

    OK = "ok"
    ERROR = "error"
    """A transport failure, an HTTP status from 400 that is no block, an error in the reply, a cut answer."""
    UNFINISHED = "unfinished"
    """The caller left early, or the recorder died: nobody's fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A selection of calls. What is empty or None does not narrow; several values of one kind widen it."""

    since: datetime | None = None
    until: datetime | None = None
    """Not included."""
    providers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """By the served name, or the requested one where none is known."""
    keys: tuple[str, ...] = ()
    """Fingerprints; "" stands for calls without a key."""
    projects: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    outcomes: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    """Empty: all that a model was made to work for, blocked or failed ones included; see `Reader`."""
    standings: tuple[Standing, ...] = ()
    matches: tuple[str, ...] = ()
    canaries: Canaries = Canaries.WITHOUT
    canary: str | None = None
    """The name of one canary."""
    search: str | None = None
    """Words in prompt or answer; also a call's, response's or request's id."""
