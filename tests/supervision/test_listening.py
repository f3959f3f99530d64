from __future__ import annotations

import errno
import socket
from contextlib import ExitStack

import pytest

from audit.errors import AuditError
from audit.supervision.listening import address_of, listen, listen_together


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")])
def test_it_takes_connections_at_any_free_port(host: str, shown: str) -> None:
    with listen(host, 0) as listening:
        assert address_of(listening) == f"{shown}{listening.getsockname()[1]}"
        with socket.create_connection(listening.getsockname()[:2]), listening.accept()[0] as taken:
            assert taken.proto == socket.IPPROTO_TCP, "else replies would be held back"


def test_a_port_that_is_taken_is_told() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(AuditError, match=f"port {port} at 127.0.0.1 is taken; name another one"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host", "x" * 300])
def test_an_address_of_others_is_told(host: str) -> None:
    with pytest.raises(AuditError, match="is no address of this machine"):
        listen(host, 0)


def test_a_port_that_takes_more_rights_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(AuditError, match=r"port 80 at 127.0.0.1 needs more rights"):
        listen("127.0.0.1", 80)


def test_several_share_what_comes_to_one_address() -> None:
    with ExitStack() as opened:
        sockets = [opened.enter_context(one) for one in listen_together("127.0.0.1", 0, 3)]
        assert len({address_of(one) for one in sockets}) == 1
        for _ in range(60):
            opened.enter_context(socket.create_connection(sockets[0].getsockname()))
        for one in sockets:
            opened.enter_context(one.accept()[0])  # each has got some


@pytest.mark.parametrize("count", [1, 2])
def test_others_do_not_share_it(count: int) -> None:
    with ExitStack() as opened:
        first, *_ = [opened.enter_context(one) for one in listen_together("127.0.0.1", 0, count)]
        with pytest.raises(AuditError, match="is taken"):
            listen_together("127.0.0.1", first.getsockname()[1], 2)


def test_if_one_cannot_be_had_none_is(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[socket.socket] = []
    real = socket.socket.listen

    def listen_twice(self: socket.socket, backlog: int) -> None:
        opened.append(self)
        if len(opened) == 3:
            raise OSError(errno.ENOBUFS, "No buffer space available")
        real(self, backlog)

    monkeypatch.setattr(socket.socket, "listen", listen_twice)
    with pytest.raises(AuditError):
        listen_together("127.0.0.1", 0, 2)
    assert [one.fileno() for one in opened] == [-1, -1, -1]
