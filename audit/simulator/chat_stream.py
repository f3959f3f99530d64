"""A chat completion as a stream of chunks, with Azure's verdicts where Azure puts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from audit.simulator.answer import Choice
from audit.simulator.azure_filters import azure_outcome
from audit.simulator.chat_completion import ALOUD, Completion, tool_call
from audit.simulator.failures import breakage
from audit.simulator.prose import pieces
from audit.simulator.reply import EVENT_STREAM, Frame, Reply, Tells, event, grouped

__all__ = ["streamed"]


def streamed(completion: Completion) -> Reply:
    """Return the completion as server-sent events."""
    frames = tuple(_Stream(completion).frames())
    return Reply(media_type=EVENT_STREAM, frames=frames, streamed=True, breakage=breakage(completion.ask))


class _Stream:
    def __init__(self, completion: Completion) -> None:
        self._c = completion
        self._ask = completion.ask
        script = self._ask.script
        self._verdict = completion.verdict
        self._apart = self._verdict is not None and bool(script.any_of(("async_filter", "async_hit", "async_cut")))
        self._usage_apart = self._ask.provider in _USAGE_APART
        options = self._ask.body.get("stream_options")
        asked = isinstance(options, dict) and bool(options.get("include_usage"))
        self._usage = completion.figures.wire if asked or not self._usage_apart else None

    def frames(self) -> Iterator[Frame]:
        yield from self._preface()
        for choice in self._c.answer.choices:
            tells = Tells(model=self._c.answer.model, response_id=self._c.id)
            yield self._chunk(choice, {"role": "assistant", "content": "", "refusal": None}, tells=tells, verdict={})
        yield from self._thoughts()
        yield from self._content()
        yield from self._call()
        if self._apart:
            yield from self._annotations()
        else:
            yield from (self._end(choice) for choice in self._c.answer.choices)
        yield from self._epilogue()

    def _preface(self) -> Iterator[Frame]:
        if self._ask.provider in _COMMENTS:
            yield Frame(data=_COMMENTS[self._ask.provider])
        if self._verdict is not None:
            results = [{"prompt_index": 0, "content_filter_results": self._verdict.prompt}]
            outcome = azure_outcome(self._verdict.prompt, "prompt")
            yield Frame(data=event({**_NOBODY, "prompt_filter_results": results}), tells=Tells(outcome=outcome))

    def _thoughts(self) -> Iterator[Frame]:
        name = ALOUD.get(self._ask.provider)
        for piece in pieces(self._c.answer.thoughts) if name else ():
            yield self._chunk(self._c.answer.first, {"content": None, str(name): piece})

    def _content(self) -> Iterator[Frame]:
        """Yield the text, the choices taking turns."""
        told = "refusal" if self._c.answer.refused else "content"
        parts = [list(grouped(choice.pieces)) for choice in self._c.answer.choices]
        for turn in zip_longest(*parts):
            for choice, part in zip(self._c.answer.choices, turn, strict=True):
                if part is not None:
                    last = part is parts[choice.index][-1]
                    verdict = self._verdict_on_text(last=last)
                    tells = Tells(refusal=self._c.answer.refused, outcome=_outcome(verdict))
                    yield self._chunk(choice, {told: part[0]}, tokens=part[1], tells=tells, verdict=verdict)

    def _verdict_on_text(self, *, last: bool) -> Mapping[str, Any] | None:
        """In the buffered mode every chunk has the harms it was checked for, the last one all categories."""
        if self._verdict is None or self._apart:
            return None
        full = self._verdict.completion
        if "error" in full:
            return full
        calm = {name: one for name, one in full.items() if one.get("severity") == "safe" and not one["filtered"]}
        return full if last else calm

    def _call(self) -> Iterator[Frame]:
        if self._c.answer.call is None:
            return
        call = tool_call(self._c.answer.call)
        arguments = call["function"].pop("arguments")
        opening = {**call, "index": 0, "function": {**call["function"], "arguments": ""}}
        yield self._chunk(self._c.answer.first, {"tool_calls": [opening]})
        for piece in pieces(arguments):
            delta = {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
            yield self._chunk(self._c.answer.first, delta, tokens=1)

    def _end(self, choice: Choice, *, verdict: Mapping[str, Any] | None = None) -> Frame:
        filtered = choice.finish == "filtered"
        if self._verdict is not None and not self._apart:
            verdict = self._verdict.completion if filtered else {}
        chunk = self._head() | {"choices": [{**self._c.ended(choice), "delta": {}, **_results(verdict)}]}
        last = choice is self._c.answer.choices[-1]
        if last and not self._usage_apart:
            chunk |= self._usage_with_the_end()
        return Frame(data=event(chunk), closing=True, tells=self._end_tells(choice, last=last, verdict=verdict))

    def _end_tells(self, choice: Choice, *, last: bool, verdict: Mapping[str, Any] | None) -> Tells:
        usage = self._c.figures.told if last and not self._usage_apart else {}
        blocked = "blocked_completion" if choice.finish == "filtered" else None
        finish = {choice.index: self._c.finish(choice)}
        return Tells(finish=finish, complete=last, usage=usage, outcome=blocked or _outcome(verdict))

    def _usage_with_the_end(self) -> dict[str, Any]:
        usage = {} if self._usage is None else {"usage": self._usage}
        return usage | ({"x_groq": {"id": self._c.id, **usage}} if self._ask.provider == "groq" else {})

    def _annotations(self) -> Iterator[Frame]:
        """Yield the end of an asynchronously filtered stream: the verdict comes before it, after it, or is it."""
        assert self._verdict is not None
        script, results = self._ask.script, self._verdict.completion
        harms = {name: one for name, one in results.items() if "severity" in one}
        others = {name: one for name, one in results.items() if "severity" not in one}
        for choice in self._c.answer.choices:
            size = len(choice.text)
            yield self._annotation(choice, harms, size)
            if "async_cut" in script:
                yield self._annotation(choice, others, size, finish="content_filter")
            else:
                yield self._end(choice)
                yield self._annotation(choice, others, size)

    def _annotation(self, choice: Choice, results: Mapping[str, Any], size: int, *, finish: str | None = None) -> Frame:
        offsets = {"check_offset": size, "start_offset": 0, "end_offset": size}
        verdict = {"content_filter_results": results, "content_filter_offsets": offsets}
        chunk = {**_NOBODY, "choices": [{"index": choice.index, "finish_reason": finish, **verdict}]}
        told = {choice.index: finish} if finish else {}
        tells = Tells(outcome=_outcome(results), finish=told, complete=finish is not None)
        return Frame(data=event(chunk), closing=True, tells=tells)

    def _epilogue(self) -> Iterator[Frame]:
        if self._usage is not None and self._usage_apart:
            chunk = self._head() | {"choices": [], "usage": self._usage}
            yield Frame(data=event(chunk), closing=True, tells=Tells(usage=self._c.figures.told))
        if self._c.moderated:
            chunk = self._head() | {"choices": [], "moderation": self._c.moderation()}
            yield Frame(data=event(chunk), closing=True, tells=Tells(outcome=self._c.moderated))
        yield Frame(data=event("[DONE]"), closing=True)

    def _chunk(
        self,
        choice: Choice,
        delta: Mapping[str, Any],
        *,
        tokens: int = 0,
        tells: Tells = Tells(),  # noqa: B008  # frozen
        verdict: Mapping[str, Any] | None = None,
    ) -> Frame:
        if self._verdict is None or self._apart:
            verdict = None
        entry = {"index": choice.index, "delta": delta, "logprobs": None, "finish_reason": None, **_results(verdict)}
        return Frame(data=event(self._head() | {"choices": [entry]}), tokens=tokens, tells=tells)

    def _head(self) -> dict[str, Any]:
        head = self._c.head("chat.completion.chunk")
        return head | ({"usage": None} if self._usage is not None and self._usage_apart else {})


def _results(verdict: Mapping[str, Any] | None) -> dict[str, Any]:
    return {} if verdict is None else {"content_filter_results": verdict}


def _outcome(verdict: Mapping[str, Any] | None) -> str | None:
    return azure_outcome(verdict) if verdict else None


_NOBODY: dict[str, Any] = {"choices": [], "created": 0, "id": "", "model": "", "object": ""}
"""What Azure puts where a chunk's own facts would stand, in frames that only carry verdicts."""
_USAGE_APART = ("openai", "azure", "router", "ollama", "compatible", "together", "moonshot")
"""Who sends usage in a chunk of its own, and only if asked; the others put it on the last chunk."""
_COMMENTS = {
    "openrouter": b": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n",
    "deepseek": b": keep-alive\n\n",
}
