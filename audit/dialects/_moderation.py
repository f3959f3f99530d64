"""What OpenAI's moderation says: its own endpoint, inline in chat completions and Responses, and in errors.

A verdict, not a block: an answer whose prompt was flagged was delivered even in the policy mode `block`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from audit.call import Finding, Source
from audit.dialects._azure_filters import side
from audit.dialects._fields import dig, flag, items, mapping, member, storable, text
from audit.dialects._findings import score_of

__all__ = ["moderation_statements", "result_statements"]


def moderation_statements(body: Any, place: str = "") -> Iterator[Finding]:
    """Yield the findings of inline moderation and of refused images in a reply, an error or a stream's event."""
    for name, source in (("input", Source.PROMPT), ("output", Source.COMPLETION)):
        verdict, where = dig(body, "moderation", name), member(member(place, "moderation"), name)
        if isinstance(verdict, dict):
            yield from _inline(verdict, source, where)
    yield from _refused(dig(body, "error"), member(place, "error"))
    for index, item in enumerate(items(dig(body, "output"))):
        yield from _refused(dig(item, "error"), f"{member(place, 'output')}[{index}].error")
    if isinstance(response := dig(body, "response"), dict):
        yield from moderation_statements(response, member(place, "response"))


def result_statements(results: Any, source: Source, place: str) -> Iterator[Finding]:
    """Yield a finding for each category of each moderation result."""
    for index, result in enumerate(items(results)):
        yield from _categories(result, source, f"{place}[{index}]")


def _inline(verdict: dict[str, Any], source: Source, place: str) -> Iterator[Finding]:
    """Chat completions have a list of results, Responses one flat result; either may be an error instead."""
    if verdict.get("type") == "error":
        word = text(verdict.get("code")) or text(verdict.get("message")) or "error"
        yield Finding(source=source, category="error", error=word, place=place)
    elif "results" in verdict:
        yield from result_statements(verdict["results"], source, f"{place}.results")
    else:
        yield from _categories(verdict, source, place)


def _categories(result: Any, source: Source, place: str) -> Iterator[Finding]:
    scores = mapping(dig(result, "category_scores"))
    for category, detected in mapping(dig(result, "categories")).items():
        if flag(detected) is None:
            continue
        looked_at = dig(result, "category_applied_input_types", category)
        yield Finding(
            source=source,
            category=text(category) or "",
            detected=detected,
            score=score_of(scores.get(category)),
            details=storable({"applied_input_types": looked_at} if looked_at else {}),
            place=member(f"{place}.categories", category),
        )


def _refused(error: Any, place: str) -> Iterator[Finding]:
    """Categories for which an image was refused: `moderation_details`, before that only words in the message.

    OpenRouter tells its refusals in `metadata.reasons` (https://openrouter.ai/docs/api-reference/errors).
    """
    details, words = dig(error, "moderation_details"), _VIOLATIONS.search(text(dig(error, "message")) or "")
    source, where = Source.PROMPT, f"{place}.message"
    categories = [word.strip() for word in words.group(1).split(",")] if words else []
    if items(dig(details, "categories")):
        source, where = side(dig(details, "moderation_stage")), f"{place}.moderation_details.categories"
        categories = details["categories"]
    elif reasons := items(dig(error, "metadata", "reasons")):
        categories, where = reasons, f"{place}.metadata.reasons"
    for category in filter(None, map(text, categories)):
        yield Finding(source=source, category=category, detected=True, filtered=True, place=where)


_VIOLATIONS = re.compile(r"safety_violations=\[([^\]]{1,200})\]")
