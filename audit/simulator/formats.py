"""Every format the simulator speaks: how its requests are read and answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.simulator import (
    anthropic,
    anthropic_stream,
    bedrock,
    embeddings,
    gemini,
    ollama,
    openai_chat,
    openai_completions,
    openai_others,
    openai_responses,
    responses_stream,
)
from audit.simulator.ask import Ask
from audit.simulator.paths import Target
from audit.simulator.reply import Reply, Tells, json_reply

__all__ = ["FORMATS", "Format"]


@dataclass(frozen=True, slots=True)
class Format:
    """One operation of one wire format."""

    read: Callable[[Target, Mapping[str, Any]], Ask]
    respond: Callable[[Ask], Reply]


def _response(ask: Ask) -> Reply:
    if ask.stream and "prompt_blocked" not in ask.script:
        return responses_stream.streamed(openai_responses.Response.of(ask))
    return openai_responses.respond(ask)


def _message(ask: Ask) -> Reply:
    return anthropic_stream.streamed(anthropic.Message.of(ask)) if ask.stream else anthropic.respond(ask)


def _hello(_ask: Ask) -> Reply:
    return json_reply({"message": "hello"}, Tells(complete=True))


FORMATS: Mapping[str, Format] = {
    "chat": Format(openai_chat.read, openai_chat.respond),
    "completions": Format(openai_completions.read, openai_completions.respond),
    "responses": Format(openai_responses.read, _response),
    "input_tokens": Format(openai_responses.read, openai_responses.respond_count),
    "embeddings": Format(embeddings.read, embeddings.respond),
    "moderations": Format(openai_others.read_moderations, openai_others.respond_moderations),
    "images": Format(openai_others.read_images, openai_others.respond_images),
    "models": Format(openai_others.read_models, openai_others.respond_models),
    "messages": Format(anthropic.read, _message),
    "count_messages": Format(anthropic.read, anthropic.respond_count),
    "hello": Format(openai_others.read_models, _hello),
    "gemini": Format(gemini.read, gemini.respond),
    "converse": Format(bedrock.read, bedrock.respond),
    "ollama": Format(ollama.read, ollama.respond),
}
"""By the name that paths.py gives; a stored Response is answered by the application, which keeps it."""
