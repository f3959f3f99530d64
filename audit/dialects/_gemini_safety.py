"""What Google's filters say: ratings of the prompt and of each candidate, and what was withheld for them.

https://ai.google.dev/api/generate-content#SafetyRating; severity and scores are Vertex's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit.call import Finding, Part, Source
from audit.dialects._fields import count, dig, flag, items, mapping
from audit.dialects._findings import Block, details_of, filtered_reasons, gathered, score_of
from audit.dialects._gemini_enums import Enums, named
from audit.dialects._parts import spoken
from audit.dialects._reply import placed

__all__ = ["SAFETY_FINISHES", "Chunk", "block_of", "candidates", "explanations", "findings_of"]

SAFETY_FINISHES = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "MODEL_ARMOR",
        "ESCALATION",
    }
)
"""Finish reasons by which the provider stopped or withheld content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One response object: all of a reply, or a piece of a stream."""

    index: int | None
    """Its place in the stream; None when the reply is in one piece."""
    body: Mapping[str, Any]
    end: int
    """The offset in the plain body at which it was complete."""


def findings_of(chunks: Iterable[Chunk], enums: Enums) -> tuple[Finding, ...]:
    """Return what the filters say over all chunks."""
    return gathered(finding for chunk in chunks for finding in _chunk_findings(chunk, enums))


def block_of(
    chunks: Iterable[Chunk], findings: Iterable[Finding], *, finish_reasons: Mapping[int, str], enums: Enums
) -> Block:
    """Return what was withheld, and why; `finish_reasons` are by candidate."""
    stopped = {index: word for index, word in finish_reasons.items() if word in SAFETY_FINISHES}
    reasons = (
        *_prompt_reasons(chunks, enums),
        *(f"candidates[{index}].finishReason={word}" for index, word in stopped.items()),
        *filtered_reasons(findings, "blocked"),
    )
    return Block(reasons=reasons, source=_source(reasons))


def explanations(chunks: Iterable[Chunk], enums: Enums) -> tuple[Part, ...]:
    """Return what the provider says, in words, of why it withheld or stopped something."""
    words: list[Any] = []
    for chunk in chunks:
        words.append(dig(chunk.body, "promptFeedback", "blockReasonMessage"))
        stopped = (one for _, _, one in candidates(chunk) if _stopped(one.get("finishReason"), enums))
        words += [candidate.get("finishMessage") for candidate in stopped]
    return tuple(part for word in words for part in spoken(word, "refusal"))


def candidates(chunk: Chunk) -> Iterator[tuple[int, int, Mapping[str, Any]]]:
    """Yield each candidate with its position in the chunk and its index, which is left out for the first."""
    for position, candidate in enumerate(items(chunk.body.get("candidates"))):
        index = count(dig(candidate, "index"))
        yield position, position if index is None else index, mapping(candidate)


def _stopped(finish_reason: Any, enums: Enums) -> bool:
    return named(finish_reason, enums.finish_reasons) in SAFETY_FINISHES


def _prompt_reasons(chunks: Iterable[Chunk], enums: Enums) -> tuple[str, ...]:
    words = (named(dig(chunk.body, "promptFeedback", "blockReason"), enums.block_reasons) for chunk in chunks)
    told = dict.fromkeys(word for word in words if word and not word.endswith("REASON_UNSPECIFIED"))
    return tuple(f"promptFeedback.blockReason={word}" for word in told)


def _source(reasons: tuple[str, ...]) -> Source | None:
    if any(reason.startswith("prompt") for reason in reasons):
        return Source.PROMPT
    return Source.COMPLETION if reasons else None


def _chunk_findings(chunk: Chunk, enums: Enums) -> Iterator[Finding]:
    ratings = dig(chunk.body, "promptFeedback", "safetyRatings")
    place = placed(chunk.index, "promptFeedback.safetyRatings")
    yield from _ratings(ratings, Source.PROMPT, choice=None, place=place, enums=enums)
    for position, index, candidate in candidates(chunk):
        place = placed(chunk.index, f"candidates[{position}].safetyRatings")
        yield from _ratings(candidate.get("safetyRatings"), Source.COMPLETION, choice=index, place=place, enums=enums)


def _ratings(ratings: Any, source: Source, *, choice: int | None, place: str, enums: Enums) -> Iterable[Finding]:
    for number, rating in enumerate(items(ratings)):
        rating = mapping(rating)
        yield Finding(
            source=source,
            category=named(rating.get("category"), enums.categories) or "",
            severity=named(rating.get("severity"), enums.severities),
            probability=named(rating.get("probability"), enums.probabilities),
            score=score_of(rating.get("probabilityScore")),
            filtered=flag(rating.get("blocked")),
            choice=choice,
            details=details_of(rating, _DETAILS),
            place=f"{place}[{number}]",
        )


_DETAILS = ("severityScore", "overwrittenThreshold")
