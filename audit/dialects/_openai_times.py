"""Server-side times that some OpenAI-like replies tell in their bodies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from audit.dialects._fields import dig, mapping, milliseconds_us, seconds_us, unix_time

__all__ = ["ServerTimes", "server_times"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTimes:
    """What the provider says of its own speed; None where it says nothing."""

    duration_us: int | None = None
    first_token_us: int | None = None


def server_times(body: Any) -> ServerTimes:
    """Return the times of Azure (`usage.latency_checkpoint`), Groq (`usage`), Cerebras (`time_info`) or Responses."""
    for checkpoint in (dig(body, "usage", "latency_checkpoint"), dig(body, "latency_checkpoint")):
        if mapping(checkpoint):
            return _azure(checkpoint)
    for parts in (dig(body, "time_info"), dig(body, "usage"), dig(body, "x_groq", "usage")):
        if dig(parts, "completion_time") is not None:
            return _parts(parts)
    return ServerTimes(duration_us=_between(dig(body, "created_at"), dig(body, "completed_at")))


def _azure(checkpoint: dict[str, Any]) -> ServerTimes:
    """`service_…` counts from the request's arrival, `user_visible_…` and `engine_…` from later points."""
    duration = milliseconds_us(checkpoint.get("service_ttlt_ms"))
    return ServerTimes(
        duration_us=milliseconds_us(checkpoint.get("total_duration_ms")) if duration is None else duration,
        first_token_us=milliseconds_us(checkpoint.get("service_ttft_ms")),
    )


def _parts(parts: Any) -> ServerTimes:
    """Groq's total_time leaves the queue out and Cerebras' does not, so the parts are counted."""
    queue, prompt = seconds_us(dig(parts, "queue_time")), seconds_us(dig(parts, "prompt_time"))
    completion = seconds_us(dig(parts, "completion_time"))
    if queue is None or prompt is None or completion is None:
        return ServerTimes(duration_us=seconds_us(dig(parts, "total_time")))
    return ServerTimes(duration_us=queue + prompt + completion, first_token_us=queue + prompt)


def _between(start: Any, end: Any) -> int | None:
    """Whole seconds: a difference of 0 tells less than the headers do."""
    began, ended = unix_time(start), unix_time(end)
    if began is None or ended is None or ended <= began:
        return None
    return (ended - began) // timedelta(microseconds=1)
