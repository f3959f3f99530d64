"""What the pages know: the only place that asks the record. Answers are cached until the record grows.

Reads only. The settings are those that the environment names, as for every other command.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from uuid import UUID

import streamlit as st
from sqlalchemy import Engine

from audit.call import Exchange, Reading
from audit.errors import AuditError, StoreError
from audit.interpret import Interpreter
from audit.recording.journal import segments, writers
from audit.settings import Settings, load_settings
from audit.store.engine import hidden, is_there, open_engine
from audit.store.read import Reader
from audit.store.rows import CallDetail, CallRow, Facets, Health
from audit.store.schema import head, revision
from audit.store.scope import By, Canaries, Scope
from audit.wiring.encrypting import keyed
from audit.wiring.viewing import enter, unnoted
from dashboard.spending import foremost

__all__ = [
    "call",
    "calls",
    "categories",
    "checks",
    "choices",
    "course",
    "coverage",
    "every_call",
    "flips",
    "foremost_models",
    "health",
    "is_encrypted",
    "journal_bytes",
    "latency",
    "latency_by_model",
    "lost",
    "models",
    "outcomes",
    "place",
    "reading",
    "series",
    "settings",
    "slowest",
    "substitutions",
    "together",
    "totals",
    "trouble",
    "usage",
    "viewed",
]

P = ParamSpec("P")
R = TypeVar("R")

_GLANCE_S = 2
"""How long the pages go without looking whether the record has grown."""
_LOOK_S = 60
_VIEW_S = 3_600
_KEPT_S = 600
_MOST_ANSWERS = 300
_MOST_RECORDS = 8
_AT_ONCE = 4


def settings() -> Settings:
    """Return the settings; raise `SettingsError` that names every problem."""
    return _settings(tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AUDIT_"))))


def trouble() -> str | None:
    """Return why there is nothing to show, in words fit for a page; None when there is a record.

    An empty text means that nothing has been recorded yet.
    """
    try:
        url = settings().database_url
        if not is_there(url):
            return ""
        found = revision(_engine(url))
    except AuditError as exc:
        return str(exc)
    if found is None:
        return ""
    if found != head():
        return f"The database has the schema of another version of audit ({found}, this one knows {head()})."
    return None


def place() -> str:
    """Return where the record is, without its password."""
    return hidden(settings().database_url)


def health() -> Health:
    """Return how the record itself does, not older than a glance."""
    return _glance(settings().database_url)


def is_encrypted() -> bool:
    """Return whether bodies are encrypted, so that what is new cannot be found by its words."""
    return Reader(_engine(settings().database_url)).is_encrypted()


def journal_bytes() -> int:
    """Return how much is recorded, and not in the database yet or only just."""
    folder = settings().journal
    paths = [path for name in writers(folder) for path in segments(folder, name).values()] if folder.is_dir() else []
    return sum(size for path in paths if (size := _size(path)))


def call(wanted: str) -> CallDetail | None:
    """Return a call with its bytes. Not kept: they may be many."""
    return Reader(_engine(settings().database_url)).call(wanted)


def viewed(wanted: UUID) -> str | None:
    """Have the ledger note that a call's bodies are looked at; return what to say where that cannot be.

    A page is drawn anew with each click, and shown again when one comes back to it: of one person's looks at one call
    in an hour there is one note. Whom no login tells is who runs the pages. Raises `LedgerError` where nothing is to be
    shown without a note.
    """
    now, user = settings(), st.user.to_dict()
    person = str(user.get("email") or user.get("sub")) if user.get("is_logged_in") else None
    try:
        _view(now, now.database_url, now.ledger.views, str(wanted), person)
    except StoreError as exc:  # not kept: it is tried again with the next click
        return unnoted(now, exc)
    return None


def every_call(scope: Scope, most: int, order: str, descending: bool) -> tuple[CallRow, ...]:
    """Return the first calls of a scope, more of them than a page shows. Not kept."""
    return Reader(_engine(settings().database_url)).calls(scope, most, 0, order, descending).rows


def reading(exchange: Exchange) -> Reading:
    """Return what today's dialects make of an exchange: the conversation is not kept twice."""
    return Interpreter(pricing=lambda _reading, _exchange: None, aliases=settings().aliases).read(exchange)


def choices() -> Facets:
    """Return what there is to choose from in the whole record, as it was a minute or two ago: it costs a scan."""
    return _choices(settings().database_url)


def foremost_models() -> tuple[str, ...]:
    """Return the models of the whole record, as it was a minute or two ago, those that matter most first."""
    return _foremost(settings().database_url)


def together(*questions: Callable[[], object]) -> None:
    """Ask several things at once, so that their answers are there when a page comes to them."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        for future in [pool.submit(question) for question in questions]:
            future.result()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # cleared away just now
        return 0


@st.cache_resource(ttl=_GLANCE_S, max_entries=8, show_spinner=False)
def _settings(environ: tuple[tuple[str, str], ...]) -> Settings:
    return load_settings(os.environ)


@st.cache_data(ttl=_LOOK_S, max_entries=8, show_spinner=False, refresh_mode="background")
def _choices(url: str) -> Facets:
    return Reader(_engine(url)).facets(Scope(canaries=Canaries.WITH))


@st.cache_data(ttl=_LOOK_S, max_entries=8, show_spinner=False, refresh_mode="background")
def _foremost(url: str) -> tuple[str, ...]:
    return foremost(Reader(_engine(url)).usage(Scope(canaries=Canaries.WITH), By.MODEL))


@st.cache_data(ttl=_VIEW_S, max_entries=10_000, show_spinner=False)
def _view(_settings: Settings, url: str, views: str, wanted: str, person: str | None) -> None:
    """`url` and `views` are part of the cache's key only."""
    enter(_settings, UUID(wanted), "dashboard", person)


@st.cache_resource(max_entries=_MOST_RECORDS, show_spinner=False, on_release=Engine.dispose)
def _engine(url: str) -> Engine:
    return keyed(open_engine(url, read_only=True), settings())


@st.cache_resource(ttl=_GLANCE_S, max_entries=8, show_spinner=False)
def _glance(url: str) -> Health:
    return Reader(_engine(url)).health(datetime.now(UTC))


@st.cache_resource(ttl=_KEPT_S, max_entries=_MOST_ANSWERS, show_spinner=False)
def _answer(url: str, grown: tuple[Any, ...], question: str, given: tuple[Any, ...], named: tuple[Any, ...]) -> Any:
    """Answers cannot be changed, so that all visitors may have the same ones: copying them takes longer than most
    drawing. `grown` is part of the cache's key only: an answer holds as long as the record has not grown."""
    return getattr(Reader(_engine(url)), question)(*given, **dict(named))


def _asking(method: Callable[Concatenate[Reader, P], R]) -> Callable[P, R]:
    """Return a reader's method as a function of the page, its answers kept until the record grows."""

    def ask(*args: P.args, **kwargs: P.kwargs) -> R:
        url = settings().database_url
        known = _glance(url)
        grown = (known.calls, known.recorded_at, known.lost)
        return cast(R, _answer(url, grown, method.__name__, args, tuple(sorted(kwargs.items()))))

    return ask


calls = _asking(Reader.calls)
categories = _asking(Reader.categories)
checks = _asking(Reader.checks)
course = _asking(Reader.course)
coverage = _asking(Reader.coverage)
flips = _asking(Reader.flips)
latency = _asking(Reader.latency)
latency_by_model = _asking(Reader.latency_by_model)
lost = _asking(Reader.lost)
models = _asking(Reader.models)
outcomes = _asking(Reader.outcomes)
series = _asking(Reader.series)
slowest = _asking(Reader.slowest)
substitutions = _asking(Reader.substitutions)
totals = _asking(Reader.totals)
usage = _asking(Reader.usage)
