"""Recorded exchanges as JSON lines, one object each.

Fields: `id`, `method`, `url`, `request_headers` and `response_headers` (an object; a list for a name that came more
than once), `request_body` and `response_body` (text, or base64 with `…_encoding` = `base64`), `status`,
`duration_ms`, `started_at` (ISO 8601); all but `url` may be missing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from audit.archives._entry import Entry, Fingerprint, assemble, moment
from audit.wire.parse import parse_json

__all__ = ["read_jsonl"]


def read_jsonl(path: Path, fingerprint: Fingerprint) -> Iterator[Entry]:
    """Yield an entry for each line that is not blank."""
    position = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            position += len(line)
            if content := line.strip():
                yield _entry(content, f"line {number}", position, fingerprint)


def _entry(content: bytes, place: str, position: int, fingerprint: Fingerprint) -> Entry:
    parsed = parse_json(content)
    row = parsed.value
    if parsed.problem or not isinstance(row, dict):  # with replacement characters in it, it would be no fact
        return Entry(place=place, problem=parsed.problem or "not a JSON object", position=position)
    try:
        exchange, time_known = assemble(
            content=content,
            fingerprint=fingerprint,
            reference=_text(row, "id") or None,
            started_at=_time(row.get("started_at")),
            method=_text(row, "method") or "POST",
            url=_required(row, "url"),
            request_headers=_headers(row, "request_headers"),
            request_body=_body(row, "request_body"),
            status=_whole(row, "status"),
            response_headers=_headers(row, "response_headers"),
            response_body=_body(row, "response_body"),
            duration_us=_duration_us(row),
        )
    except ValueError as exc:
        return Entry(place=place, problem=str(exc), position=position)
    return Entry(place=place, exchange=exchange, time_known=time_known, position=position)


def _required(row: dict[str, Any], name: str) -> str:
    if value := _text(row, name):
        return value
    raise ValueError(f"no {name}")


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    raise ValueError(f"{name} is not text")


def _whole(row: dict[str, Any], name: str) -> int | None:
    value = row.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**4):
        return value
    raise ValueError(f"{name} is not an HTTP status")


def _duration_us(row: dict[str, Any]) -> int | None:
    value = row.get("duration_ms")
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**12:
        return int(value * 1000)
    raise ValueError("duration_ms is not a number of milliseconds")


def _headers(row: dict[str, Any], name: str) -> list[tuple[str, str]]:
    value = row.get(name) or {}
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not an object")
    return [(key, str(one)) for key, many in value.items() for one in (many if isinstance(many, list) else [many])]


def _body(row: dict[str, Any], name: str) -> bytes:
    value = _text(row, name)
    if row.get(f"{name}_encoding") != "base64":
        return value.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as exc:
        raise ValueError(f"{name} is not base64: {exc}") from exc


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("started_at is not a time")
    return moment(value)
