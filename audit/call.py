"""What the record is made of.

An `Exchange` is what went over the wire: a fact, never changed. A `Reading` is what a dialect makes of it:
derived, can be done again. A `Call` is both, with its `Outcome` and its `Price`.
Absent is `None`, zero is `0`, not understood is the provider's own text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

__all__ = [
    "Arrival",
    "Call",
    "Ending",
    "ErrorInfo",
    "Exchange",
    "Finding",
    "Headers",
    "Message",
    "ModelMatch",
    "Operation",
    "Origin",
    "Outcome",
    "Part",
    "Price",
    "PricePart",
    "Reading",
    "Source",
    "Tags",
    "Usage",
]

Headers = tuple[tuple[str, str], ...]
"""Lower-case name and value, in wire order, a name once for each time it came."""


class Ending(StrEnum):
    """How the bytes of a response ended; whether the answer was complete is the dialect's to say."""

    EOF = "eof"
    """All bytes came, or the response has no body."""
    CLOSED = "closed"
    """The caller closed the response before its end."""
    FAILED = "failed"
    """The transport raised: no connection, a timeout, a connection cut. `Exchange.failure` says which."""
    CANCELLED = "cancelled"
    """The caller's task was cancelled, or the caller was interrupted, while waiting."""
    ABANDONED = "abandoned"
    """The caller dropped the response without closing it."""
    UNKNOWN = "unknown"
    """The recording process died while the call was under way, or it could not write down all that came."""


class Origin(StrEnum):
    """Which way an exchange came into the record."""

    CLIENT = "client"
    PROXY = "proxy"
    MANUAL = "manual"
    IMPORT = "import"


class Operation(StrEnum):
    """What was asked for; values as OpenTelemetry's `gen_ai.operation.name` where it has one."""

    CHAT = "chat"
    TEXT_COMPLETION = "text_completion"
    EMBEDDINGS = "embeddings"
    IMAGE_GENERATION = "image_generation"
    SPEECH = "speech"
    TRANSCRIPTION = "transcription"
    MODERATION = "moderation"
    RERANK = "rerank"
    GUARDRAIL = "guardrail"
    COUNT_TOKENS = "count_tokens"
    LIST_MODELS = "list_models"
    FILES = "files"
    BATCH = "batch"
    RETRIEVE = "retrieve"
    """A look at an earlier answer (GET of a stored response): its figures belong to another call."""
    OTHER = "other"
    UNKNOWN = "unknown"

    @property
    def generates(self) -> bool:
        """Whether a model was made to work, so that usage and price are due."""
        return self in _GENERATES


_GENERATES = frozenset(
    map(Operation, ("chat", "text_completion", "embeddings", "image_generation", "speech", "transcription", "rerank"))
)


class Source(StrEnum):
    """The side a filter looked at."""

    PROMPT = "prompt"
    COMPLETION = "completion"


class Outcome(StrEnum):
    """The one word for what the content filters did with a call, gravest first."""

    BLOCKED_PROMPT = "blocked_prompt"
    BLOCKED_COMPLETION = "blocked_completion"
    MASKED = "masked"
    FILTER_ERROR = "filter_error"
    ANNOTATED = "annotated"
    CLEAN = "clean"
    NOT_ASSESSED = "not_assessed"

    @property
    def blocked(self) -> bool:
        return self in (Outcome.BLOCKED_PROMPT, Outcome.BLOCKED_COMPLETION)


class ModelMatch(StrEnum):
    """How the model that served relates to the one that was asked for."""

    SAME = "same"
    ALIAS = "alias"
    """The served name is a dated snapshot of the requested one, or the reverse, or a configured alias."""
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    """One of the two names is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Whose call it is, as the caller said."""

    project: str | None = None
    user: str | None = None
    session: str | None = None
    canary: str | None = None
    """The name of the canary that made this call; None for a user's call."""
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """By `at_us` microseconds after the start, `received` bytes of the response body had come."""

    received: int
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What went over the wire, secrets taken out. Never changed."""

    id: UUID
    """UUIDv7; an import's is derived from its content, so that repeating an import is harmless."""
    started_at: datetime
    """Aware UTC, taken before the first byte was sent."""
    origin: Origin = Origin.CLIENT
    reference: str | None = None
    """An import's own name for the exchange; None elsewhere."""
    method: str
    url: str
    request_headers: Headers = ()
    request_body: bytes = b""
    status: int | None = None
    """None when no response came."""
    response_headers: Headers = ()
    response_body: bytes = b""
    """As received: content encoding is not undone."""
    ending: Ending
    failure: str | None = None
    """The transport's exception, as `module.Class: text`; None when a response came and ended."""
    first_byte_us: int | None = None
    """From the start to the response's head; None when none came or nobody measured."""
    duration_us: int | None = None
    """From the start to the end of the response body, as the caller saw it."""
    arrivals: tuple[Arrival, ...] = ()
    key_fingerprint: str | None = None
    """Keyed hash of the API key; None when the request had none."""
    tags: Tags = Tags()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The provider's own token figures. Figures mean what the two flags say; absent ones are None."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    """The part of `cache_write_tokens` that is kept an hour (Anthropic; priced apart)."""
    reasoning_tokens: int | None = None
    tool_use_input_tokens: int | None = None
    """Gemini's toolUsePromptTokenCount: input that `input_tokens` leaves out."""
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    input_image_tokens: int | None = None
    output_image_tokens: int | None = None
    billed_input_tokens: int | None = None
    """What is charged for, where the reply tells it apart from what was processed (Cohere). Likewise for output."""
    billed_output_tokens: int | None = None
    web_searches: int | None = None
    audio_seconds: Decimal | None = None
    service_tier: str | None = None
    reported_cost: Decimal | None = None
    """What the reply itself says it cost, in US dollars (OpenRouter, Perplexity)."""
    input_includes_cached: bool = True
    """False for Anthropic and Bedrock Converse, whose input leaves cache reads and writes out."""
    output_includes_reasoning: bool = True
    """False for Gemini and for xAI's chat completions."""
    partial: bool = False
    """The figures are what a stream had told before it broke off."""

    @property
    def all_input_tokens(self) -> int | None:
        """Uncached + cache read + cache write + tool results: one meaning for every provider."""
        if self.input_tokens is None:
            return None
        outside = self.tool_use_input_tokens or 0
        if not self.input_includes_cached:
            outside += (self.cached_input_tokens or 0) + (self.cache_write_tokens or 0)
        return self.input_tokens + outside

    @property
    def all_output_tokens(self) -> int | None:
        """Everything generated, reasoning too."""
        if self.output_includes_reasoning:
            return self.output_tokens
        if self.output_tokens is None and self.reasoning_tokens is None:
            return None
        return (self.output_tokens or 0) + (self.reasoning_tokens or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One statement of one filter."""

    source: Source
    category: str
    """The provider's word, `-` folded to `_` for Azure's."""
    severity: str | None = None
    """Native: safe/low/medium/high, HARM_SEVERITY_*, a Bedrock confidence."""
    probability: str | None = None
    """Gemini's NEGLIGIBLE…HIGH: how likely, not how grave."""
    score: float | None = None
    detected: bool | None = None
    filtered: bool | None = None
    """True: this category made the provider withhold or stop; None: the reply does not say."""
    masked: bool = False
    """The offending span was replaced and the rest delivered (Bedrock ANONYMIZED)."""
    error: str | None = None
    """The filter could not run; neither safe nor blocked."""
    choice: int | None = None
    start_offset: int | None = None
    end_offset: int | None = None
    check_offset: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    """Citations, blocklist ids and the like, as JSON."""
    place: str = ""
    """Where it stands: a JSON path, `events[3]` first in a stream."""

    @property
    def alarming(self) -> bool:
        """Something was found, whether or not it was acted on."""
        if self.detected is not None:
            return self.detected or bool(self.filtered)
        harmless = (None, "safe", "HARM_SEVERITY_NEGLIGIBLE", "NONE")
        unlikely = (None, "NEGLIGIBLE", "HARM_PROBABILITY_UNSPECIFIED")
        return bool(self.filtered) or self.severity not in harmless or self.probability not in unlikely


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a message."""

    kind: str
    """text, reasoning, refusal, tool_call, tool_result, image, audio, file, or the provider's own word."""
    text: str = ""
    name: str | None = None
    """A tool's name."""
    media_type: str | None = None
    size: int | None = None
    """Bytes of binary content, which is not repeated here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one side said."""

    role: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "\n".join(part.text for part in self.parts if part.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorInfo:
    """An error that the reply itself tells, under any HTTP status."""

    code: str | None = None
    """The most telling word: error.code, else type, else status, as text."""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a dialect makes of an exchange."""

    dialect: str
    dialect_version: int
    provider: str
    """OpenTelemetry's `gen_ai.provider.name`, a configured name, or the host."""
    operation: Operation = Operation.UNKNOWN
    streamed: bool = False
    model_requested: str | None = None
    model_served: str | None = None
    model_match: ModelMatch = ModelMatch.UNKNOWN
    response_id: str | None = None
    request_id: str | None = None
    attempt: int | None = None
    """0 for a first try, 1 for its first retry, as the SDK says; None when it does not say."""
    finish_reason: str | None = None
    """Choice 0's, native."""
    finish_reasons: tuple[str, ...] = ()
    """Every choice's, by index."""
    complete: bool | None = None
    """Whether the answer reached its own end; None when the format does not tell."""
    refusal: bool = False
    """The model declined in words; no filter acted."""
    error: ErrorInfo | None = None
    usage: Usage | None = None
    findings: tuple[Finding, ...] = ()
    block_reasons: tuple[str, ...] = ()
    """Where the reply says that content was withheld or stopped for safety: `place=value`."""
    block_source: Source | None = None
    """The side that was blocked; None when nothing was."""
    provider_created_at: datetime | None = None
    """When the provider says it began; None when it does not, or not readably."""
    provider_duration_us: int | None = None
    provider_first_token_us: int | None = None
    first_token_us: int | None = None
    """To the first event that carries content; for a reply in one piece, None."""
    input: tuple[Message, ...] = ()
    output: tuple[Message, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be read, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePart:
    """One line of a price's working: `quantity` × `unit_price` ÷ `per`."""

    unit: str
    """input, cache_read, cache_write, output, image_output, request, …"""
    quantity: Decimal
    unit_price: Decimal
    per: int = 1_000_000

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.unit_price / self.per


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a call cost, by a dated price list. A call without one is unpriced, never free."""

    amount: Decimal
    currency: str
    """ISO 4217."""
    source: str
    """`genai-prices 0.2.3`, `audit.toml`, or `reply` when the provider told the cost itself."""
    model: str
    """The price list's own name for what was priced."""
    multiplier: Decimal = Decimal(1)
    parts: tuple[PricePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An exchange, read and priced."""

    exchange: Exchange
    reading: Reading
    outcome: Outcome
    price: Price | None = None
    unpriced_reason: str | None = None
    """Why there is no price; None when there is one, or when none is due."""
