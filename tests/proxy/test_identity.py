"""Everyone gets their own answer, whole or visibly broken, however many ask and however it comes.

That what passes is not altered is shown in tests/campaigns/test_identity.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from random import Random

import pytest

from tests.campaigns.asks import an_ask
from tests.campaigns.comparison import end_to_end
from tests.campaigns.replies import Reply, a_reply
from tests.proxy.framing import Ending
from tests.proxy.origin import Heard, Origin, Script, Then
from tests.proxy.raw import Answer, Client, ask
from tests.proxy.running import RunningProxy, running_proxy

CLIENTS, EACH = 24, 25
KINDS = ("whole", "chunked", "slow", "close", "until close", "cut", "half", "reset", "left")
BROKEN = ("cut", "half", "reset")


@contextmanager
def sound_proxy(origin: Origin) -> Iterator[RunningProxy]:
    with running_proxy({"router": origin.url}) as running:
        yield running
        assert b"Traceback" not in running.log.read_bytes()


@pytest.fixture(scope="module")
def proxy(origin: Origin) -> Iterator[RunningProxy]:
    with sound_proxy(origin) as running:
        yield running


def scripted(heard: Heard) -> Script:
    """Answer with the target itself, in the way that its last word says."""
    kind, body = heard.target.rpartition(b"/")[2].decode().replace("-", " "), heard.target
    head = b"HTTP/1.1 200 OK\r\nx-target: %s\r\n" % body
    counted = head + b"content-length: %d\r\n\r\n" % len(body)
    scripts = {
        "whole": Script((counted + body,)),
        "chunked": Script(
            (head + b"transfer-encoding: chunked\r\n\r\n", b"%x\r\n%s\r\n" % (len(body), body), b"0\r\n\r\n")
        ),
        "slow": Script((counted, 0.02, body[:5], 0.02, body[5:])),
        "close": Script((b"%s\r\nconnection: close%s" % (counted[:15], counted[15:]) + body,), Then.CLOSE),
        "until close": Script((head + b"\r\n", body), Then.CLOSE),
        "cut": Script((counted + body[:5],), Then.CLOSE),
        "half": Script((head + b"transfer-encoding: chunked\r\n\r\n5\r\n" + body[:3],), Then.CLOSE),
        "reset": Script((counted + body[:5], 0.005), Then.RESET),
        "left": Script((counted, 0.02, body)),
    }
    return scripts[kind]


def visit(proxy: RunningProxy, number: int) -> list[str]:
    """Ask many times in every way over one connection after the other; return what was wrong."""
    chance, wrong = Random(number), []
    with Client(proxy.host, proxy.port) as client:
        for turn in range(EACH):
            kind = chance.choice(KINDS)
            target = f"/v1/{number}/{turn}/{kind.replace(' ', '-')}"
            request = f"GET /router{target} HTTP/1.1\r\nHost: x\r\nX-Request-Id: {target}\r\n\r\n".encode()
            if kind == "left":
                client.send(request)
                client.close()
                continue
            answer = client.ask(request)
            own = [target.encode()] if answer.status == 200 else []
            whole = answer.ending is Ending.COMPLETE and answer.body == target.encode()
            torn = answer.status == 502 or (
                answer.ending is not Ending.COMPLETE and target.encode().startswith(answer.body)
            )
            if answer.values(b"x-target") != own or not (torn if kind in BROKEN else whole):
                wrong.append(f"{target}: {answer}")
    return wrong


def test_many_who_ask_at_once_get_their_own_answers(origin: Origin) -> None:
    origin.answer = scripted
    with sound_proxy(origin) as proxy:
        with ThreadPoolExecutor(CLIENTS) as pool:
            wrong = [one for found in pool.map(lambda number: visit(proxy, number), range(CLIENTS)) for one in found]
        assert wrong == []
        exchanges = proxy.exchanges(CLIENTS * EACH)
    targets = [dict(one.request_headers)["x-request-id"] for one in exchanges]
    assert len(set(targets)) == len(targets) <= CLIENTS * EACH
    for target, one in zip(targets, exchanges, strict=True):
        assert one.url == origin.url + target
        assert target.startswith(one.response_body.decode())
        assert dict(one.response_headers).get("x-target") in (None, "[redacted]")
        if target.rpartition("/")[2] not in ("left", *BROKEN):
            assert one.response_body.decode() == target


@pytest.mark.parametrize("seed", range(40))
def test_requests_sent_ahead_are_answered_in_order(seed: int, proxy: RunningProxy, origin: Origin) -> None:
    """Whatever the frames, and wherever the bytes are cut."""
    chance = Random(seed)
    asks = [replace(an_ask(chance), version="1.1") for _ in range(chance.randint(2, 6))]
    asks = [replace(one, headers=tuple(h for h in one.headers if h[0] != b"Expect")) for one in asks]
    replies = [lasting(chance, head=one.method == "HEAD") for one in asks]
    origin.answer = lambda heard: replies[int(dict(heard.headers)[b"x-request-id"])].script()
    pieces = [piece for number, one in enumerate(asks) for piece in one.pieces("/router", b"%d" % number)]
    if chance.random() < 0.5:
        pieces = [b"".join(piece for piece in pieces if isinstance(piece, bytes))]
    with Client(proxy.host, proxy.port) as client:
        client.send(*pieces)
        answers = [client.read(head=one.method == "HEAD") for one in asks]
        assert client.rest(0.02) == (b"", Ending.OPEN)
    for reply, answer in zip(replies, answers, strict=True):
        assert (answer.status, answer.body, answer.ending) == (reply.status, reply.body, Ending.COMPLETE)
        told = [header for header in end_to_end(answer.headers) if header[0].lower() != b"content-length"]
        assert told == end_to_end(reply.headers)
    assert [(one.method.decode(), one.body, one.fault) for one in origin.heard if not one.answered] == [
        (one.method, one.body, "") for one in asks
    ]


def lasting(chance: Random, *, head: bool) -> Reply:
    """Return a sound response that does not end the connection."""
    while True:
        reply = replace(a_reply(chance, head=head), interim=(), fault=None, keep=True, pause_s=0.0)
        if reply.framing != "close":
            return reply


@pytest.mark.parametrize("then", [Then.KEEP, Then.CLOSE])
@pytest.mark.parametrize("framing", ["counted", "chunked"])
def test_an_answer_that_comes_before_the_request_has_is_seen(
    framing: str, then: Then, proxy: RunningProxy, origin: Origin
) -> None:
    """A provider says no to a large body without having read it."""
    origin.early = Script((b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno",), then)
    try:
        answer = large(proxy, framing, 8)
        assert (answer.status, answer.body, answer.ending) == (413, b"no", Ending.COMPLETE)
    finally:
        origin.early = None
    origin.answer = scripted
    request = b"GET /router/v1/whole HTTP/1.1\r\nHost: x\r\n\r\n"
    assert ask((proxy.host, proxy.port), request).body == b"/v1/whole"


@pytest.mark.parametrize("framing", ["counted", "chunked"])
def test_a_large_body_passes_as_it_is(framing: str, proxy: RunningProxy, origin: Origin) -> None:
    answer = large(proxy, framing, 20)
    assert (answer.status, answer.ending) == (200, Ending.COMPLETE)
    (body,) = [one.body for one in origin.heard if not one.answered]
    assert body == b"0123456789abcdef" * 65536 * 20


def large(proxy: RunningProxy, framing: str, megabytes: int) -> Answer:
    """Send a body of so many megabytes."""
    piece = b"0123456789abcdef" * 65536
    coding = b"Transfer-Encoding: chunked" if framing == "chunked" else b"Content-Length: %d" % (len(piece) * megabytes)
    head = b"POST /router/v1/whole HTTP/1.1\r\nHost: x\r\n" + coding + b"\r\n\r\n"
    one = b"%x\r\n%s\r\n" % (len(piece), piece) if framing == "chunked" else piece
    with Client(proxy.host, proxy.port) as client:
        client.send(head, *[one] * megabytes, b"0\r\n\r\n" if framing == "chunked" else b"")
        return client.read()


def test_the_first_bytes_are_not_held_back(proxy: RunningProxy, origin: Origin) -> None:
    """Each event comes before the next is sent."""
    origin.play(Script((b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\none\n\r\n", 0.5, b"0\r\n\r\n")))
    began = time.monotonic()
    answer = ask((proxy.host, proxy.port), b"GET /router/v1/x HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.first_byte_s is not None
    assert answer.first_byte_s < time.monotonic() - began - 0.2
    assert answer.body == b"one\n"
