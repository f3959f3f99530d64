"""What is asked of every reply, whatever its format: its error, its end, its first token, its last figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from audit.call import Ending, ErrorInfo
from audit.dialects._dialect import Fit
from audit.dialects._errors import error_info
from audit.dialects._fields import text
from audit.wire.transcript import Transcript

__all__ = ["arrived", "bodies_of", "broke_off", "error_told", "fit", "instant", "last", "latest", "placed"]


def fit(*, path: bool, shape: bool) -> Fit:
    """Return how well a dialect fits, from what the URL says and what the bodies look like."""
    if path:
        return Fit.BOTH if shape else Fit.PATH
    return Fit.SHAPE if shape else Fit.NO


def error_told(transcript: Transcript) -> ErrorInfo | None:
    """Return the error that the reply tells: by its status, its body, or an event of a stream that began well."""
    status = transcript.exchange.status
    for frame in transcript.frames or ():
        if (error := error_info(frame.data, None)) is not None:
            return error
    body = transcript.response
    if body is None and not transcript.frames and not transcript.plain[:64].lstrip().startswith(b"<"):
        body = transcript.plain[:_MOST_ERROR_TEXT].decode("utf-8", "replace").strip()
    return error_info(body, status)


def broke_off(transcript: Transcript) -> bool:
    """Return whether a reply in one piece did not come whole: its bytes are no JSON, or their end is missing."""
    if transcript.frames is not None or transcript.response is not None:
        return False
    return bool(transcript.plain.strip()) or transcript.exchange.ending is not Ending.EOF


def arrived(transcript: Transcript, end: int | None) -> int | None:
    """Return when the plain body had come as far as `end`, in microseconds from the start."""
    return None if end is None else transcript.arrived_us(end)


def bodies_of(transcript: Transcript, most: int | None = None) -> list[dict[str, Any]]:
    """Return the reply's JSON objects: the one, or those of a stream's events, of the first `most` if that is given."""
    frames = transcript.frames
    values = [transcript.response] if frames is None else [frame.data for frame in frames[:most]]
    return [value for value in values if isinstance(value, dict)]


def last(bodies: Sequence[Mapping[str, Any]], name: str) -> Any:
    """Return the member's last value that is not null."""
    return next((body[name] for body in reversed(bodies) if body.get(name) is not None), None)


def latest(older: Mapping[str, Any], newer: Mapping[str, Any]) -> dict[str, Any]:
    """Return both objects in one; of each member the last that is not null, objects within alike.

    Providers tell figures cumulatively, and they may shrink: neither a sum nor the greatest would be right.
    """
    merged = dict(older)
    for key, value in newer.items():
        before = merged.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[key] = latest(before, value)
        elif value is not None:
            merged[key] = value
    return merged


def placed(index: int | None, path: str) -> str:
    """Return a JSON path within the event `index`, or within the reply when that is None."""
    return path if index is None else f"events[{index}].{path}"


def instant(value: Any) -> datetime | None:
    """Return an RFC 3339 time as aware UTC; None when it is none, has no offset, or is a placeholder (year 1)."""
    try:
        moment = datetime.fromisoformat((text(value) or "")[:64])
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo and 1970 <= moment.year < 9999 else None


_MOST_ERROR_TEXT = 500
