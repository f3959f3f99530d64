"""What is asked: a canary, a target, and the request that asks one of the other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from audit.canary.address import join
from audit.canary.template import fill, values_at
from audit.dialects import Enquiry, Question, dialects
from audit.dialects._reply import latest
from audit.errors import PromptError
from audit.settings import ExpectSettings

__all__ = [
    "MOST_OUTPUT_TOKENS",
    "Canary",
    "Request",
    "Target",
    "enquire",
    "filled",
    "fits",
]

MOST_OUTPUT_TOKENS = 2048
"""For a canary that sets no limit. Some models refuse fewer than 16; reasoning counts, so that a small limit is used
up before the answer begins and a healthy model looks dead. A limit costs nothing until it is reached, while a check
without one can cost a hundred times its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A prompt with expectations. Its texts may hold variables; see `template.py` and `filled`."""

    name: str
    prompt: str
    system: str | None = None
    every: timedelta = timedelta(minutes=5)
    timeout: timedelta = timedelta(seconds=30)
    """For the whole answer."""
    stream: bool = False
    max_output_tokens: int = MOST_OUTPUT_TOKENS
    temperature: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    expect: ExpectSettings = field(default_factory=ExpectSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A model at a provider, and how to speak to it."""

    provider: str
    model: str
    base_url: str
    dialect: str
    key_env: str | None = None
    key_header: str | None = None
    """None: the dialect's."""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to send."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)  # with the key
    body: bytes


def filled(canary: Canary, slot_at: datetime) -> Canary:
    """Return the canary as it is asked at one slot: with values for variables in its texts and expectations."""
    values, expect = values_at(canary.name, slot_at), canary.expect
    expected = {
        "text": tuple(fill(text, values) for text in expect.text),
        "regex": None if expect.regex is None else fill(expect.regex, values),
    }
    return replace(
        canary,
        prompt=fill(canary.prompt, values),
        system=None if canary.system is None else fill(canary.system, values),
        expect=expect.model_copy(update=expected),
    )


def enquire(canary: Canary, target: Target, slot_at: datetime, key: str | None) -> Request:
    """Return the request that asks the canary of the target at one slot.

    Raises `PromptError` when it cannot be asked, and says what to change.
    """
    asked = filled(canary, slot_at)
    enquiry = _ask(target)(
        Question(
            model=target.model,
            prompt=asked.prompt,
            system=asked.system,
            max_output_tokens=asked.max_output_tokens,
            temperature=asked.temperature,
            stream=asked.stream,
            parameters=latest(target.parameters, asked.parameters),
        )
    )
    return Request(
        method="POST",
        url=_url(target, enquiry.path),
        headers=_headers(target, enquiry, key),
        body=_body(canary, target, enquiry),
    )


def fits(name: str, pattern: str) -> bool:
    """Whether a model's name fits a pattern with `*` for any letters, capitals aside."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.IGNORECASE) is not None


def _ask(target: Target) -> Callable[[Question], Enquiry]:
    known = dialects()
    ask = known[target.dialect].ask if target.dialect in known else None
    if ask is None:
        able = ", ".join(name for name, dialect in known.items() if dialect.ask)
        raise PromptError(
            f"model {target.model!r} at {target.provider!r}: a canary cannot be asked in dialect {target.dialect!r}; "
            f"set one of: {able}"
        )
    return ask


def _url(target: Target, path: str) -> str:
    try:
        return join(target.base_url, path)
    except PromptError as exc:
        raise PromptError(f"provider {target.provider!r}: {exc}") from exc


def _headers(target: Target, enquiry: Enquiry, key: str | None) -> dict[str, str]:
    headers = {"content-type": "application/json", **enquiry.headers}
    if key:
        name = (target.key_header or enquiry.key_header).lower()
        headers[name] = f"Bearer {key}" if name == "authorization" else key
    return headers


def _body(canary: Canary, target: Target, enquiry: Enquiry) -> bytes:
    try:
        return json.dumps(dict(enquiry.body), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as exc:
        raise PromptError(
            f"canary {canary.name!r} for model {target.model!r}: the parameters cannot be written as JSON ({exc}); "
            "write dates as text, and leave out inf and nan"
        ) from exc
