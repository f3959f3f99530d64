"""What two servers might read in two ways is refused, or passes as one thing with one meaning; in both directions."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.proxy.attacks import ODD, REFUSED, SMUGGLED, UNENDING
from tests.proxy.framing import Ending
from tests.proxy.hostile import ENDINGS, REPLIES
from tests.proxy.origin import Heard, Origin, Script, a_reply, running_origin
from tests.proxy.raw import Answer, Client, ask
from tests.proxy.running import RunningProxy, running_proxy
from tests.wired import patiently

QUIET_S = 0.03
"""For what must not come."""
SOON_S = 2.0
AFTER = b"GET /router/v1/after HTTP/1.1\r\nHost: localhost\r\n\r\n"


def echo(heard: Heard) -> Script:
    """Answer with what was asked for."""
    return a_reply(heard.method + b" " + heard.target)


@pytest.fixture(scope="module")
def proxy(origin: Origin) -> Iterator[RunningProxy]:
    with running_proxy({"router": origin.url}) as running:
        yield running
        assert b"Traceback" not in running.log.read_bytes()


@pytest.fixture(autouse=True)
def _unheard(origin: Origin) -> None:
    origin.forget()
    origin.answer = echo


def whole(origin: Origin) -> list[Heard]:
    """Return the requests that came whole, without the one that follows an attack."""
    assert not [one.fault for one in origin.heard if one.fault.startswith(Ending.MALFORMED)]
    assert not [one for one in origin.heard if b"smuggled" in one.target.partition(b"?")[0]]
    return [one for one in origin.heard if not one.fault and one.target != b"/v1/after"]


def read_strictly(wire: bytes) -> list[Heard]:
    """Return what a strict server reads."""
    with running_origin() as strict:
        with Client(strict.host, strict.port) as client:
            client.send(wire)
            client.end_sending()
            client.rest(SOON_S)
        return strict.heard


def test_the_tables_are_of_some_size() -> None:
    assert len(REFUSED) >= 150
    assert len(ODD) >= 25


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_request_or_two_is_refused_and_the_connection_closed(
    name: str, proxy: RunningProxy, origin: Origin
) -> None:
    with Client(proxy.host, proxy.port, patience_s=SOON_S) as client:
        client.send(REFUSED[name])
        answer = client.read()
        more, ending = client.rest(SOON_S)
    assert ask((proxy.host, proxy.port), AFTER).body == b"GET /v1/after"
    assert whole(origin) == []
    assert answer.ending is Ending.COMPLETE or origin.heard  # broken off in the middle of what was under way
    if answer.status is not None:
        assert 400 <= answer.status < 500 or answer.status in (501, 505)
    assert (more, ending) in ((b"", Ending.CUT), (b"", Ending.RESET))


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_however_it_is_cut(name: str, proxy: RunningProxy, origin: Origin) -> None:
    wire = REFUSED[name]
    places = range(0, min(len(wire), 400), 7)
    with Client(proxy.host, proxy.port, patience_s=SOON_S) as client:
        client.send(*[wire[at : at + 7] for at in places], wire[places[-1] + 7 :])
        answer = client.read()
        client.rest(SOON_S)
    assert ask((proxy.host, proxy.port), AFTER).body == b"GET /v1/after"
    assert whole(origin) == []
    assert answer.status is None or 400 <= answer.status <= 505


@pytest.mark.parametrize("name", UNENDING)
def test_what_does_not_end_is_not_taken_for_whole(name: str, proxy: RunningProxy, origin: Origin) -> None:
    with Client(proxy.host, proxy.port, patience_s=QUIET_S) as client:
        client.send(UNENDING[name])
        answer = client.read()
    assert ask((proxy.host, proxy.port), AFTER).body == b"GET /v1/after"
    assert whole(origin) == []
    assert answer.status in (None, 400, 413)


def test_attacks_leave_nothing_open(proxy: RunningProxy, origin: Origin) -> None:
    for wire in (REFUSED | UNENDING | ODD).values():
        with Client(proxy.host, proxy.port) as client:
            client.send(wire)
    until = time.monotonic() + 10 * SOON_S
    while ((status := proxy.status()).connections or status.active) and time.monotonic() < until:
        pass
    assert (status.connections, status.active, status.lost) == (0, 0, 0)


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_refused_or_passes_with_one_meaning(name: str, proxy: RunningProxy, origin: Origin) -> None:
    with Client(proxy.host, proxy.port, patience_s=SOON_S) as client:
        client.send(ODD[name])
        answer = client.read()
        assert answer.ending is Ending.COMPLETE
        assert client.rest(QUIET_S)[0] == b""
    assert ask((proxy.host, proxy.port), AFTER).body == b"GET /v1/after"
    heard = whole(origin)
    if not heard:
        assert answer.status is not None
        assert 400 <= answer.status < 500 or answer.status == 501
        return
    (one,) = heard
    assert answer.status == 200
    if not (strictly := read_strictly(ODD[name].removeprefix(b"\r\n")))[0].fault:
        assert len(strictly) == 1
        assert (one.method, one.body) == (strictly[0].method, strictly[0].body)
    else:
        assert one.body in (b"hello", b"")  # a strict server does not take it; to others it has no other meaning


def test_requests_one_behind_the_other_are_answered_in_order(proxy: RunningProxy, origin: Origin) -> None:
    first = b"POST /router/v1/1 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED
    second = b"POST /router/v1/2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    with Client(proxy.host, proxy.port) as client:
        client.send(first + second + AFTER)
        assert [client.read().body for _ in range(3)] == [b"POST /v1/1", b"POST /v1/2", b"GET /v1/after"]
        assert client.rest(QUIET_S) == (b"", Ending.OPEN)
    assert [one.body for one in whole(origin)] == [SMUGGLED, b"ab"]


@pytest.mark.parametrize("name", REPLIES)
def test_a_second_response_is_nobodys_answer(name: str, proxy: RunningProxy, origin: Origin) -> None:
    """The provider sends more than was asked for: whoever asks next gets their own answer."""
    hostile = REPLIES[name]
    origin.answer = lambda heard: hostile.script if heard.target == b"/v1/hostile" else echo(heard)
    with Client(proxy.host, proxy.port, patience_s=SOON_S) as client:
        played = origin.played
        first = asked(client, b"/v1/hostile", head=hostile.head)
        patiently(lambda: origin.played > played)  # else what is too much may come as an answer to the next request
        time.sleep(hostile.wait_s)
        then = [asked(client, b"/v1/%d" % number) for number in range(3)]
    assert [one.body for one in then] == [b"GET /v1/%d" % number for number in range(3)]
    assert not [one for one in (first, *then) if b"evil" in one.raw and not one.values(b"x-audit-refused")]
    assert b"evil" not in repr(first.headers).encode()
    if hostile.status is not None:
        assert (first.status, first.ending) == (hostile.status, Ending.COMPLETE)
    else:
        assert first.status == 502 or first.ending in (Ending.CUT, Ending.RESET)


@pytest.mark.parametrize("name", ENDINGS)
def test_what_breaks_off_never_looks_whole(name: str, proxy: RunningProxy, origin: Origin) -> None:
    origin.answer = lambda heard: ENDINGS[name] if heard.target == b"/v1/hostile" else echo(heard)
    with Client(proxy.host, proxy.port, patience_s=SOON_S) as client:
        first = asked(client, b"/v1/hostile")
        then = asked(client, b"/v1/then")
    assert first.status == 502 or first.ending in (Ending.CUT, Ending.RESET)
    assert then.body == b"GET /v1/then"


def asked(client: Client, path: bytes, *, head: bool = False) -> Answer:
    """Ask for a path below the mount."""
    method = b"HEAD" if head else b"GET"
    return client.ask(method + b" /router" + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", head=head)


@pytest.mark.parametrize("target", ["/nobody/v1/x", "/router/%2e%2e/x", "/gone/v1/x"])
def test_an_answer_of_the_proxys_own_to_head_is_a_head_alone(target: str, origin: Origin) -> None:
    with (
        running_proxy({"router": origin.url, "gone": "http://127.0.0.1:9"}) as proxy,
        Client(proxy.host, proxy.port, patience_s=SOON_S) as client,
    ):
        answer = client.ask(f"HEAD {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), head=True)
        assert answer.values(b"x-audit-refused")
        then = asked(client, b"/v1/then")
    assert (then.status, then.body) == (200, b"GET /v1/then")
