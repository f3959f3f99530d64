"""Whether an OpenAI-like reply says that content was withheld or stopped for safety, where, and on which side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from audit.call import ErrorInfo, Finding, Source
from audit.dialects._azure_filters import side
from audit.dialects._fields import dig, text

__all__ = ["Block", "block_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Why a call counts as blocked; no reasons and no source when it does not."""

    reasons: tuple[str, ...] = ()
    source: Source | None = None


def block_of(
    *,
    findings: Iterable[Finding],
    failure: Any = None,
    error: ErrorInfo | None = None,
    finishes: Sequence[tuple[str, str | None]] = (),
    blocked: Iterable[Source] = (),
    begun: bool = False,
) -> Block:
    """Return the block that a reply tells.

    `failure` is the object that tells the `error`, `finishes` the finish reasons with their places, `blocked` the
    sides that `content_filters` names; `begun` says that part of an answer came before the error.
    """
    why: list[tuple[str, Source]] = []
    if reason := _policy_reason(failure, error):
        why.append((reason, _refused_side(failure, begun=begun)))
    else:
        why += [(f"content_filters.blocked:{source.value}", source) for source in blocked]
    why += [(f"{place}={word}", Source.COMPLETION) for place, word in finishes if word and _STOPPED.fullmatch(word)]
    why += [(_filtered(finding), finding.source) for finding in findings if finding.filtered]
    sources = {source for _, source in why}
    gravest = next((source for source in (Source.PROMPT, Source.COMPLETION) if source in sources), None)
    return Block(reasons=tuple(dict.fromkeys(reason for reason, _ in why)), source=gravest)


def _filtered(finding: Finding) -> str:
    choice = "" if finding.choice is None else f"[{finding.choice}]"
    return f"{finding.source.value}.{finding.category}.filtered{choice}"


def _policy_reason(failure: Any, error: ErrorInfo | None) -> str | None:
    """Why an error is the content filter's; None for any other error."""
    if error is None:
        return None
    inner = _error(failure)
    words = [error.code, *(text(dig(inner, *path)) for path in _CODES)]
    if "invalid_prompt" in words and error.message and not _FLAGGED.search(error.message):
        return None
    if any(word and _POLICY_CODE.search(word) for word in words) or dig(inner, "metadata", "flagged_input"):
        return f"error.code={error.code}"
    told = _POLICY_MESSAGE.search(error.message)
    return f"error.message={told.group()}" if told else None


def _refused_side(body: Any, *, begun: bool) -> Source:
    error = _error(body)
    stage = text(dig(error, "moderation_details", "moderation_stage")) or text(dig(error, "param"))
    if side(stage) is Source.COMPLETION or _ABOUT_OUTPUT.search(text(dig(error, "message")) or ""):
        return Source.COMPLETION
    return Source.COMPLETION if begun and text(dig(error, "param")) != "prompt" else Source.PROMPT


def _error(body: Any) -> Any:
    """The error's own members; in a flat one, such as the Responses' `error` event, they are the body's."""
    nested = dig(body, "error")
    return nested if isinstance(nested, dict) else body


_CODES = (("code",), ("type",), ("innererror", "code"), ("inner_error", "code"))
_STOPPED = re.compile(
    r"content[_-]filter(ed)?|sensitive|refusal|safety|prohibited_content|blocklist|recitation|spii|error_toxic"
    r"|filter reason: .*",
    re.I,
)
"""`content_filter` is OpenAI's, `content-filter` Vercel's, `sensitive` z.ai's, `CONTENT_FILTERED` Titan's, `Filter
reason: …` Stability's, `ERROR_TOXIC` Cohere's, the rest Claude's and Gemini's words that gateways pass through."""
_POLICY_CODE = re.compile(
    r"""content_?filter | content_?policy | ^responsibleai | policy_violation | ^moderation_blocked$ | ^invalid_prompt$
    | ^(bio|cyber|chem)_policy | content_moderation | data_?inspection_?failed | ^1301$""",
    re.I | re.X,
)
"""OpenAI's and Azure's codes; `data_inspection_failed` is Alibaba's, 1301 z.ai's.
https://docs.z.ai/api-reference/api-code"""
_POLICY_MESSAGE = re.compile(
    r"""content\ management\ policy | (rejected\ (by|as\ a\ result\ of)\ (the|our)\ safety\ system)
    | content\ filtering\ policy | blocked\ by\ (our|the)\ content\ filters?
    | content\ exists\ risk | considered\ high\ risk | inappropriate\ content
    | violat\w*\ (our|the|its|usage|content)\b[\w\ ]{0,24}\b(policy|policies|guidelines)
    | resource\ has\ been\ temporarily\ blocked | responsible\ ai\ practices""",
    re.I | re.X,
)
"""Amazon's image models say "blocked by our content filters", DeepSeek "Content Exists Risk", Moonshot
"considered high risk", xAI "violates usage guidelines"; a whole resource is blocked by Azure that it took for
abused; the last are Google's words."""
_FLAGGED = re.compile(r"flag|polic|safety|violat", re.I)
"""OpenAI's `invalid_prompt` says so; OpenRouter's is any request that it cannot read.
https://openrouter.ai/docs/api/reference/responses/error-handling"""
_ABOUT_OUTPUT = re.compile(r"\boutput (data|image|text|content|was|is|blocked)|generated (image|content|text)", re.I)
