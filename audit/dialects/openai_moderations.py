"""Moderations: OpenAI's and Mistral's. Every category is a finding about the prompt; nothing is ever blocked.

https://platform.openai.com/docs/api-reference/moderations
"""

from __future__ import annotations

import re

from audit.call import Operation, Reading, Source
from audit.dialects._dialect import Dialect, Enquiry, Fit, Question
from audit.dialects._fields import dig, items, text
from audit.dialects._findings import gathered
from audit.dialects._moderation import result_statements
from audit.dialects._openai_messages import prompt_messages, request_messages
from audit.dialects._openai_reply import whole
from audit.dialects._openai_request import model_requested
from audit.dialects._openai_usage import usage_of
from audit.dialects._reply import error_told, fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by results with categories."""
    shape = isinstance(dig(transcript.response, "results", 0, "categories"), dict)
    return fit(path=bool(_PATH.search(transcript.path)), shape=shape)


def read(transcript: Transcript) -> Reading:
    """Return the verdict; of several inputs the gravest for each category, whose place tells which it was."""
    body = transcript.response
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.MODERATION,
        model_requested=model_requested(transcript),
        model_served=text(dig(body, "model")),
        response_id=text(dig(body, "id")),
        complete=whole(transcript, answered=bool(items(dig(body, "results")))),
        error=error_told(transcript),
        usage=usage_of(dig(body, "usage")),
        findings=gathered(result_statements(dig(body, "results"), Source.PROMPT, "results")),
        input=prompt_messages(transcript.request, "input") or request_messages(transcript.request),
    )


def ask(question: Question) -> Enquiry:
    """Return the prompt as a request; the rest of a question means nothing here."""
    return Enquiry(
        path="/v1/moderations", body={"model": question.model, "input": question.prompt, **question.parameters}
    )


_PATH = re.compile(r"/moderations$")

DIALECT = Dialect(name="openai_moderations", version=1, fits=fits, read=read, ask=ask)
