"""Prices as they come into the record: each is an act of the ledger, so that it is known since when it holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from audit.store.acts import record_act
from audit.store.ledger import Author
from audit.store.rows.acts import Kind

__all__ = ["digest_of", "enter_prices", "told"]


def digest_of(working: Mapping[str, Any]) -> str:
    """Return what a price is known by: the same for the same working."""
    return "sha256:" + hashlib.sha256(json.dumps(working, sort_keys=True).encode()).hexdigest()


def enter_prices(
    connection: Connection, author: Author, now: datetime, workings: Mapping[str, Mapping[str, Any]], *, actor: str
) -> None:
    """Enter prices that are new to the record, by their digests, in one's turn to write.

    A price is new when a call is the first that has it: of a newer price list, of the operator's own prices as they
    were changed, or of a model that was not used before. `actor` is who wrote the call down.
    """
    for digest in sorted(workings):
        statement = {"digest": digest, "text": told(workings[digest])}
        record_act(connection, author, now, kind=Kind.PRICE, actor=actor, statement=statement)


def told(working: Mapping[str, Any]) -> str:
    """Return a price in words: whose it is, for which model, and what it is for each unit."""
    parts = ", ".join(f"{unit} {price}{_per(per)}" for unit, price, per in working["parts"])
    times = "" if working["multiplier"] == "1" else f", × {working['multiplier']}"
    return f"{working['model']} by {working['source']}: {parts or 'nothing'} {working['currency']}{times}"


def _per(number: int) -> str:
    return "" if number == 1 else f"/{number:,}"
