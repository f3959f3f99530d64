"""What a dialect is: one wire format, read by pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from audit.call import Reading
from audit.wire.transcript import Transcript

__all__ = ["Dialect", "Enquiry", "Fit", "Question"]


class Fit(IntEnum):
    """How sure a dialect is that an exchange is its own. The surest reads it."""

    NO = 0
    FALLBACK = 1
    """Reads anything, for want of a better one."""
    WORDS = 2
    """Single words in the bodies can be read, whatever the format."""
    SHAPE = 3
    """The bodies look like it, the URL does not tell."""
    PATH = 4
    """The URL says so."""
    BOTH = 5
    """The URL says so and the bodies agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a canary asks, in no one's format."""

    model: str
    prompt: str
    system: str | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    stream: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Merged into the body last, as the provider spells them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """A question as a request: what to send below a provider's base URL."""

    path: str
    """With its version, such as `/v1/responses`."""
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    """Without the key."""
    key_header: str = "authorization"
    """Where the API key goes; `authorization` means as a bearer token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One wire format. A file in this folder that ends in `DIALECT = Dialect(...)` is found and used."""

    name: str
    version: int
    """Counts up when the same exchange is read otherwise than before."""
    fits: Callable[[Transcript], Fit]
    read: Callable[[Transcript], Reading]
    """May assume nothing about the structures; what it raises costs the reading and is noted."""
    ask: Callable[[Question], Enquiry] | None = None
    """None for a format that canaries cannot be asked in."""
