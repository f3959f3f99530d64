"""No byte that anyone sends begins a line of its own: not in a request, not in a response, not in the log.

And nobody takes away what matters by naming it in `Connection`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256

import pytest

from audit.proxy.plan import IssuedKey, UpstreamPlan
from tests.proxy.framing import Ending
from tests.proxy.origin import Heard, Origin, Script, Then, a_reply
from tests.proxy.raw import Answer, Client, ask
from tests.proxy.running import RunningProxy, running_proxy

BREAKS = {
    "CR": b"\r",
    "LF": b"\n",
    "NUL": b"\0",
    "CR CR LF": b"\r\r\n",
    "folded": b"\r\n ",
    "VT": b"\x0b",
    "FF": b"\x0c",
    "DEL": b"\x7f",
    "escape": b"\x1b[2J",
}
ENCODED = {
    "%0d%0a": b"%0d%0a",
    "%0D": b"%0D",
    "%0a": b"%0a",
    "%00": b"%00",
    "%250d%250a": b"%250d%250a",
    "%e5%98%8d%e5%98%8a": b"%e5%98%8d%e5%98%8a",
    "%c4%8d%c4%8a": b"%c4%8d%c4%8a",
    "%u000d%u000a": b"%u000d%u000a",
    "%e2%80%a8": b"%e2%80%a8",
    "%c2%85": b"%c2%85",
}
INJECTED = b"x-injected: 1"
PLACES = {
    "path": b"POST /router/v1/a<>b HTTP/1.1\r\nHost: x\r\n",
    "provider's name": b"POST /router<>/v1/a HTTP/1.1\r\nHost: x\r\n",
    "another provider's name": b"POST /nobody<>/v1/a HTTP/1.1\r\nHost: x\r\n",
    "query": b"POST /router/v1/a?b=<> HTTP/1.1\r\nHost: x\r\n",
    "method": b"PO<>ST /router/v1/a HTTP/1.1\r\nHost: x\r\n",
    "version": b"POST /router/v1/a HTTP/1.1<>\r\nHost: x\r\n",
    "host": b"POST /router/v1/a HTTP/1.1\r\nHost: x<>\r\n",
    "header": b"POST /router/v1/a HTTP/1.1\r\nHost: x\r\nX-A: a<>b\r\n",
    "header's name": b"POST /router/v1/a HTTP/1.1\r\nHost: x\r\nX-A<>: b\r\n",
    "tag": b"POST /router/v1/a HTTP/1.1\r\nHost: x\r\nX-Audit-Project: a<>b\r\n",
    "tag's name": b"POST /router/v1/a HTTP/1.1\r\nHost: x\r\nX-Audit-A<>: b\r\n",
    "key": b"POST /router/v1/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a<>b\r\n",
    "content type": b"POST /router/v1/a HTTP/1.1\r\nHost: x\r\nContent-Type: a<>b\r\n",
    "connection": b"POST /router/v1/a HTTP/1.1\r\nHost: x\r\nConnection: x-a<>b\r\n",
    "upgrade": b"POST /router/v1/a HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: a<>b\r\n",
    "expectation": b"POST /router/v1/a HTTP/1.1\r\nHost: x\r\nExpect: a<>b\r\n",
}
ANSWERS = {
    "reason": b"HTTP/1.1 200 O<>K\r\ncontent-length: 2\r\n\r\nok",
    "status": b"HTTP/1.1 200<> OK\r\ncontent-length: 2\r\n\r\nok",
    "header": b"HTTP/1.1 200 OK\r\nx-a: a<>b\r\ncontent-length: 2\r\n\r\nok",
    "header's name": b"HTTP/1.1 200 OK\r\nx-a<>: b\r\ncontent-length: 2\r\n\r\nok",
    "location": b"HTTP/1.1 302 Found\r\nlocation: /<>\r\ncontent-length: 2\r\n\r\nok",
    "cookie": b"HTTP/1.1 200 OK\r\nset-cookie: a=<>\r\ncontent-length: 2\r\n\r\nok",
    "connection": b"HTTP/1.1 200 OK\r\nconnection: x-a<>\r\ncontent-length: 2\r\n\r\nok",
    "coding": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked<>\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "extension": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a<>\r\nok\r\n0\r\n\r\n",
    "trailer": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-a: a<>b\r\n\r\n",
    "interim response": b"HTTP/1.1 103 Early\r\nlink: a<>b\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
}
ESSENTIAL = (
    "Authorization",
    "X-API-Key",
    "api-key",
    "x-goog-api-key",
    "Host",
    "Content-Length",
    "Content-Type",
    "Content-Encoding",
    "Cookie",
)


@pytest.fixture(scope="module")
def proxy(origin: Origin) -> Iterator[RunningProxy]:
    with running_proxy({"router": origin.url}) as running:
        yield running
        assert b"Traceback" not in running.log.read_bytes()


@pytest.fixture(autouse=True)
def _nothing_injected(origin: Origin, proxy: RunningProxy) -> Iterator[None]:
    origin.forget()
    origin.play(a_reply())
    yield
    assert not [one.fault for one in origin.heard if one.fault.startswith(Ending.MALFORMED)]
    assert not [one for one in origin.heard if injected(one)]
    assert_log_is_clean(proxy)


def injected(one: Heard | Answer) -> bool:
    """Whether a header came that nobody may have sent."""
    return any(name.lower().startswith(b"x-injected") for name, _ in (*one.headers, *one.trailers))


def assert_log_is_clean(proxy: RunningProxy) -> None:
    for line in proxy.log.read_bytes().splitlines():
        assert not line.lower().startswith(b"x-injected")
        assert not set(line) & {*range(9), *range(10, 32), 127}


@pytest.mark.parametrize("name", [*BREAKS, *ENCODED])
@pytest.mark.parametrize("place", PLACES)
def test_nothing_that_a_client_sends_begins_another_line(
    place: str, name: str, proxy: RunningProxy, origin: Origin
) -> None:
    broken = (BREAKS | ENCODED)[name]
    wire = PLACES[place].replace(b"<>", broken + INJECTED.replace(b": ", b":" if place in _WORDS else b": ")) + b"\r\n"
    with Client(proxy.host, proxy.port) as client:
        answer = client.ask(wire)
    assert answer.ending is Ending.COMPLETE
    assert answer.status is not None
    assert answer.status == 200 or 400 <= answer.status <= 505
    assert not injected(answer)
    if name in BREAKS:
        assert answer.status >= 400
        assert origin.heard == []


_WORDS = ("path", "provider's name", "another provider's name", "query", "method", "version", "host")


@pytest.mark.parametrize("name", BREAKS)
@pytest.mark.parametrize("place", ANSWERS)
def test_nothing_that_a_provider_sends_begins_another_line(
    place: str, name: str, proxy: RunningProxy, origin: Origin
) -> None:
    wire = ANSWERS[place].replace(b"<>", BREAKS[name] + INJECTED.replace(b"x", b"y", 1))
    origin.play(Script((wire,), Then.CLOSE))
    answer = ask((proxy.host, proxy.port), b"GET /router/v1/a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.status == 502 or answer.ending in (Ending.CUT, Ending.RESET)
    assert not [one for one in answer.headers if one[0].startswith(b"y-")]


def test_a_model_name_begins_no_line(origin: Origin) -> None:
    """It is quoted to who asks for a model that their key may not use."""
    secret = "sk-audit-0123456789"
    key = IssuedKey(slot=0, digest=sha256(secret.encode()).hexdigest(), name="a", models=("gpt-*",))
    upstream = UpstreamPlan(name="router", mounts=("/router",), base_url=origin.url, key_env="AUDIT_TEST_KEY")
    with running_proxy([upstream], environ={"AUDIT_TEST_KEY": "k"}) as running:
        running.tell(key)
        running.status()
        for model in ("a\r\nx-injected: 1", "\n", "\0", "\x1b[2J", "\u2028x-injected: 1", '"}, "x-injected": {"'):
            body = json.dumps({"model": model}).encode()
            told = f"Authorization: Bearer {secret}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            head = b"POST /router/v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
            answer = ask((running.host, running.port), head + told + body)
            assert (answer.ending, answer.status) == (Ending.COMPLETE, 403)
            assert not injected(answer)
            json.loads(answer.body)
        assert_log_is_clean(running)


@pytest.mark.parametrize("name", ESSENTIAL)
@pytest.mark.parametrize("form", ["{}", "close, {}", "{}, keep-alive", " ,{} ,", "{}\r\nConnection: close"])
def test_nothing_that_matters_is_taken_away_by_naming_it(
    name: str, form: str, proxy: RunningProxy, origin: Origin
) -> None:
    for spelling in (name, name.lower(), name.upper()):
        told = [f"Connection: {form.format(spelling)}", "Authorization: Bearer a", "X-API-Key: b", "api-key: c"]
        told += ["x-goog-api-key: d", "Content-Type: application/json", "Content-Encoding: gzip", "Cookie: e=f"]
        lines = ["POST /router/v1/a HTTP/1.1", "Host: x", *told, "Content-Length: 5", "", "hello"]
        answer = ask((proxy.host, proxy.port), "\r\n".join(lines).encode())
        assert answer.ending is Ending.COMPLETE
        if answer.status == 400:
            assert origin.heard == []
            continue
        names = {field.lower() for field, _ in origin.heard[-1].headers}
        assert name.lower().encode() in names
        assert origin.heard[-1].body == b"hello"


@pytest.mark.parametrize("name", ["content-type", "content-encoding", "content-length", "set-cookie", "date"])
def test_a_provider_takes_nothing_away_that_matters(name: str, proxy: RunningProxy, origin: Origin) -> None:
    told = [b"content-type: text/plain", b"content-encoding: identity", b"set-cookie: a=b", b"date: x"]
    origin.play(a_reply(b"hello", b"200 OK", *told, b"connection: " + name.encode()))
    answer = ask((proxy.host, proxy.port), b"GET /router/v1/a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.status == 502 or (answer.values(name.encode()) and answer.body == b"hello")


def test_other_headers_that_are_named_are_for_one_connection(proxy: RunningProxy, origin: Origin) -> None:
    hop = b"Connection: keep-alive, X-One,x-two\r\nX-One: 1\r\nX-TWO: 2\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\n"
    origin.play(a_reply(b"", b"200 OK", b"connection: x-three, close", b"X-Three: 3", b"keep-alive: timeout=5"))
    wire = b"GET /router/v1/a HTTP/1.1\r\nHost: x\r\n" + hop + b"X-Four: 4\r\nProxy-Connection: close\r\n\r\n"
    answer = ask((proxy.host, proxy.port), wire)
    gone = {b"connection", b"x-one", b"x-two", b"x-three", b"keep-alive", b"te", b"proxy-connection"}
    assert {name.lower() for name, _ in origin.heard[0].headers} == {b"host", b"x-four"}
    assert not gone - {b"connection"} & {name.lower() for name, _ in answer.headers}
    assert b"x-three" not in b"".join(answer.values(b"connection"))
