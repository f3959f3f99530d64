"""Google's enumerations by number: a REST caller that sends `enum-encoding=int` gets them so.

The two APIs count differently: https://github.com/googleapis/googleapis
google/cloud/aiplatform/v1/content.proto and google/ai/generativelanguage/v1beta/{generative_service,safety}.proto
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.dialects._fields import count, text
from audit.wire.transcript import Transcript

__all__ = ["GEMINI", "VERTEX", "Enums", "enums_of", "named"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enums:
    """The names of one API's numbers."""

    finish_reasons: Mapping[int, str]
    block_reasons: Mapping[int, str]
    categories: Mapping[int, str]
    probabilities: Mapping[int, str]
    severities: Mapping[int, str]
    modalities: Mapping[int, str]
    traffic_types: Mapping[int, str]


def enums_of(transcript: Transcript) -> Enums:
    """Return the names of the API that an exchange is with; Vertex by its host, or its path behind a gateway."""
    return VERTEX if "aiplatform" in transcript.host or "/publishers/" in transcript.path else GEMINI


def named(value: Any, names: Mapping[int, str]) -> str | None:
    """Return an enumeration's value by name, however it was sent; a number without a name as text."""
    number = count(value)
    return text(value) if number is None else names.get(number, str(number))


def _numbered(words: str) -> dict[int, str]:
    return dict(enumerate(words.split()))


_LEVELS = ["UNSPECIFIED", "NEGLIGIBLE", "LOW", "MEDIUM", "HIGH"]
_PROBABILITIES = {0: "HARM_PROBABILITY_UNSPECIFIED", **dict(enumerate(_LEVELS[1:], 1))}
_SEVERITIES = {number: f"HARM_SEVERITY_{level}" for number, level in enumerate(_LEVELS)}
_MODALITIES = _numbered("MODALITY_UNSPECIFIED TEXT IMAGE VIDEO AUDIO DOCUMENT")
_TRAFFIC_TYPES = _numbered("TRAFFIC_TYPE_UNSPECIFIED ON_DEMAND PROVISIONED_THROUGHPUT")


def _categories(words: str) -> dict[int, str]:
    return {number: f"HARM_CATEGORY_{word}" for number, word in _numbered(words).items()}


VERTEX = Enums(
    finish_reasons=_numbered(
        "FINISH_REASON_UNSPECIFIED STOP MAX_TOKENS SAFETY RECITATION OTHER BLOCKLIST PROHIBITED_CONTENT SPII "
        "MALFORMED_FUNCTION_CALL MODEL_ARMOR IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT IMAGE_RECITATION IMAGE_OTHER "
        "UNEXPECTED_TOOL_CALL NO_IMAGE"
    ),
    block_reasons=_numbered(
        "BLOCKED_REASON_UNSPECIFIED SAFETY OTHER BLOCKLIST PROHIBITED_CONTENT MODEL_ARMOR JAILBREAK"
    ),
    categories=_categories(
        "UNSPECIFIED HATE_SPEECH DANGEROUS_CONTENT HARASSMENT SEXUALLY_EXPLICIT CIVIC_INTEGRITY JAILBREAK"
    ),
    probabilities=_PROBABILITIES,
    severities=_SEVERITIES,
    modalities=_MODALITIES,
    traffic_types=_TRAFFIC_TYPES,
)

GEMINI = Enums(
    finish_reasons=_numbered(
        "FINISH_REASON_UNSPECIFIED STOP MAX_TOKENS SAFETY RECITATION OTHER LANGUAGE BLOCKLIST PROHIBITED_CONTENT SPII "
        "MALFORMED_FUNCTION_CALL IMAGE_SAFETY UNEXPECTED_TOOL_CALL"
    ),
    block_reasons=_numbered("BLOCK_REASON_UNSPECIFIED SAFETY OTHER BLOCKLIST PROHIBITED_CONTENT IMAGE_SAFETY"),
    categories=_categories(
        "UNSPECIFIED DEROGATORY TOXICITY VIOLENCE SEXUAL MEDICAL DANGEROUS HARASSMENT HATE_SPEECH SEXUALLY_EXPLICIT "
        "DANGEROUS_CONTENT CIVIC_INTEGRITY"
    ),
    probabilities=_PROBABILITIES,
    severities=_SEVERITIES,
    modalities=_MODALITIES,
    traffic_types=_TRAFFIC_TYPES,
)
