"""Anthropic's Messages as a stream of events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from audit.simulator.anthropic import BLOCKED, Message, told_usage
from audit.simulator.failures import breakage
from audit.simulator.prose import pieces
from audit.simulator.reply import EVENT_STREAM, Frame, Reply, Tells, event, grouped

__all__ = ["streamed"]


def streamed(message: Message) -> Reply:
    """Return the message as server-sent events; one blocked for its text ends in an error."""
    frames = list(_Stream(message).frames())
    if "output_blocked" in message.ask.script:
        kept = [frame for frame in frames if not frame.closing]
        told = Tells(error=BLOCKED["type"], outcome="blocked_completion")
        error = event({"type": "error", "error": {"details": None, **BLOCKED}}, name="error")
        frames = [*kept[: len(kept) // 2 + 1], Frame(data=error, tells=told)]
    broken = breakage(message.ask)
    return Reply(media_type=EVENT_STREAM, frames=tuple(frames), streamed=True, breakage=broken)


class _Stream:
    def __init__(self, message: Message) -> None:
        self._m = message

    def frames(self) -> Iterator[Frame]:
        yield self._start()
        for index, block in enumerate(self._m.content):
            yield from self._block(index, block)
            if index == 0:
                yield self._event({"type": "ping"})
        yield self._delta()
        yield self._event({"type": "message_stop"}, closing=True, tells=Tells(complete=True))

    def _start(self) -> Frame:
        opening = self._m.final | {"content": [], "stop_reason": None, "stop_details": None}
        usage = self._m.usage
        if usage is not None:
            usage = {name: figure for name, figure in usage.items() if name != "output_tokens_details"}
            usage |= {"output_tokens": 1}
            if "shifting_usage" in self._m.ask.script:
                usage |= {"input_tokens": usage["input_tokens"] // 2, "cache_read_input_tokens": 0}
            opening |= {"usage": usage}
        tells = Tells(model=self._m.answer.model, response_id=self._m.id, usage=told_usage(usage))
        return self._event({"type": "message_start", "message": opening}, tells=tells)

    def _block(self, index: int, block: Mapping[str, Any]) -> Iterator[Frame]:
        empty, deltas = _opened(block)
        yield self._event({"type": "content_block_start", "index": index, "content_block": empty})
        for delta, tokens in deltas:
            yield self._event({"type": "content_block_delta", "index": index, "delta": delta}, tokens=tokens)
        yield self._event({"type": "content_block_stop", "index": index})

    def _delta(self) -> Frame:
        usage = self._m.usage
        ending = {name: self._m.final[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
        body = {"type": "message_delta", "delta": ending, **({"usage": usage} if usage is not None else {})}
        tells = Tells(
            usage=told_usage(usage),
            finish={0: self._m.stop_reason},
            outcome="blocked_completion" if self._m.stop_details else None,
        )
        return self._event(body, closing=True, tells=tells)

    def _event(
        self, value: Mapping[str, Any], *, tokens: int = 0, closing: bool = False, tells: Tells | None = None
    ) -> Frame:
        return Frame(data=event(value, name=value["type"]), tokens=tokens, closing=closing, tells=tells or Tells())


class _Delta(NamedTuple):
    body: dict[str, Any]
    tokens: int


class _Opened(NamedTuple):
    empty: dict[str, Any]
    deltas: list[_Delta]


def _opened(block: Mapping[str, Any]) -> _Opened:
    """Return a block as it begins, and the deltas that fill it."""
    if block["type"] == "tool_use":
        arguments = json.dumps(block["input"], ensure_ascii=False)
        deltas = [_Delta({"type": "input_json_delta", "partial_json": piece}, 1) for piece in ("", *pieces(arguments))]
        return _Opened({**block, "input": {}}, deltas)
    if block["type"] == "thinking":
        thinking = [_Delta({"type": "thinking_delta", "thinking": piece}, 0) for piece in pieces(block["thinking"])]
        signature = {"type": "signature_delta", "signature": block["signature"]}
        return _Opened({**block, "thinking": "", "signature": ""}, [*thinking, _Delta(signature, 0)])
    texts = [_Delta({"type": "text_delta", "text": piece}, tokens) for piece, tokens in grouped(pieces(block["text"]))]
    return _Opened({**block, "text": ""}, texts)
