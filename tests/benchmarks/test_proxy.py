"""The benchmark of the proxy measures what it says, in a size that tells nothing about speed."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from threading import Thread

import pytest

from tests.benchmarks import gateways, proxy
from tests.benchmarks.gateways import Gateway
from tests.benchmarks.load import Done, Job

SMALL = ["--seconds", "0.1", "--rounds", "1", "--workers", "1", "--connections", "2"]


def test_a_gateway_is_compared_with_direct_calls_and_the_minimal_pass_through(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = proxy.main([*SMALL, "--only", "recorded", "issued", "--kinds", "stream", "--json"])

    told = json.loads(capsys.readouterr().out)
    assert (code, told["failures"]) == (0, [])
    names = {"direct", "minimal", "not recorded", "recorded", "recorded, collected", "issued keys"}
    assert {row["name"] for row in told["rows"]} == names
    assert all(row["calls_per_s"][0] > 0 for row in told["rows"])
    assert {row["of_minimal"][0] for row in told["rows"] if row["name"] == "minimal"} == {1.0}


def test_figures_are_printed_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert proxy.main([*SMALL, "--kinds", "JSON", "--only", "httpx2"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "1 worker, 2 connections, JSON"
    assert [line[:20].rstrip() for line in lines[4:]] == ["direct", "minimal", "uvicorn + httpx2"]


@pytest.fixture
def refusing() -> Iterator[int]:
    """Yield the port of a server that answers the first request of a connection with 503, and then hangs up."""

    def serve() -> None:
        for _ in range(2):
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\nno")

    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_calls_that_fail_are_counted(refusing: int) -> None:
    with gateways.calling() as run:
        done = run(Job(port=refusing, connections=2, streamed=False, seconds=0.1))

    assert done.failures["HTTP/1.1 503 Service Unavailable"] == 2
    assert sum(count for why, count in done.failures.items() if why.startswith("connection lost")) == 2


def test_failures_are_told_with_where_they_were() -> None:
    done = Done(calls=0, seconds=1, p50_ms=0, p99_ms=0, failures={"connection lost": 3})
    setting = proxy.Setting(workers=2, connections=16, kind="stream")

    failures = proxy.failures({setting: {"recorded": [proxy.Block(done=done, cpu_us=0)]}})

    assert failures == ["2 workers, 16 connections, stream, recorded: 3 times connection lost"]


def test_a_gateway_that_answers_otherwise_is_no_gateway(refusing: int) -> None:
    with pytest.raises(RuntimeError, match="broken answers 503 with b'no'"):
        proxy.check(Gateway(name="broken", port=refusing))
    socket.create_connection(("127.0.0.1", refusing)).close()
