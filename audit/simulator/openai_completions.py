"""OpenAI's legacy completions: a choice for each prompt and each of `n`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from audit.simulator.answer import Answer
from audit.simulator.ask import Ask
from audit.simulator.azure_filters import azure_outcome, azure_verdict
from audit.simulator.chat_completion import filtered_answer
from audit.simulator.conversation import json_object, said, whole
from audit.simulator.failures import breakage
from audit.simulator.openai_blocks import blocked_prompt
from audit.simulator.openai_usage import chat_figures
from audit.simulator.paths import Target
from audit.simulator.reply import EVENT_STREAM, Frame, Reply, Tells, event, gravest, grouped, json_reply

__all__ = ["read", "respond"]

_FINISH = {"stop": "stop", "length": "length", "filtered": "content_filter", "tool": "stop"}


def read(target: Target, body: Mapping[str, Any]) -> Ask:
    """Return what a completion asks for."""
    prompts = _prompts(body)
    return Ask(
        provider=target.provider,
        format=target.format,
        model=str(body.get("model") or target.model),
        said=said([{"content": prompt} for prompt in prompts]),
        body=body,
        stream=bool(body.get("stream")),
        choices=min(len(prompts) * (whole(body.get("n")) or 1), 64),
        limit=whole(body.get("max_tokens")),
    )


def respond(ask: Ask) -> Reply:
    """Return the completion, whole or streamed."""
    if "prompt_blocked" in ask.script:
        return blocked_prompt(ask)
    completion = _Completion(ask=ask, answer=filtered_answer(ask), id=f"cmpl-{uuid4().hex}", created=int(time.time()))
    if ask.stream:
        frames = tuple(completion.frames())
        return Reply(media_type=EVENT_STREAM, frames=frames, streamed=True, breakage=breakage(ask))
    return completion.whole()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Completion:
    ask: Ask
    answer: Answer
    id: str
    created: int

    def whole(self) -> Reply:
        figures = chat_figures(self.ask, self.answer.tokens)
        choices = [self._choice(choice.index, choice.text, _FINISH[choice.finish]) for choice in self.answer.choices]
        body = self._head() | {"choices": choices}
        outcome = "blocked_completion" if self.answer.first.finish == "filtered" else None
        if self.ask.provider == "azure":
            verdict = azure_verdict(self.ask.script)
            prompts = _prompts(self.ask.body)
            body["prompt_filter_results"] = [
                {"prompt_index": index, "content_filter_results": verdict.prompt} for index, _ in enumerate(prompts)
            ]
            for choice in choices:
                choice["content_filter_results"] = verdict.completion
            outcome = gravest(azure_outcome(verdict.prompt, "prompt"), azure_outcome(verdict.completion))
        if figures.wire is not None:
            body["usage"] = figures.wire
        finish = {choice["index"]: choice["finish_reason"] for choice in choices}
        tells = replace(self._told, usage=figures.told, finish=finish, outcome=outcome, complete=True)
        return json_reply(body, tells, tokens=self.answer.tokens.output)

    def frames(self) -> Iterator[Frame]:
        for choice in self.answer.choices:
            for piece, tokens in grouped(choice.pieces):
                chunk = self._head() | {"choices": [self._choice(choice.index, piece, None)]}
                yield Frame(data=event(chunk), tokens=tokens, tells=self._told)
            reason = _FINISH[choice.finish]
            chunk = self._head() | {"choices": [self._choice(choice.index, "", reason)]}
            last = choice is self.answer.choices[-1]
            outcome = "blocked_completion" if reason == "content_filter" else None
            tells = replace(self._told, finish={choice.index: reason}, complete=last, outcome=outcome)
            yield Frame(data=event(chunk), closing=True, tells=tells)
        figures = chat_figures(self.ask, self.answer.tokens)
        if figures.wire is not None and json_object(self.ask.body.get("stream_options")).get("include_usage"):
            chunk = self._head() | {"choices": [], "usage": figures.wire}
            yield Frame(data=event(chunk), closing=True, tells=Tells(usage=figures.told))
        yield Frame(data=event("[DONE]"), closing=True)

    @property
    def _told(self) -> Tells:
        return Tells(model=self.answer.model, response_id=self.id)

    def _head(self) -> dict[str, Any]:
        return {"id": self.id, "object": "text_completion", "created": self.created, "model": self.answer.model}

    def _choice(self, index: int, text: str, finish: str | None) -> dict[str, Any]:
        return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}


def _prompts(body: Mapping[str, Any]) -> list[str]:
    prompt = body.get("prompt", "")
    if isinstance(prompt, list) and prompt and not isinstance(prompt[0], int):
        return [str(one) for one in prompt]
    return [str(prompt)]
