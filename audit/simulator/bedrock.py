"""Amazon Bedrock's Converse, as JSON and as a stream of binary frames."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit.simulator.answer import Answer, answer, half, withheld
from audit.simulator.ask import Ask
from audit.simulator.conversation import json_object, said, tools_of, whole
from audit.simulator.filters import guardrail_assessment, guardrail_outcome, withholding
from audit.simulator.paths import Target
from audit.simulator.reply import Frame, Reply, Tells, grouped, json_bytes, json_reply

__all__ = ["read", "respond"]

_FINISH = {"stop": "end_turn", "length": "max_tokens", "tool": "tool_use", "filtered": "guardrail_intervened"}
_BLOCKED = "Sorry, the guardrail does not let this through."


def read(target: Target, body: Mapping[str, Any]) -> Ask:
    """Return what a conversation asks for."""
    return Ask(
        provider=target.provider,
        format=target.format,
        model=target.model,
        said=said(body.get("messages") or [], body.get("system")),
        body=body,
        stream=target.verb == "-stream",
        limit=whole(json_object(body.get("inferenceConfig")).get("maxTokens")),
        tools=tools_of(json_object(body.get("toolConfig")).get("tools"), "inputSchema"),
    )


def respond(ask: Ask) -> Reply:
    """Return the answer, with the guardrail's trace where there is something to trace."""
    talk = _Talk(ask, _let_through(ask))
    if not ask.stream:
        return json_reply(talk.whole(), talk.tells(talk.usage), tokens=talk.answer.tokens.output)
    error = json_bytes({"message": "The model stopped answering."})
    broken = _frame("modelStreamErrorException", error, kind="exception")
    return Reply(
        media_type="application/vnd.amazon.eventstream",
        frames=tuple(talk.frames()),
        streamed=True,
        breakage=(Frame(data=broken, tells=Tells(error="modelStreamErrorException")),),
    )


def _let_through(ask: Ask) -> Answer:
    given = answer(ask)
    kind = "prompt_blocked" if "prompt_blocked" in ask.script else withholding(ask.script)
    if kind is None:
        return given
    return withheld(given) if kind in ("prompt_blocked", "completion_blocked") else half(given)


@dataclass(frozen=True, slots=True)
class _Talk:
    ask: Ask
    answer: Answer

    @property
    def text(self) -> str:
        if self.answer.first.finish == "filtered" and not self.answer.first.pieces:
            return _BLOCKED
        return ("{NAME} writes: " if "masked" in self.ask.script else "") + self.answer.first.text

    @property
    def stop_reason(self) -> str:
        return "guardrail_intervened" if "masked" in self.ask.script else _FINISH[self.answer.first.finish]

    @property
    def usage(self) -> dict[str, int]:
        tokens = self.answer.tokens
        if "no_usage" in self.ask.script:
            return {}
        output = tokens.output + tokens.reasoning
        return {
            "inputTokens": tokens.input - tokens.cached - tokens.cache_write,
            "outputTokens": output,
            "totalTokens": tokens.input + output,
            "cacheReadInputTokens": tokens.cached,
            "cacheWriteInputTokens": tokens.cache_write,
        }

    @property
    def tail(self) -> dict[str, Any]:
        latency_ms = int(self.ask.pace.total_ms(self.answer.tokens.output))
        body: dict[str, Any] = {"metrics": {"latencyMs": latency_ms}}
        if self.usage:
            body["usage"] = self.usage
        if guardrail_outcome(self.ask.script) != "not_assessed":
            sides = {side: guardrail_assessment(self.ask.script, side) for side in ("prompt", "completion")}
            trace = {"inputAssessment": {"sim-guard": sides["prompt"]}}
            if "prompt_blocked" not in self.ask.script:
                trace["outputAssessments"] = {"sim-guard": [sides["completion"]]}  # type: ignore[dict-item]
            body["trace"] = {"guardrail": trace}
        return body

    def whole(self) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"text": self.text}]
        if self.answer.call:
            name, arguments = self.answer.call
            content = [{"toolUse": {"toolUseId": "tooluse_sim", "name": name, "input": arguments}}]
        message = {"role": "assistant", "content": content}
        return {"output": {"message": message}, "stopReason": self.stop_reason, **self.tail}

    def frames(self) -> Iterator[Frame]:
        yield _event("messageStart", {"role": "assistant"})
        if self.answer.call:
            start = {"toolUse": {"toolUseId": "tooluse_sim", "name": self.answer.call.name}}
            yield _event("contentBlockStart", {"contentBlockIndex": 0, "start": start})
            arguments = json_bytes(self.answer.call.arguments).decode()
            yield _event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": arguments}}})
        else:
            for piece, tokens in grouped(_whole_or_pieces(self.text, self.answer)):
                yield _event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}}, tokens=tokens)
        yield _event("contentBlockStop", {"contentBlockIndex": 0}, closing=True)
        stopped = Tells(finish={0: self.stop_reason}, complete=True)
        yield _event("messageStop", {"stopReason": self.stop_reason}, closing=True, tells=stopped)
        ended = Tells(usage=_told(self.usage), outcome=guardrail_outcome(self.ask.script))
        yield _event("metadata", self.tail, closing=True, tells=ended)

    def tells(self, usage: Mapping[str, int]) -> Tells:
        outcome = guardrail_outcome(self.ask.script)
        return Tells(usage=_told(usage), finish={0: self.stop_reason}, outcome=outcome, complete=True)


def _whole_or_pieces(text: str, given: Answer) -> list[str]:
    parts = list(given.first.pieces)
    return parts if "".join(parts) == text else [text]


def _told(usage: Mapping[str, int]) -> dict[str, int | None]:
    return {
        "input_tokens": usage.get("inputTokens"),
        "output_tokens": usage.get("outputTokens"),
        "total_tokens": usage.get("totalTokens"),
        "cached_input_tokens": usage.get("cacheReadInputTokens"),
        "cache_write_tokens": usage.get("cacheWriteInputTokens"),
    }


def _event(
    name: str, value: Mapping[str, Any], *, tokens: int = 0, closing: bool = False, tells: Tells | None = None
) -> Frame:
    return Frame(data=_frame(name, json_bytes(value)), tokens=tokens, closing=closing, tells=tells or Tells())


def _frame(name: str, payload: bytes, *, kind: str = "event") -> bytes:
    """Return an AWS event-stream message: lengths, their CRC, headers, payload, the CRC of it all.

    https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html
    """
    named = {f":{kind}-type": name, ":content-type": "application/json", ":message-type": kind}
    headers = b"".join(_header(key, value) for key, value in named.items())
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack(">B", len(name)) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
