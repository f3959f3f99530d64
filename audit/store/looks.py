"""A look at many calls' bodies at once, such as a copy of them: what the ledger is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from audit.store.scope import Canaries, Scope

__all__ = ["Look", "selection_of"]

_WHOLE = Scope(canaries=Canaries.WITH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A look at many calls at once."""

    way: str
    """The command by which it is taken."""
    calls: int | None = None
    """How many; None for all that there are, which are counted when it is entered."""
    selection: Mapping[str, Any] | None = None
    """By what they were chosen, of `selection_of`; None for the whole record."""
    into: str | None = None
    """Where they are copied to, without any secret; None if they are only shown."""


def selection_of(scope: Scope) -> dict[str, Any]:
    """Return by what a scope narrows the whole record, as JSON that an act can have."""
    given = {one.name: getattr(scope, one.name) for one in fields(scope)}
    return {name: _plain(value) for name, value in given.items() if value != getattr(_WHOLE, name)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
