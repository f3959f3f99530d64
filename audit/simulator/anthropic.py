"""Anthropic's Messages, in one piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from audit.simulator.answer import Answer, answer, half, withheld
from audit.simulator.ask import Ask
from audit.simulator.conversation import json_object, said, tools_of, whole
from audit.simulator.filters import withholding
from audit.simulator.paths import Target
from audit.simulator.reply import Reply, Tells, json_reply

__all__ = ["BLOCKED", "Message", "read", "respond", "respond_count", "told_usage"]

BLOCKED = {"type": "invalid_request_error", "message": "Output blocked by content filtering policy"}
_CATEGORIES = ("cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms")
_FINISH = {"stop": "end_turn", "length": "max_tokens", "tool": "tool_use", "filtered": "refusal"}


def read(target: Target, body: Mapping[str, Any]) -> Ask:
    """Return what a message asks for."""
    output = json_object(json_object(body.get("output_config")).get("format") or body.get("output_format"))
    return Ask(
        provider=target.provider,
        format=target.format,
        model=str(body.get("model") or ""),
        said=said(body.get("messages") or [], body.get("system")),
        body=body,
        stream=bool(body.get("stream")),
        limit=whole(body.get("max_tokens")),
        schema=json_object(output.get("schema")) if output.get("type") == "json_schema" else None,
        tools=tools_of(body.get("tools"), "input_schema"),
    )


def respond(ask: Ask) -> Reply:
    """Return the message, or the error that says that its text was blocked."""
    if "output_blocked" in ask.script:
        body = {"type": "error", "error": BLOCKED, "request_id": f"req_{uuid4().hex}"}
        return json_reply(body, Tells(error=BLOCKED["type"], outcome="blocked_completion"), status=400)
    message = Message.of(ask)
    usage = {} if message.usage is None else {"usage": message.usage}
    return json_reply({**message.final, **usage}, message.tells, tokens=message.answer.tokens.output)


def respond_count(ask: Ask) -> Reply:
    """Return how many tokens the messages would be."""
    return json_reply({"input_tokens": ask.said.tokens}, Tells(complete=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An answer as Anthropic tells it."""

    ask: Ask
    answer: Answer
    id: str

    @classmethod
    def of(cls, ask: Ask) -> Message:
        """Return the message that answers a request; a classifier's refusal leaves all or half of it out."""
        whole_answer = answer(ask)
        kind = "prompt_blocked" if "prompt_blocked" in ask.script else withholding(ask.script)
        if kind in ("completion_blocked", "prompt_blocked"):
            whole_answer = withheld(whole_answer)
        elif kind == "completion_cut":
            whole_answer = half(whole_answer)
        return cls(ask=ask, answer=whole_answer, id=f"msg_{uuid4().hex}")

    @property
    def stop_reason(self) -> str:
        """Why it stopped."""
        return _FINISH[self.answer.first.finish]

    @property
    def stop_details(self) -> dict[str, Any] | None:
        """Return what the classifier says, None when it has not stopped the message."""
        if self.stop_reason != "refusal":
            return None
        scenario = self.ask.script.any_of(("completion_blocked", "completion_cut", "prompt_blocked")) or ""
        category = self.ask.script.value(scenario, "cyber")
        named = category if category in _CATEGORIES else "general_harms"
        return {"type": "refusal", "category": named, "explanation": "A classifier stopped this message."}

    @property
    def usage(self) -> dict[str, Any] | None:
        """Return the figures: input without the cached, output with the thinking; None when there are none."""
        if "no_usage" in self.ask.script:
            return None
        tokens = self.answer.tokens
        return {
            "input_tokens": tokens.input - tokens.cached - tokens.cache_write,
            "cache_creation_input_tokens": tokens.cache_write,
            "cache_read_input_tokens": tokens.cached,
            "cache_creation": {"ephemeral_5m_input_tokens": tokens.cache_write, "ephemeral_1h_input_tokens": 0},
            "output_tokens": tokens.output + tokens.reasoning,
            "output_tokens_details": {"thinking_tokens": tokens.reasoning},
            "service_tier": "standard",
        }

    @property
    def content(self) -> list[dict[str, Any]]:
        """Return the blocks: thinking, then text or a call."""
        thinking = {"type": "thinking", "thinking": self.answer.thoughts, "signature": "c2ltdWxhdGVk"}
        blocks: list[dict[str, Any]] = [thinking] if self.answer.thoughts else []
        if self.answer.call:
            name, arguments = self.answer.call
            number = self.id.replace("msg", "toolu")
            return [*blocks, {"type": "tool_use", "id": number, "name": name, "input": arguments}]
        text = {"type": "text", "text": self.answer.first.text}
        return [*blocks, text] if self.answer.first.pieces else blocks

    @property
    def final(self) -> dict[str, Any]:
        """Return it whole, but for the figures."""
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.answer.model,
            "content": self.content,
            "stop_reason": self.stop_reason,
            "stop_sequence": None,
            "stop_details": self.stop_details,
        }

    @property
    def tells(self) -> Tells:
        """What the whole message tells."""
        return Tells(
            model=self.answer.model,
            response_id=self.id,
            usage=told_usage(self.usage),
            finish={0: self.stop_reason},
            outcome="blocked_completion" if self.stop_details else None,
            complete=True,
        )


def told_usage(usage: Mapping[str, Any] | None) -> dict[str, int | None]:
    """Return what a `usage` object tells; None for what it leaves out."""
    given = usage or {}
    return {
        "input_tokens": given.get("input_tokens"),
        "output_tokens": given.get("output_tokens"),
        "cached_input_tokens": given.get("cache_read_input_tokens"),
        "cache_write_tokens": given.get("cache_creation_input_tokens"),
        "reasoning_tokens": given.get("output_tokens_details", {}).get("thinking_tokens"),
    }
