"""An answer as Gemini tells it: candidates, ratings, usage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

from audit.simulator.answer import Answer, Choice, answer, half, withheld
from audit.simulator.ask import Ask
from audit.simulator.conversation import json_object
from audit.simulator.filters import gemini_block_reason, gemini_finish, gemini_ratings, withholding
from audit.simulator.pictures import picture
from audit.simulator.reply import Tells
from audit.simulator.scenarios import bare_model

__all__ = ["Chunk", "Generated"]

_IMAGE_TOKENS = 1290
_RATED = ("1.0", "1.5", "2.0")
"""Models that rate every answer; newer ones speak up only when something is found."""
_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "tool": "STOP"}


class Chunk(NamedTuple):
    """A reply, or a piece of one."""

    body: dict[str, Any]
    tells: Tells
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """An answer with the facts that stand in every chunk."""

    ask: Ask
    answer: Answer
    id: str

    @classmethod
    def of(cls, ask: Ask) -> Generated:
        """Return the answer to a request."""
        whole_answer = answer(ask)
        kind = withholding(ask.script)
        if kind == "completion_blocked":
            whole_answer = withheld(whole_answer)
        elif kind:
            whole_answer = half(whole_answer)
        return cls(ask=ask, answer=whole_answer, id=uuid4().hex[:22])

    @property
    def block_reason(self) -> str | None:
        """Why the prompt was refused, None when it was not."""
        return gemini_block_reason(self.ask.script) if "prompt_blocked" in self.ask.script else None

    def whole(self) -> Chunk:
        """Return the reply in one piece."""
        if self.block_reason:
            return self._refused(self.block_reason)
        candidates = [self._candidate(choice, self._parts(choice)) for choice in self.answer.choices]
        usage = self._usage(self.answer.tokens.output)
        body = {"candidates": candidates, **self._prompt_feedback(), **self._tail(usage)}
        finish = {choice.index: self._finish(choice) for choice in self.answer.choices}
        return Chunk(body, self._tells(usage, finish=finish, outcome=self._outcome(), complete=True))

    def chunk(self, choice: Choice, parts: Sequence[Mapping[str, Any]], *, tokens: int, sent: int) -> Chunk:
        """Return a piece of a candidate; usage counts what has been sent so far."""
        usage = self._usage(sent, early=True)
        content = {"parts": list(parts), "role": "model"}
        body = {"candidates": [{"content": content, **self._index(choice)}], **self._tail(usage)}
        return Chunk(body, self._tells(usage), tokens)

    def ending(self, choice: Choice) -> Chunk:
        """Return a candidate's last chunk: its call or picture, its reason, its ratings, and all usage."""
        extra = [part for part in self._parts(choice) if "text" not in part]
        usage = self._usage(self.answer.tokens.output)
        last = choice is self.answer.choices[-1]
        body = {"candidates": [self._candidate(choice, extra)], **self._prompt_feedback(), **self._tail(usage)}
        tells = self._tells(usage, finish={choice.index: self._finish(choice)}, outcome=self._outcome(), complete=last)
        return Chunk(body, tells)

    def _refused(self, reason: str) -> Chunk:
        feedback: dict[str, Any] = {"blockReason": reason}
        if reason == "SAFETY":
            feedback["safetyRatings"] = gemini_ratings(category=self._category, probability="HIGH", blocked=True)
        usage = {"promptTokenCount": self.ask.said.tokens, "totalTokenCount": self.ask.said.tokens}
        if "no_usage" in self.ask.script:
            usage = {}
        body = {"promptFeedback": feedback, **self._tail(usage)}
        return Chunk(body, self._tells(usage, outcome="blocked_prompt", complete=True))

    @property
    def _category(self) -> str:
        scenario = self.ask.script.any_of(("prompt_blocked", "completion_blocked", "completion_cut")) or ""
        value = self.ask.script.value(scenario, "violence")
        return value if value in ("hate", "harassment", "sexual") else "violence"

    @property
    def _image(self) -> bool:
        return "image" in bare_model(self.ask.model)

    def _blocked(self) -> str | None:
        return gemini_finish(self.ask.script, image=self._image)

    def _finish(self, choice: Choice) -> str:
        return self._blocked() or _FINISH[choice.finish]

    def _parts(self, choice: Choice) -> list[dict[str, Any]]:
        parts = self.thought
        if choice.pieces:
            parts.append({"text": choice.text})
        if self.answer.call:
            parts.append({"functionCall": {"name": self.answer.call.name, "args": self.answer.call.arguments}})
        if self._pictured:
            side = 400 if "huge" in self.ask.script else 16
            parts.append({"inlineData": {"mimeType": "image/png", "data": picture(self.ask.prompt, side=side)}})
        return parts

    @property
    def thought(self) -> list[dict[str, Any]]:
        """Return the part that shows the model's thoughts, if there were any and they were asked for."""
        config = json_object(json_object(self.ask.body.get("generationConfig")).get("thinkingConfig"))
        aloud = self.answer.thoughts and config.get("includeThoughts")
        return [{"text": self.answer.thoughts, "thought": True}] if aloud else []

    @property
    def _pictured(self) -> bool:
        return self._image and self._blocked() is None and not self.answer.refused

    def _candidate(self, choice: Choice, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        content = {"parts": list(parts), "role": "model"} if parts else {}
        ratings = self._ratings()
        candidate = {"content": content, "finishReason": self._finish(choice), **self._index(choice)}
        if ratings:
            candidate["safetyRatings"] = ratings
        if self._finish(choice) == "RECITATION":
            source = {"startIndex": 0, "endIndex": len(choice.text), "uri": "https://example.org/poem", "license": ""}
            candidate["citationMetadata"] = {"citationSources": [source]}
        return candidate

    def _index(self, choice: Choice) -> dict[str, int]:
        return {"index": choice.index} if choice.index else {}

    def _ratings(self) -> list[dict[str, Any]]:
        script = self.ask.script
        if self._blocked() in ("SAFETY", "IMAGE_SAFETY"):
            return gemini_ratings(category=self._category, probability="HIGH", blocked=True)
        if "annotated" in script:
            return gemini_ratings(category="violence", probability=script.value("annotated", "low").upper())
        return gemini_ratings() if self._rated else []

    def _prompt_feedback(self) -> dict[str, Any]:
        return {"promptFeedback": {"safetyRatings": gemini_ratings()}} if self._rated else {}

    @property
    def _rated(self) -> bool:
        old = any(version in self.ask.model for version in _RATED)
        return (old or "rated" in self.ask.script) and "unassessed" not in self.ask.script

    def _outcome(self) -> str | None:
        if self._blocked():
            return "blocked_completion"
        if "annotated" in self.ask.script:
            return "annotated"
        return "clean" if self._rated else None

    def _usage(self, output: int, *, early: bool = False) -> dict[str, Any]:
        if "no_usage" in self.ask.script:
            return {}
        tokens = self.answer.tokens
        pictures = _IMAGE_TOKENS if self._pictured and not early else 0
        prompt = tokens.input * 2 if early and "shifting_usage" in self.ask.script else tokens.input
        usage: dict[str, Any] = {"promptTokenCount": prompt}
        if output + pictures:
            usage["candidatesTokenCount"] = output + pictures
        if tokens.cached:
            usage["cachedContentTokenCount"] = tokens.cached
        usage["totalTokenCount"] = prompt + output + pictures + tokens.reasoning
        usage["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": prompt}]
        if pictures:
            usage["candidatesTokensDetails"] = [{"modality": "IMAGE", "tokenCount": pictures}]
        return usage | ({"thoughtsTokenCount": tokens.reasoning} if tokens.reasoning else {})

    def _tail(self, usage: Mapping[str, Any]) -> dict[str, Any]:
        vertex = self.ask.provider == "vertex"
        time = {"createTime": datetime.now(UTC).isoformat().replace("+00:00", "Z")} if vertex else {}
        if vertex and usage:
            usage = {**usage, "trafficType": "ON_DEMAND"}
        told = {"usageMetadata": usage} if usage else {}
        return {**told, "modelVersion": self.answer.model, **time, "responseId": self.id}

    def _tells(
        self,
        usage: Mapping[str, Any],
        *,
        finish: Mapping[int, str] | None = None,
        outcome: str | None = None,
        complete: bool = False,
    ) -> Tells:
        told = {name: usage.get(native) for name, native in _TOLD.items()}
        return Tells(
            model=self.answer.model,
            response_id=self.id,
            usage=told,
            finish=finish or {},
            outcome=outcome,
            complete=complete,
        )


_TOLD = {
    "input_tokens": "promptTokenCount",
    "output_tokens": "candidatesTokenCount",
    "total_tokens": "totalTokenCount",
    "cached_input_tokens": "cachedContentTokenCount",
    "reasoning_tokens": "thoughtsTokenCount",
}
