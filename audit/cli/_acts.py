"""Acts of the ledger as rows of a table: when, what kind, who, what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from audit.cli._figures import ABSENT, when, zone
from audit.cli._table import Column, left
from audit.store.rows.acts import Kind

if TYPE_CHECKING:
    from audit.store.rows.acts import ActRow

__all__ = ["cells", "columns"]

_LONGEST = 200
"""Characters of what was done; --json has all of it."""


def columns() -> list[Column]:
    """Return the columns of such a table."""
    return [Column(heading=f"time ({zone()})"), Column(heading="kind"), *left("who", "what")]


def cells(act: ActRow) -> list[str]:
    """Return an act's row."""
    told = _words(act)
    return [when(act.at), act.kind, act.actor, told if len(told) <= _LONGEST else f"{told[:_LONGEST]}…"]


def _words(act: ActRow) -> str:
    try:
        return _TOLD.get(act.kind, _plainly)(act.statement)
    except (AttributeError, LookupError, TypeError, ValueError):  # in a record that was tampered with
        return f"(not in the form of its kind) {act.statement}"


def _plainly(statement: Mapping[str, Any]) -> str:
    """Name what a statement says; of a list only how long it is."""
    counted = (
        (name, f"{len(value)} of them" if isinstance(value, list) else value) for name, value in statement.items()
    )
    return ", ".join(f"{name}: {value}" for name, value in counted)


def _settings(statement: Mapping[str, Any]) -> str:
    changes = statement.get("changes", [])
    told = [f"{one['name']} {one.get('before', ABSENT)} → {one.get('after', ABSENT)}" for one in changes]
    return ", ".join(told) if told else f"the first that are known: {len(statement.get('values', ()))}"


def _text(statement: Mapping[str, Any]) -> str:
    return str(statement.get("text"))


def _view(statement: Mapping[str, Any]) -> str:
    into = f" into {statement['into']}" if "into" in statement else ""
    return f"{_viewed(statement)} by {statement.get('way')}{into}"


def _viewed(statement: Mapping[str, Any]) -> str:
    """Tell what was looked at: a call, or how many of which."""
    if "calls" not in statement:
        return f"call {_with_hyphens(statement.get('call'))}"
    calls = f"{statement['calls']} call{'' if statement['calls'] == 1 else 's'}"
    return f"{calls} ({_selected(statement['selection'])})" if "selection" in statement else f"all {calls}"


def _selected(selection: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {_joined(value, ' or ')}" for name, value in selection.items())


def _joined(value: Any, by: str) -> str:
    """Write a list in words; a list in it is a label, of a name and a value."""
    return by.join(_joined(one, "=") for one in value) if isinstance(value, list) else str(value)


def _review(statement: Mapping[str, Any]) -> str:
    about = " ".join(str(statement[name]) for name in ("side", "category") if name in statement)
    level = f" (should be {statement['severity']})" if "severity" in statement else ""
    verdict, call = f"{statement.get('verdict')}{level}", _with_hyphens(statement.get("call"))
    return f"call {call}, {about}: {verdict}: {statement.get('reason')}"


def _loss(statement: Mapping[str, Any]) -> str:
    return f"{statement.get('count')} until {statement.get('at')}: {statement.get('reason')}"


def _with_hyphens(told: Any) -> str:
    """Return a call's id as all other commands take it."""
    try:
        return str(UUID(told))
    except (AttributeError, TypeError, ValueError):  # whatever else stands in a record that was tampered with
        return str(told)


_TOLD: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    Kind.LOSS: _loss,
    Kind.PRICE: _text,
    Kind.REVIEW: _review,
    Kind.SETTINGS: _settings,
    Kind.VIEW: _view,
}
