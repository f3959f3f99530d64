"""HTTP archives (HAR 1.2), as browsers, mitmproxy and debugging proxies export them.

Format: http://www.softwareishard.com/blog/har-12-spec/
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from audit.archives._entry import Entry, Fingerprint, assemble, moment
from audit.errors import ArchiveError
from audit.wire.parse import parse_json

__all__ = ["read_har"]


def read_har(path: Path, fingerprint: Fingerprint) -> Iterator[Entry]:
    """Yield an entry for each of the archive's entries."""
    parsed = parse_json(path.read_bytes())
    entries = _object(_object(parsed.value).get("log")).get("entries")
    if parsed.problem or not isinstance(entries, list):
        raise ArchiveError(f"{path} is not a HAR file: {parsed.problem or 'it has no log.entries'}")
    size = path.stat().st_size
    for number, row in enumerate(entries, 1):
        yield _entry(row, f"entry {number}", size * number // len(entries), fingerprint)


def _entry(row: Any, place: str, position: int, fingerprint: Fingerprint) -> Entry:
    if not isinstance(row, dict) or not isinstance(row.get("request"), dict):
        return Entry(place=place, problem="no request", position=position)
    request, response = row["request"], _object(row.get("response"))
    if not request.get("url"):
        return Entry(place=place, problem="no url", position=position)
    try:
        exchange, time_known = assemble(
            content=json.dumps(row, sort_keys=True).encode(),
            fingerprint=fingerprint,
            reference=None,
            started_at=_time(row.get("startedDateTime")),
            method=str(request.get("method") or "GET"),
            url=str(request["url"]),
            request_headers=_pairs(request.get("headers")),
            request_body=_posted(request.get("postData")),
            status=_status(response),
            response_headers=_pairs(response.get("headers")),
            response_body=_content(response.get("content")),
            duration_us=_duration_us(row.get("time")),
            failure=_failure(response),
        )
    except ValueError as exc:
        return Entry(place=place, problem=str(exc), position=position)
    return Entry(place=place, exchange=exchange, time_known=time_known, position=position)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _pairs(value: Any) -> list[tuple[str, str]]:
    rows = value if isinstance(value, list) else []
    return [(str(row["name"]), str(row.get("value", ""))) for row in rows if isinstance(row, dict) and "name" in row]


def _posted(value: Any) -> bytes:
    text = value.get("text") if isinstance(value, dict) else None
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else b""


def _content(value: Any) -> bytes:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return b""
    if value.get("encoding") != "base64":
        return str(value["text"]).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(value["text"])
    except binascii.Error as exc:
        raise ValueError(f"the response's content is not base64: {exc}") from exc


def _status(response: dict[str, Any]) -> int | None:
    """HAR writes status 0 where no response came."""
    status = response.get("status")
    return status if isinstance(status, int) and not isinstance(status, bool) and 0 < status < 10**4 else None


def _failure(response: dict[str, Any]) -> str | None:
    error = response.get("_error")  # Chrome's extension field
    return str(error) if error else None


def _duration_us(value: Any) -> int | None:
    sound = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**12
    return int(value * 1000) if sound else None


def _time(value: Any) -> datetime | None:
    return moment(value) if isinstance(value, str) else None
