"""Ports of this machine: which is free, and who may listen where."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable

import pytest

from audit.errors import AuditError
from audit.ports import free_port, is_free

ASKS = pytest.mark.parametrize("ask", [lambda host: is_free(host, 8501), free_port], ids=["is_free", "free_port"])
Ask = Callable[[str], object]


def refusing(number: int) -> Callable[[socket.socket, object], None]:
    """Return what stands in for `bind` and fails with this error."""

    def bind(_socket: socket.socket, _address: object) -> None:
        raise OSError(number, os.strerror(number))

    return bind


def test_a_port_is_free_until_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert not is_free("127.0.0.1", port)
    assert is_free("127.0.0.1", port)


def test_a_port_whose_connections_have_just_ended_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            listening.accept()[0].close()  # who closes first keeps the port waiting
    assert is_free("127.0.0.1", port)


def test_a_name_is_looked_up() -> None:
    family, *_, address = socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)[0]
    with socket.create_server(address[:2], family=family) as listening:
        assert not is_free("localhost", listening.getsockname()[1])


@ASKS
@pytest.mark.parametrize("host", ["", "a" * 64 + ".example", "\udcff"])  # nobody needs to be asked about these
def test_what_is_no_address_is_said_to_be_none(ask: Ask, host: str) -> None:
    with pytest.raises(AuditError, match="is no address of this machine: "):
        ask(host)


@ASKS
@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])  # kept for documentation: no machine has them
def test_another_machines_address_is_no_place_to_listen(ask: Ask, host: str) -> None:
    with pytest.raises(AuditError, match=f"cannot listen at {host}: "):
        ask(host)


def test_a_port_that_needs_more_rights_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "bind", refusing(errno.EACCES))  # who tests as root may use every port
    with pytest.raises(AuditError, match=r"port 80 at 127\.0\.0\.1 needs more rights than you have; choose one from 1"):
        is_free("127.0.0.1", 80)


def test_a_free_port_is_one_to_listen_on() -> None:
    port = free_port("127.0.0.1")
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free("127.0.0.1", port)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_free_port_of_ipv6_is_one_too() -> None:
    with socket.create_server(("::1", free_port("::1")), family=socket.AF_INET6) as listening:
        assert listening.getsockname()[1] > 0


def test_where_all_ports_are_taken_none_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "bind", refusing(errno.EADDRINUSE))
    with pytest.raises(AuditError, match=r"all ports at 127\.0\.0\.1 are taken"):
        free_port("127.0.0.1")
