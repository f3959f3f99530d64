"""What Azure's content filters say, in every place and spelling.

Prompt: `prompt_filter_results[]`, once `prompt_annotations[]`; completion: `choices[]`; images: `data[]`;
Responses: `content_filters[]`, prompt or completion; a refused prompt: `error.innererror`, `error.inner_error`,
`error.content_filters[]`. Each holds `content_filter_results` (or `…_result`), an object of categories.
https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter-annotations
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from audit.call import Finding, Source
from audit.dialects._fields import count, dig, flag, items, mapping, member, storable, text

__all__ = ["blocked_sources", "filter_statements", "side"]


def filter_statements(body: Any, place: str = "") -> Iterator[Finding]:
    """Yield a finding for each category of each verdict in a reply, an error or an event of a stream.

    An empty verdict yields nothing: nothing was assessed, which is neither safe nor unsafe.
    """
    for key, value in mapping(body).items():
        reader = _READERS.get(key.strip())  # a documented sample has the key "content_filters "
        if reader is not None:
            yield from reader(value, member(place, key))


def blocked_sources(body: Any) -> tuple[Source, ...]:
    """Return the sides that `content_filters` calls blocked, which counts even where no category says why."""
    entries = (
        entry for key, value in mapping(body).items() if key.strip() == "content_filters" for entry in items(value)
    )
    return tuple(dict.fromkeys(side(dig(entry, "source_type")) for entry in entries if dig(entry, "blocked") is True))


def side(word: Any) -> Source:
    """Return the side that a filter's word for it means."""
    return Source.COMPLETION if text(word) in _COMPLETION_WORDS else Source.PROMPT


def _prompts(value: Any, place: str) -> Iterator[Finding]:
    if isinstance(value, dict):  # Azure's images have the categories here at once
        yield from _categories(value, Source.PROMPT, place)
    for index, entry in enumerate(items(value)):
        yield from _verdicts(entry, Source.PROMPT, f"{place}[{index}]")


def _choices(value: Any, place: str) -> Iterator[Finding]:
    for position, entry in enumerate(items(value)):
        index = count(dig(entry, "index"))
        choice = position if index is None else index
        yield from _verdicts(entry, Source.COMPLETION, f"{place}[{position}]", choice)


def _images(value: Any, place: str) -> Iterator[Finding]:
    for index, entry in enumerate(items(value)):
        if isinstance(entry, dict) and "prompt_filter_results" in entry:
            yield from _prompts(entry["prompt_filter_results"], f"{place}[{index}].prompt_filter_results")
        yield from _verdicts(entry, Source.COMPLETION, f"{place}[{index}]", index)


def _content_filters(value: Any, place: str) -> Iterator[Finding]:
    for index, entry in enumerate(items(value)):
        yield from _verdicts(entry, side(dig(entry, "source_type")), f"{place}[{index}]")


def _error(value: Any, place: str) -> Iterator[Finding]:
    source = side(dig(value, "param"))
    for key, inner in mapping(value).items():
        if key.strip() in ("innererror", "inner_error"):
            yield from _verdicts(inner, source, member(place, key))
        elif key.strip() == "content_filters":
            yield from _content_filters(inner, member(place, key))
    yield from _verdicts(value, source, place)


def _verdicts(entry: Any, source: Source, place: str, choice: int | None = None) -> Iterator[Finding]:
    for key, value in mapping(entry).items():
        if key.strip() in ("content_filter_results", "content_filter_result"):
            offsets = mapping(dig(entry, "content_filter_offsets"))
            yield from _categories(value, source, member(place, key), choice, offsets)


def _categories(
    results: Any, source: Source, place: str, choice: int | None = None, offsets: dict[str, Any] | None = None
) -> Iterator[Finding]:
    spans: dict[str, Any] = {name: count(dig(offsets, name)) for name in ("start_offset", "end_offset", "check_offset")}
    for key, value in mapping(results).items():
        category = (text(key) or "").strip().replace("-", "_")
        verdict = _failure(value) if category == "error" else _verdict(value)
        if verdict:
            yield Finding(source=source, category=category, choice=choice, place=member(place, key), **spans, **verdict)


def _failure(value: Any) -> dict[str, Any]:
    """`error` beside the categories: the filter did not run, and the contents are not filtered."""
    return {"error": _error_word(value)} if value else {}


def _verdict(value: Any) -> dict[str, Any]:
    """What one category says; empty when it says nothing."""
    if isinstance(value, list):  # custom_blocklists in older versions of the API
        value = {"filtered": False, "details": value}
    detected, filtered = flag(dig(value, "detected")), flag(dig(value, "filtered"))
    severity, details = text(dig(value, "severity")), mapping(value)
    hits = items(details.get("details"))
    if any(dig(hit, "filtered") is True for hit in hits):
        filtered = True
    if any(dig(hit, "detected") is True for hit in hits):  # custom_topics
        detected = True
    # A category whose own check failed looks clean: {"detected": false, "filtered": false, "details": {"error": …}}
    error = details.get("error") or dig(details, "details", "error")
    if detected is None and filtered is None and severity is None and not error:
        return {}
    return {
        "severity": severity,
        "detected": detected,
        "filtered": filtered,
        "error": _error_word(error) if error else None,
        "details": storable({name: more for name, more in details.items() if name not in _VERDICT_MEMBERS}),
    }


def _error_word(error: Any) -> str:
    return text(dig(error, "code")) or text(dig(error, "message")) or text(error) or "error"


_COMPLETION_WORDS = frozenset({"completion", "output", "response", "tool_call"})
_VERDICT_MEMBERS = frozenset({"severity", "detected", "filtered"})
_READERS: dict[str, Callable[[Any, str], Iterator[Finding]]] = {
    "prompt_filter_results": _prompts,
    "prompt_annotations": _prompts,
    "content_filters": _content_filters,
    "choices": _choices,
    "data": _images,
    "error": _error,
    "response": filter_statements,
}
