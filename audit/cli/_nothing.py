"""What to say when no call fits: why that may be, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from audit.call import Operation
from audit.cli._figures import figure, when, zone
from audit.store.scope import Canaries, Scope

if TYPE_CHECKING:
    from audit.store.read import Reader
    from audit.store.rows import Facet, Facets

__all__ = ["ALL", "NOTHING_RECORDED", "say_when", "say_why_nothing"]

ALL = Scope(canaries=Canaries.WITH, operations=tuple(operation.value for operation in Operation))
NOTHING_RECORDED = (
    "Nothing is recorded yet. `audit demo` shows how it looks; to record calls of your own, write "
    "`client = audit.attach(client)` around an SDK's or an HTTP client."
)
_MOST_NAMED = 8


def say_when(scope: Scope) -> None:
    """Tell on standard error of which time a table is."""
    if scope.since:
        until = f" until {when(scope.until)}" if scope.until else ""
        click.echo(f"since {when(scope.since)}{until} ({zone()}); --since and --until choose", err=True)


def say_why_nothing(read: Reader, scope: Scope) -> None:
    """Tell on standard error why no call fits."""
    health = read.health()
    if not health.calls:
        click.echo(NOTHING_RECORDED, err=True)
        return
    first, last = when(health.first_at, "%Y-%m-%d %H:%M"), when(health.last_at, "%Y-%m-%d %H:%M")
    click.echo(f"No call fits. The record has {figure(health.calls)} calls, from {first} to {last}.", err=True)
    if scope.since and health.last_at and health.last_at < scope.since:
        click.echo(f"They lie before {when(scope.since)}: try --since {health.last_at.astimezone():%Y-%m-%d}", err=True)
    for line in _unknown(scope, read.facets(ALL)):
        click.echo(line, err=True)


def _unknown(scope: Scope, facets: Facets) -> Iterator[str]:
    labels = dict(facets.labels)
    for option, wanted, known in (
        ("provider", scope.providers, facets.providers),
        ("model", scope.models, facets.models),
        ("project", scope.projects, facets.projects),
        ("user", scope.users, facets.users),
        ("canary", (scope.canary or "",), facets.canaries),
        *((f"label {name}", (value,), labels.get(name, ())) for name, value in scope.labels),
    ):
        yield from (_told(option, value, known) for value in _missing(wanted, known))


def _missing(wanted: Iterable[str], known: Iterable[Facet]) -> list[str]:
    values = {facet.value for facet in known}
    return [value for value in wanted if value and value not in values]


def _told(option: str, value: str, known: Iterable[Facet]) -> str:
    values = [facet.value for facet in known]
    near = get_close_matches(value, values, n=_MOST_NAMED, cutoff=0.5) or values[:_MOST_NAMED]
    return f"No call has the {option} {value!r}" + (f"; there are: {', '.join(near)}" if near else "")
