"""Archives of recorded exchanges, damaged as the exchanges themselves are."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from audit.archives import Entry, open_archive
from audit.call import Exchange
from audit.errors import ArchiveError
from tests.campaigns.mutations import MUTATIONS, RARE

__all__ = ["damaged_archive", "entries"]

_MUTATIONS = [name for name in MUTATIONS if name not in RARE] + ["another value"] * 5


def damaged_archive(sound: Sequence[Exchange], chance: Random) -> bytes:
    """Return an archive of one to three exchanges, JSON lines or HAR, with one or two things wrong."""
    exchanges = chance.choices(sound, k=chance.randint(1, 3))
    content = _har(exchanges) if chance.random() < 0.5 else _jsonl(exchanges)
    carrier = replace(exchanges[0], request_body=b"", response_body=content)
    for name in chance.choices(_MUTATIONS, k=chance.randint(1, 2)):
        carrier = MUTATIONS[name](carrier, chance, chance.choice(sound))
    return carrier.response_body


def entries(content: bytes, folder: Path) -> list[Entry]:
    """Return what an archive yields, nothing for a file that is none; each entry is an exchange or says why not."""
    path = folder / "archive"
    path.write_bytes(content)
    try:
        found = list(open_archive(path).entries(lambda key: f"print of {key[:4]}"))
    except ArchiveError:
        return []
    assert all((entry.exchange is None) is bool(entry.problem) for entry in found), "neither exchange nor reason"
    return found


def _jsonl(exchanges: Sequence[Exchange]) -> bytes:
    return b"".join(json.dumps(_row(exchange)).encode() + b"\n" for exchange in exchanges)


def _row(exchange: Exchange) -> dict[str, Any]:
    return {
        "id": str(exchange.id),
        "method": exchange.method,
        "url": exchange.url,
        "request_headers": dict(exchange.request_headers),
        "request_body": exchange.request_body.decode("utf-8", "replace"),
        "status": exchange.status,
        "response_headers": {name: [value] for name, value in exchange.response_headers},
        "response_body": base64.b64encode(exchange.response_body).decode(),
        "response_body_encoding": "base64",
        "started_at": exchange.started_at.isoformat(),
        "duration_ms": 12.5,
    }


def _har(exchanges: Sequence[Exchange]) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": [_entry(exchange) for exchange in exchanges]}}).encode()


def _entry(exchange: Exchange) -> dict[str, Any]:
    content = {"encoding": "base64", "text": base64.b64encode(exchange.response_body).decode()}
    posted = {"mimeType": "application/json", "text": exchange.request_body.decode("utf-8", "replace")}
    return {
        "startedDateTime": exchange.started_at.isoformat(),
        "time": 12.5,
        "request": {
            "method": exchange.method,
            "url": exchange.url,
            "headers": [{"name": name, "value": value} for name, value in exchange.request_headers],
            "postData": posted,
        },
        "response": {
            "status": exchange.status,
            "headers": [{"name": name, "value": value} for name, value in exchange.response_headers],
            "content": content,
        },
    }
