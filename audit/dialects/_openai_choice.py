"""One choice of a streamed chat completion or completion, put together piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from audit.dialects._fields import compact, count, dig, items, mapping, text
from audit.dialects._openai_messages import content_parts

__all__ = ["OpenChoice", "piece_of"]


def piece_of(choice: Any) -> dict[str, Any]:
    """Return what a chunk adds to a choice; Azure's annotations have neither delta nor message."""
    delta = dig(choice, "delta")
    return delta if isinstance(delta, dict) else mapping(dig(choice, "message"))


@dataclass(slots=True)
class OpenChoice:
    """A choice as far as it has come."""

    index: int
    role: str | None = None
    finish_reason: str | None = None
    error: Any = None
    words: dict[str, list[str]] = field(default_factory=dict)
    """Pieces of text by the member of the message they belong to."""
    others: list[Any] = field(default_factory=list)
    """Images and other parts of the content that are no text."""
    calls: list[_OpenCall] = field(default_factory=list)

    def add(self, choice: dict[str, Any]) -> None:
        """Take in what a chunk says of this choice."""
        self.finish_reason = text(choice.get("finish_reason")) or self.finish_reason
        self.error = choice.get("error") or self.error
        piece = piece_of(choice)
        if not isinstance(choice.get("delta"), dict):
            if self.words and piece:
                return  # some servers repeat the whole message at the end
            self._say("content", choice.get("text"))
        self.role = text(piece.get("role")) or self.role
        self._content(piece.get("content"))
        self._say("refusal", piece.get("refusal"))
        self._reason(piece)
        self._say("audio", dig(piece, "audio", "transcript"))
        self.others += items(piece.get("images"))
        for call in items(piece.get("tool_calls")):
            self._call(call, count(dig(call, "index")))
        if mapping(piece.get("function_call")):
            self._call({"function": piece["function_call"]}, 0)

    def whole(self) -> dict[str, Any]:
        """Return the choice as it would stand in a reply in one piece."""
        said = {name: "".join(words) for name, words in self.words.items()}
        return {
            "index": self.index,
            "finish_reason": self.finish_reason,
            "error": self.error,
            "message": {
                "role": self.role,
                "reasoning_content": said.get("reasoning"),
                "content": [{"type": "text", "text": said.get("content")}, *self.others],
                "refusal": said.get("refusal"),
                "tool_calls": [call.whole() for call in self.calls],
                "audio": {"transcript": said.get("audio")},
            },
        }

    def _say(self, name: str, words: Any) -> None:
        if isinstance(words, str) and words:
            self.words.setdefault(name, []).append(words)

    def _content(self, content: Any) -> None:
        for one in content if isinstance(content, list) else [content]:
            for part in content_parts(one):
                name = _FLOWING.get(part.kind)
                if name is None:
                    self.others.append(one)
                else:
                    self._say(name, part.text)

    def _reason(self, piece: dict[str, Any]) -> None:
        """Take the first of its three places that is filled: gateways repeat the same words in several."""
        words = piece.get("reasoning_content") or piece.get("reasoning")
        self._say("reasoning", words)
        for detail in () if words else items(piece.get("reasoning_details")):
            self._say("reasoning", dig(detail, "text") or dig(detail, "summary"))

    def _call(self, call: Any, index: int | None) -> None:
        """Add to the call that the piece belongs to: by index, where servers leave that out to the last."""
        function = mapping(dig(call, "function")) or mapping(dig(call, "custom"))
        key, name = text(dig(call, "id")), text(function.get("name"))
        known = next((one for one in reversed(self.calls) if index in (None, one.index)), None)
        # Gemini's OpenAI-compatible endpoint gives parallel calls the same index, and ids of their own.
        if known is None or (name and known.name and (key != known.key if key else index is None)):
            known = _OpenCall(index=index, key=key)
            self.calls.append(known)
        known.name = known.name or name
        known.arguments.append(compact(function.get("arguments", function.get("input"))))


@dataclass(slots=True)
class _OpenCall:
    index: int | None
    key: str | None
    name: str | None = None
    arguments: list[str] = field(default_factory=list)

    def whole(self) -> dict[str, Any]:
        return {"function": {"name": self.name, "arguments": "".join(self.arguments)}}


_FLOWING = {"text": "content", "reasoning": "reasoning", "refusal": "refusal"}
"""Where the words of a part of this kind belong."""
