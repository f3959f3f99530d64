"""What is told of acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

__all__ = ["ActRow", "Kind"]


class Kind(StrEnum):
    """What is done to a record, or with it: a further kind is a line here, and whoever does it records it."""

    ERASURE = "erasure"
    HOLD = "hold"
    RELEASE = "hold-release"
    LOSS = "loss"
    """Calls could not be recorded."""
    PRICE = "price"
    """A price came into the record: of a newer list, of the operator's, or for a model that had none."""
    REVIEW = "review"
    """Somebody decided whether a content filter was right about a call."""
    SETTINGS = "settings"
    """Who writes to the record does so with other settings than before."""
    VIEW = "view"
    """Somebody looked at what bodies say: of one call, or of many at once, which may have been copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """Something that was done to the record, or with it."""

    id: UUID
    at: datetime
    kind: str
    actor: str
    """Who did it, as far as is known."""
    statement: Mapping[str, Any]
    """What was done, in the words of its kind."""
    place: int | None
    """In the log, from 0; None until it is sequenced."""
