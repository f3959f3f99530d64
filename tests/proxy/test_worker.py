"""A worker from its first line to its end."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from audit.call import Ending
from tests.proxy.framing import Ending as Seen
from tests.proxy.origin import Origin, Script, a_reply
from tests.proxy.raw import Answer, Client, ask
from tests.proxy.running import RunningProxy, running_proxy

SMALL = b"POST /v1/messages HTTP/1.1\r\nHost: proxy\r\nContent-Length: 2\r\n\r\n{}"
STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
END = b"2\r\ncd\r\n0\r\n\r\n"


@contextmanager
def under_way(proxy: RunningProxy) -> Iterator[list[Answer]]:
    """Have a call under way; in the end its answer is in the list."""
    answers: list[Answer] = []
    with Client(proxy.host, proxy.port) as client:
        client.send(SMALL)
        until = time.monotonic() + 5
        while proxy.status().active == 0 and time.monotonic() < until:
            pass
        yield answers
        answers.append(client.read())


def takes_connections(proxy: RunningProxy) -> bool:
    with suppress(ConnectionRefusedError, ConnectionResetError), Client(proxy.host, proxy.port) as client:
        client.send(b"")
        return True
    return False


def test_it_ends_with_its_input_once_all_is_answered(origin: Origin) -> None:
    origin.play(Script((STREAM, 2.0, END)))
    with running_proxy(origin.url) as proxy:
        with under_way(proxy) as answers:
            [worker] = proxy.processes
            assert worker.stdin is not None
            worker.stdin.close()
            until = time.monotonic() + 5
            while takes_connections(proxy) and time.monotonic() < until:
                pass
            assert not takes_connections(proxy)
        assert (answers[0].ending, answers[0].body) == (Seen.COMPLETE, b"abcd")
        assert worker.wait(10) == 0
        [exchange] = proxy.exchanges(1)
        assert (exchange.ending, exchange.response_body) == (Ending.EOF, b"abcd")


def test_it_waits_for_no_call_longer_than_it_is_told_to(origin: Origin) -> None:
    origin.play(Script((STREAM, 8.0, END)))
    with running_proxy(origin.url, grace_s=0.2) as proxy:
        with under_way(proxy) as answers:
            proxy.processes[0].send_signal(signal.SIGTERM)
        assert answers[0].ending is not Seen.COMPLETE
        assert proxy.processes[0].wait(10) == 0
        assert [exchange.ending for exchange in proxy.exchanges(1)] == [Ending.CLOSED]


def test_it_takes_so_many_connections_and_no_more(origin: Origin) -> None:
    origin.play(a_reply())
    with running_proxy(origin.url, limits={"connections": 2}) as proxy:
        with Client(proxy.host, proxy.port) as first, Client(proxy.host, proxy.port) as second:
            assert [first.ask(SMALL).status, second.ask(SMALL).status] == [200, 200]
            assert ask((proxy.host, proxy.port), b"").status == 503
            assert proxy.status().connections == 2
        until = time.monotonic() + 5
        while (status := ask((proxy.host, proxy.port), SMALL).status) != 200 and time.monotonic() < until:
            pass
        assert status == 200


def test_it_goes_on_when_it_is_told_nonsense(origin: Origin) -> None:
    origin.play(a_reply())
    with running_proxy(origin.url) as proxy:
        stdin = proxy.processes[0].stdin
        assert stdin is not None
        stdin.write(b'{"keys": 1}\n')
        stdin.flush()
        proxy.tell()
        until = time.monotonic() + 5
        while b"not understood" not in proxy.log.read_bytes() and time.monotonic() < until:
            time.sleep(0.01)
        assert b"not understood" in proxy.log.read_bytes()
        assert ask((proxy.host, proxy.port), SMALL).status == 200


def test_it_is_not_started_by_hand() -> None:
    done = subprocess.run([sys.executable, "-m", "audit.proxy"], input=b"", capture_output=True, timeout=30)
    assert done.returncode == 1
    assert b"audit proxy" in done.stderr


def test_without_recording_it_records_nothing(origin: Origin) -> None:
    origin.play(a_reply())
    with running_proxy(origin.url, recording=False) as proxy:
        assert ask((proxy.host, proxy.port), SMALL).status == 200
        assert not (proxy.home / "journal").exists()


def fill_up(proxy: RunningProxy) -> None:
    """Let the worker write no further byte to any file, as on a full disk."""
    resource.prlimit(proxy.processes[0].pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def make_room(proxy: RunningProxy) -> None:
    resource.prlimit(proxy.processes[0].pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_calls_that_cannot_be_recorded_pass_and_are_counted(origin: Origin) -> None:
    origin.play(a_reply())
    with running_proxy(origin.url) as proxy:
        fill_up(proxy)
        assert [ask((proxy.host, proxy.port), SMALL).status for _ in range(3)] == [200] * 3
        assert proxy.status().lost == 3
        make_room(proxy)
        assert ask((proxy.host, proxy.port), SMALL).status == 200
        assert len(proxy.exchanges(1)) == 1
        assert proxy.status().lost == 3


def test_calls_that_cannot_be_recorded_may_be_refused(origin: Origin) -> None:
    origin.play(a_reply())
    with running_proxy(origin.url, refuse_unrecordable=True) as proxy:
        fill_up(proxy)
        refused = ask((proxy.host, proxy.port), SMALL)
        assert (refused.status, origin.heard) == (503, [])
        assert b'"api_error"' in refused.body
        assert refused.values(b"x-audit-refused") == [b"unrecordable"]
        status = proxy.status()
        assert (status.lost, status.refused) == (0, {"unrecordable": 1})
        make_room(proxy)
        assert ask((proxy.host, proxy.port), SMALL).status == 200


def test_a_response_whose_end_cannot_be_recorded_is_broken_off_where_such_calls_are_refused(origin: Origin) -> None:
    origin.play(Script((STREAM, 0.6, END)))
    with running_proxy(origin.url, refuse_unrecordable=True) as proxy:
        filling = threading.Timer(0.3, fill_up, [proxy])
        filling.start()
        answer = ask((proxy.host, proxy.port), SMALL)
        filling.join()
        assert answer.status == 200
        assert answer.ending is not Seen.COMPLETE
        assert proxy.status().lost == 1


@pytest.mark.parametrize("workers", [3])
def test_several_workers_share_one_port(origin: Origin, workers: int) -> None:
    origin.play(a_reply())
    with running_proxy(origin.url, workers=workers) as proxy:
        assert [ask((proxy.host, proxy.port), SMALL).status for _ in range(30)] == [200] * 30
        proxy.kill(0)
        assert [ask((proxy.host, proxy.port), SMALL).status for _ in range(10)] == [200] * 10
        assert len(proxy.exchanges(40)) == 40
