"""What the ledger is told of a call: salted commitments to all that is stored of it, in the call's own transaction.

Metadata are the call's row, its findings and its labels; of a body goes with it what came beside it on the wire. A
commitment is made of a fixed form, so that a column that is added later changes none:

- metadata: JSON `{"form": 1, "call": {column: value, …}, "findings": […], "labels": {…}}`, keys in order, no nulls
- an act: JSON `{"form": 1, "act": {column: value, …}}`, likewise
- request: JSON `[1, method, url, headers]` after its length in 4 bytes, then the body; response likewise with
  `[1, headers, failure, arrivals]`
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any

import msgspec

from audit.call import Exchange
from audit.store.columns import to_picos

__all__ = ["FORM", "act_of", "metadata_of", "request_of", "response_of"]

FORM = 1
NOT_COMMITTED = frozenset({"pk", "standing", "price_pk"})
"""Columns of `calls` that are of the database alone; a price's working is committed to as such."""
_TIMES = frozenset({"started_at", "recorded_at"})
_encode = msgspec.json.Encoder(order="deterministic").encode


def metadata_of(
    call: Mapping[str, Any],
    working: Mapping[str, Any] | None,
    findings: Iterable[Mapping[str, Any]],
    labels: Mapping[str, str],
) -> bytes:
    """Return what is committed to of a call's row, the working of its price, its findings and its labels.

    Values as they are in the tables' columns, a time as `datetime`, money as `Decimal`.
    """
    row = {name: value for name, value in call.items() if value is not None and name not in NOT_COMMITTED}
    if "cost" in row:  # as the column has it: two ways to write one amount would be two commitments
        row["cost"] = to_picos(row["cost"])
    for name in _TIMES & row.keys():
        row[name] = row[name].astimezone(UTC)
    told = [{name: value for name, value in one.items() if value is not None and name != "call_pk"} for one in findings]
    return _exact({"form": FORM, "call": row, "price": working, "findings": told, "labels": labels})


def act_of(act: Mapping[str, Any]) -> bytes:
    """Return what is committed to of an act's row."""
    return _exact({"form": FORM, "act": dict(act)})


def request_of(exchange: Exchange) -> bytes:
    """Return what is committed to of a request, but for its body, which comes behind it."""
    return _lead([FORM, exchange.method, exchange.url, exchange.request_headers])


def response_of(exchange: Exchange) -> bytes:
    """Return what is committed to of a response, but for its body, which comes behind it."""
    marks = [(mark.received, mark.at_us) for mark in exchange.arrivals]
    return _lead([FORM, exchange.response_headers, exchange.failure, marks])


def _lead(told: Sequence[Any]) -> bytes:
    head = _exact(told)
    return len(head).to_bytes(4) + head


def _exact(told: Any) -> bytes:
    try:
        return _encode(told)
    except (UnicodeEncodeError, msgspec.ValidationError, OverflowError, ValueError):
        # lone surrogates; whole numbers beyond 64 bits
        return json.dumps(told, sort_keys=True, separators=(",", ":"), default=str).encode()
