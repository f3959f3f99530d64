"""The campaign of streams sees what is delayed, held, or recorded otherwise than it was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from audit import wiring
from audit.call import Ending, Exchange, Tags
from audit.settings import load_settings
from tests.benchmarks import gateways
from tests.campaigns import streams
from tests.campaigns.readers import Arrivals, Had, ask, watch
from tests.campaigns.recorded_bodies import unlike
from tests.campaigns.streams_origin import big, event
from tests.factories import an_exchange

Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def origin() -> Iterator[int]:
    with gateways.talking(["tests.campaigns.streams_origin"]) as process:
        yield int(gateways.hear(process))


@pytest.mark.parametrize("framing", streams.FRAMINGS)
def test_each_event_is_timed_however_its_stream_is_framed(framing: str, origin: int) -> None:
    arrivals = asyncio.run(watch(origin, f"/drip/5/20/{framing}", "one"))

    assert len(arrivals.taken_ms) == 5
    assert all(0 < taken < 1000 for taken in arrivals.taken_ms)


def answered(serve: Serve, path: str) -> Arrivals:
    """Watch what a server of one's own sends."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await serve(writer)
        writer.close()

    async def run() -> Arrivals:
        async with await asyncio.start_server(one, "127.0.0.1", 0) as server:
            return await watch(server.sockets[0].getsockname()[1], path, "one")

    return asyncio.run(run())


def test_events_that_come_together_are_late_but_for_the_last() -> None:
    async def hold(writer: asyncio.StreamWriter) -> None:
        held = event()
        await asyncio.sleep(0.05)
        writer.write(held + event())

    arrivals = answered(hold, "/drip/2/50/close")

    assert arrivals.late == 1
    assert arrivals.taken_ms[0] > arrivals.taken_ms[1] + 49


def test_a_stream_that_breaks_off_is_told() -> None:
    async def break_off(writer: asyncio.StreamWriter) -> None:
        writer.write(event())

    with pytest.raises(ConnectionError, match="broke off after 1 events of 3"):
        answered(break_off, "/drip/3/50/close")


def test_bodies_come_whole_and_go_whole(origin: int) -> None:
    large = asyncio.run(ask(origin, "/big/1500000", "large"))
    drip = asyncio.run(ask(origin, "/drip/3/1/chunked", "drip"))
    sent = asyncio.run(ask(origin, "/swallow", "sent", body=big(2_000_000)))

    assert (large.size, large.sha256) == (1_500_000, sha256(big(1_500_000)).hexdigest())
    assert drip.size == 3 * len(event())
    told = f'{{"bytes": 2000000, "sha256": "{sha256(big(2_000_000)).hexdigest()}"}}'
    assert sent.sha256 == sha256(told.encode()).hexdigest()


def test_what_is_not_once_and_whole_in_the_record_is_told(tmp_path: Path) -> None:
    def recorded(label: str, ending: Ending = Ending.EOF, response: bytes = b"all", request: bytes = b"") -> Exchange:
        tags = Tags(labels=(("call", label),))
        return an_exchange(id=uuid4(), request_body=request, response_body=response, ending=ending, tags=tags)

    exchanges = [
        recorded("right", request=b"asked"),
        recorded("cut", Ending.UNKNOWN, b"al"),
        recorded("sent otherwise", request=b"ask"),
        *(recorded("twice") for _ in range(2)),
    ]
    with closing(wiring.open_store(load_settings({"AUDIT_HOME": str(tmp_path)}))) as store:
        store.append([store.read(exchange) for exchange in exchanges])
    had = [
        Had(label=label, size=3, sha256=sha256(b"all").hexdigest())
        for label in ("right", "cut", "sent otherwise", "twice", "lost")
    ]

    assert unlike(tmp_path, had, {"right": b"asked", "sent otherwise": b"asked"}) == [
        "cut ended unknown, not eof",
        "cut: 2 bytes of response recorded, 3 had, and not the same",
        "sent otherwise: 3 bytes of request recorded, 5 sent, and not the same",
        "twice is in the record 2 times",
        "lost is in the record 0 times",
    ]


def test_the_campaign_in_its_smallest_size_finds_nothing_amiss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    smallest = streams.Size(rounds=1, streams=5, megabytes=2, stalled=5, seconds=0.5)
    monkeypatch.setattr(streams, "SMALL", smallest)

    code = streams.main(["--unhurried"])

    said = capsys.readouterr().out.splitlines()
    assert (code, said[-1]) == (0, "nothing amiss"), said


def test_late_events_are_told_if_no_try_is_better(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = iter([["late"], ["late"], ["too late"], ["late"], []])
    monkeypatch.setattr(streams, "_amiss_by_time", lambda _campaign: next(tries))
    slow, noisy = (streams.Campaign(0, streams.SMALL) for _ in range(2))

    streams.latency(slow)
    streams.latency(noisy)

    assert (slow.failures, noisy.failures) == (["too late"], [])
