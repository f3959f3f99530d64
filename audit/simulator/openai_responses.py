"""OpenAI's Responses, with the `content_filters` of Azure and of the router at `/v1/responsesd`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from audit.simulator.answer import Answer
from audit.simulator.ask import Ask, Said
from audit.simulator.azure_filters import azure_outcome, azure_verdict
from audit.simulator.chat_completion import filtered_answer
from audit.simulator.conversation import json_object, said, tools_of, whole
from audit.simulator.filters import moderation_result
from audit.simulator.openai_blocks import blocked_prompt
from audit.simulator.openai_chat import schema_of
from audit.simulator.openai_usage import Figures, response_figures
from audit.simulator.paths import Target
from audit.simulator.reply import Reply, Tells, gravest, json_reply
from audit.simulator.sample import is_sample, sample_reply

__all__ = ["Response", "read", "respond", "respond_count"]


def read(target: Target, body: Mapping[str, Any]) -> Ask:
    """Return what a Response is to answer."""
    return Ask(
        provider=target.provider,
        format=target.format,
        model=str(body.get("model") or target.model),
        said=_said(body),
        body=body,
        stream=bool(body.get("stream")),
        limit=whole(body.get("max_output_tokens")),
        schema=schema_of(json_object(json_object(body.get("text")).get("format"))),
        tools=tools_of(body.get("tools"), "parameters"),
    )


def respond_count(ask: Ask) -> Reply:
    """Return how many tokens the input would be."""
    return json_reply({"object": "response.input_tokens", "input_tokens": ask.said.tokens}, Tells(complete=True))


def respond(ask: Ask) -> Reply:
    """Return the Response in one piece; with `background` only that it is queued, and the rest on a later GET."""
    if "prompt_blocked" in ask.script:
        return blocked_prompt(ask)
    if is_sample(ask):
        return sample_reply()
    response = Response.of(ask)
    final = json_reply(response.final, response.tells, tokens=response.answer.tokens.output)
    if ask.body.get("background"):
        tells = Tells(model=response.answer.model, response_id=response.id, finish={0: "queued"})
        return replace(json_reply(response.opening("queued"), tells), kept={response.id: final})
    return replace(final, kept={response.id: final})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer with the facts that stand in every event."""

    ask: Ask
    answer: Answer
    id: str
    item_id: str
    created: int
    figures: Figures

    @classmethod
    def of(cls, ask: Ask) -> Response:
        """Return the Response to a request."""
        filtered = filtered_answer(ask)
        number = uuid4().hex
        return cls(
            ask=ask,
            answer=filtered,
            id=f"resp_{number}",
            item_id=f"{'fc' if filtered.call else 'msg'}_{number}",
            created=int(time.time()),
            figures=response_figures(ask, filtered.tokens),
        )

    @property
    def reason(self) -> str | None:
        """Why the answer is incomplete, None when it is not."""
        return {"length": "max_output_tokens", "filtered": "content_filter"}.get(self.answer.first.finish)

    @property
    def status(self) -> str:
        """How it ended."""
        return "incomplete" if self.reason else "completed"

    @property
    def tells(self) -> Tells:
        """What the final form tells."""
        return Tells(
            model=self.answer.model,
            response_id=self.id,
            usage=self.figures.told,
            finish={0: self.reason or self.status},
            outcome=self._outcome(),
            refusal=self.answer.refused,
            complete=True,
        )

    def opening(self, status: str) -> dict[str, Any]:
        """Return it as it is before it is done: no usage, no verdicts."""
        request = self.ask.body
        filters = {"content_filters": None} if self._filtering else {}
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": status,
            "background": bool(request.get("background")),
            "completed_at": None,
            **filters,
            "error": None,
            "incomplete_details": None,
            "instructions": request.get("instructions"),
            "max_output_tokens": request.get("max_output_tokens"),
            "model": self.answer.model,
            "moderation": None,
            "output": [],
            "parallel_tool_calls": True,
            "previous_response_id": request.get("previous_response_id"),
            "reasoning": {"effort": None, "summary": None},
            "service_tier": "auto",
            "store": request.get("store", True),
            "temperature": request.get("temperature", 1.0),
            "text": request.get("text") or {"format": {"type": "text"}},
            "tool_choice": request.get("tool_choice", "auto"),
            "tools": request.get("tools") or [],
            "top_p": request.get("top_p", 1.0),
            "truncation": "disabled",
            "usage": None,
            "user": None,
            "metadata": request.get("metadata") or {},
        }

    @property
    def final(self) -> dict[str, Any]:
        """Return it as it is when done."""
        done = {
            "completed_at": None
            if self.reason
            else self.created + int(self.ask.pace.total_ms(self.answer.tokens.output) / 1000),
            "incomplete_details": {"reason": self.reason} if self.reason else None,
            "output": self.output,
            "service_tier": "default",
            "usage": self.figures.wire,
            "moderation": self._moderation(),
        }
        filters = {"content_filters": self._content_filters()} if self._filtering else {}
        return self.opening(self.status) | done | filters

    @property
    def output(self) -> list[dict[str, Any]]:
        """Return the items: reasoning if there was any, then a message or a call."""
        return [*([self.reasoning_item()] if self.answer.tokens.reasoning else []), self.item(self.status)]

    def reasoning_item(self) -> dict[str, Any]:
        """Return the item that stands for hidden reasoning."""
        return {"id": self.id.replace("resp", "rs"), "type": "reasoning", "summary": []}

    def item(self, status: str) -> dict[str, Any]:
        """Return the message or the function call."""
        if self.answer.call:
            name, arguments = self.answer.call
            text = json.dumps(arguments, ensure_ascii=False)
            call_id = self.id.replace("resp", "call")
            kind = {"type": "function_call", "call_id": call_id, "name": name, "arguments": text}
            return {"id": self.item_id, "status": status, **kind}
        content = [self.part(self.answer.first.text)] if self.answer.first.pieces or not self.reason else []
        return {"id": self.item_id, "type": "message", "status": status, "content": content, "role": "assistant"}

    def part(self, text: str) -> dict[str, Any]:
        """Return the message's one part."""
        if self.answer.refused:
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}

    @property
    def _filtering(self) -> bool:
        return self.ask.provider in ("azure", "router")

    def _content_filters(self) -> list[dict[str, Any]]:
        verdict = azure_verdict(self.ask.script, assessed=self.ask.provider == "azure")
        size = len(self.answer.first.text)
        return [_entry("prompt", verdict.prompt, len(self.ask.prompt)), _entry("completion", verdict.completion, size)]

    def _moderation(self) -> dict[str, Any] | None:
        if not self._moderated:
            return None
        flagged = "flagged" in self.ask.script
        sides = {"input": self.ask.prompt, "output": self.answer.first.text}
        opening = {"type": "moderation_result", "model": "omni-moderation-latest"}
        return {side: opening | moderation_result(text, flagged=flagged) for side, text in sides.items()}

    @property
    def _moderated(self) -> bool:
        asked = self.ask.body.get("moderation") or self.ask.script.any_of(("rated", "flagged"))
        return self.ask.provider == "openai" and bool(asked)

    def _outcome(self) -> str | None:
        if self._filtering:
            verdict = azure_verdict(self.ask.script, assessed=self.ask.provider == "azure")
            return gravest(azure_outcome(verdict.prompt, "prompt"), azure_outcome(verdict.completion))
        if self.reason == "content_filter":
            return "blocked_completion"
        if self._moderated:
            return "annotated" if "flagged" in self.ask.script else "clean"
        return None


def _entry(side: str, results: Mapping[str, Any], size: int) -> dict[str, Any]:
    return {
        "blocked": azure_outcome(results, side).startswith("blocked"),
        "source_type": side,
        "content_filter_raw": [],
        "content_filter_results": results,
        "content_filter_offsets": {"start_offset": 0, "end_offset": size if results else 0, "check_offset": 0},
    }


def _said(body: Mapping[str, Any]) -> Said:
    messages = body.get("input") or ""
    return said(messages, body.get("instructions"))
