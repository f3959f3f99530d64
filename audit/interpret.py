"""From an exchange to a call: read by a dialect, judged, priced. Pure, and it never raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from audit.call import Call, Exchange, ModelMatch, Outcome, Price, Reading, Source
from audit.dialects import choose, unknown
from audit.dialects._headers import attempt, provider_duration_us, provider_first_token_us, request_id
from audit.model_names import match_models
from audit.provider_names import provider_of
from audit.wire.transcript import Transcript, transcribe

__all__ = ["Interpreter", "outcome_of"]

Pricing = Callable[[Reading, Exchange], "Price | str | None"]
"""Returns the price, why there is none, or None when none is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """Reads exchanges as the operator has configured it."""

    pricing: Pricing
    providers: Mapping[str, str] = field(default_factory=dict)
    """Provider names by the beginning of their URLs (without a scheme), before those that are well known."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Requested model names by served ones that are meant by them."""

    def __call__(self, exchange: Exchange) -> Call:
        """Return the call; what could not be read stands in its notes."""
        reading = self.read(exchange)
        priced = self._price(reading, exchange)
        return Call(
            exchange=exchange,
            reading=reading,
            outcome=outcome_of(reading),
            price=priced if isinstance(priced, Price) else None,
            unpriced_reason=priced if isinstance(priced, str) else None,
        )

    def read(self, exchange: Exchange) -> Reading:
        """Return what the best-fitting dialect makes of the exchange."""
        try:
            transcript = transcribe(exchange)
        except Exception as exc:  # noqa: BLE001  # a reader that fails costs a reading, never a fact
            return replace(unknown.read_nothing(exchange), notes=(_failed("transcript", exc),))
        reading = _read(transcript)
        return replace(
            reading,
            provider=self._provider(transcript),
            model_match=self._match(reading, transcript),
            notes=(*transcript.notes, *reading.notes),
            **_by_headers(reading, transcript),
        )

    def _match(self, reading: Reading, transcript: Transcript) -> ModelMatch:
        deployment = "/deployments/" in transcript.path or provider_of(transcript.host).startswith("azure.")
        return match_models(reading.model_requested, reading.model_served, self.aliases, deployment=deployment)

    def _provider(self, transcript: Transcript) -> str:
        place = transcript.authority + transcript.path
        named = [prefix for prefix in self.providers if place == prefix or place.startswith(prefix.rstrip("/") + "/")]
        return self.providers[max(named, key=len)] if named else provider_of(transcript.host)

    def _price(self, reading: Reading, exchange: Exchange) -> Price | str | None:
        try:
            return self.pricing(reading, exchange)
        except Exception as exc:  # noqa: BLE001  # a price list's failure leaves a call unpriced, never unrecorded
            return _failed("pricing", exc)


def _read(transcript: Transcript) -> Reading:
    name = "dialects"
    try:
        dialect = choose(transcript)
        name = dialect.name
        return dialect.read(transcript)
    except Exception as exc:  # noqa: BLE001  # a reader that fails costs a reading, never a fact
        return replace(unknown.read(transcript), notes=(_failed(name, exc),))


def _by_headers(reading: Reading, transcript: Transcript) -> dict[str, Any]:
    """Return from the headers what the body did not tell, by names of fields."""
    asked, answered = transcript.request_headers, transcript.response_headers
    duration, first_token = reading.provider_duration_us, reading.provider_first_token_us
    if duration is None and not reading.streamed:
        duration = provider_duration_us(answered)
    return {
        "request_id": request_id(answered) if reading.request_id is None else reading.request_id,
        "attempt": attempt(asked) if reading.attempt is None else reading.attempt,
        "provider_duration_us": duration,
        "provider_first_token_us": provider_first_token_us(answered) if first_token is None else first_token,
    }


def _failed(what: str, exc: Exception) -> str:
    return f"{what} failed: {type(exc).__name__}: {str(exc)[:200]}"


def outcome_of(reading: Reading) -> Outcome:
    """Return the one word for what the content filters did, the gravest that applies."""
    if reading.block_source is Source.PROMPT:
        return Outcome.BLOCKED_PROMPT
    if reading.block_source is Source.COMPLETION:
        return Outcome.BLOCKED_COMPLETION
    findings = reading.findings
    if any(finding.masked for finding in findings):
        return Outcome.MASKED
    if any(finding.error is not None for finding in findings):
        return Outcome.FILTER_ERROR
    if any(finding.alarming for finding in findings):
        return Outcome.ANNOTATED
    return Outcome.CLEAN if findings else Outcome.NOT_ASSESSED
