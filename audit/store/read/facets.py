"""What there is in the record to choose calls by: providers, models, keys, people, labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from audit.call import ModelMatch
from audit.store import tables
from audit.store.read.selection import MODEL, selected
from audit.store.read.tallies import MONEY, costs_of
from audit.store.read.texts import collected, counted, line
from audit.store.rows import Facet, Facets, KeyRow, SubstitutionRow
from audit.store.scope import Canaries, Scope

__all__ = ["facets", "keys", "substitutions"]

MOST_VALUES = 100
"""Values of one kind: more than a person looks through."""
MOST_NAMES = 20
"""Names of labels."""

_c = tables.calls.c
_Kinds = Mapping[str, ColumnElement[Any]]
"""Kinds of values by the names of their facets: together, if there are few combinations."""


def facets(connection: Connection, scope: Scope) -> Facets:
    """Return what there is to choose from in a scope; canaries are told whether or not it has their calls."""
    where = selected(connection, scope).where
    checked = selected(connection, replace(scope, canaries=Canaries.ONLY)).where
    found = _values(connection, where, _WHERE_TO, _WHOSE)
    canaries = _values(connection, checked, {"canaries": _c.canary})
    names = _key_names(connection)
    keys = tuple(replace(facet, name=names.get(facet.value)) for facet in found.pop("keys"))
    return Facets(**found, **canaries, keys=keys, labels=_labels(connection, where))


def keys(connection: Connection) -> tuple[KeyRow, ...]:
    """Return the API keys that were seen, the latest used first."""
    known = tables.api_keys
    counted = select(_c.key_fingerprint, _c.currency, func.count().label("calls"), *MONEY)
    counted = counted.where(_c.key_fingerprint.is_not(None)).group_by(_c.key_fingerprint, _c.currency)
    ordered = connection.execute(counted.order_by(_c.key_fingerprint))
    sums = {key: list(rows) for key, rows in groupby(ordered, key=lambda row: row.key_fingerprint)}
    newest_first = select(known).order_by(known.c.last_seen_at.desc(), known.c.fingerprint)
    return tuple(_key(row, sums.get(row.fingerprint, [])) for row in connection.execute(newest_first))


def substitutions(connection: Connection, scope: Scope) -> tuple[SubstitutionRow, ...]:
    """Return which models served in the place of which, most calls first."""
    pairs = select(
        _c.provider,
        _c.model_requested.label("requested"),
        _c.model_served.label("served"),
        _c.model_match.label("match"),
        func.count().label("calls"),
        func.min(_c.started_at).label("first_at"),
        func.max(_c.started_at).label("last_at"),
    ).where(selected(connection, scope).where, _c.model_match.in_((ModelMatch.ALIAS, ModelMatch.DIFFERENT)))
    grouped = pairs.group_by(_c.provider, _c.model_requested, _c.model_served, _c.model_match)
    rows = [SubstitutionRow(**row._mapping) for row in connection.execute(grouped)]
    return tuple(sorted(rows, key=lambda row: (-row.calls, row.provider, row.requested, row.served)))


def _key(row: Any, sums: list[Any]) -> KeyRow:
    return KeyRow(
        fingerprint=row.fingerprint,
        name=row.name,
        provider=row.provider,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        calls=sum(one.calls for one in sums),
        costs=costs_of(sums),
        unpriced=sum(one.unpriced for one in sums),
    )


def _key_names(connection: Connection) -> dict[str, str | None]:
    known = tables.api_keys.c
    return {row.fingerprint: row.name for row in connection.execute(select(known.fingerprint, known.name))}


def _values(connection: Connection, where: ColumnElement[bool], *together: _Kinds) -> dict[str, tuple[Facet, ...]]:
    texts = [collected(line(*kinds.values())) for kinds in together]
    found = zip(together, connection.execute(select(*texts).where(where)).one(), strict=True)
    return {name: facet for kinds, text in found for name, facet in zip(kinds, _most(kinds, text), strict=True)}


def _most(kinds: _Kinds, lines: str | None) -> Iterable[tuple[Facet, ...]]:
    counts: list[Counter[str]] = [Counter() for _ in kinds]
    for values, number in counted(lines).items():
        for count, value in zip(counts, values, strict=True):
            count[value] += number
    for count in counts:
        yield _first(Facet(value=value, calls=calls) for value, calls in count.items() if value)


def _labels(connection: Connection, where: ColumnElement[bool]) -> tuple[tuple[str, tuple[Facet, ...]], ...]:
    labels = tables.call_labels.c
    named = select(collected(line(labels.name, labels.value)))
    pairs = named.join_from(tables.calls, tables.call_labels, _c.pk == labels.call_pk).where(where)
    found: dict[str, list[Facet]] = {}
    for (name, value), calls in counted(connection.execute(pairs).scalar_one()).items():
        found.setdefault(name, []).append(Facet(value=value, calls=calls))
    return tuple((name, _first(found[name])) for name in sorted(found)[:MOST_NAMES])


def _first(facets: Iterable[Facet]) -> tuple[Facet, ...]:
    return tuple(sorted(facets, key=lambda facet: (-facet.calls, facet.value))[:MOST_VALUES])


_WHERE_TO: _Kinds = {"providers": _c.provider, "models": MODEL, "keys": _c.key_fingerprint, "operations": _c.operation}
_WHOSE: _Kinds = {"projects": _c.project, "users": _c.user_id}
