"""What goes through the proxy is what goes without it; the campaign of the same name does this on a larger scale."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from random import Random

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.campaigns import identity
from tests.campaigns.asks import Ask, an_ask
from tests.campaigns.comparison import Case, Trip, answered_alike, end_to_end, heard_alike
from tests.campaigns.identity import Bench, a_bench, a_case
from tests.campaigns.replies import FAULTS, Fault, Framing, Reply, a_reply
from tests.proxy.framing import Ending
from tests.proxy.origin import running_origin
from tests.proxy.raw import Client

CASES = 300
CHUNKS = (b'data: {"a":1}\n\n', b"data: [DONE]\n\n")
PLAIN = Ask(method="POST", target="/v1/chat/completions", headers=(), chunks=(b'{"model":"gpt-4o"}',))


def said(framing: Framing = Framing.LENGTH, **over: object) -> Reply:
    """Return an ordinary response."""
    chunks = () if framing is Framing.NONE else CHUNKS
    plain = Reply(status=200, reason=b"OK", headers=((b"X-A", b"1"),), chunks=chunks, framing=framing)
    return replace(plain, **over)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=["/router", ""], ids=["below a name", "at the root"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with a_bench(request.param) as running:
        yield running


@settings(max_examples=CASES // 2, derandomize=True)
@given(st.randoms(use_true_random=False))
def check_any(bench: Bench, chance: Random) -> None:
    case = a_case(chance)
    assert bench.differences(case) == [], (case.ask.pieces(bench.mount), case.reply.script())


def test_any_exchange_passes_and_is_recorded_as_it_is(bench: Bench) -> None:
    check_any(bench)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("status", [200, 204, 205, 226, 299, 304, 399, 426, 499, 500, 529, 599, 600, 888, 999])
def test_every_status_passes_as_it_is(status: int, method: str, bench: Bench) -> None:
    bodiless = method == "HEAD" or status in (204, 304)
    ask = replace(PLAIN, method=method)
    for framing in (Framing.NONE,) if bodiless else (Framing.LENGTH, Framing.CHUNKED, Framing.CLOSE):
        for claimed in (None, 0, 1234) if bodiless else (None,):
            reply = said(framing, status=status, claimed=claimed, keep=framing is not Framing.CLOSE)
            assert bench.differences(Case(ask, reply)) == []


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_shows_as_it_does_without_a_proxy(name: str, bench: Bench) -> None:
    fault = FAULTS[name]
    for framing in fault.framings:
        for cuts in ((), (3,), (25, 70), tuple(range(1, 300))):
            case = Case(PLAIN, said(framing, fault=fault, cuts=cuts, pause_s=0.001))
            assert bench.differences(case) == []
    if Framing.NONE in fault.framings:
        assert bench.differences(Case(replace(PLAIN, method="HEAD"), said(Framing.NONE, fault=fault))) == []


def test_old_clients_are_answered_without_chunks(bench: Bench) -> None:
    for framing in (Framing.LENGTH, Framing.CHUNKED, Framing.CLOSE):
        reply = said(framing, keep=framing is not Framing.CLOSE)
        assert bench.differences(Case(replace(PLAIN, version="1.0"), reply)) == []


@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.CLOSE])
def test_an_old_client_sees_what_breaks_off(framing: Framing, bench: Bench) -> None:
    reply = said(framing, fault=Fault("reset", then=FAULTS["reset"].then), pause_s=0.001)
    assert bench.differences(Case(replace(PLAIN, version="1.0"), reply)) == []


def test_a_difference_is_found() -> None:
    """Two origins that answer differently stand for a proxy that alters things."""
    with ExitStack() as stack:
        one, two = stack.enter_context(running_origin()), stack.enter_context(running_origin())
        straight = stack.enter_context(Client(one.host, one.port))
        through = stack.enter_context(Client(two.host, two.port))
        for other in (
            said(status=201),
            said(reason=b"Ok"),
            said(headers=((b"x-a", b"1"),)),
            said(headers=()),
            said(chunks=(b"x",)),
            said(Framing.CLOSE, keep=False),
            said(fault=FAULTS["cut"]),
            said(fault=FAULTS["garbage"]),
        ):
            one.play(said().script())
            two.play(other.script())
            one.forget()
            two.forget()
            trips = []
            for client, origin in ((straight, one), (through, two)):
                answer = client.ask(*PLAIN.pieces(""))
                client.close()
                trips.append(Trip(tuple(origin.heard), answer))
            case = Case(PLAIN, said())
            assert list(answered_alike(case, *trips)) != [], other
            assert list(heard_alike(case, trips[1])) == []
            assert list(heard_alike(Case(replace(PLAIN, target="/v1/other"), said()), trips[1])) != []


def test_generated_exchanges_are_what_they_say() -> None:
    """What the client reads without a proxy is what the response was made of: the two share no code."""
    with running_origin() as origin, Client(origin.host, origin.port) as client:
        for number in range(200):
            chance = Random(number)
            ask = an_ask(chance)
            reply = a_reply(chance, head=ask.method == "HEAD")
            origin.play(reply.script())
            origin.forget()
            answer = client.ask(*ask.pieces(""), head=ask.method == "HEAD")
            client.close()
            assert [(one.method.decode(), one.body, one.fault) for one in origin.heard] == [(ask.method, ask.body, "")]
            if reply.fault is not None:
                assert answer.ending is not Ending.COMPLETE or reply.fault.name == "huge head"
                continue
            assert (answer.status, answer.body, answer.ending) == (reply.status, reply.body, Ending.COMPLETE)
            told = [one for one in end_to_end(answer.headers) if one[0].lower() != b"content-length"]
            assert told == end_to_end(reply.headers)


def test_another_reader_agrees_on_what_the_responses_are() -> None:
    """So that our own reader is not mistaken in the same way as what makes them."""
    for number in range(200):
        chance = Random(number)
        reply = replace(a_reply(chance, head=False), fault=None)
        reader = h11.Connection(h11.CLIENT)
        reader.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
        reader.send(h11.EndOfMessage())
        reader.receive_data(b"".join(step for step in reply.script().steps if isinstance(step, bytes)))
        reader.receive_data(b"")
        body = b""
        while not isinstance(event := reader.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                assert (event.status_code, event.reason) == (reply.status, reply.reason or b"")
                told = [
                    one for one in end_to_end(tuple(event.headers.raw_items())) if one[0].lower() != b"content-length"
                ]
                assert told == end_to_end(reply.headers)
            elif isinstance(event, h11.Data):
                body += event.data
        assert (body, tuple(event.headers)) == (reply.body, reply.trailers)


def test_the_campaign_says_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert identity.main(["--cases", "30", "--seed", "2"]) == 0
    assert capsys.readouterr().out.startswith("30 cases of seed 2 in ")


def test_the_campaign_shows_the_smallest_case_that_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bench, "apart", lambda *_: ["all is wrong"])
    assert identity.main(["--only", "3"]) == 1
    told = capsys.readouterr().out
    assert "1 failed" in told
    assert "case 3 of seed 1, made smaller: all is wrong" in told
    assert "/v1/x HTTP/1.1" in told
