"""Settings that processes write to the record by: entered into the ledger where they are not those of before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from audit.store import tables
from audit.store.acts import record_act
from audit.store.ledger import Author
from audit.store.rows.acts import Kind

__all__ = ["Effective", "changes_of", "enter_settings", "entered_before"]

_MANY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """The settings of a process."""

    host: str
    home: str
    program: str
    values: Mapping[str, str]
    """By their names in `audit.toml`, as JSON, without secrets."""

    @property
    def place(self) -> Mapping[str, str]:
        """Where they hold: other programs may have other settings, and each has its own course of changes."""
        return {"host": self.host, "home": self.home, "program": self.program}


def entered_before(connection: Connection, effective: Effective) -> Mapping[str, str] | None:
    """Return the settings that were entered last for this place; None if none were.

    For a host without any, those of the same program and home folder on another: a container has a new name each time
    that it starts.
    """
    elsewhere, acts = None, tables.acts.c
    rows = select(acts.statement).where(acts.kind == Kind.SETTINGS).order_by(acts.at.desc(), acts.id)
    with connection.execute(rows.execution_options(yield_per=_MANY)) as found:
        for statement in found.scalars():
            place = statement["place"]
            if place == effective.place:
                return _values(statement)
            if elsewhere is None and {**place, "host": effective.host} == effective.place:
                elsewhere = _values(statement)
    return elsewhere


def _values(statement: Mapping[str, Any]) -> Mapping[str, str]:
    values: Mapping[str, str] = statement["values"]
    return values


def enter_settings(connection: Connection, author: Author, now: datetime, effective: Effective, *, actor: str) -> None:
    """Enter settings with what has changed in them, in one's turn to write; nothing where nothing has."""
    before = entered_before(connection, effective)
    if before != effective.values:
        changes = [] if before is None else changes_of(before, effective.values)
        statement = {"place": dict(effective.place), "changes": changes, "values": dict(effective.values)}
        record_act(connection, author, now, kind=Kind.SETTINGS, actor=actor, statement=statement)


def changes_of(before: Mapping[str, str], after: Mapping[str, str]) -> list[dict[str, str]]:
    """Return what differs, by name: `before` and `after`, one of which lacks where there was or is no such setting."""
    both = (("before", before), ("after", after))
    return [
        {"name": name, **{when: values[name] for when, values in both if name in values}}
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
