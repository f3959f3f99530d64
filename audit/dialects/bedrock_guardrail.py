"""Bedrock's ApplyGuardrail: a guardrail by itself, without a model.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ApplyGuardrail.html
"""

from __future__ import annotations

import re

from audit.call import Operation, Reading, Source
from audit.dialects._bedrock import bedrock_error
from audit.dialects._converse import block_parts
from audit.dialects._dialect import Dialect, Fit
from audit.dialects._fields import dig, items, text
from audit.dialects._guardrails import applied_findings, guardrail_block
from audit.dialects._parts import said
from audit.dialects._reply import broke_off, fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by a body with an action and assessments."""
    shape = isinstance(dig(transcript.response, "assessments"), list) and "action" in transcript.response
    return fit(path=bool(_PATH.search(transcript.path)), shape=shape)


def read(transcript: Transcript) -> Reading:
    """Return what was examined and what the guardrail did to it."""
    source = Source.COMPLETION if dig(transcript.request, "source") == "OUTPUT" else Source.PROMPT
    action = text(dig(transcript.response, "action"))
    findings = applied_findings(dig(transcript.response, "assessments"), source)
    block = guardrail_block(findings, f"action={action}" if action == "GUARDRAIL_INTERVENED" else None, source=source)
    examined = block_parts([dig(one, "text") or one for one in items(dig(transcript.request, "content"))])
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.GUARDRAIL,
        complete=True if action else (False if broke_off(transcript) else None),
        error=bedrock_error(transcript),
        findings=findings,
        block_reasons=block.reasons,
        block_source=block.source,
        input=said("user" if source is Source.PROMPT else "assistant", examined),
        output=said("guardrail", block_parts(dig(transcript.response, "outputs"))),
    )


_PATH = re.compile(r"/guardrail/[^/]+/version/[^/]+/apply$")

DIALECT = Dialect(name="bedrock_guardrail", version=1, fits=fits, read=read)
