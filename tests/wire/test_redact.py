"""Secrets out of whatever is kept."""

from __future__ import annotations

import base64
import json
import random
import string
import time
from urllib.parse import quote

import pytest

from audit.wire.redact import (
    REDACTED,
    credential,
    holds_credentials,
    redact_headers,
    redact_lines,
    redact_text,
    redact_url,
)

_random = random.Random(7)


def _made(alphabet: str, size: int) -> str:
    return "".join(_random.choices(alphabet, k=size))


_WORD = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"
_UPPER = string.ascii_uppercase + string.digits


def _token(claims: dict[str, str]) -> str:
    pieces = (json.dumps(piece).encode() for piece in ({"alg": "RS256"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(piece).decode().rstrip("=") for piece in pieces), _made(_WORD, 40)])


SHAPED = [
    f"sk-{_made(_WORD, 48)}",
    f"sk-proj-{_made(_WORD + '_-', 120)}x",
    f"sk-svcacct-{_made(_WORD, 60)}",
    f"sk-admin-{_made(_WORD, 60)}",
    f"sk-ant-api03-{_made(_WORD, 93)}-AA",
    f"sk-ant-oat01-{_made(_WORD, 90)}",
    f"sk-or-v1-{_made(_HEX, 64)}",
    f"sk-{_made(_HEX, 32)}",
    f"sk_live_{_made(_WORD, 24)}",
    f"rk_live_{_made(_WORD, 24)}",
    f"pk-lf-{_made(_HEX, 32)}",
    f"ek_{_made(_HEX, 32)}",
    f"sess-{_made(_WORD, 40)}",
    f"csk-{_made(_WORD, 48)}",
    f"AIza{_made(_WORD, 35)}",
    f"AQ.{_made(_WORD, 50)}",
    f"ya29.{_made(_WORD, 80)}",
    f"GOCSPX-{_made(_WORD, 28)}",
    _token({"iss": "https://sts.windows.net/t/", "appid": "a"}),
    f"AKIA{_made(_UPPER, 16)}",
    f"ASIA{_made(_UPPER, 16)}",
    f"ABSK{_made(_WORD, 100)}=",
    f"bedrock-api-key-{_made(_WORD, 60)}",
    f"ghp_{_made(_WORD, 36)}",
    f"gho_{_made(_WORD, 36)}",
    f"ghu_{_made(_WORD, 36)}",
    f"github_pat_{_made(_WORD, 60)}",
    f"glpat-{_made(_WORD, 20)}",
    f"npm_{_made(_WORD, 36)}",
    f"hf_{_made(_WORD, 34)}",
    f"gsk_{_made(_WORD, 52)}",
    f"xai-{_made(_WORD, 80)}",
    f"pplx-{_made(_WORD, 48)}",
    f"nvapi-{_made(_WORD, 60)}",
    f"r8_{_made(_WORD, 37)}",
    f"fw_{_made(_WORD, 24)}",
    f"tgp_v1_{_made(_WORD, 43)}",
    f"jina_{_made(_WORD, 60)}",
    f"pa-{_made(_WORD, 43)}",
    f"xoxb-{_made(string.digits, 12)}-{_made(_WORD, 24)}",
    f"dop_v1_{_made(_HEX, 64)}",
    f"dapi{_made(_HEX, 32)}",
]
"""Keys that can be told by their shape, wherever they stand."""
SHAPELESS = [
    _made(_HEX, 32),
    _made(_WORD, 84),
    _made(_HEX, 64),
    f"{_made(_HEX, 8)}-{_made(_HEX, 4)}-{_made(_HEX, 4)}-{_made(_HEX, 12)}",
    base64.b64encode(b"user:correct horse battery staple").decode(),
    "correct horse battery",
    "p@ss:w/rd?&=#;%",
    "héslo-ключ",
]
"""Azure's, Mistral's, Cohere's and people's own: told by where they stand alone."""
KEYS = SHAPED + SHAPELESS
SECRET_HEADERS = [
    "Authorization", "Proxy-Authorization", "X-Api-Key", "api-key", "x-goog-api-key", "Ocp-Apim-Subscription-Key",
    "Cookie", "Set-Cookie", "X-Amz-Security-Token", "X-Auth-Token", "X-Custom-Auth", "x-my-own-thing", "Location",
    "Referer", "X-Forwarded-Authorization", "X-MS-TOKEN-AAD-ACCESS-TOKEN", "Sec-WebSocket-Protocol", "x-kong-api-key",
    "x-kong-key", "x-envoy-auth",
    "X-Amzn-Bedrock-Session-Token", "cf-aig-authorization", "Helicone-Auth", "WWW-Authenticate", "x-ratelimit-api-key",
]  # fmt: skip
HARMLESS_HEADERS = [
    "User-Agent", "X-Request-Id", "Content-Type", "X-Stainless-Lang", "Idempotency-Key", "Origin", "traceparent",
    "x-ratelimit-remaining-tokens", "openai-project", "X-Title", "Host", "anthropic-beta", "x-idempotency-key",
]  # fmt: skip
SECRET_PARAMETERS = [
    "key", "KEY", "api_key", "api-key", "apikey", "apiKey", "x-api-key", "subscription-key", "access_token", "token",
    "id_token", "refresh_token", "client_secret", "password", "passwd", "pwd", "sig", "signature", "X-Amz-Signature",
    "X-Amz-Credential", "X-Amz-Security-Token", "X-Goog-Signature", "AWSAccessKeyId", "code", "auth", "authorization",
    "session", "sessionid", "jwt", "credential", "%6Bey", "api%5Fkey", "x-goog-api-key", "keys[]", "sas", "assertion",
    "hmac",
]  # fmt: skip
every_key = pytest.mark.parametrize("key", KEYS)
every_shaped_key = pytest.mark.parametrize("key", SHAPED)


def raw(*headers: tuple[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers]


def traces(key: str) -> set[str]:
    """The key in all spellings that could be found in a file."""
    return {
        key,
        quote(key),
        quote(key, safe=""),
        repr(key)[1:-1],
        repr(key.encode())[2:-1],
        key.encode().decode("latin-1"),
    }


def holds(text: str, key: str) -> bool:
    return any(trace in text for trace in traces(key))


def test_there_are_fifty_shapes_of_keys() -> None:
    assert len(set(KEYS)) == 50


@every_key
def test_no_header_that_may_hold_a_key_shows_it(key: str) -> None:
    for name in SECRET_HEADERS:
        for value in (key, f"Bearer {key}", f"Basic {key}", f"session={key}; Path=/", f" {key}"):
            assert redact_headers(raw((name, value))) == ((name.lower(), REDACTED),)


@every_shaped_key
def test_a_key_astray_in_a_harmless_header_is_told_by_its_shape(key: str) -> None:
    for name in HARMLESS_HEADERS:
        [(_, value)] = redact_headers(raw((name, f"tool/1.0 ({key})")))
        assert not holds(value, key)


@every_key
def test_no_secret_parameter_shows_its_value(key: str) -> None:
    for name in SECRET_PARAMETERS:
        for separator in "&;":
            url = f"https://host/v1/models?alt=sse{separator}{name}={quote(key, safe='')}{separator}beta=true"
            assert not holds(redact_url(url), key)
            assert redact_url(url).endswith(f"={REDACTED}{separator}beta=true")


@every_shaped_key
def test_a_key_astray_in_a_url_is_told_by_its_shape(key: str) -> None:
    for url in (
        f"https://host/v1/{key}/models",
        f"https://host/v1?who={key}",
        f"https://host/v1?{key}",
        f"/v1?u={key}",
    ):
        assert not holds(redact_url(url), key)


@every_key
def test_no_url_shows_user_name_password_or_fragment(key: str) -> None:
    quoted = quote(key, safe="")
    for user in (quoted, f"user:{quoted}", f"{quoted}:", f":{quoted}"):
        for start in ("https://", "http://", "//", "WSS://", ""):
            assert redact_url(f"{start}{user}@host:8080/v1?a=b#{quoted}") == f"{start}host:8080/v1?a=b"


@every_key
def test_no_error_text_quotes_a_secret_of_its_request(key: str) -> None:
    texts = (
        "Illegal header value {!r}", "cannot connect to https://user:{}@proxy:3128/", "GET https://host/?key={} failed",
        "{!r} is not a header", "bad header b'Bearer {}\\n' in [('authorization', 'Bearer {}')]",
    )  # fmt: skip
    quoted = quote(key, safe="")
    for name in SECRET_HEADERS:
        for text in texts:
            for spelling in (key, key.encode(), quoted):
                shown = text.replace("{}", str(spelling)).replace("{!r}", repr(spelling))
                told = redact_text(shown, raw((name, f"Bearer {key}\n")), f"https://host/v1?key={quoted}")
                assert not holds(told, key)


@every_shaped_key
def test_a_key_of_no_known_origin_in_an_error_text_is_told_by_its_shape(key: str) -> None:
    assert (
        redact_text(f"upstream said: key {key} is wrong", [], "https://host")
        == "upstream said: key [redacted] is wrong"
    )


def test_an_error_text_without_secrets_stays_as_it_is() -> None:
    text = "httpx2.ConnectError: [Errno 111] Connection refused by token-server, see https://host/a@b"
    assert redact_text(text, raw(("x-short", "see"), ("accept", "*/*")), "https://host?key=ab") == text


def test_harmless_headers_keep_their_values_and_lose_their_case() -> None:
    headers = raw(("Content-Type", "application/json"), ("X-RateLimit-Remaining-Tokens", "99"), ("Retry-After", "1"))
    assert redact_headers(headers) == (
        ("content-type", "application/json"), ("x-ratelimit-remaining-tokens", "99"), ("retry-after", "1"),
    )  # fmt: skip


def test_a_header_that_came_twice_stands_twice() -> None:
    assert redact_headers(raw(("via", "a"), ("via", "b"))) == (("via", "a"), ("via", "b"))


def test_headers_come_as_lines_where_time_matters() -> None:
    headers = raw(("Via", "a"), ("Cookie", "b"), ("Server", ""))
    for _ in range(2):
        assert redact_lines(headers) == "via\na\ncookie\n[redacted]\nserver\n"
    assert redact_lines([]) == ""


@pytest.mark.parametrize("header", [("Via", "a\nb"), ("V\nia", "a")])
def test_a_header_that_was_never_sent_as_it_is_no_header_stays_one(header: tuple[str, str]) -> None:
    assert redact_lines(raw(header)).count("\n") == 1


def test_an_organisation_is_nobodys_business() -> None:
    assert redact_headers(raw(("openai-organization", "acme"))) == (("openai-organization", REDACTED),)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1/chat/completions",
        "https://h.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        "https://h/v1/models/publishers/anthropic/models/claude@20250101:rawPredict?a;b&c=",
        "https://h/v1/responses/resp_0123456789abcdef0123456789abcdef?keyword=x&max=1",
    ],
)
def test_an_ordinary_url_stays_as_it_is(url: str) -> None:
    assert redact_url(url) == url


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (("Authorization", "Bearer sk-1"), "sk-1"),
        (("authorization", "bearer  sk-1 "), "sk-1"),
        (("X-Api-Key", "sk-2"), "sk-2"),
        (("api-key", "sk-3"), "sk-3"),
        (("x-goog-api-key", "AIza"), "AIza"),
        (("Authorization", "Basic dXNlcg=="), "dXNlcg=="),
        (("Authorization", "Bearer"), None),
        (("Authorization", ""), None),
        (("X-Api-Key", " "), None),
        (("Authorization", "Bearer ya29.opaque"), None),
        (("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/bedrock/aws4_request, …"), "AKID"),
        (("Authorization", "AWS4-HMAC-SHA256 nonsense"), None),
        (("Authorization", "Bearer a.b.c"), "a.b.c"),
        (("Authorization", "Bearer eyJ.a.c"), "eyJ.a.c"),
        (("Authorization", "Bearer eyJ.W10.c"), "eyJ.W10.c"),
        (("X-Other", "sk-4"), None),
    ],
)
def test_the_credential_is_what_tells_keys_apart(header: tuple[str, str], told: str | None) -> None:
    assert credential(raw(header), "https://host/v1") == told


def test_a_signed_token_counts_by_whose_it_is_not_by_the_hour() -> None:
    claims = {"iss": "https://sts.windows.net/t/", "sub": "s", "appid": "a"}
    told = {credential(raw(("authorization", f"Bearer {_token(claims | {'iat': hour})}")), "") for hour in ("1", "2")}
    assert told == {"jwt:https://sts.windows.net/t/:s:a"}


def test_a_signed_token_that_names_nobody_counts_as_it_is() -> None:
    token = _token({"iss": "x"})
    assert credential(raw(("authorization", f"Bearer {token}")), "") == token


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("key=AIza%2B1", "AIza+1"),
        ("alt=sse&api-key=k", "k"),
        ("access_token=t#fragment", "t"),
        ("X-Amz-Signature=changes&X-Amz-Credential=AKID%2F20260101%2Fus-east-1", "AKID"),
        ("key=", None),
        ("sig=changes&code=too", None),
        ("", None),
    ],
)
def test_a_credential_may_stand_in_the_url(query: str, told: str | None) -> None:
    assert credential([], f"https://host/v1?{query}") == told


@pytest.mark.parametrize(
    "url",
    [
        "https://login.microsoftonline.com/tenant/oauth2/v2.0/token",
        "https://oauth2.googleapis.com/token",
        "https://sts.amazonaws.com/",
        "http://169.254.169.254/metadata/identity/oauth2/token?resource=x",
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/role",
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a:generateAccessToken",
        "https://console.anthropic.com/v1/oauth/token",
        "https://api.openai.com/v1/realtime/client_secrets",
        "https://api.openai.com/v1/organization/admin_api_keys",
        "https://openrouter.ai/api/v1/keys",
        "https://generativelanguage.googleapis.com/v1alpha/auth_tokens",
    ],
)
def test_bodies_at_sign_in_endpoints_hold_credentials(url: str) -> None:
    assert holds_credentials(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1/chat/completions?token=1",
        "https://api.anthropic.com/v1/messages/count_tokens",
        "https://generativelanguage.googleapis.com/v1/models/g:countTokens",
        "https://host/v1/tokenize",
        "https://tokens.example.com/v1/responses",
    ],
)
def test_bodies_elsewhere_do_not(url: str) -> None:
    assert not holds_credentials(url)


@pytest.mark.parametrize(
    "piece",
    [
        "sk-",
        "-eyJaaaaaaaa",
        "a.",
        "@",
        "//",
        "//a",
        "=",
        "a=b;",
        "A",
        "bedrock-api-key-",
        "xoxb-",
        "/token",
        "%6B",
        "AKIA",
    ],
)
def test_no_text_takes_long_to_search(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    began = time.process_time()
    redact_url(f"https://{text}")
    redact_url(f"https://host?{text}")
    redact_headers(raw(("user-agent", text), (text, "value")))
    redact_text(text, [], "https://host")
    holds_credentials(f"https://host/{text}")
    credential([], f"https://host?{text}")
    assert time.process_time() - began < 1
