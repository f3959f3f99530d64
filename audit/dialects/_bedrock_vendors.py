"""Replies of the models behind Bedrock's InvokeModel, each in its vendor's own shape; Anthropic's is elsewhere.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from audit.call import Message, Operation, Part, Usage
from audit.dialects._converse import block_parts, converse_usage, event_parts
from audit.dialects._fields import compact, count, dig, items, mapping, text
from audit.dialects._openai_usage import usage_of
from audit.dialects._parts import joined, media, said, spoken, tool_call
from audit.dialects._reply import last, latest

__all__ = ["VendorAnswer", "asked", "read_vendor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAnswer:
    """What a vendor's reply says."""

    operation: Operation | None = Operation.CHAT
    """None when the reply does not show what was asked for."""
    model: str | None = None
    id: str | None = None
    finish_reason: str | None = None
    usage: Usage | None = None
    output: tuple[Message, ...] = ()


def read_vendor(bodies: Sequence[dict[str, Any]]) -> VendorAnswer:
    """Return what is answered: by one reply, or by the pieces of a stream."""
    for belongs, read in _VENDORS:
        if any(belongs & body.keys() for body in bodies):
            return read(bodies)
    return VendorAnswer(operation=None)


def asked(request: Any) -> tuple[Message, ...]:
    """Return the words of a request that is no conversation."""
    names = ("inputText", "prompt", "message", "query", "texts", "documents")
    parts = [part for name in names for part in _words(dig(request, name))]
    parts += _words(dig(request, "textToImageParams", "text"))
    parts += _words(dig(request, "singleEmbeddingParams", "text", "value"))
    return said("user", parts)


def _words(value: Any) -> list[Part]:
    values = value if isinstance(value, list) else [value]
    return [part for one in values for part in spoken(compact(one))]


def _nova(bodies: Sequence[dict[str, Any]]) -> VendorAnswer:
    """Converse's own messages, its events as members of each piece."""
    whole = _whole(bodies)
    events = [(name, mapping(value)) for body in bodies for name, value in body.items()]
    message = mapping(dig(whole, "output", "message"))
    # Nova counts contentBlockIndex up with every piece, so pieces of one text stand in blocks of their own.
    parts = block_parts(message.get("content")) or joined(event_parts(events))
    return VendorAnswer(
        finish_reason=text(whole.get("stopReason")) or text(dig(whole, "messageStop", "stopReason")),
        usage=converse_usage(whole.get("usage") or dig(whole, "metadata", "usage")),
        output=said(message.get("role") or "assistant", parts),
    )


def _titan(bodies: Sequence[dict[str, Any]]) -> VendorAnswer:
    whole = _whole(bodies)
    results = [mapping(one) for body in bodies for one in items(body.get("results"))] or list(bodies)
    made = [count(one.get("tokenCount", one.get("totalOutputTextTokenCount"))) for one in results]
    return VendorAnswer(
        operation=Operation.TEXT_COMPLETION,
        finish_reason=text(last(results, "completionReason")),
        usage=_usage(whole.get("inputTextTokenCount"), next((one for one in reversed(made) if one is not None), None)),
        output=_said(one.get("outputText") for one in results),
    )


def _llama(bodies: Sequence[dict[str, Any]]) -> VendorAnswer:
    """Llama's `generation`, and the `completion` of Claude before its messages."""
    whole = _whole(bodies)
    return VendorAnswer(
        operation=Operation.TEXT_COMPLETION,
        finish_reason=text(last(bodies, "stop_reason")),
        usage=_usage(whole.get("prompt_token_count"), whole.get("generation_token_count")),
        output=_said(body.get("generation", body.get("completion")) for body in bodies),
    )


def _mistral(bodies: Sequence[dict[str, Any]]) -> VendorAnswer:
    outputs = [mapping(one) for body in bodies for one in items(body.get("outputs"))]
    return VendorAnswer(
        operation=Operation.TEXT_COMPLETION,
        finish_reason=text(last(outputs, "stop_reason")),
        output=_said(one.get("text") for one in outputs),
    )


def _cohere(bodies: Sequence[dict[str, Any]]) -> VendorAnswer:
    """Command's `generations`, Command R's `text`, and the pieces of both, which end with the whole once more."""
    pieces = [body for body in bodies if "response" not in body or len(bodies) == 1]
    generations = [mapping(one) for body in pieces for one in items(body.get("generations"))] or pieces
    whole = _whole(bodies)
    return VendorAnswer(
        operation=Operation.CHAT if "chat_history" in whole else Operation.TEXT_COMPLETION,
        id=text(whole.get("response_id")) or text(whole.get("id")) or text(whole.get("generation_id")),
        finish_reason=text(last([*bodies, *generations], "finish_reason")),
        output=_said(one.get("text") for one in generations),
    )


def _openai_like(bodies: Sequence[dict[str, Any]]) -> VendorAnswer:
    """Mistral's chat models, AI21's Jamba, DeepSeek, Qwen, OpenAI's open models."""
    whole = _whole(bodies)
    choices = [mapping(one) for body in bodies for one in items(body.get("choices"))]
    return VendorAnswer(
        model=text(whole.get("model")),
        id=text(whole.get("id")),
        finish_reason=text(last(choices, "finish_reason")) or text(last(choices, "stop_reason")),
        usage=usage_of(whole.get("usage")),
        output=said("assistant", joined(part for choice in choices for part in _choice(choice))),
    )


def _choice(choice: dict[str, Any]) -> Iterator[Part]:
    message = mapping(choice.get("message") or choice.get("delta") or choice)
    yield from spoken(message.get("reasoning_content"), "reasoning")
    yield from spoken(message.get("content") or message.get("text"))
    for call in items(message.get("tool_calls")):
        yield tool_call(dig(call, "function", "name"), dig(call, "function", "arguments"))


def _jurassic(bodies: Sequence[dict[str, Any]]) -> VendorAnswer:
    """AI21's models before Jamba."""
    completions = [mapping(one) for body in bodies for one in items(body.get("completions"))]
    return VendorAnswer(
        operation=Operation.TEXT_COMPLETION,
        id=text(_whole(bodies).get("id")),
        finish_reason=text(dig(completions[-1] if completions else None, "finishReason", "reason")),
        output=_said(dig(one, "data", "text") for one in completions),
    )


def _vectors(bodies: Sequence[dict[str, Any]]) -> VendorAnswer:
    whole = _whole(bodies)
    return VendorAnswer(
        operation=Operation.EMBEDDINGS, id=text(whole.get("id")), usage=_usage(whole.get("inputTextTokenCount"))
    )


def _images(bodies: Sequence[dict[str, Any]]) -> VendorAnswer:
    whole = _whole(bodies)
    artifacts = [mapping(one) for one in items(whole.get("artifacts"))]
    data = [*items(whole.get("images")), *(one.get("base64") for one in artifacts)]
    reasons = [*items(whole.get("finish_reasons")), *(one.get("finishReason") for one in artifacts)]
    return VendorAnswer(
        operation=Operation.IMAGE_GENERATION,
        finish_reason=next((word for reason in reasons if (word := text(reason))), None),
        output=said("assistant", [media(None, one, kind="image") for one in data if isinstance(one, str)]),
    )


def _ranking(_bodies: Sequence[dict[str, Any]]) -> VendorAnswer:
    return VendorAnswer(operation=Operation.RERANK)


def _whole(bodies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for body in bodies:
        whole = latest(whole, body)
    return whole


def _said(words: Iterator[Any]) -> tuple[Message, ...]:
    return said("assistant", joined(part for word in words for part in spoken(word)))


def _usage(taken: Any, made: Any = None, total: Any = None) -> Usage | None:
    figures = count(taken), count(made), count(total)
    if all(figure is None for figure in figures):
        return None
    return Usage(input_tokens=figures[0], output_tokens=figures[1], total_tokens=figures[2])


_VENDORS: tuple[tuple[set[str], Callable[[Sequence[dict[str, Any]]], VendorAnswer]], ...] = (
    ({"output", "messageStart", "contentBlockDelta", "messageStop"}, _nova),
    ({"choices"}, _openai_like),
    ({"generation", "completion"}, _llama),
    ({"outputs"}, _mistral),
    ({"completions"}, _jurassic),
    ({"embedding", "embeddings"}, _vectors),
    ({"images", "artifacts"}, _images),
    ({"generations", "generation_id", "is_finished", "text"}, _cohere),
    ({"inputTextTokenCount", "outputText"}, _titan),
    ({"results"}, _ranking),
)
"""By members that only one vendor's replies have."""
