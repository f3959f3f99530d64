"""Whose calls they are: said around them, or in headers of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace

from audit.call import Tags

__all__ = ["HEADER_PREFIX", "current_tags", "tagged_by_headers", "tags"]

HEADER_PREFIX = b"x-audit-"
_current: ContextVar[Tags] = ContextVar("audit_tags")
_NONE = Tags()


@contextmanager
def tags(
    *,
    project: str | None = None,
    user: str | None = None,
    session: str | None = None,
    canary: str | None = None,
    **labels: str,
) -> Iterator[None]:
    """Tag every call made inside the `with` block; inner blocks add to outer ones and win over them."""
    outer = current_tags()
    said = {"project": project, "user": user, "session": session, "canary": canary}
    # As text, whatever was given: a number in here would be found out by the database only.
    named = {name: str(value) for name, value in said.items() if value is not None}
    labelled = {name: str(value) for name, value in labels.items()}
    inner = replace(outer, **named, labels=tuple({**dict(outer.labels), **labelled}.items()))
    token = _current.set(inner)
    try:
        yield
    finally:
        with suppress(ValueError):  # a generator may end in another context than it began in, which has no such tags
            _current.reset(token)


def current_tags() -> Tags:
    """Return the tags that hold here."""
    return _current.get(_NONE)


def tagged_by_headers(tags: Tags, headers: Sequence[tuple[bytes, bytes]]) -> Tags:
    """Return `tags` with what `x-audit-…` headers say: `x-audit-project`, `-user`, `-session`, any other a label."""
    if not headers:
        return tags
    said = {
        name.lower().removeprefix(HEADER_PREFIX).decode("latin-1"): value.decode("utf-8", "replace")
        for name, value in headers
        if len(name) > len(HEADER_PREFIX)
    }
    known = {name: said.pop(name) for name in ("project", "user", "session") if name in said}
    return replace(tags, **known, labels=tuple({**dict(tags.labels), **said}.items()))
