"""Secrets out of headers and URLs before anything is kept, and the credential in them told apart.

Headers are kept by an allow-list: one that nobody has thought of may hold anything, so only its name is kept.
Lists after OWASP's Logging Cheat Sheet and the providers' documented headers.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote_plus

from audit.call import Headers
from audit.wire.parse import parse_json

__all__ = ["REDACTED", "credential", "holds_credentials", "redact_flat", "redact_headers", "redact_url"]

REDACTED = "[redacted]"


def redact_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return lower-case names with their values, those not known to be harmless as `[redacted]`."""
    flat = iter(redact_flat(headers))
    return tuple(zip(flat, flat, strict=True))


def redact_flat(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Return the same as name, value, name, value, …: on every call's path, where each container counts."""
    flat = []
    for raw, value in headers:
        name, keep = _name(raw)
        flat.append(name)
        flat.append(value.decode("latin-1") if keep else REDACTED)
    return flat


@lru_cache(maxsize=1024)
def _name(raw: bytes) -> tuple[str, bool]:
    name = raw.decode("latin-1").lower()
    return name, bool(_HARMLESS.fullmatch(name)) and not _SECRET.search(name)


def redact_url(url: str) -> str:
    """Return the URL without user name, password, fragment and the values of secret query parameters."""
    url = url.partition("#")[0]
    base, mark, query = url.partition("?")
    if "@" in base:
        base = _USERINFO.sub(r"\1", base)
    if not mark:
        return base
    pairs = (pair.partition("=") for pair in query.split("&"))
    return base + "?" + "&".join(n + e + (REDACTED if e and _secret_parameter(n) else v) for n, e, v in pairs)


def credential(headers: Iterable[tuple[bytes, bytes]], url: str) -> str | None:
    """Return what tells one API key from another, or None: the key itself, or the part of it that lasts.

    A signed token changes by the hour, so a JWT counts by issuer and subject, an AWS signature by its access
    key id; Google's opaque access tokens tell nothing.
    """
    for raw, value in headers:
        name = raw.lower()
        if name in _KEY_HEADERS and value.strip():
            return value.strip().decode("latin-1")
        if name == b"authorization" and (found := _authorization(value.decode("latin-1").strip())):
            return found
    for pair in url.partition("?")[2].partition("#")[0].split("&"):
        name_, _, value_ = pair.partition("=")
        if value_ and _secret_parameter(name_):
            return unquote_plus(value_)
    return None


def holds_credentials(url: str) -> bool:
    """Whether bodies at this URL hold tokens rather than prompts: OAuth and cloud sign-in endpoints."""
    return bool(_TOKEN_ENDPOINT.search(url.partition("?")[0]))


def _authorization(value: str) -> str | None:
    scheme, _, rest = value.partition(" ")
    rest = rest.strip()
    if scheme.upper().startswith("AWS4-"):
        match = _AWS_CREDENTIAL.search(rest)
        return match.group(1) if match else None
    if scheme.lower() != "bearer":
        return rest or None
    if rest.startswith("ya29."):
        return None
    return _subject(rest) or rest or None


def _subject(token: str) -> str | None:
    pieces = token.split(".")
    if len(pieces) != 3 or not token.startswith("eyJ"):
        return None
    try:
        claims = parse_json(base64.urlsafe_b64decode(pieces[1] + "=" * (-len(pieces[1]) % 4))).value
    except (binascii.Error, ValueError):
        return None
    if not isinstance(claims, dict) or not (claims.get("sub") or claims.get("appid")):
        return None
    return f"jwt:{claims.get('iss')}:{claims.get('sub')}:{claims.get('appid')}"


@lru_cache(maxsize=1024)
def _secret_parameter(name: str) -> bool:
    return bool(_SECRET_PARAMETER.search(unquote_plus(name).lower()))


_KEY_HEADERS = frozenset({b"x-api-key", b"api-key", b"x-goog-api-key", b"ocp-apim-subscription-key"})
_USERINFO = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*://)[^/]*@")
_AWS_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/")
_TOKEN_ENDPOINT = re.compile(
    r"/(oauth2?|token|sts|login)(/v\d[.\d]*)?(/token|/authorize)?/?$|:generateAccessToken$", re.IGNORECASE
)
_SECRET_PARAMETER = re.compile(
    r"^(key|sig|code)$|api.?key|token|secret|passw|signature|credential|^x-amz-(credential|signature|security)"
)
_SECRET = re.compile(r"cookie|^authorization$|secret|passw|^(openai|anthropic)-organization|organization-id$")
_HARMLESS = re.compile(
    r"""(llm_provider-)?(
      accept(-[a-z]+)? | age | allow | alt-svc | cache-control | connection | date | etag | expect | expires
    | host | content-(type|length|encoding|disposition|language|range) | transfer-encoding | te | trailer
    | upgrade | if-[a-z-]+ | last-modified | origin | prefer | range | retry-after(-ms)? | server(-timing)? | user-agent
    | vary | via | x-should-retry | traceparent | api-version
    | (x-)?(request|correlation|trace|generation|inference)-?id | .*-(request|correlation|trace)-?id
    | (x-)?idempotency-key | x-amzn-requestid | amz-sdk-(request|invocation-id)
    | .*ratelimit.* | .*rate-limit-.* | x-stainless-.* | x-envoy-.* | x-metrics-.* | x-kong-.*
    | x-(compute|inference|queue|total|validation)-time | (num|prompt|sampling)[_-](chars|tokens?)(-len)?
    | openai-(beta|model|processing-ms|version|project) | anthropic-(version|beta|dangerous-.*|priority-.*)
    | x-goog-(api-client|user-project|request-params|api-version) | x-gemini-.* | gemini-version
    | x-ms-(served-model|deployment-name|region|rai-invoked|is-spilled-over|client-request-id|request-id)
    | azureml-model-.* | azureai-.* | ms-azureml-.* | cmp-upstream-.* | apim-request-id
    | x-amzn-(bedrock-.*|errortype) | x-amz-(date|target)
    | x-litellm-(.*cost|model.*|version|.*duration-ms|attempted-.*) | x-openrouter-.* | x-title | x-app
    | cf-(ray|cache-status) | x-cache | x-served-by | x-groq-region | x-vercel-id
    | x-inference-(provider|version) | strict-transport-security | x-content-type-options | x-powered-by
    )""",
    re.VERBOSE,
)
