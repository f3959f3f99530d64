"""A proxy whose journal outlives the machine's power: a call waits for the disk, and no other waits for that call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from audit.call import Ending
from tests.proxy.origin import Origin, Script, a_reply
from tests.proxy.raw import Client, ask
from tests.proxy.running import RunningProxy, running_proxy

CALL = b"POST /v1/chat/completions HTTP/1.1\r\nHost: proxy\r\nContent-Length: 2\r\n\r\n{}"
LAST_CALL = CALL.replace(b"Host", b"Connection: close\r\nHost")
STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = Script((STREAM + b"2\r\n{}\r\n", 0.1, b"0\r\n\r\n"))
PATCH = """
import os, time
from pathlib import Path

fdatasync = os.fdatasync

def slow(descriptor):
    asked = Path({folder!r})
    (asked / "waiting").touch()
    while (asked / "shut").exists():
        time.sleep(0.01)
    (asked / "waiting").unlink(missing_ok=True)
    if (asked / "broken").exists():
        raise OSError(5, "Input/output error")
    fdatasync(descriptor)

os.fdatasync = slow
"""
"""What a worker runs before all else."""


@dataclass
class Slow:
    """The disk of a worker, which syncs when it is let."""

    folder: Path

    def shut(self) -> None:
        """Let no sync come to its end."""
        (self.folder / "shut").touch()

    def open(self) -> None:
        """Let syncs go on."""
        (self.folder / "shut").unlink(missing_ok=True)

    def fail(self) -> None:
        """Let syncs fail."""
        (self.folder / "broken").touch()

    def is_waited_for(self) -> bool:
        """Whether a sync is under way."""
        return (self.folder / "waiting").exists()


@pytest.fixture
def disk(tmp_path: Path) -> Slow:
    (tmp_path / "sitecustomize.py").write_text(PATCH.format(folder=str(tmp_path)))
    return Slow(tmp_path)


@contextmanager
def before(origin: Origin, disk: Slow, **plan: bool) -> Iterator[RunningProxy]:
    with running_proxy(origin.url, stable=True, environ={"PYTHONPATH": str(disk.folder)}, **plan) as proxy:
        try:
            yield proxy
        finally:
            disk.open()


def another_is_served(proxy: RunningProxy) -> bool:
    return ask((proxy.host, proxy.port), b"nonsense\r\n\r\n").status == 501


def until(holds: Callable[[], object], client: Client) -> None:
    """Wait for something that another process does."""
    for _ in range(1_000):
        if holds():
            return
        client.send(0.01)
    pytest.fail("it did not come to that")


def answering(origin: Origin, first: Callable[[], None]) -> None:
    """Have the provider do something before it answers: the intent is on the disk by then, and the end is not."""

    def answer(_heard: object) -> Script:
        first()
        return WHOLE

    origin.answer = answer


def test_nothing_is_sent_before_the_intent_is_on_the_disk_and_others_are_served(origin: Origin, disk: Slow) -> None:
    with before(origin, disk) as proxy, Client(proxy.host, proxy.port) as client:
        disk.shut()
        client.send(CALL)
        until(disk.is_waited_for, client)
        assert another_is_served(proxy)
        assert origin.heard == []
        disk.open()
        assert client.read().status == 200
        assert [one.ending for one in proxy.exchanges(1)] == [Ending.EOF]


def test_the_end_is_seen_when_it_is_on_the_disk_and_others_are_served(origin: Origin, disk: Slow) -> None:
    answering(origin, disk.shut)
    with before(origin, disk) as proxy, Client(proxy.host, proxy.port) as client:
        client.send(LAST_CALL)
        until(disk.is_waited_for, client)
        assert another_is_served(proxy)
        begun, _ = client.rest(0.2)
        assert begun.endswith(b"2\r\n{}\r\n")
        disk.open()
        ended, _ = client.rest(10)
        assert ended == b"0\r\n\r\n"


def test_calls_are_served_one_after_the_other_over_one_connection(origin: Origin, disk: Slow) -> None:
    with before(origin, disk) as proxy, Client(proxy.host, proxy.port) as client:
        client.send(CALL * 3)
        assert [client.read().status for _ in range(3)] == [200, 200, 200]
        assert len(proxy.exchanges(3)) == 3


def test_a_client_that_leaves_while_its_end_is_written_leaves_a_whole_record(origin: Origin, disk: Slow) -> None:
    answering(origin, disk.shut)
    with before(origin, disk) as proxy:
        with Client(proxy.host, proxy.port) as client:
            client.send(CALL * 2)
            until(disk.is_waited_for, client)
        origin.play(WHOLE)
        disk.open()
        [one] = proxy.exchanges(1)
        assert (one.ending, one.response_body) == (Ending.EOF, b"{}")
        assert ask((proxy.host, proxy.port), CALL).status == 200


@pytest.mark.parametrize("refuse", [True, False])
def test_a_call_whose_intent_does_not_get_to_the_disk(origin: Origin, disk: Slow, refuse: bool) -> None:
    origin.play(a_reply(b'{"a": 1}'))
    with before(origin, disk, refuse_unrecordable=refuse) as proxy:
        disk.fail()
        answer = ask((proxy.host, proxy.port), CALL)
        assert (answer.status, len(origin.heard)) == ((503, 0) if refuse else (200, 1))
        assert proxy.status().lost == (0 if refuse else 1)
        assert proxy.exchanges() == []


@pytest.mark.parametrize("refuse", [True, False])
def test_a_call_whose_end_does_not_get_to_the_disk(origin: Origin, disk: Slow, refuse: bool) -> None:
    answering(origin, disk.fail)
    with before(origin, disk, refuse_unrecordable=refuse) as proxy, Client(proxy.host, proxy.port) as client:
        client.send(CALL)
        answer = client.read()
        assert answer.lasting is not refuse
        assert proxy.status().lost == 1
