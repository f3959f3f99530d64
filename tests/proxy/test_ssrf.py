"""Nothing in a request or a response makes the proxy connect anywhere but where the operator said."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.proxy.canary import Canary, a_canary
from tests.proxy.framing import Ending
from tests.proxy.origin import Origin, a_reply
from tests.proxy.raw import Client, ask
from tests.proxy.running import RunningProxy, running_proxy

KEY = b"sk-ssrf-0123456789abcdef0123456789"
HOSTS = (
    "127.0.0.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "127.1",
    "0",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.0.0.1.",
)
"""Spellings of this machine, where the canary is."""
TARGETS = (
    "//{evil}/v1/x",
    "///{evil}/v1/x",
    "/@{evil}/v1/x",
    "/\\{evil}/v1/x",
    "\\\\{evil}/v1/x",
    "@{evil}/v1/x",
    ":80@{evil}/v1/x",
    ".{evil}/v1/x",
    "{evil}",
    "{evil}/v1/x",
    "http://{evil}/v1/x",
    "http://{evil}/router/v1/x",
    "https://{evil}/router/v1/x",
    "http://router@{evil}/router/v1/x",
    "http:/{evil}/router/v1/x",
    "http:{evil}/router/v1/x",
    "gopher://{evil}/_x",
    "file://{evil}/etc/passwd",
    "/http://{evil}/v1/x",
    "/http:/{evil}/v1/x",
    "/router@{evil}/v1/x",
    "/router:80@{evil}/v1/x",
    "/router.{evil}/v1/x",
    "/router/@{evil}/v1/x",
    "/router//{evil}/v1/x",
    "/router/\\{evil}/v1/x",
    "/router/http://{evil}/v1/x",
    "/router/..//{evil}/v1/x",
    "/router/%2F%2F{evil}/v1/x",
    "/%2F%2F{evil}/v1/x",
    "/router%40{evil}/v1/x",
    "/router/%0d%0aHost:%20{evil}/v1/x",
    "/router/v1/x#@{evil}",
    "/router/v1/x?url=http://{evil}/",
    "/router/v1/x?api_base=http://{evil}/v1&base_url=http://{evil}/v1",
)
FIELDS = (
    "Host: {evil}",
    "X-Forwarded-Host: {evil}",
    "X-Forwarded-Server: {evil}",
    "X-Forwarded-Proto: http\r\nX-Forwarded-Port: 1",
    "X-Host: {evil}",
    "X-HTTP-Host-Override: {evil}",
    "X-Original-URL: http://{evil}/",
    "X-Rewrite-URL: http://{evil}/",
    "X-Original-Host: {evil}",
    "Forwarded: for=1.1.1.1;host={evil};proto=http",
    "Via: 1.1 {evil}",
    "Referer: http://{evil}/",
    "Origin: http://{evil}",
    "X-Base-URL: http://{evil}/v1",
    "X-Upstream: http://{evil}",
    "X-Audit-Upstream: http://{evil}",
    "X-Audit-Base-URL: http://{evil}",
    "X-Portkey-Custom-Host: http://{evil}",
    "Helicone-Target-URL: http://{evil}",
    "Api-Base: http://{evil}",
    "Proxy: http://{evil}",
    "Http-Proxy: http://{evil}",
    "Proxy-Connection: keep-alive",
    "Upgrade: http://{evil}",
)
BODIES = ("api_base", "base_url", "url", "endpoint", "upstream", "proxy", "image_url", "webhook_url")
REFUSED = (
    *(f"http://{host}:{{port}}/v1" for host in (*HOSTS, "0.0.0.0", "[::]", "localhost.", "127.255.255.254")),
    "http://169.254.169.254/latest",
    "http://[fd00:ec2::254]/latest",
    "http://10.0.0.1/v1",
    "http://172.16.0.1/v1",
    "http://192.168.1.1/v1",
    "http://100.64.0.1/v1",
    "http://[fe80::1]/v1",
    "http://[fc00::1]/v1",
    "http://[::ffff:10.0.0.1]/v1",
    "http://[64:ff9b::7f00:1]/v1",
    "http://[2002:7f00:1::]/v1",
    "http://224.0.0.1/v1",
    "http://255.255.255.255/v1",
    "http://0x0a000001/v1",
    "http://2852039166/latest",
)


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    with a_canary() as listening:
        yield listening


@pytest.fixture(scope="module", params=["below a name", "at the root"])
def proxy(request: pytest.FixtureRequest, origin: Origin) -> Iterator[RunningProxy]:
    """All of this machine's addresses are allowed here: nothing but the routing keeps requests from the canary."""
    served = {"router": origin.url} if request.param == "below a name" else origin.url
    with running_proxy(served, allow_networks=("127.0.0.0/8", "::1/128", "0.0.0.0/32")) as running:
        yield running
        assert b"Traceback" not in running.log.read_bytes()


@pytest.fixture(autouse=True)
def _unvisited(origin: Origin, canary: Canary) -> Iterator[None]:
    origin.forget()
    origin.play(a_reply())
    yield
    assert canary.visits == []
    assert {one.headers and dict(one.headers)[b"Host"] for one in origin.heard} <= {origin.url[7:].encode()}


def a_request(target: str, *fields: str, body: str = "") -> bytes:
    told = ["Host: localhost"] if not any(field.startswith("Host:") for field in fields) else []
    told += [*fields, f"Authorization: Bearer {KEY.decode()}", f"Content-Length: {len(body)}"]
    return "\r\n".join([f"POST {target} HTTP/1.1", *told, "", body]).encode()


def test_the_tables_are_of_some_size() -> None:
    assert len(HOSTS) * (len(TARGETS) + len(FIELDS) + len(BODIES)) >= 200


@pytest.mark.parametrize("target", TARGETS)
def test_no_target_leads_elsewhere(target: str, proxy: RunningProxy, canary: Canary) -> None:
    for host in HOSTS:
        answer = ask((proxy.host, proxy.port), a_request(target.format(evil=f"{host}:{canary.port}")))
        assert answer.ending is Ending.COMPLETE
        assert answer.status is not None
        assert answer.status < 500


@pytest.mark.parametrize("field", FIELDS)
def test_no_header_leads_elsewhere(field: str, proxy: RunningProxy, canary: Canary, origin: Origin) -> None:
    for host in HOSTS:
        wire = a_request("/router/v1/x", field.format(evil=f"{host}:{canary.port}"))
        assert ask((proxy.host, proxy.port), wire).status in (200, 400)
    assert len(origin.heard) in (0, len(HOSTS))


@pytest.mark.parametrize("name", BODIES)
def test_no_body_leads_elsewhere(name: str, proxy: RunningProxy, canary: Canary, origin: Origin) -> None:
    for host in HOSTS:
        body = json.dumps({"model": "gpt-4o", name: f"http://{host}:{canary.port}/v1"})
        assert ask((proxy.host, proxy.port), a_request("/router/v1/chat/completions", body=body)).status == 200
        assert origin.heard[-1].body == body.encode()


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "OPTIONS"])
def test_no_method_leads_elsewhere(method: str, proxy: RunningProxy, canary: Canary) -> None:
    for host in HOSTS:
        wire = a_request(f"{host}:{canary.port}").replace(b"POST", method.encode(), 1)
        answer = ask((proxy.host, proxy.port), wire)
        assert answer.status is not None
        assert 400 <= answer.status < 500


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize("form", ["http://{evil}/v1", "//{evil}/v1", "https://{evil}/v1", "http://x@{evil}/"])
def test_a_redirect_is_the_clients_to_follow(
    status: int, form: str, proxy: RunningProxy, canary: Canary, origin: Origin
) -> None:
    where = form.format(evil=f"127.0.0.1:{canary.port}").encode()
    origin.play(a_reply(b"moved", b"%d Moved" % status, b"location: " + where, b"refresh: 0; url=" + where))
    with Client(proxy.host, proxy.port) as client:
        answer = client.ask(a_request("/router/v1/x"))
    assert (answer.status, answer.values(b"location"), answer.body) == (status, [where], b"moved")
    assert len(origin.heard) == 1


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"])
def test_proxies_of_the_environment_are_not_asked(name: str, canary: Canary, origin: Origin) -> None:
    with running_proxy(origin.url, environ={name: f"http://127.0.0.1:{canary.port}", "NO_PROXY": ""}) as running:
        assert ask((running.host, running.port), a_request("/v1/x")).status == 200


def test_what_a_proxys_own_answers_say_holds_no_key(proxy: RunningProxy) -> None:
    for target in ("/nowhere/v1/x", "/router/v1/%00", "http://x/"):
        assert KEY not in ask((proxy.host, proxy.port), a_request(target)).raw


@pytest.fixture(scope="module")
def inner(canary: Canary) -> Iterator[RunningProxy]:
    """Providers at addresses that nobody has listed."""
    urls = {f"n{number}": url.format(port=canary.port) for number, url in enumerate(REFUSED)}
    with running_proxy(urls, allow_networks=()) as running:
        yield running
        assert b"Traceback" not in running.log.read_bytes()


@pytest.mark.parametrize("url", REFUSED)
def test_a_provider_at_an_inner_address_is_refused_unless_it_is_listed(url: str, inner: RunningProxy) -> None:
    answer = ask((inner.host, inner.port), a_request(f"/n{REFUSED.index(url)}/v1/x"))
    assert (answer.status, answer.values(b"x-audit-refused")) == (502, [b"unreachable"])
    assert KEY not in answer.raw
    (first, *_) = inner.exchanges()
    assert first.ending == "failed"


def test_a_listed_network_lets_in_no_other(canary: Canary) -> None:
    served = {"two": f"http://127.0.0.1:{canary.port}/v1"}
    with running_proxy(served, allow_networks=("127.0.0.2/32", "10.0.0.0/8")) as running:
        assert ask((running.host, running.port), a_request("/two/v1/x")).status == 502
