"""Chat completions: OpenAI's, Azure's, and those of all who took the format over.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import re
from typing import Any

from audit.call import Operation, Reading
from audit.dialects._dialect import Dialect, Enquiry, Fit, Question
from audit.dialects._fields import dig, items, text
from audit.dialects._openai_choices import read_choices
from audit.dialects._reply import fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by a reply whose object or choices are a chat completion's."""
    frames = transcript.frames or ()
    replies = (transcript.response, *(frame.data for frame in frames[:_BEGINNING]))
    return fit(path=bool(_PATH.search(transcript.path)), shape=any(map(_is_chat, replies)))


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered."""
    stored = transcript.exchange.method != "POST" or bool(_STORED.search(transcript.path))
    return read_choices(transcript, DIALECT, Operation.RETRIEVE if stored else Operation.CHAT)


def ask(question: Question) -> Enquiry:
    """Return the question as a request."""
    system = [{"role": "system", "content": question.system}] if question.system is not None else []
    body: dict[str, Any] = {
        "model": question.model,
        "messages": [*system, {"role": "user", "content": question.prompt}],
    }
    if question.max_output_tokens is not None:
        body["max_completion_tokens"] = question.max_output_tokens
    if question.temperature is not None:
        body["temperature"] = question.temperature
    if question.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return Enquiry(path="/v1/chat/completions", body={**body, **question.parameters})


def _is_chat(reply: Any) -> bool:
    if (text(dig(reply, "object")) or "").startswith("chat.completion"):
        return True
    return any(
        isinstance(dig(choice, name), dict)
        for choice in items(dig(reply, "choices"))[:1]
        for name in ("message", "delta")
    )


_PATH = re.compile(
    r"(^|/)(chat|agents)/completions(/|$)|/publishers/(?!anthropic/)[^/]+/models/(?!.*ocr)[^/]+:(stream)?[rR]awPredict$"
)
"""Mistral's agents answer so too. Vertex passes on what partners speak: Anthropic its own format, others this one."""
_STORED = re.compile(r"/chat/completions/.")
_BEGINNING = 3
"""Events to look at: Azure's first tells of the prompt alone."""

DIALECT = Dialect(name="openai_chat", version=2, fits=fits, read=read, ask=ask)
