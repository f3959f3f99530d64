"""Ollama's own API: JSON lines unless `stream` is false, and times in nanoseconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from audit.simulator.answer import Answer, answer
from audit.simulator.ask import Ask
from audit.simulator.conversation import json_object, said, tools_of, whole
from audit.simulator.paths import Target
from audit.simulator.reply import Frame, Reply, Tells, grouped, json_bytes, json_reply

__all__ = ["read", "respond"]


def read(target: Target, body: Mapping[str, Any]) -> Ask:
    """Return what a chat or a prompt asks for."""
    format_ = body.get("format")
    return Ask(
        provider=target.provider,
        format=target.format,
        model=str(body.get("model") or ""),
        said=said(body.get("messages") or [{"content": body.get("prompt", "")}], body.get("system")),
        body=body,
        verb=target.verb,
        stream=target.verb != "tags" and bool(body.get("stream", True)),
        limit=whole(json_object(body.get("options")).get("num_predict")),
        schema={} if format_ == "json" else format_ if isinstance(format_, dict) else None,
        tools=tools_of(body.get("tools"), "parameters"),
    )


def respond(ask: Ask) -> Reply:
    """Return the answer, or the models there are."""
    if ask.verb == "tags":
        return json_reply({"models": [{"name": "llama3.2:latest", "model": "llama3.2:latest"}]}, Tells(complete=True))
    given = answer(ask)
    if not ask.stream:
        body = _said(given, given.first.text, ask.verb, call=True) | _end(ask, given)
        return json_reply(body, _tells(ask, given), tokens=given.tokens.output)
    error = json_bytes({"error": "the model runner has stopped"}) + b"\n"
    return Reply(
        media_type="application/x-ndjson",
        frames=tuple(_lines(ask, given)),
        streamed=True,
        breakage=(Frame(data=error, tells=Tells(error="the model runner has stopped")),),
    )


def _lines(ask: Ask, given: Answer) -> Iterator[Frame]:
    for piece, tokens in grouped(given.first.pieces):
        yield _line(_said(given, piece, ask.verb), given, tokens)
    if given.call:
        yield _line(_said(given, "", ask.verb, call=True), given, 0)
    last = _said(given, "", ask.verb) | _end(ask, given)
    yield Frame(data=json_bytes(last) + b"\n", closing=True, tells=_tells(ask, given))


def _line(body: Mapping[str, Any], given: Answer, tokens: int) -> Frame:
    data = json_bytes({**body, "done": False}) + b"\n"
    return Frame(data=data, tokens=tokens, tells=Tells(model=given.model))


def _said(given: Answer, text: str, verb: str, *, call: bool = False) -> dict[str, Any]:
    head = {"model": given.model, "created_at": datetime.now(UTC).isoformat()}
    if verb == "generate":
        return head | {"response": text}
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if given.call and call:
        message["tool_calls"] = [{"function": {"name": given.call.name, "arguments": given.call.arguments}}]
    return head | {"message": message}


def _end(ask: Ask, given: Answer) -> dict[str, Any]:
    total = int(ask.pace.total_ms(given.tokens.output) * 1e6)
    body = {"done": True, "done_reason": _reason(given), "total_duration": total, "load_duration": 0}
    if "no_usage" in ask.script:
        return body
    times = {"prompt_eval_duration": int(ask.pace.first_ms * 1e6), "eval_duration": total}
    return body | {"prompt_eval_count": given.tokens.input, "eval_count": given.tokens.output} | times


def _reason(given: Answer) -> str:
    return "length" if given.first.finish == "length" else "stop"


def _tells(ask: Ask, given: Answer) -> Tells:
    usage = (
        {} if "no_usage" in ask.script else {"input_tokens": given.tokens.input, "output_tokens": given.tokens.output}
    )
    return Tells(model=given.model, usage=usage, finish={0: _reason(given)}, complete=True)
