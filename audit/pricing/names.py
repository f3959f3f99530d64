"""Under which names a price list may know a model and its provider."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from audit.model_names import bare_name

__all__ = ["LIST_PROVIDERS", "Candidate", "candidates", "is_free"]

LIST_PROVIDERS: Mapping[str, str] = {
    # OpenTelemetry's names
    "aws.bedrock": "aws",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "gcp.gemini": "google",
    "gcp.vertex_ai": "google",
    "mistral_ai": "mistral",
    "moonshot": "moonshotai",
    "voyage": "voyageai",
    "x_ai": "x-ai",
    # what LiteLLM, OpenRouter and Vercel put before a model's name
    "amazon": "aws",
    "azure_ai": "azure",
    "bedrock": "aws",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "mistralai": "mistral",
    "together_ai": "together",
    "vertex_ai": "google",
    "xai": "x-ai",
    "z-ai": "zai",
}
"""genai-prices' name for a provider where it is not the same. Its own search takes `azure.ai.openai` for OpenAI."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to ask the list; without a provider, the one that the list takes the model to belong to."""

    provider: str | None
    model: str


def candidates(model: str, provider: str, dialect: str) -> Iterator[Candidate]:
    """Return the ways to ask for a model, the surest first."""
    name = model.strip().lower()
    own, hint = LIST_PROVIDERS.get(provider, provider), _HINTS.get(dialect.partition("_")[0])
    spellings = _spellings(name)
    yield Candidate(own, name)
    if own.startswith(_ROUTED):
        yield from (Candidate(own.removeprefix(_ROUTED), spelling) for spelling in spellings)
    yield Candidate(None, name)
    for spelling, prefix in spellings.items():
        if prefix is not None:
            yield Candidate(LIST_PROVIDERS.get(prefix, prefix), spelling)
        yield Candidate(own, spelling)
        yield Candidate(None, spelling)
    for fallback in (hint, *_FALLBACKS) if hint else _FALLBACKS:
        for spelling in spellings:
            yield Candidate(fallback, spelling)


def is_free(model: str) -> bool:
    """Return whether a name says that the model costs nothing, in OpenRouter's way."""
    return model.lower().endswith(":free")


def _spellings(name: str) -> dict[str, str | None]:
    """The name and shorter ones, each with the path segment before it."""
    segments = name.split("/")[-_DEEPEST:]
    spellings: dict[str, str | None] = {name: None}
    for start in range(1, len(segments)):
        spellings.setdefault("/".join(segments[start:]), segments[start - 1])
    prefix = segments[-2] if len(segments) > 1 else None
    plain = _BRACKETS.sub("", segments[-1]).strip()
    for shorter in (plain, bare_name(plain), bare_name(plain).removesuffix("-thinking")):
        spellings.setdefault(shorter, prefix)
    return spellings


_ROUTED = "huggingface_"
"""The list knows what Hugging Face's router passes on to, but not all that may be asked for there."""
_DEEPEST = 4
_BRACKETS = re.compile(r"^\[[^\]]*\]|\[[^\]]*\]$")
_HINTS = {"anthropic": "anthropic", "bedrock": "aws", "cohere": "cohere", "gemini": "google", "openai": "openai"}
_HINTS["vertex"] = "google"
_FALLBACKS = ("openai", "anthropic", "google", "zai", "moonshotai", "deepseek", "openrouter")
"""Where a model is looked for whose provider nobody knows: most routers resell these, and show their names."""
