"""Which requests are let through, and with whose key."""

from __future__ import annotations

import gzip
import hashlib
import time
from collections.abc import Iterator

import pytest

from audit.proxy.plan import IssuedKey, UpstreamPlan
from tests.proxy.origin import Origin, a_reply
from tests.proxy.raw import Answer, Client, ask
from tests.proxy.running import RunningProxy, running_proxy

CI, CHEAP = "sk-audit-" + "c" * 40, "sk-audit-" + "d" * 40
REAL = "sk-real-" + "e" * 30
HEAD = b" HTTP/1.1\r\nHost: proxy\r\n"


def issued(secret: str, slot: int, **fields: object) -> IssuedKey:
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return IssuedKey(slot=slot, digest=digest, name=f"key{slot}", **fields)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def proxy(origin: Origin) -> Iterator[RunningProxy]:
    upstreams = [
        UpstreamPlan(name="router", mounts=("/router",), base_url=origin.url, key_env="ROUTER_KEY"),
        UpstreamPlan(name="azure", mounts=("/azure",), base_url=origin.url, key_env="ROUTER_KEY", key_header="api-key"),
        UpstreamPlan(name="bare", mounts=("/bare",), base_url=origin.url, key_env="NOT_SET"),
    ]
    keys = [
        issued(CI, 1, project="search", user="ada", labels=(("team", "a"),), providers=("router", "azure", "bare")),
        issued(CHEAP, 2, models=("gpt-*-mini",), rpm=1000),
    ]
    with running_proxy(upstreams, environ={"ROUTER_KEY": REAL}, via="audit-test") as proxy:
        proxy.tell(*keys)
        until = time.monotonic() + 5
        while asked(proxy, key=CI).status != 200 and time.monotonic() < until:
            pass
        origin.play(a_reply())
        yield proxy


def asked(
    proxy: RunningProxy,
    path: str = "/router/v1/responses",
    body: bytes = b"{}",
    *headers: bytes,
    key: str | None = None,
    method: bytes = b"POST",
) -> Answer:
    bearer = [f"Authorization: Bearer {key}".encode()] if key else []
    lines = [method + b" " + path.encode() + HEAD[:-2], *headers, *bearer, b"Content-Length: %d" % len(body), b"", body]
    return ask((proxy.host, proxy.port), b"\r\n".join(lines))


def test_a_providers_own_key_goes_through(origin: Origin, proxy: RunningProxy) -> None:
    assert asked(proxy, key="sk-theirs").status == 200
    sent = dict(origin.heard[0].headers)
    assert sent[b"Authorization"] == b"Bearer sk-theirs"
    assert sent[b"Via"] == b"1.1 audit-test"


@pytest.mark.parametrize(
    ("path", "headers", "place", "value"),
    [
        ("/router/v1/responses", (b"Authorization: Bearer " + CI.encode(),), b"authorization", f"Bearer {REAL}"),
        ("/router/v1/messages", (b"X-Api-Key: " + CI.encode(),), b"x-api-key", REAL),
        (f"/router/v1beta/models/m:generateContent?alt=sse&key={CI}", (), b"x-goog-api-key", REAL),
        ("/azure/openai/deployments/d/chat/completions", (b"Authorization: Bearer " + CI.encode(),), b"api-key", REAL),
        ("/router/v1/x", (b"X-Api-Key: other", b"Authorization: " + CI.encode()), b"authorization", f"Bearer {REAL}"),
    ],
)
def test_an_issued_key_is_exchanged_for_the_real_one(
    origin: Origin, proxy: RunningProxy, path: str, headers: tuple[bytes, ...], place: bytes, value: str
) -> None:
    before = len(proxy.exchanges())
    assert asked(proxy, path, b"{}", *headers, b"X-Audit-Project: claimed", b"X-Audit-Ticket: AB-7").status == 200
    [heard] = origin.heard
    assert [found for name, found in heard.headers if name == place] == [value.encode()]
    assert CI.encode() not in heard.raw
    assert b"other" not in heard.raw
    exchange = proxy.exchanges(before + 1)[before]
    assert exchange.tags.project == "search", "the key's own tags win"
    assert exchange.tags.user == "ada"
    assert dict(exchange.tags.labels) == {"ticket": "AB-7", "team": "a"}
    assert exchange.key_fingerprint
    assert CI not in exchange.url
    assert REAL not in repr(exchange)


def test_an_issued_key_has_one_fingerprint_wherever_it_stands(proxy: RunningProxy) -> None:
    before = len(proxy.exchanges())
    asked(proxy, "/router/v1/messages", b"{}", b"X-Api-Key: " + CI.encode())
    asked(proxy, key=CI)
    assert len({one.key_fingerprint for one in proxy.exchanges(before + 2)[before:]}) == 1


@pytest.mark.parametrize(
    ("path", "key", "body", "status", "code"),
    [
        ("/router/v1/responses", "sk-audit-unknown", b"{}", 401, b"invalid_api_key"),
        ("/router/v1/responses", CHEAP, b'{"model": "gpt-5"}', 403, b"model_not_allowed"),
        ("/router/v1/responses", CHEAP, b'{"model": "gpt-5-mini", "model": "gpt-5"}', 403, b"model_not_allowed"),
        ("/router/v1/responses", CHEAP, b"{}", 403, b"model_not_allowed"),
        ("/bare/v1/responses", CI, b"{}", 503, b"no_provider_key"),
        ("/nowhere/v1/responses", CI, b"{}", 404, b"no_such_provider"),
        ("/router/%2e%2e/v1", CI, b"{}", 400, b"malformed"),
    ],
)
def test_what_is_not_allowed_is_refused(
    origin: Origin, proxy: RunningProxy, path: str, key: str, body: bytes, status: int, code: bytes
) -> None:
    answer = asked(proxy, path, body, key=key)
    assert (answer.status, answer.values(b"x-audit-refused")) == (status, [code])
    assert origin.heard == []
    assert answer.lasting


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/router/v1/x", (b"X-Portkey-Api-Key: " + CI.encode(),)),
        ("/router/v1/x", (b"X-Api-Key: " + CI.encode(), b"X-Copy: " + CI.encode())),
        (f"/router/v1/{CI}", ()),
    ],
)
def test_an_issued_key_goes_to_nobody_wherever_it_stands(
    origin: Origin, proxy: RunningProxy, path: str, headers: tuple[bytes, ...]
) -> None:
    answer = asked(proxy, path, b"{}", *headers)
    assert (answer.status, answer.values(b"x-audit-refused"), origin.heard) == (401, [b"misplaced_key"], [])


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"model": "gpt-5-mini"}', ()),
        (gzip.compress(b'{"model": "gpt-5-mini"}', mtime=0), (b"Content-Encoding: gzip",)),
    ],
)
def test_an_allowed_model_goes_through(
    origin: Origin, proxy: RunningProxy, body: bytes, headers: tuple[bytes, ...]
) -> None:
    answer = asked(proxy, "/router/v1/responses", body, b"Content-Type: application/json", *headers, key=CHEAP)
    assert (answer.status, origin.heard[0].body) == (200, body)


def test_a_list_of_models_needs_none(proxy: RunningProxy) -> None:
    assert asked(proxy, "/router/v1/models", b"", key=CHEAP, method=b"GET").status == 200


def test_a_body_in_an_unknown_coding_tells_no_model(origin: Origin, proxy: RunningProxy) -> None:
    answer = asked(proxy, "/router/v1/responses", b'{"model": "gpt-5-mini"}', b"Content-Encoding: rot13", key=CHEAP)
    assert (answer.status, origin.heard) == (403, [])


def test_the_whole_body_is_looked_at_where_the_model_matters(origin: Origin, proxy: RunningProxy) -> None:
    body = b'{"input": "' + b"a" * 1_500_000 + b'", "model": "gpt-5"}'
    assert asked(proxy, "/router/v1/responses", body, b"Content-Type: application/json", key=CHEAP).status == 403
    body = body.replace(b"gpt-5", b"gpt-5-mini")
    assert asked(proxy, "/router/v1/responses", body, b"Content-Type: application/json", key=CHEAP).status == 200
    assert [heard.body for heard in origin.heard] == [body]


def test_a_request_that_came_through_here_before_goes_in_a_circle(origin: Origin, proxy: RunningProxy) -> None:
    answer = asked(proxy, "/router/v1/responses", b"{}", b"Via: 1.1 other, 1.1 audit-test")
    assert (answer.status, origin.heard) == (508, [])


def test_a_websocket_is_refused_so_that_tools_fall_back(origin: Origin, proxy: RunningProxy) -> None:
    asking = b"GET /router/v1/responses" + HEAD + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    answer = ask((proxy.host, proxy.port), asking)
    assert (answer.status, answer.values(b"upgrade"), origin.heard) == (426, [b"HTTP/1.1"], [])


def test_a_host_is_given_to_a_request_without_one(origin: Origin, proxy: RunningProxy) -> None:
    assert ask((proxy.host, proxy.port), b"GET /router/v1/models HTTP/1.0\r\n\r\n").status == 200
    assert dict(origin.heard[0].headers)[b"Host"] == origin.url.removeprefix("http://").encode()


def test_only_issued_keys_may_be_let_through(origin: Origin) -> None:
    with running_proxy(origin.url, issued_keys_only=True) as proxy, Client(proxy.host, proxy.port) as client:
        answer = client.ask(b"GET /v1/models" + HEAD + b"Authorization: Bearer sk-theirs\r\n\r\n")
        assert (answer.status, origin.heard) == (401, [])
        assert b"audit keys issue" in answer.body
