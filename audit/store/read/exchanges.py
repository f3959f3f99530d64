"""Exchanges as they were recorded, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from audit.call import Ending, Exchange, Origin, Tags
from audit.dialects import choose
from audit.store import tables
from audit.store.columns import member, octets
from audit.store.lots import in_lots
from audit.store.packing import unpack_exchange
from audit.store.parts import Expand, expanded, tail
from audit.store.recipes import Item, join, parse, shared, used
from audit.store.sealing import SEALED, Opener, is_sealed, open_exchange
from audit.store.search import spoken
from audit.wire.transcript import transcribe

__all__ = ["Salted", "labels_of", "said_in", "salted_exchanges", "stored_exchanges"]

_c = tables.calls.c
_COLUMNS = (
    _c.pk,
    _c.id,
    _c.started_at,
    _c.origin,
    _c.reference,
    _c.status,
    _c.ending,
    _c.first_byte_us,
    _c.duration_us,
    _c.key_fingerprint,
    _c.project,
    _c.user_id,
    _c.session_id,
    _c.canary,
    tables.exchanges.c.codec,
    tables.exchanges.c.salt,
    tables.exchanges.c.recipe,
    tables.exchanges.c.content,
)


@dataclass(frozen=True, slots=True)
class Salted:
    """An exchange, and the salt of the commitments to its bodies."""

    exchange: Exchange
    salt: bytes


def stored_exchanges(connection: Connection, where: ColumnElement[bool], *, limit: int) -> list[tuple[int, Exchange]]:
    """Return the newest exchanges that fit, with their keys; raises as `expanded` does."""
    return [(pk, one.exchange) for pk, one in salted_exchanges(connection, where, limit=limit)]


def salted_exchanges(
    connection: Connection, where: ColumnElement[bool], *, limit: int, expand: Expand = expanded
) -> list[tuple[int, Salted]]:
    """Return the same with their salts; `expand` gives their parts."""
    found = select(*_COLUMNS).join_from(tables.calls, tables.exchanges, _c.pk == tables.exchanges.c.call_pk)
    rows = connection.execute(found.where(where).order_by(_c.pk.desc()).limit(limit)).all()
    labels = labels_of(connection, [row.pk for row in rows])
    recipes = {row.pk: _bodies(row.recipe) for row in rows if row.recipe is not None}
    parts = expand(connection, {part for bodies in recipes.values() for items in bodies for part in used(items)})
    opener = Opener.of(connection, (row.id.bytes for row in rows if is_sealed(row.codec)))
    return [(row.pk, _exchange(row, labels.get(row.pk, ()), recipes.get(row.pk), parts, opener)) for row in rows]


def said_in(exchange: Exchange) -> str:
    """Return all that was said in an exchange, as its dialect reads it now."""
    try:
        transcript = transcribe(exchange)
        return spoken(choose(transcript).read(transcript))
    except Exception:  # noqa: BLE001  # what no dialect can read was not indexed either
        return ""


def labels_of(connection: Connection, pks: Sequence[int]) -> dict[int, tuple[tuple[str, str], ...]]:
    """Return the labels of those calls that have any, by the calls' keys."""
    labels = tables.call_labels.c
    found: dict[int, list[tuple[str, str]]] = {}
    for some in in_lots(pks):
        wanted = select(labels.call_pk, labels.name, labels.value).where(labels.call_pk.in_(some))
        for row in connection.execute(wanted):
            found.setdefault(row.call_pk, []).append((row.name, row.value))
    return {pk: tuple(sorted(pairs)) for pk, pairs in found.items()}


def _bodies(recipe: str) -> list[list[Item]]:
    """The recipes of both bodies."""
    request, _, response = recipe.partition(";")
    return [parse(request), parse(response)]


def _exchange(
    row: Any,
    labels: tuple[tuple[str, str], ...],
    recipes: Sequence[Sequence[Item]] | None,
    parts: Mapping[int, bytes],
    opener: Opener,
) -> Salted:
    codec, salt, packed = row.codec, octets(row.salt), row.content
    if is_sealed(codec):
        codec -= SEALED
        salt, packed = open_exchange(opener, row.id, codec, row.recipe, packed)
    context = tail(shared(recipes[0], parts.__getitem__)) if recipes is not None else b""
    content = unpack_exchange(packed, codec, context)
    if recipes is not None:
        for name, items in zip(("request_body", "response_body"), recipes, strict=True):
            content[name] = join(items, content[name], parts.__getitem__)
    exchange = Exchange(
        id=row.id,
        started_at=row.started_at,
        origin=member(Origin, row.origin),
        reference=row.reference,
        status=row.status,
        ending=member(Ending, row.ending),
        first_byte_us=row.first_byte_us,
        duration_us=row.duration_us,
        key_fingerprint=row.key_fingerprint,
        tags=Tags(project=row.project, user=row.user_id, session=row.session_id, canary=row.canary, labels=labels),
        **content,
    )
    return Salted(exchange, salt)
