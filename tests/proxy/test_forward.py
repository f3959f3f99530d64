"""What goes through the proxy: bytes as they are, at once, with the end written down before it is seen."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from audit.call import Ending
from audit.call import Origin as Way
from audit.proxy.inbound import LINGER_S
from tests.proxy.framing import Ending as Seen
from tests.proxy.origin import Origin, Script, Then, a_reply
from tests.proxy.raw import Answer, Client, ask
from tests.proxy.running import RunningProxy, running_proxy

QUICK = {"first_byte_s": 0.4, "idle_s": 0.4, "head_s": 0.4, "keep_alive_s": 0.6, "connect_s": 2.0}
POST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: proxy\r\n"
SMALL = POST + b"Content-Length: 2\r\n\r\n{}"
EVENT = b"data: {}\n\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def proxy(origin: Origin) -> Iterator[RunningProxy]:
    with running_proxy(origin.url, limits=QUICK | {"body_bytes": 3_000_000}) as proxy:
        yield proxy


def through(proxy: RunningProxy, *pieces: bytes | float, head: bool = False) -> Answer:
    return ask((proxy.host, proxy.port), *pieces, head=head)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def recorded(proxy: RunningProxy, before: int) -> tuple[Ending, int | None, bytes, str | None]:
    """Return how the exchange that came after `before` others ended."""
    last = proxy.exchanges(before + 1)[before]
    return last.ending, last.status, last.response_body, last.failure


def count(proxy: RunningProxy) -> int:
    return len(proxy.exchanges())


def test_a_request_and_its_response_go_through_unchanged(origin: Origin, proxy: RunningProxy) -> None:
    before = count(proxy)
    origin.play(a_reply(b'{"a":1}', b"201 Made", b"X-One: 1", b"x-one: 2", b"Connection: x-hop", b"X-Hop: 3"))
    answer = through(proxy, POST + b"X-Mine: 4\r\nX-Audit-Project: p\r\nContent-Length: 2\r\n\r\n{}")
    [heard] = origin.heard
    assert heard.target == b"/v1/chat/completions"
    assert dict(heard.headers) == {
        b"Host": origin.url.removeprefix("http://").encode(),
        b"X-Mine": b"4",
        b"Content-Length": b"2",
    }
    assert (answer.status, answer.reason, answer.body, answer.ending) == (201, b"Made", b'{"a":1}', Seen.COMPLETE)
    assert answer.headers == ((b"content-length", b"7"), (b"X-One", b"1"), (b"x-one", b"2"))
    exchange = proxy.exchanges(before + 1)[before]
    assert (exchange.origin, exchange.url) == (Way.PROXY, f"{origin.url}/v1/chat/completions")
    assert (exchange.request_body, exchange.response_body) == (b"{}", b'{"a":1}')
    assert exchange.tags.project == "p"
    assert ("x-hop", "[redacted]") in exchange.response_headers, "the record has all that came"


def test_chunks_go_on_as_they_come(origin: Origin, proxy: RunningProxy) -> None:
    origin.play(Script((STREAM, chunk(EVENT), 0.3, chunk(EVENT) + b"0\r\nX-Sum: 1\r\n\r\n")))
    with Client(proxy.host, proxy.port) as client:
        began = time.monotonic()
        answer = client.ask(SMALL)
    assert answer.raw.endswith(chunk(EVENT) * 2 + b"0\r\nX-Sum: 1\r\n\r\n")
    assert answer.trailers == ((b"X-Sum", b"1"),)
    assert answer.first_byte_s is not None
    assert answer.first_byte_s < time.monotonic() - began - 0.2, "the first did not wait for the second"


def test_an_older_client_gets_a_stream_without_chunks(origin: Origin, proxy: RunningProxy) -> None:
    origin.play(Script((STREAM, chunk(EVENT) + b"0\r\n\r\n")))
    answer = through(proxy, b"POST /v1/responses HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}")
    assert (answer.body, answer.lasting) == (EVENT, False)
    assert answer.values(b"connection") == [b"close"]


def test_early_hints_come_before_the_response(origin: Origin, proxy: RunningProxy) -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    origin.play(Script((early + whole,)))
    assert through(proxy, SMALL).interim == ((103, ((b"Link", b"a"),)),)
    assert through(proxy, SMALL.replace(b"HTTP/1.1", b"HTTP/1.0")).interim == ()


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(origin: Origin, proxy: RunningProxy) -> None:
    origin.play(a_reply())
    with Client(proxy.host, proxy.port) as client:
        client.send(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        client.send(0.1, b"{}")
        answer = client.read()
    assert [status for status, _ in answer.interim] == [100]
    assert (answer.status, origin.heard[0].body) == (200, b"{}")


@pytest.mark.parametrize("framing", [b"Content-Length: 2600000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_large_body_goes_on_while_it_comes(origin: Origin, proxy: RunningProxy, framing: bytes) -> None:
    before, body = count(proxy), bytes(range(250)) * 10_400
    origin.play(a_reply())
    pieces = [body[at : at + 400_000] for at in range(0, len(body), 400_000)]
    if framing.startswith(b"T"):
        sent: list[bytes | float] = [*map(chunk, pieces), b"0\r\nX-Sum: 1\r\n\r\n"]
    else:
        sent = [*pieces]
    answer = through(proxy, POST + framing, *sent)
    assert answer.status == 200
    assert origin.heard[0].body == body
    assert origin.heard[0].trailers == (((b"X-Sum", b"1"),) if framing.startswith(b"T") else ())
    assert proxy.exchanges(before + 1)[before].request_body == body


def broken_off(origin: Origin) -> bool:
    """Whether the provider sees, before long, that the one request it got is broken off."""
    until = time.monotonic() + 5
    while not origin.heard and time.monotonic() < until:
        time.sleep(0.01)
    return [heard.fault != "" for heard in origin.heard] == [True]


def test_a_body_over_the_limit_is_refused(origin: Origin, proxy: RunningProxy) -> None:
    origin.play(a_reply())
    told = through(proxy, POST + b"Content-Length: 3000001\r\n\r\n")
    grown = through(proxy, POST + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk(b"a" * 500_000)] * 8)
    assert (told.status, grown.status) == (413, 413)
    assert broken_off(origin)


def test_several_calls_share_a_connection_to_the_provider(origin: Origin, proxy: RunningProxy) -> None:
    origin.play(a_reply())
    with Client(proxy.host, proxy.port) as client:
        assert [client.ask(SMALL).status for _ in range(3)] == [200] * 3
    assert len({heard.connection for heard in origin.heard}) == 1


@pytest.mark.parametrize("more", [b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale"])
def test_a_connection_with_something_behind_the_end_is_not_used_again(
    origin: Origin, proxy: RunningProxy, more: bytes
) -> None:
    origin.play(Script((b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + more,)))
    with Client(proxy.host, proxy.port) as client:
        assert [client.ask(SMALL).body for _ in range(2)] == [b"{}"] * 2
    assert len({heard.connection for heard in origin.heard}) == 2


def test_a_provider_that_closes_is_connected_to_anew(origin: Origin, proxy: RunningProxy) -> None:
    origin.play(a_reply(b"{}", b"200 OK", then=Then.CLOSE))
    with Client(proxy.host, proxy.port) as client:
        assert [client.ask(SMALL, 0.05).status for _ in range(3)] == [200] * 3


def test_requests_sent_ahead_are_answered_in_order(origin: Origin, proxy: RunningProxy) -> None:
    origin.answer = lambda heard: a_reply(heard.body)
    with Client(proxy.host, proxy.port) as client:
        client.send(b"".join(POST + b"Content-Length: 2\r\n\r\n%02d" % number for number in range(30)))
        assert [client.read().body for _ in range(30)] == [b"%02d" % number for number in range(30)]


def test_nonsense_behind_a_request_is_answered_after_it(origin: Origin, proxy: RunningProxy) -> None:
    origin.play(Script((0.1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")))
    with Client(proxy.host, proxy.port) as client:
        client.send(SMALL + b"nonsense\r\n\r\n")
        assert [client.read().status, client.read().status] == [200, 501]
        assert client.rest(3) == (b"", Seen.CUT)


def test_nonsense_within_a_request_ends_it(origin: Origin, proxy: RunningProxy) -> None:
    answer = through(proxy, POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", 0.05, b"zz\r\n")
    assert (answer.status, origin.heard) == (400, [])
    answer = through(proxy, POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
    assert (answer.status, origin.heard) == (400, [])
    big = chunk(b"a" * 1_100_000)
    answer = through(proxy, POST + b"Transfer-Encoding: chunked\r\n\r\n" + big, 0.1, b"zz\r\n")
    assert answer.status == 400
    assert broken_off(origin)


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_a_response_without_a_body_may_say_a_length(origin: Origin, proxy: RunningProxy, status: bytes) -> None:
    origin.play(Script((b"HTTP/1.1 " + status + b"\r\nContent-Length: 7\r\n\r\n",)))
    with Client(proxy.host, proxy.port) as client:
        assert [client.ask(SMALL).values(b"content-length") for _ in range(2)] == [[b"7"]] * 2


def test_a_head_is_answered_by_a_head(origin: Origin, proxy: RunningProxy) -> None:
    origin.play(Script((b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",)))
    answer = through(proxy, b"HEAD /api/hello HTTP/1.1\r\nHost: a\r\n\r\n", head=True)
    assert (answer.status, answer.values(b"content-length"), answer.lasting) == (200, [b"7"], True)


def test_a_head_is_refused_by_a_head(origin: Origin, proxy: RunningProxy) -> None:
    origin.play(a_reply())
    with Client(proxy.host, proxy.port) as client:
        refused = client.ask(b"HEAD /%2e%2e HTTP/1.1\r\nHost: a\r\n\r\n", head=True)
        assert (refused.status, refused.lasting) == (400, True)
        assert client.ask(SMALL).status == 200


@pytest.mark.parametrize("status", [b"600 Odd", b"999 Odder", b"529 Overloaded"])
def test_an_odd_status_goes_through(origin: Origin, proxy: RunningProxy, status: bytes) -> None:
    before = count(proxy)
    origin.play(a_reply(b"{}", status))
    assert through(proxy, SMALL).status == int(status[:3])
    assert recorded(proxy, before)[1] == int(status[:3])


@pytest.mark.parametrize(
    ("steps", "then", "body"),
    [
        ((STREAM, chunk(EVENT)), Then.CLOSE, EVENT),
        ((STREAM, chunk(EVENT), 0.05, b"20\r\nabc"), Then.RESET, None),
        ((STREAM, chunk(EVENT), b"zz\r\n"), Then.KEEP, EVENT),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"abc"), Then.CLOSE, b"abc"),
        ((b"HTTP/1.1 200 OK\r\n\r\nabc", 0.05), Then.RESET, None),
    ],
)
def test_a_broken_response_is_seen_to_be_broken(
    origin: Origin, proxy: RunningProxy, steps: tuple[bytes | float, ...], then: Then, body: bytes | None
) -> None:
    before = count(proxy)
    origin.play(Script(steps, then))
    answer = through(proxy, SMALL)
    assert answer.status == 200
    assert answer.ending is not Seen.COMPLETE
    ending, status, had, failure = recorded(proxy, before)
    assert (ending, status) == (Ending.FAILED, 200)
    assert failure
    if body is not None:
        assert had == answer.body == body


@pytest.mark.parametrize("lasts_s", [0.0, LINGER_S + 1.0])
def test_who_sees_by_a_reset_that_a_response_broke_off_has_had_all_of_it(
    origin: Origin, proxy: RunningProxy, lasts_s: float
) -> None:
    """However long it takes to take it."""
    body = b"a" * 300_000
    origin.play(Script((STREAM, chunk(body)), Then.CLOSE))
    taken = 0
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        slow.connect((proxy.host, proxy.port))
        slow.sendall(SMALL.replace(b"HTTP/1.1", b"HTTP/1.0"))
        time.sleep(0.3)
        began = time.monotonic()
        with pytest.raises(ConnectionResetError):  # noqa: PT012  # behind the last piece
            while piece := slow.recv(65_536):
                taken += len(piece)
                time.sleep(max(began + lasts_s * taken / len(body) - time.monotonic(), 0))
    assert taken > len(body)


def test_a_response_that_ends_with_its_connection_is_whole(origin: Origin, proxy: RunningProxy) -> None:
    before = count(proxy)
    origin.play(Script((b"HTTP/1.1 200 OK\r\n\r\n", b"abc"), Then.CLOSE))
    answer = through(proxy, SMALL)
    assert (answer.ending, answer.body, answer.values(b"connection")) == (Seen.COMPLETE, b"abc", [b"close"])
    assert recorded(proxy, before)[:3] == (Ending.EOF, 200, b"abc")


@pytest.mark.parametrize(
    "steps",
    [
        (b"SSH-2.0\r\n",),
        (b"HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 2\r\n\r\n{}",),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 400_000,),
        (b"",),
    ],
)
def test_what_is_no_response_is_a_bad_gateway(
    origin: Origin, proxy: RunningProxy, steps: tuple[bytes | float, ...]
) -> None:
    before = count(proxy)
    origin.play(Script(steps, Then.CLOSE))
    answer = through(proxy, SMALL)
    assert (answer.status, answer.lasting) == (502, True)
    assert recorded(proxy, before)[:2] == (Ending.FAILED, None)


def test_a_provider_that_says_nothing_is_given_up(origin: Origin, proxy: RunningProxy) -> None:
    before = count(proxy)
    origin.play(Script((3.0,)))
    answer = through(proxy, SMALL)
    assert answer.status == 504
    ending, _, _, failure = recorded(proxy, before)
    assert (ending, failure) == (Ending.FAILED, "TimeoutError: no response within 0.4 s")


def test_a_stream_that_stops_is_given_up(origin: Origin, proxy: RunningProxy) -> None:
    before = count(proxy)
    origin.play(Script((STREAM + chunk(EVENT), 3.0)))
    assert through(proxy, SMALL).ending is not Seen.COMPLETE
    ending, status, had, failure = recorded(proxy, before)
    assert (ending, status, had, failure) == (Ending.FAILED, 200, EVENT, "TimeoutError: nothing came for 0.4 s")


def test_a_request_that_stops_is_given_up(origin: Origin, proxy: RunningProxy) -> None:
    origin.play(a_reply())
    assert through(proxy, POST + b"Content-Length: 9\r\n\r\n{").status == 408
    assert origin.heard == []


def test_a_provider_that_stops_taking_a_request_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with running_proxy(f"http://127.0.0.1:{deaf.getsockname()[1]}", limits=QUICK) as proxy:
            answer = through(proxy, POST + b"Content-Length: 90000000\r\n\r\n" + b"a" * 80_000_000)
            assert answer.status == 504
            assert b"the provider took nothing" in answer.body


def test_a_head_that_stops_is_given_up(proxy: RunningProxy) -> None:
    assert through(proxy, b"POST /v1").status == 408


def test_a_connection_without_requests_is_closed_in_time(proxy: RunningProxy) -> None:
    with Client(proxy.host, proxy.port) as client:
        client.send(b"")
        assert client.rest(5) != (b"", Seen.OPEN)


def test_a_client_that_leaves_stops_the_provider(origin: Origin, proxy: RunningProxy) -> None:
    before = count(proxy)

    def answer(_heard: object) -> Script:
        return Script((STREAM, *([chunk(EVENT), 0.02] * 400)))

    origin.answer = answer
    with Client(proxy.host, proxy.port) as client:
        client.send(SMALL, 0.2)
    ending, status, had, _ = recorded(proxy, before)
    assert (ending, status) == (Ending.CLOSED, 200)
    assert had.startswith(EVENT)
    assert had.count(EVENT) < (0.2 + 1.0) / 0.02, "what the provider has said a second after"


def test_a_client_that_leaves_before_the_response_has_cancelled(origin: Origin, proxy: RunningProxy) -> None:
    before = count(proxy)
    origin.play(Script((1.0,)))
    with Client(proxy.host, proxy.port) as client:
        client.send(SMALL, 0.1)
    assert recorded(proxy, before)[:2] == (Ending.CANCELLED, None)


def test_a_client_that_does_not_read_holds_the_provider_back(origin: Origin, proxy: RunningProxy) -> None:
    body = b"a" * 30_000_000
    origin.play(a_reply(body))
    with socket.create_connection((proxy.host, proxy.port)) as slow:
        slow.sendall(SMALL)
        time.sleep(0.2)
        taken = 0
        while piece := slow.recv(1_000_000):
            taken += len(piece)
            if taken >= len(body):
                break
    assert taken >= len(body)


def test_a_client_that_never_reads_is_given_up(origin: Origin, proxy: RunningProxy) -> None:
    before = count(proxy)
    origin.play(a_reply(b"a" * 60_000_000))
    with socket.create_connection((proxy.host, proxy.port)) as slow:
        slow.sendall(SMALL)
        ending, _, _, failure = recorded(proxy, before)
    assert (ending, failure) == (Ending.FAILED, "TimeoutError: the client took nothing for 0.4 s")


def test_an_answer_before_the_requests_end_is_handed_on() -> None:
    early = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=answer_at_once, args=(listening, early))
        answering.start()
        with running_proxy(f"http://127.0.0.1:{listening.getsockname()[1]}") as other:
            large = POST + b"Content-Length: 2000000\r\n\r\n" + b"a" * 1_100_000
            answer = ask((other.host, other.port), large)
        answering.join()
    assert (answer.status, answer.body, answer.lasting) == (413, b"{}", False)


def answer_at_once(listening: socket.socket, answer: bytes) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(answer)
        with suppress(OSError):
            while connection.recv(1_000_000):
                pass
