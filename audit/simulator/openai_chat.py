"""OpenAI's Chat Completions, with the additions of Azure and the manners of OpenRouter, DeepSeek, Groq and xAI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.simulator.answer import Choice
from audit.simulator.ask import Ask
from audit.simulator.azure_filters import azure_outcome
from audit.simulator.chat_completion import ALOUD, Completion, tool_call
from audit.simulator.chat_stream import streamed
from audit.simulator.conversation import json_object, said, tools_of, whole
from audit.simulator.openai_blocks import blocked_prompt
from audit.simulator.paths import Target
from audit.simulator.reply import Frame, Reply, Tells, gravest, json_reply

__all__ = ["read", "respond", "schema_of"]


def read(target: Target, body: Mapping[str, Any]) -> Ask:
    """Return what a chat completion asks for."""
    limit = body.get("max_completion_tokens", body.get("max_tokens"))
    return Ask(
        provider=target.provider,
        format=target.format,
        model=str(body.get("model") or target.model),
        said=said(body.get("messages") or []),
        body=body,
        stream=bool(body.get("stream")),
        choices=min(whole(body.get("n")) or 1, 16),
        limit=whole(limit),
        schema=schema_of(json_object(body.get("response_format"))),
        tools=tools_of(body.get("tools"), "parameters"),
    )


def schema_of(format_: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema that a `response_format` or `text.format` demands; {} for any JSON, None for text."""
    if format_.get("type") == "json_schema":
        return json_object(format_.get("schema") or json_object(format_.get("json_schema")).get("schema"))
    return {} if format_.get("type") == "json_object" else None


def respond(ask: Ask) -> Reply:
    """Return the completion, whole or streamed, or the refusal of the prompt."""
    if "prompt_blocked" in ask.script:
        return blocked_prompt(ask)
    completion = Completion.of(ask)
    return streamed(completion) if ask.stream else _whole(completion)


def _whole(completion: Completion) -> Reply:
    ask, verdict = completion.ask, completion.verdict
    body = completion.head("chat.completion")
    body["choices"] = [_message(completion, choice) for choice in completion.answer.choices]
    outcome = completion.outcome
    if verdict is not None:
        body["prompt_filter_results"] = [{"prompt_index": 0, "content_filter_results": verdict.prompt}]
        outcome = gravest(outcome, azure_outcome(verdict.prompt, "prompt"))
    if completion.figures.wire is not None:
        body["usage"] = completion.figures.wire
    if completion.moderated:
        body["moderation"] = completion.moderation()
    if ask.provider == "groq":
        body["x_groq"] = {"id": completion.id}
    tells = Tells(
        model=completion.answer.model,
        response_id=completion.id,
        refusal=completion.answer.refused,
        usage=completion.figures.told,
        finish={choice.index: completion.finish(choice) for choice in completion.answer.choices},
        outcome=outcome,
        complete=True,
    )
    reply = json_reply(body, tells, tokens=completion.answer.tokens.output)
    if ask.provider == "deepseek":
        reply = Reply(frames=(Frame(data=b"\n\n"), *reply.frames))  # it keeps the line open with blank ones
    return reply


def _message(completion: Completion, choice: Choice) -> dict[str, Any]:
    said_ = completion.answer
    message: dict[str, Any] = {"role": "assistant", "content": choice.text, "refusal": None, "annotations": []}
    if said_.refused:
        message |= {"content": None, "refusal": choice.text}
    if said_.call:
        message |= {"content": None, "tool_calls": [tool_call(said_.call)]}
    if said_.thoughts and completion.ask.provider in ALOUD:
        message[ALOUD[completion.ask.provider]] = said_.thoughts
    ended = completion.ended(choice) | {"message": message}
    if completion.verdict is not None:
        ended["content_filter_results"] = completion.verdict.completion
        if choice.finish == "filtered" and not choice.pieces:
            del ended["message"]
    return ended
