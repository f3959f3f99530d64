"""Which calls are meant, and by what they are told apart: the words that every page and every table share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["By", "Canaries", "Level", "Order", "Scope", "Standing"]


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


class Level(StrEnum):
    """What a content filter said without a level in its own words."""

    FOUND = "found"
    NOT_FOUND = "not found"
    FAILED = "failed"
    """It could not run: neither safe nor blocked."""


class By(StrEnum):
    """What groups of calls have in common."""

    NONE = "none"
    PROVIDER = "provider"
    MODEL = "model"
    """The served name, else the requested one, else `unknown`."""
    REQUESTED = "requested"
    """The model asked for, else the one that served, else `unknown`: a call that fails or is blocked is served by none,
    so that rates of errors, blocks and outcomes are told by this."""
    KEY = "key"
    """The API key's fingerprint."""
    PROJECT = "project"
    USER = "user"
    SESSION = "session"
    OUTCOME = "outcome"
    STANDING = "standing"
    OPERATION = "operation"
    CANARY = "canary"
    DAY = "day"
    """The day on which the call began, as `2026-01-31`."""


class Order(StrEnum):
    """What a list of calls can be sorted by."""

    STARTED_AT = "started_at"
    DURATION = "duration_us"
    FIRST_TOKEN = "first_token_us"  # noqa: S105  # a token of a model
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    COST = "cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A selection of calls. What is empty or None does not narrow; several values of one kind widen it."""

    since: datetime | None = None
    until: datetime | None = None
    """Not included."""
    providers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """By the served name, or the requested one where none is known."""
    requested: tuple[str, ...] = ()
    """By the requested name, or the served one where none is known."""
    keys: tuple[str, ...] = ()
    """Fingerprints; "" stands for calls without a key, as it does for a project, a user, a session."""
    projects: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()
    """By the id of the first call, or the beginning of it."""
    labels: tuple[tuple[str, str], ...] = ()
    """Several values of one name widen, several names narrow."""
    outcomes: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    """Empty: all that a model was made to work for (`Operation.generates`), blocked and failed ones included."""
    standings: tuple[Standing, ...] = ()
    matches: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """Calls of which a content filter said something of such a category; with `sides` and `levels`, all in one word."""
    sides: tuple[str, ...] = ()
    """Of `Source`."""
    levels: tuple[str, ...] = ()
    """Severity, else probability, in the provider's words; `Level` for what has neither."""
    unpriced: bool = False
    """Only calls for which a price is due and not known."""
    without_usage: bool = False
    """Only calls with neither an input nor an output figure."""
    canaries: Canaries = Canaries.WITHOUT
    canary: str | None = None
    """The name of one canary."""
    search: str | None = None
    """Words in prompt or answer; also a call's, response's or request's id."""
