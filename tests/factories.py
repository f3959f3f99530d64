"""Exchanges and transcripts for tests, of which a test says only what matters to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from audit.call import Ending, Exchange
from audit.wire.transcript import Transcript, transcribe

__all__ = ["a_transcript", "an_exchange", "event_stream"]

Event = dict[str, Any] | str
"""The JSON value of an event, its name told by its `type`; or its data as text, such as `[DONE]`."""


def an_exchange(**over: Any) -> Exchange:
    """Return a successful POST, but for what is given."""
    plain: dict[str, Any] = {
        "id": UUID("01930000-0000-7000-8000-000000000001"),
        "started_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "method": "POST",
        "url": "https://api.example.com/v1/chat/completions",
        "status": 200,
        "ending": Ending.EOF,
    }
    return Exchange(**{**plain, **over})


def a_transcript(
    path: str = "/v1/chat/completions",
    *,
    request: Any = None,
    response: Any = None,
    events: Sequence[Event] | None = None,
    **over: Any,
) -> Transcript:
    """Return an exchange with JSON bodies, or with `events` as its streamed reply, taken apart."""
    answer = event_stream(*events) if events is not None else _json(response)
    kind = "application/json" if events is None else "text/event-stream"
    bodies = {"request_body": _json(request), "response_body": answer, "response_headers": (("content-type", kind),)}
    return transcribe(an_exchange(**{"url": f"https://api.example.com{path}", **bodies, **over}))


def event_stream(*events: Event) -> bytes:
    """Return the events as server-sent ones."""
    return "".join(map(_framed, events)).encode()


def _framed(event: Event) -> str:
    if isinstance(event, str):
        return f"data: {event}\n\n"
    name = f"event: {event['type']}\n" if isinstance(event.get("type"), str) else ""
    return f"{name}data: {json.dumps(event)}\n\n"


def _json(value: Any) -> bytes:
    return value if isinstance(value, bytes) else b"" if value is None else json.dumps(value).encode()
