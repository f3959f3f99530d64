"""Calls as earlier schemas held them, written without the code of today."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, text

from audit.store.packing import pack_exchange
from tests.factories import an_exchange

__all__ = ["CALL", "EXCHANGES", "put_calls"]

EXCHANGES = [
    an_exchange(request_body=b'{"messages": [{"content": "one"}]}', response_body=b"\x00\xff"),
    an_exchange(request_headers=(("a", "1"), ("a", "2")), response_body=b"two"),
    an_exchange(failure="OSError: gone", status=None),
]
CALL: dict[str, Any] = {
    "started_at": 1_767_323_045_000_000,
    "recorded_at": 1_767_323_046_000_000,
    "origin": "client",
    "provider": "openai",
    "operation": "chat",
    "dialect": "openai_chat",
    "dialect_version": 1,
    "streamed": False,
    "model_match": "same",
    "status": 200,
    "ending": "eof",
    "refusal": False,
    "outcome": "clean",
    "notes": '["a note"]',
    "cost": 500_000_000_000,
    "currency": "USD",
    "price_pk": 1,
    "quantities": "1",
    "key_fingerprint": "of ci",
    "request_bytes": 1,
    "response_bytes": 1,
}
WORKING = '{"source": "a list", "model": "m", "currency": "USD", "multiplier": "1", "parts": [["request", "0.5", 1]]}'


def put_calls(connection: Connection) -> None:
    """Put a call for each of `EXCHANGES` into a database of revision 0001 or 0002, with all that belongs to it."""
    digest = "sha256:" + sha256(json.dumps(json.loads(WORKING), sort_keys=True).encode()).hexdigest()
    _put(connection, "prices", {"pk": 1, "digest": digest, "working": WORKING})
    connection.execute(text("INSERT INTO api_keys VALUES ('of ci', 'ours', 'openai', 1, 2)"))
    for pk, exchange in enumerate(EXCHANGES, start=1):
        _put(connection, "calls", {"pk": pk, "id": bytes([pk]) * 16, **CALL})
        content = pack_exchange(exchange, [exchange.request_body], [exchange.response_body])
        _put(connection, "exchanges", {"call_pk": pk, "codec": 1, "content": content})
        finding = {"number": 0, "source": "prompt", "category": "hate", "score": 0.25, "masked": False}
        _put(connection, "findings", {"call_pk": pk, "details": '{"a": [1.5, null]}', **finding})
        _put(connection, "call_labels", {"call_pk": pk, "name": "team", "value": f"t{pk}"})


def _put(connection: Connection, table: str, row: dict[str, Any]) -> None:
    names, slots = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({slots})"), row)
