"""What the pages know: the only place that asks the record. Answers are cached until the record grows.

Reads only. The settings are those that the environment names, as for every other command.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import streamlit as st
from sqlalchemy import Engine

from audit.call import Exchange, Reading
from audit.errors import AuditError
from audit.interpret import Interpreter
from audit.settings import Settings, load_settings
from audit.store.engine import is_sqlite, open_engine
from audit.store.read import Reader
from audit.store.rows import Health
from audit.store.schema import head, revision

__all__ = [
    "after",
    "call",
    "calls",
    "categories",
    "check_days",
    "checks",
    "coverage",
    "facets",
    "flips",
    "health",
    "keys",
    "latency",
    "latency_by_model",
    "models",
    "outcomes",
    "place",
    "reading",
    "series",
    "settings",
    "slowest",
    "substitutions",
    "totals",
    "trouble",
    "usage",
]

P = ParamSpec("P")
R = TypeVar("R")

_GLANCE_S = 2
"""How long the pages go without looking whether the record has grown."""
_KEPT_S = 600
_MOST_ANSWERS = 600


def settings() -> Settings:
    """Return the settings; raise `SettingsError` that names every problem."""
    return load_settings(os.environ)


def trouble() -> str | None:
    """Return why there is nothing to show, in words fit for a page; None when there is a record.

    An empty text means that nothing has been recorded yet.
    """
    try:
        engine = _engine(settings().database_url)
        if is_sqlite(engine) and not Path(engine.url.database or "").expanduser().exists():
            return ""
        found = revision(engine)
    except AuditError as exc:
        return str(exc)
    if found is None:
        return ""
    if found != head():
        return f"The database has the schema of another version of audit ({found}, this one knows {head()})."
    return None


def place() -> str:
    """Return where the record is kept, without secrets."""
    return _engine(settings().database_url).url.render_as_string(hide_password=True)


def health() -> Health:
    """Return how the record itself does, not older than a glance."""
    return _glance(settings().database_url)


def reading(exchange: Exchange) -> Reading:
    """Return what today's dialects make of an exchange: the conversation is not kept twice."""
    return Interpreter(pricing=lambda _reading, _exchange: None, aliases=settings().aliases).read(exchange)


@st.cache_resource(max_entries=8, show_spinner=False)
def _engine(url: str) -> Engine:
    return open_engine(url, read_only=True)


@st.cache_data(ttl=_GLANCE_S, max_entries=8, show_spinner=False)
def _glance(url: str) -> Health:
    return Reader(_engine(url)).health(datetime.now(UTC))


@st.cache_data(ttl=_KEPT_S, max_entries=_MOST_ANSWERS, show_spinner=False)
def _answer(url: str, grown: tuple[Any, ...], question: str, given: tuple[Any, ...], named: tuple[Any, ...]) -> Any:
    """`grown` is part of the cache's key only: an answer holds as long as the record has not grown."""
    return getattr(Reader(_engine(url)), question)(*given, **dict(named))


def _asking(method: Callable[Concatenate[Reader, P], R]) -> Callable[P, R]:
    """Return a reader's method as a function of the page, its answers kept until the record grows."""

    def ask(*args: P.args, **kwargs: P.kwargs) -> R:
        url = settings().database_url
        known = _glance(url)
        grown = (known.calls, known.recorded_at, known.lost)
        return cast(R, _answer(url, grown, method.__name__, args, tuple(sorted(kwargs.items()))))

    return ask


after = _asking(Reader.after)
call = _asking(Reader.call)
calls = _asking(Reader.calls)
categories = _asking(Reader.categories)
check_days = _asking(Reader.check_days)
checks = _asking(Reader.checks)
coverage = _asking(Reader.coverage)
facets = _asking(Reader.facets)
flips = _asking(Reader.flips)
keys = _asking(Reader.keys)
latency = _asking(Reader.latency)
latency_by_model = _asking(Reader.latency_by_model)
models = _asking(Reader.models)
outcomes = _asking(Reader.outcomes)
series = _asking(Reader.series)
slowest = _asking(Reader.slowest)
substitutions = _asking(Reader.substitutions)
totals = _asking(Reader.totals)
usage = _asking(Reader.usage)
