"""Legacy completions: OpenAI's, Azure's, and those of others, with a prompt instead of messages.

https://platform.openai.com/docs/api-reference/completions
"""

from __future__ import annotations

import re
from typing import Any

from audit.call import Operation, Reading
from audit.dialects import openai_chat
from audit.dialects._dialect import Dialect, Enquiry, Fit, Question
from audit.dialects._fields import dig, items
from audit.dialects._openai_choices import read_choices
from audit.dialects._reply import fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by choices that are texts; what answers like a chat is one, whatever its path."""
    if openai_chat.fits(transcript) is not Fit.NO:
        return Fit.NO
    frames = transcript.frames or ()
    replies = (transcript.response, *(frame.data for frame in frames[:_BEGINNING]))
    return fit(path=bool(_PATH.search(transcript.path)), shape=any(map(_is_completion, replies)))


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered."""
    return read_choices(transcript, DIALECT, Operation.TEXT_COMPLETION)


def ask(question: Question) -> Enquiry:
    """Return the question as a request; the format has no place for a system prompt but before the prompt."""
    prompt = question.prompt if question.system is None else f"{question.system}\n\n{question.prompt}"
    body: dict[str, Any] = {"model": question.model, "prompt": prompt}
    if question.max_output_tokens is not None:
        body["max_tokens"] = question.max_output_tokens
    if question.temperature is not None:
        body["temperature"] = question.temperature
    if question.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return Enquiry(path="/v1/completions", body={**body, **question.parameters})


def _is_completion(reply: Any) -> bool:
    if dig(reply, "object") == "text_completion":
        return True
    return any(isinstance(dig(choice, "text"), str) for choice in items(dig(reply, "choices"))[:1])


_PATH = re.compile(r"(^|/)completions$")
_BEGINNING = 3

DIALECT = Dialect(name="openai_completions", version=2, fits=fits, read=read, ask=ask)
