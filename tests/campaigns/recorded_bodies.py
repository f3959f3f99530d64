"""Bodies in the record against what clients have had and sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Engine, select

from audit.call import Ending, Exchange
from audit.store import tables
from audit.store.engine import open_engine
from audit.store.read.exchanges import stored_exchanges
from tests.campaigns.readers import Had

__all__ = ["unlike"]


def unlike(home: Path, had: Sequence[Had], sent: Mapping[str, bytes]) -> list[str]:
    """Return which calls, told apart by their label `call`, are not in the record once and whole."""
    engine = open_engine(f"sqlite:///{home / 'audit.db'}", read_only=True)
    try:
        return [fault for one in had for fault in _faults(one, sent.get(one.label, b""), _found(engine, one.label))]
    finally:
        engine.dispose()


def _found(engine: Engine, label: str) -> list[Exchange]:
    labels = tables.call_labels.c
    named = select(labels.call_pk).where(labels.name == "call", labels.value == label)
    with engine.connect() as connection:
        return [exchange for _, exchange in stored_exchanges(connection, tables.calls.c.pk.in_(named), limit=9)]


def _faults(one: Had, sent: bytes, found: list[Exchange]) -> Iterator[str]:
    if len(found) != 1:
        yield f"{one.label} is in the record {len(found)} times"
        return
    (exchange,) = found
    if exchange.ending is not Ending.EOF:
        yield f"{one.label} ended {exchange.ending.value}, not eof"
    if sha256(exchange.response_body).hexdigest() != one.sha256:
        yield f"{one.label}: {len(exchange.response_body)} bytes of response recorded, {one.size} had, and not the same"
    if exchange.request_body != sent:
        yield f"{one.label}: {len(exchange.request_body)} bytes of request recorded, {len(sent)} sent, and not the same"
