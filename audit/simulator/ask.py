"""What a request asks for, in no one's format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audit.simulator.prose import IMAGE_TOKENS, MESSAGE_TOKENS, count_tokens
from audit.simulator.scenarios import Script, bare_prompt

__all__ = ["Ask", "Pace", "Said", "Tool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take; all zero unless the simulator or a scenario says otherwise."""

    first_ms: float = 0
    """To the first byte."""
    token_ms: float = 0
    """For each token."""

    def total_ms(self, tokens: int) -> float:
        """Return how long an answer takes."""
        return self.first_ms + self.token_ms * tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that the model may call."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said to the model."""

    prompt: str = ""
    """The last message's text."""
    text: str = ""
    """All that counts as input."""
    messages: int = 1
    images: int = 0

    @property
    def tokens(self) -> int:
        """Return what all input costs (see prose.py)."""
        return count_tokens(self.text) + MESSAGE_TOKENS * self.messages + IMAGE_TOKENS * self.images


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request as it is understood."""

    provider: str
    """Whose manners to show: openai, azure, router, anthropic, gemini, vertex, openrouter, …"""
    format: str
    model: str
    """As requested, scenarios and all."""
    said: Said = Said()
    body: Mapping[str, Any] = field(default_factory=dict)
    verb: str = ""
    """The part of the path that formats tell apart."""
    stream: bool = False
    array: bool = False
    """Gemini: the stream comes as one JSON array."""
    choices: int = 1
    limit: int | None = None
    """The most tokens to answer."""
    schema: Mapping[str, Any] | None = None
    """What the answer must fit; {} is any JSON; None is text."""
    tools: tuple[Tool, ...] = ()
    script: Script = field(default_factory=Script)
    pace: Pace = Pace()

    @property
    def prompt(self) -> str:
        """Return the last message without markers."""
        return bare_prompt(self.said.prompt)
