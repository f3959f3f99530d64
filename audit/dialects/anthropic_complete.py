"""Anthropic's legacy Text Completions: `/v1/complete`.

https://docs.anthropic.com/en/api/complete
"""

from __future__ import annotations

from audit.call import Operation, Reading
from audit.dialects._dialect import Dialect, Fit
from audit.dialects._fields import dig, text
from audit.dialects._parts import joined, said, spoken
from audit.dialects._reply import arrived, bodies_of, broke_off, error_told, fit, last
from audit.wire.transcript import Frame, Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by a body or events of type `completion`."""
    bodies = bodies_of(transcript, 3)
    shape = any(body.get("type") == "completion" and "completion" in body for body in bodies)
    return fit(path=transcript.path.endswith("/v1/complete"), shape=shape)


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered; the format has no usage."""
    bodies = bodies_of(transcript)
    stop_reason = text(last(bodies, "stop_reason"))
    pieces = (part for body in bodies for part in spoken(body.get("completion")))
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.TEXT_COMPLETION,
        streamed=transcript.frames is not None,
        model_requested=text(dig(transcript.request, "model")),
        model_served=text(last(bodies, "model")),
        response_id=text(last(bodies, "id")),
        finish_reason=stop_reason,
        finish_reasons=(stop_reason,) if stop_reason else (),
        complete=_complete(transcript, stop_reason),
        error=error_told(transcript),
        first_token_us=arrived(transcript, _first_content(transcript.frames or ())),
        input=said("user", spoken(dig(transcript.request, "prompt"))),
        output=said("assistant", joined(pieces)),
    )


def _complete(transcript: Transcript, stop_reason: str | None) -> bool | None:
    if stop_reason:
        return True
    return False if transcript.frames is not None or broke_off(transcript) else None


def _first_content(frames: tuple[Frame, ...]) -> int | None:
    return next((frame.end for frame in frames if text(dig(frame.data, "completion"))), None)


DIALECT = Dialect(name="anthropic_complete", version=2, fits=fits, read=read)
