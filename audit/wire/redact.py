"""Secrets out of headers, URLs and error texts before anything is kept, and the credential in them told apart.

Headers are kept by an allow-list: one that nobody has thought of may hold anything, so only its name is kept.
Lists after OWASP's Logging Cheat Sheet and the providers' documented headers. Whatever else is kept is searched for
what has the shape of a provider's key.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import starmap
from urllib.parse import unquote_plus

from audit.call import Headers
from audit.wire.parse import parse_json

__all__ = [
    "REDACTED",
    "credential",
    "holds_credentials",
    "redact_headers",
    "redact_keys",
    "redact_lines",
    "redact_text",
    "redact_url",
]

REDACTED = "[redacted]"


def redact_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return lower-case names with their values, those not known to be harmless as `[redacted]`."""
    return tuple(_kept(raw, value) for raw, value in headers)


def redact_lines(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the same as lines, name and value by turns: on every call's path, where most headers were seen before."""
    return "\n".join(starmap(_kept_line, headers))


def _kept(raw: bytes, value: bytes) -> tuple[str, str]:
    name, keep = _name(raw)
    if not keep:
        return name, REDACTED
    text = value.decode("latin-1")
    if len(text) >= _SHORTEST_KEY:
        text = _KEY_SHAPE.sub(REDACTED, text)
    return name, text.replace("\n", "\\n") if "\n" in text else text  # no such header was ever sent


@lru_cache(maxsize=1024)
def _kept_line(raw: bytes, value: bytes) -> str:
    return "\n".join(_kept(raw, value))


def redact_keys(text: str) -> str:
    """Return a text without what has the shape of a provider's key."""
    return _KEY_SHAPE.sub(REDACTED, text) if len(text) >= _SHORTEST_KEY else text


@lru_cache(maxsize=1024)
def _name(raw: bytes) -> tuple[str, bool]:
    name = raw.decode("latin-1").lower().replace("\n", "\\n")
    return name, bool(_HARMLESS.fullmatch(name)) and not _SECRET.search(name)


@lru_cache(maxsize=1024)
def redact_url(url: str) -> str:
    """Return the URL without user name, password, fragment, the values of secret query parameters, and keys."""
    url = url.partition("#")[0]
    base, mark, query = url.partition("?")
    if "@" in base:
        base = _USERINFO.sub(r"\1", base)
    return redact_keys(base + mark + _PARAMETER.sub(_redact_parameter, query))


def _redact_parameter(match: re.Match[str]) -> str:
    return f"{match[1]}={REDACTED}" if _secret_parameter(match[1]) else match[0]


def redact_text(text: str, headers: Iterable[tuple[bytes, bytes]], url: str) -> str:
    """Return an error's text without the secrets of the request that it came of, which it may quote."""
    for secret in sorted(_secrets(headers, url), key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return _KEY_SHAPE.sub(REDACTED, _QUOTED_USERINFO.sub("//", text))


def _secrets(headers: Iterable[tuple[bytes, bytes]], url: str) -> Iterator[str]:
    """Yield each secret as it stands, and as Python would show it."""
    found = [value.decode("latin-1") for raw, value in headers if not _name(raw)[1]]
    found += [match[2] for match in _PARAMETER.finditer(url.partition("?")[2]) if _secret_parameter(match[1])]
    found += [unquote_plus(value) for value in found]
    for value in found:
        for piece in (value, value.strip(), *_PIECES.split(value)):
            if len(piece) >= _SHORTEST_SECRET:
                yield from (piece, repr(piece)[1:-1], repr(piece.encode("latin-1", "replace"))[2:-1])


def credential(headers: Iterable[tuple[bytes, bytes]], url: str) -> str | None:
    """Return what tells one API key from another, or None: the key itself, or the part of it that lasts.

    A signed token changes by the hour, so a JWT counts by issuer and subject, an AWS signature by its access
    key id; Google's opaque access tokens tell nothing.
    """
    for found in starmap(_credential, headers):
        if found is not None:
            return found
    if "?" not in url:
        return None
    for match in _PARAMETER.finditer(url.partition("?")[2].partition("#")[0]):
        if match[2] and _KEY_PARAMETER.fullmatch(unquote_plus(match[1])):
            return unquote_plus(match[2]).partition("/")[0]  # behind it an AWS credential has date and region
    return None


@lru_cache(maxsize=1024)
def _credential(raw: bytes, value: bytes) -> str | None:
    name = raw.lower()
    if name in _KEY_HEADERS:
        return value.strip().decode("latin-1") or None
    return _authorization(value.decode("latin-1").strip()) if name == b"authorization" else None


@lru_cache(maxsize=1024)
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
_USERINFO = re.compile(r"^((?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//|)[^/]*@")
_QUOTED_USERINFO = re.compile(r"//[^/\s\"'@]+@")
_PARAMETER = re.compile(r"(?:^|(?<=[&;]))([^&;=]++)=([^&;]*+)")
_AWS_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/")
_TOKEN_ENDPOINT = re.compile(
    r"""//(sts|oauth2?|login|iamcredentials)\.
    | /(oauth2?|token|sts|login)(/v\d[.\d]*)?(/token|/authorize)?/?$
    | /(security-credentials/.+|(admin_)?api_keys|keys|service_accounts|client_secrets|auth_tokens)/?$
    | /(realtime|chatkit)/(transcription_)?sessions/?$
    | :(generateAccessToken|generateIdToken|signJwt|signBlob)$""",
    re.IGNORECASE | re.VERBOSE,
)
_SECRET_PARAMETER = re.compile(
    r"""keys?(-?id)?\b | api.?key | token | secret | passw | pwd | signature | credential | session | jwt | bearer
    | ^(sig|sas|sid|code|assertion|ticket|hmac)$ | (^|[^a-z])auth""",
    re.VERBOSE,
)
_KEY_PARAMETER = re.compile(r"(x-)?(key|api[-_]?key|subscription-key|access[-_]token|x-amz-credential)", re.IGNORECASE)
_SECRET = re.compile(
    r"""cookie | ^authorization$ | secret | passw | api-?key | credential | signature | (auth|session|access)-?token
    | ^(openai|anthropic)-organization | organization-id$ | (?<!idempotency)-(key|auth)$""",
    re.VERBOSE,
)
_PIECES = re.compile(r"[\s;,=&]+|://|@")
_SHORTEST_SECRET = 6
"""Shorter ones would take ordinary words out of an error's text."""
_SHORTEST_KEY = 20
_KEY_SHAPE = re.compile(
    r"""(?<![A-Za-z0-9])(?:
      (?:sk|pk|rk|ek|csk|sess)[-_][A-Za-z0-9_-]{17,}    # OpenAI, Anthropic, OpenRouter, DeepSeek, Cerebras, Stripe
    | AIza[\w-]{30,} | AQ\.[\w-]{20,} | ya29\.[\w.-]{15,} | GOCSPX-[\w-]{20,}               # Google
    | eyJ[\w-]{8,500}\.[\w-]{8,}\.[\w-]*                                                 # JSON web tokens
    | (?:AKIA|ASIA|AROA)[A-Z0-9]{16} | ABSK[\w+/=]{20,} | bedrock-api-key-[\w+/=]{20,}     # AWS
    | gh[oprsu]_\w{20,} | github_pat_\w{20,} | glpat-[\w-]{16,} | npm_\w{20,}
    | hf_\w{20,} | gsk_\w{20,} | xai-\w{20,} | pplx-\w{20,} | nvapi-[\w-]{20,} | r8_\w{20,} | fw_\w{20,}
    | tgp_v1_[\w-]{20,} | jina_\w{20,} | pa-[\w-]{40,} | xox[abeoprs]-[\w-]{15,} | dop_v1_\w{20,} | dapi[0-9a-f]{32}
    )""",
    re.VERBOSE,
)
"""Keys as their issuers document them: by prefix, so that names and identifiers are left alone."""
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
