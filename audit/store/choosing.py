"""Which calls somebody names to have them erased or held: those of a call, a key, a user, and so on."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from audit.errors import AuditError
from audit.store import tables

__all__ = ["By", "fitting", "sound"]

_c, _l = tables.calls.c, tables.call_labels.c


class By(StrEnum):
    """What calls are named by."""

    CALL = "call"
    CONVERSATION = "conversation"
    """Named by the id of its first call."""
    KEY = "key"
    """Named by its fingerprint."""
    USER = "user"
    SESSION = "session"
    LABEL = "label"
    """Named as NAME=VALUE."""


def sound(by: By, value: str) -> str:
    """Return a name as it is kept; raise `AuditError` for one that can name nothing."""
    if by in (By.CALL, By.CONVERSATION):
        try:
            return str(UUID(value))
        except ValueError:
            raise AuditError(f"{value!r} is no whole id of a call; `audit calls list --json` tells them") from None
    if not value or (by is By.LABEL and not value.partition("=")[1]):
        raise AuditError(f"{value!r} names no {by}" + (": NAME=VALUE is wanted" if by is By.LABEL else ""))
    return value


def fitting(by: By, value: str) -> ColumnElement[bool]:
    """Return the condition that a call is one of those; `value` is sound."""
    return _FITTING[by](value)


def _in_conversation(value: str) -> ColumnElement[bool]:
    first = UUID(value)
    return or_(_c.id == first, _c.conversation == first)


def _labelled(value: str) -> ColumnElement[bool]:
    name, _, said = value.partition("=")
    return _c.pk.in_(select(_l.call_pk).where(_l.name == name, _l.value == said))


_FITTING: dict[By, Callable[[str], ColumnElement[bool]]] = {
    By.CALL: lambda value: _c.id == UUID(value),
    By.CONVERSATION: _in_conversation,
    By.KEY: lambda value: _c.key_fingerprint == value,
    By.USER: lambda value: _c.user_id == value,
    By.SESSION: lambda value: _c.session_id == value,
    By.LABEL: _labelled,
}
