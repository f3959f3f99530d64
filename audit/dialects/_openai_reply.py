"""What all replies of the OpenAI family have in common, in one piece or as a stream's events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from audit.call import Ending, Finding
from audit.dialects._azure_filters import filter_statements
from audit.dialects._errors import error_info
from audit.dialects._findings import gathered
from audit.dialects._moderation import moderation_statements
from audit.dialects._reply import broke_off
from audit.wire.transcript import Transcript

__all__ = ["failed_piece", "findings_of", "first_content_us", "whole"]


def findings_of(transcript: Transcript) -> tuple[Finding, ...]:
    """Return what filters and moderation say in a reply, once for each side, category and choice."""
    return gathered(_statements(transcript))


def failed_piece(transcript: Transcript) -> Any:
    """Return the reply, or of a stream the first event, that tells an error; None when none does."""
    status = transcript.exchange.status
    for _, piece in _pieces(transcript):
        piece = piece[0] if isinstance(piece, list) and piece else piece
        if error_info(piece, status if transcript.frames is None else None) is not None:
            return piece
    return None


def first_content_us(transcript: Transcript, bears_content: Callable[[Any], bool]) -> int | None:
    """Return when the first event with content had come, in microseconds from the start; None for one piece."""
    for frame in transcript.frames or ():
        if bears_content(frame.data):
            return transcript.arrived_us(frame.end)
    return None


def whole(transcript: Transcript, *, answered: bool, json: bool = True) -> bool | None:
    """Return whether a reply without an end mark of its own came whole; None for one that is an error.

    `answered` says that it has what was asked for, `json` that it should be JSON rather than sound or bare text.
    """
    status = transcript.exchange.status
    if status is not None and status >= 400:
        return None
    if transcript.frames is not None:
        return answered and failed_piece(transcript) is None
    if not json and transcript.response is None:
        return answered and transcript.exchange.ending is Ending.EOF
    return False if broke_off(transcript) else answered or None


def _statements(transcript: Transcript) -> Iterator[Finding]:
    for place, piece in _pieces(transcript):
        yield from filter_statements(piece, place)
        yield from moderation_statements(piece, place)


def _pieces(transcript: Transcript) -> Iterator[tuple[str, Any]]:
    if transcript.frames is None:
        yield "", transcript.response
    for index, frame in enumerate(transcript.frames or ()):
        yield f"events[{index}]", frame.data
