"""A chat completion, whatever the form it is sent in."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from audit.simulator.answer import Answer, Call, Choice, answer, half, withheld
from audit.simulator.ask import Ask
from audit.simulator.azure_filters import AzureVerdict, azure_outcome, azure_verdict
from audit.simulator.conversation import json_object
from audit.simulator.filters import moderation_result, withholding
from audit.simulator.openai_usage import Figures, chat_figures

__all__ = ["ALOUD", "Completion", "filtered_answer", "tool_call"]

ALOUD = {"deepseek": "reasoning_content", "openrouter": "reasoning", "groq": "reasoning", "xai": "reasoning_content"}
"""Where providers that show their model's reasoning put it."""


def filtered_answer(ask: Ask) -> Answer:
    """Return what the filters leave of the answer; only Azure has the finer kinds."""
    said_ = answer(ask)
    kind = withholding(ask.script) or ("async_cut" if "async_cut" in ask.script else None)
    if kind is None or (ask.provider not in ("azure", "router") and not kind.startswith("completion_")):
        return said_
    return withheld(said_) if kind == "completion_blocked" else half(said_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """An answer with the facts that are the same in every chunk."""

    ask: Ask
    answer: Answer
    id: str
    created: int
    figures: Figures
    verdict: AzureVerdict | None
    """None where the provider is not Azure."""

    @classmethod
    def of(cls, ask: Ask) -> Completion:
        """Return the completion that answers a request."""
        filtered = filtered_answer(ask)
        return cls(
            ask=ask,
            answer=filtered,
            id=f"{'gen' if ask.provider == 'openrouter' else 'chatcmpl'}-{uuid4().hex}",
            created=int(time.time()),
            figures=chat_figures(ask, filtered.tokens),
            verdict=azure_verdict(ask.script) if ask.provider == "azure" else None,
        )

    def head(self, kind: str) -> dict[str, Any]:
        """Return what begins the completion and each of its chunks."""
        head = {"id": self.id, "object": kind, "created": self.created, "model": self.answer.model}
        if self.ask.provider == "openrouter":
            head["provider"] = "Simulated"
        return head | {"system_fingerprint": "fp_sim"}

    def finish(self, choice: Choice) -> str:
        """Return a choice's finish_reason."""
        return _FINISH[choice.finish]

    def ended(self, choice: Choice) -> dict[str, Any]:
        """Return a choice at its end, without what it says."""
        reason = self.finish(choice)
        native = {"native_finish_reason": reason} if self.ask.provider == "openrouter" else {}
        return {"index": choice.index, "logprobs": None, "finish_reason": reason, **native}

    @property
    def outcome(self) -> str | None:
        """What the filters say in the end, None where they have no say."""
        if self.verdict is not None:
            return azure_outcome(self.verdict.completion)
        if self.answer.first.finish == "filtered":
            return "blocked_completion"
        return self.moderated

    @property
    def moderated(self) -> str | None:
        """What inline moderation says, None where it was not asked."""
        script = self.ask.script
        if self.ask.provider != "openai" or not (
            self.ask.body.get("moderation") or script.any_of(("rated", "flagged"))
        ):
            return None
        return "annotated" if "flagged" in script else "clean"

    def moderation(self) -> dict[str, Any]:
        """Return inline moderation's results."""
        flagged = self.moderated == "annotated"
        model = json_object(self.ask.body.get("moderation")).get("model", "omni-moderation-latest")
        sides = {"input": self.ask.prompt, "output": self.answer.first.text}
        return {
            side: {
                "type": "moderation_results",
                "model": model,
                "results": [{"type": "moderation_result", **moderation_result(text, flagged=flagged)}],
            }
            for side, text in sides.items()
        }


def tool_call(call: Call) -> dict[str, Any]:
    """Return a call of a function."""
    name, arguments = call
    text = json.dumps(arguments, ensure_ascii=False)
    return {"id": f"call_{uuid4().hex[:24]}", "type": "function", "function": {"name": name, "arguments": text}}


_FINISH = {"stop": "stop", "length": "length", "tool": "tool_calls", "filtered": "content_filter"}
