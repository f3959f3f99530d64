"""Messages with a byte more or less: what a strict reader does not take never passes as whole, or as another thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest

from tests.campaigns.comparison import end_to_end
from tests.proxy.attacks import ODD, SMUGGLED
from tests.proxy.framing import Ending
from tests.proxy.hostile import REPLIES
from tests.proxy.origin import Heard, Origin, Script, Then, a_reply, running_origin
from tests.proxy.raw import Answer, Client, ask
from tests.proxy.running import RunningProxy, running_proxy

EACH = 50
QUIET_S, SOON_S = 0.02, 5.0
PIECES = (
    *(b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b" ", b"\t", b"\x0b", b"\x7f", b"\x80", b"\xff"),
    *(b":", b";", b",", b"0", b"5", b"_", b"-", b"+", b"#", b"?", b"%", b'"', b"chunked", b"HTTP/1.1"),
    *(
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\n",
        b"Connection: close\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ),
)
REQUESTS = (
    b"GET /router/v1/x?y=z HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nX-B: c d\r\n\r\n",
    b"POST /router/v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + SMUGGLED,
    b"POST /router/v1/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n\r\n"
    + SMUGGLED,
    *ODD.values(),
)
_OK = b"HTTP/1.1 200 OK\r\n"
RESPONSES = (
    _OK + b"Content-Length: 5\r\nX-A: b c\r\n\r\nhello",
    _OK + b"X-A: b\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\nabc\r\n0\r\nx: y\r\n\r\n",
    _OK + b"x-a: b\r\n\r\nhello",
    b"HTTP/1.1 204 No Content\r\nx-a: b\r\n\r\n",
    b"HTTP/1.1 103 Early\r\nlink: a\r\n\r\n" + _OK + b"content-length: 2\r\n\r\nok",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
    *(b"".join(step for step in one.script.steps if isinstance(step, bytes)) for one in REPLIES.values()),
)


@pytest.fixture(scope="module")
def strict() -> Iterator[Origin]:
    with running_origin() as running:
        yield running


@pytest.fixture(scope="module")
def proxy(origin: Origin) -> Iterator[RunningProxy]:
    with running_proxy({"router": origin.url}) as running:
        yield running
        assert b"Traceback" not in running.log.read_bytes()


def mutated(chance: Random, wire: bytes) -> bytes:
    """Return a message with one to three things wrong, more often where its parts meet."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        joints = [at for at, byte in enumerate(wire) if byte in b"\r\n: 0;"]
        at = chance.choice(joints) if joints and chance.random() < 0.5 else chance.randint(0, len(wire))
        kind = chance.choice(("insert", "insert", "replace", "replace", "drop", "byte", "repeat"))
        other = chance.randint(0, len(wire))
        if kind == "insert":
            wire = wire[:at] + chance.choice(PIECES) + wire[at:]
        elif kind == "replace":
            wire = wire[:at] + chance.choice(PIECES) + wire[at + 1 :]
        elif kind == "drop":
            wire = wire[:at] + wire[at + chance.choice((1, 1, 2, 4)) :]
        elif kind == "byte":
            wire = wire[:at] + bytes([chance.randrange(256)]) + wire[at + 1 :]
        else:
            wire = wire[: max(at, other)] + wire[min(at, other) : max(at, other)][:40] + wire[max(at, other) :]
    return wire


def read_strictly(strict: Origin, wire: bytes) -> list[Heard]:
    """Return the whole requests that a strict server finds."""
    strict.forget()
    with Client(strict.host, strict.port) as client:
        client.send(wire)
        client.end_sending()
        client.rest(SOON_S)
    return [one for one in strict.heard if not one.fault]


def answers_to(proxy: RunningProxy, wire: bytes, whole: int) -> list[Answer]:
    """Return what is answered: to so many whole requests, if it goes well; else what comes soon, if anything does."""
    answers: list[Answer] = []
    with Client(proxy.host, proxy.port, patience_s=SOON_S if whole else QUIET_S) as client:
        client.send(wire)
        while not answers or (answers[-1].lasting and len(answers) < whole):
            answers.append(client.read())
    return answers


@pytest.mark.parametrize("seed", range(8))
def test_no_mutated_request_comes_to_mean_another(
    seed: int, proxy: RunningProxy, origin: Origin, strict: Origin
) -> None:
    origin.answer = lambda heard: a_reply(heard.method + b" " + heard.target)
    wanted: list[tuple[bytes, bytes, bytes]] = []
    for number in range(EACH):
        chance = Random(f"{seed}.{number}")
        wire = mutated(chance, chance.choice(REQUESTS))
        if _MEANT.intersection(wire[at : at + 2] for at in range(len(wire))) or wire[:1] in (b"\r", b"\n"):
            continue
        origin.forget()
        before, wanted = wanted, [(one.method, one.target, one.body) for one in read_strictly(strict, wire)]
        answers = answers_to(proxy, wire, len(wanted))
        heard = [(one.method, b"/router" + one.target, one.body) for one in origin.heard if not one.fault]
        heard = [one for one in heard if one in wanted or one not in before]  # those may be late
        assert [one.fault for one in origin.heard if one.fault.startswith(Ending.MALFORMED)] == [], wire
        assert _is_part(heard, wanted), wire
        for one in answers:
            assert one.status in (None, 100, 200) or 400 <= one.status <= 505, (wire, one)
            assert one.ending is not Ending.MALFORMED, (wire, one)


_MEANT = {b"  ", b"//"}
"""Where we are not strict, and mean it: blanks and slashes that come twice; likewise line ends before a request."""


def _is_part(some: list[tuple[bytes, bytes, bytes]], every: list[tuple[bytes, bytes, bytes]]) -> bool:
    left = iter(every)
    return all(one in left for one in some)


@pytest.mark.parametrize("seed", range(8))
def test_no_mutated_response_looks_whole_that_is_not(seed: int, proxy: RunningProxy, origin: Origin) -> None:
    for number in range(EACH):
        chance = Random(f"{seed}.{number}")
        wire = mutated(chance, chance.choice(RESPONSES))
        if wire[:1] in (b"\r", b"\n") or b"\r\n\r\n\r\n" in wire or b" 304 " in wire:
            continue  # line ends before a response, and codings where there is no body, harm nobody
        origin.play(Script((wire,), Then.CLOSE))
        straight = ask((origin.host, origin.port), b"GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = ask((proxy.host, proxy.port), b"GET /router/v1/x HTTP/1.1\r\nHost: a\r\n\r\n", patience_s=SOON_S)
        torn = bool(answer.values(b"x-audit-refused")) or answer.ending in (Ending.CUT, Ending.RESET)
        assert torn or (straight.ending is Ending.COMPLETE and _seen(answer) == _seen(straight)), (wire, answer)


def _seen(answer: Answer) -> tuple[object, ...]:
    return answer.status, answer.reason, end_to_end(answer.headers), answer.body, answer.ending


@pytest.mark.parametrize("seed", range(4))
def test_nothing_of_a_mutated_response_comes_to_who_asks_next(seed: int, proxy: RunningProxy, origin: Origin) -> None:
    """The provider keeps its connection, so that what is left over might be taken for the next answer."""
    for number in range(EACH):
        chance = Random(f"next {seed}.{number}")
        script = Script((mutated(chance, chance.choice(RESPONSES)),))
        origin.answer = _playing(script)
        with Client(proxy.host, proxy.port, patience_s=QUIET_S) as client:
            first = client.ask(b"GET /router/v1/x HTTP/1.1\r\nHost: a\r\n\r\n")
            then = [client.ask(_own(number))] if first.lasting else []
        then.append(ask((proxy.host, proxy.port), _own(number)))
        for one in then:
            own = (one.status, one.body, one.behind) == (200, b"/v1/own/%d" % number, b"")
            assert own or one.ending is Ending.OPEN, (script, first, one)


def _playing(script: Script) -> Callable[[Heard], Script]:
    return lambda heard: script if heard.target == b"/v1/x" else a_reply(heard.target)


def _own(number: int) -> bytes:
    return b"GET /router/v1/own/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number
