"""API keys in requests: where they stand, and one put in place of another."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_plus

from audit.proxy.plan import UpstreamPlan

__all__ = ["Presented", "presented", "provider_key", "with_key", "without_keys"]

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Presented:
    """A key that a request brings."""

    secret: str
    header: str
    """Where it stands, in lower case; `` for the query."""


def presented(headers: Headers, target: str) -> Iterator[Presented]:
    """Yield the keys of a request, in headers first."""
    for raw, value in headers:
        name = raw.lower()
        if name in _KEY_HEADERS:
            text = value.decode("latin-1").strip()
            if name == b"authorization":
                yield from (Presented(one, "authorization") for one in _authorized(text))
            elif text:
                yield Presented(text, name.decode())
    for _, name, value in _PARAMETERS.findall(target.partition("?")[2]):
        if len(value) > 1 and _KEY_PARAMETER.fullmatch(unquote_plus(name)):
            yield Presented(unquote_plus(value[1:]), "")


def _authorized(text: str) -> Iterator[str]:
    scheme, _, rest = text.partition(" ")
    if scheme.lower() != "basic":
        yield rest.strip() or text
        return
    try:
        yield from base64.b64decode(rest.strip(), validate=True).decode("latin-1").split(":", 1)
    except binascii.Error:
        yield rest


def without_keys(headers: Headers, target: str) -> tuple[list[tuple[bytes, bytes]], str]:
    """Return headers and target with every key taken out."""
    path, _, query = target.partition("?")
    kept = [one for one in _PARAMETERS.findall(query) if not _KEY_PARAMETER.fullmatch(unquote_plus(one[1]))]
    rest = "".join(separator + name + value for separator, name, value in kept)
    fields = [field for field in headers if field[0].lower() not in _KEY_HEADERS]
    return fields, f"{path}?{rest.lstrip('&;')}" if rest else path


def with_key(headers: Iterable[tuple[bytes, bytes]], key: str, header: str) -> list[tuple[bytes, bytes]]:
    """Return headers with a key in the one named; `authorization` takes it as a bearer token."""
    value = f"Bearer {key}" if header == "authorization" else key
    return [*headers, (header.encode(), value.encode("latin-1"))]


def provider_key(plan: UpstreamPlan) -> str | None:
    """Return the operator's own key for a provider, from the environment or a file; None if there is none."""
    if plan.key_file is not None:
        try:
            return Path(plan.key_file).read_text(encoding="utf-8").strip() or None
        except (OSError, ValueError):
            return None
    return os.environ.get(plan.key_env, "").strip() or None if plan.key_env else None


_KEY_HEADERS = frozenset({b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key", b"ocp-apim-subscription-key"})
_KEY_PARAMETER = re.compile(r"key|api[-_]?key|subscription-key|access[-_]token", re.IGNORECASE)
_PARAMETERS = re.compile(r"(^|[&;])([^&;=]*)(=[^&;]*)?")
"""Of a query: what stands before each, its name, and its value with the sign of equality."""
