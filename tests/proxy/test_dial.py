"""Connections to providers: which are made, how, and which never."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from audit.proxy import dial
from audit.proxy.addresses import Networks
from audit.proxy.dial import Dialer, Unreachable
from audit.proxy.outbound import Outbound
from audit.proxy.plan import UpstreamPlan
from audit.proxy.upstreams import Upstream
from tests.proxy.origin import Origin, a_reply
from tests.proxy.raw import ask
from tests.proxy.running import HERE, running_proxy
from tests.wired import PATIENCE_S, patiently

SMALL = b"GET /v1/models HTTP/1.1\r\nHost: proxy\r\n\r\n"


def at(url: str) -> Upstream:
    return Upstream.of(UpstreamPlan(name="x", mounts=("",), base_url=url))


def connect(
    url: str, *, allowed: tuple[str, ...] = HERE, outgoing_proxy: str | None = None, within_s: float = PATIENCE_S
) -> None:
    async def connecting() -> None:
        dialer = Dialer(Networks(allowed), outgoing_proxy=outgoing_proxy)
        (await dialer.connect(at(url), lambda: Outbound(at(url)), within_s)).abort()

    asyncio.run(connecting())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_a_provider_is_connected_to(origin: Origin) -> None:
    before = origin.connections
    connect(origin.url)
    patiently(lambda: origin.connections == before + 1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "017700000001", "[::ffff:7f00:1]"])
def test_what_is_not_listed_is_not_connected_to(origin: Origin, host: str) -> None:
    before = origin.connections
    with pytest.raises(Unreachable, match="not listed in allow_networks"):
        connect(f"http://{host}:{origin.port}", allowed=())
    assert origin.connections == before


def test_every_address_of_a_name_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with one good address and one bad: which of them is taken is not left to chance."""

    async def answer(*_: object, **__: object) -> list[tuple[object, ...]]:
        found = [("8.8.8.8", 80), ("169.254.169.254", 80)]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in found]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", answer)
    with pytest.raises(Unreachable, match="metadata"):
        connect("http://rebinding.example")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:{}", "no connection to 127.0.0.1"),
        ("http://no-such-host.invalid", "has no address"),
        ("http://" + "a" * 70 + ".example", "has no address"),
    ],
)
def test_what_cannot_be_reached_is_told(url: str, told: str) -> None:
    with pytest.raises(Unreachable, match=told):
        connect(url.format(free_port()))


def test_a_name_without_addresses_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(*_: object, **__: object) -> list[object]:
        return []

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", answer)
    with pytest.raises(Unreachable, match="has no address"):
        connect("http://empty.example")


def test_a_connection_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", never)
    with pytest.raises(Unreachable, match="within 1 s"):
        connect("http://127.0.0.1:9", within_s=1.0)


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server that answers one connection; yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def test_an_outgoing_proxy_is_asked_to_connect() -> None:
    asked: list[bytes] = []

    def agree(connection: socket.socket) -> None:
        asked.append(connection.recv(1000))
        connection.sendall(b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n")
        connection.recv(1)

    with answering(agree) as url:
        connect("http://provider.example:8080", outgoing_proxy=url.replace("//", "//ada:p%40ss@"))
    assert asked[0].startswith(b"CONNECT provider.example:8080 HTTP/1.1\r\nHost: provider.example:8080\r\n")
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"ada:p@ss") in asked[0]


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b"nonsense", b"", b"x" * 20_000]
)
def test_an_outgoing_proxy_may_decline(said: bytes) -> None:
    def decline(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(said)

    with answering(decline) as url, pytest.raises(Unreachable, match="did not connect"):
        connect("http://provider.example", outgoing_proxy=url)


def test_an_outgoing_proxy_must_be_one() -> None:
    with pytest.raises(Unreachable, match="must be http://"):
        connect("http://provider.example", outgoing_proxy="socks5://127.0.0.1:1080")


@pytest.mark.parametrize("no_proxy", ["*", "provider.example", "other.example, .example"])
def test_the_environments_proxy_counts_only_where_it_is_asked_for(
    origin: Origin, monkeypatch: pytest.MonkeyPatch, no_proxy: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    connect(origin.url)
    with pytest.raises(Unreachable):
        connect(origin.url, outgoing_proxy="environment")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert dial._outgoing("environment", at("https://provider.example")) is None
    assert dial._outgoing("environment", at("https://provider.test")) == (
        None if no_proxy == "*" else "http://127.0.0.1:1"
    )


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A provider with a certificate of its own; its port, and who vouches for it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for _ in range(2):
                try:
                    with context.wrap_socket(listening.accept()[0], server_side=True) as connection:
                        connection.recv(1000)
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                        connection.recv(1)
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1], tmp_path / "ca.pem"


def test_a_provider_is_spoken_to_in_confidence(certified: tuple[int, Path]) -> None:
    port, trusted = certified
    with running_proxy(f"https://localhost:{port}", environ={"SSL_CERT_FILE": str(trusted)}) as proxy:
        assert ask((proxy.host, proxy.port), SMALL).status == 200
        assert [exchange.url for exchange in proxy.exchanges(1)] == [f"https://localhost:{port}/v1/models"]


def test_a_provider_whom_nobody_vouches_for_is_not_spoken_to(certified: tuple[int, Path]) -> None:
    with running_proxy(f"https://localhost:{certified[0]}") as proxy:
        answer = ask((proxy.host, proxy.port), SMALL)
        assert (answer.status, b"certificate" in answer.body) == (502, True)


def test_where_the_system_trusts_nobody_mozillas_list_does(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = ssl.DefaultVerifyPaths(None, None, "", "", "", "")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nowhere)
    assert dial._trust.__wrapped__().cert_store_stats()["x509_ca"] > 50


def test_what_is_refused_is_told_to_the_client(origin: Origin) -> None:
    origin.play(a_reply())
    with running_proxy(origin.url, allow_networks=()) as proxy:
        answer = ask((proxy.host, proxy.port), SMALL)
        assert (answer.status, origin.heard) == (502, [])
        assert b"allow_networks" in answer.body
        [exchange] = proxy.exchanges(1)
        assert exchange.failure is not None
        assert "allow_networks" in exchange.failure
