"""A Response as a stream of events; usage and verdicts come with the last."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from audit.simulator.answer import Call
from audit.simulator.openai_responses import Response
from audit.simulator.prose import pieces
from audit.simulator.reply import EVENT_STREAM, Frame, Reply, Tells, event, grouped

__all__ = ["streamed"]


def streamed(response: Response) -> Reply:
    """Return the Response as server-sent events."""
    stream = _Stream(response)
    frames = tuple(stream.frames())
    return Reply(media_type=EVENT_STREAM, frames=frames, streamed=True, breakage=tuple(stream.broken()))


class _Stream:
    def __init__(self, response: Response) -> None:
        self._r = response
        self._numbers = count()
        self._place = {"item_id": response.item_id, "output_index": int(bool(response.answer.tokens.reasoning))}

    def frames(self) -> Iterator[Frame]:
        told = Tells(model=self._r.answer.model, response_id=self._r.id)
        yield self._event("response.created", {"response": self._r.opening("in_progress")}, tells=told)
        yield self._event("response.in_progress", {"response": self._r.opening("in_progress")})
        if self._r.answer.tokens.reasoning:
            item = {"output_index": 0, "item": self._r.reasoning_item()}
            yield self._event("response.output_item.added", item)
            yield self._event("response.output_item.done", item)
        yield from self._item()
        final = {"response": self._r.final}
        yield self._event(f"response.{self._r.status}", final, tells=self._r.tells, closing=True)
        if self._r.ask.provider == "openrouter":
            yield Frame(data=event("[DONE]"), closing=True)

    def broken(self) -> Iterator[Frame]:
        """Yield the two events that tell of a failure."""
        error = {"code": "server_error", "message": "The server had an error while processing your request."}
        wrong = {"type": "server_error", **error, "param": None}
        yield self._event("error", {"error": wrong}, tells=Tells(error="server_error"))
        failed = self._r.opening("failed") | {"error": error}
        yield self._event("response.failed", {"response": failed}, tells=Tells(finish={0: "failed"}))

    def _item(self) -> Iterator[Frame]:
        index = {"output_index": self._place["output_index"]}
        opening: dict[str, Any] = {"arguments": ""} if self._r.answer.call else {"content": []}
        empty = self._r.item("in_progress") | opening
        yield self._event("response.output_item.added", {**index, "item": empty})
        yield from self._call(self._r.answer.call) if self._r.answer.call else self._text()
        yield self._event("response.output_item.done", {**index, "item": self._r.item(self._r.status)}, closing=True)

    def _text(self) -> Iterator[Frame]:
        place = {**self._place, "content_index": 0}
        kind = "refusal" if self._r.answer.refused else "output_text"
        text, tells = self._r.answer.first.text, Tells(refusal=self._r.answer.refused)
        extra: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
        yield self._event("response.content_part.added", {**place, "part": self._r.part("")})
        for piece, tokens in grouped(self._r.answer.first.pieces):
            yield self._event(f"response.{kind}.delta", {**place, "delta": piece, **extra}, tokens=tokens, tells=tells)
        whole = {"refusal": text} if self._r.answer.refused else {"text": text, **extra}
        yield self._event(f"response.{kind}.done", {**place, **whole}, closing=True)
        yield self._event("response.content_part.done", {**place, "part": self._r.part(text)}, closing=True)

    def _call(self, call: Call) -> Iterator[Frame]:
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        for piece in pieces(arguments):
            yield self._event("response.function_call_arguments.delta", {**self._place, "delta": piece}, tokens=1)
        done = {**self._place, "arguments": arguments, "name": call.name}
        yield self._event("response.function_call_arguments.done", done, closing=True)

    def _event(
        self, name: str, value: Mapping[str, Any], *, tokens: int = 0, closing: bool = False, tells: Tells | None = None
    ) -> Frame:
        data = event({"type": name, "sequence_number": next(self._numbers), **value}, name=name)
        return Frame(data=data, tokens=tokens, closing=closing, tells=tells or Tells())
