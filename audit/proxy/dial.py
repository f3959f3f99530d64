"""Connections to providers: resolved, looked at, connected, and where asked for led through an HTTP proxy."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import certifi

from audit.proxy.addresses import Networks
from audit.proxy.upstreams import Upstream

__all__ = ["Dialer", "Unreachable"]

P = TypeVar("P", bound=asyncio.Protocol)
_MOST_TUNNEL_HEAD = 16 * 1024


class Unreachable(Exception):
    """No connection could be made, or none may be."""


class Dialer:
    """Makes connections. No environment variable diverts them unless the operator says so."""

    def __init__(self, networks: Networks, *, outgoing_proxy: str | None = None) -> None:
        self._networks = networks
        self._proxy = outgoing_proxy

    async def connect(self, upstream: Upstream, protocol: Callable[[], P], timeout_s: float) -> P:
        """Return the protocol of a new connection; raise `Unreachable`."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._connect(upstream, protocol)
        except TimeoutError:
            raise Unreachable(f"no connection to {upstream.host}:{upstream.port} within {timeout_s:g} s") from None
        except ssl.SSLCertVerificationError as exc:
            raise Unreachable(f"{upstream.host} has no certificate to be trusted: {exc.verify_message}") from exc
        except OSError as exc:
            raise Unreachable(f"no connection to {upstream.host}:{upstream.port}: {exc.strerror or exc}") from exc

    async def _connect(self, upstream: Upstream, protocol: Callable[[], P]) -> P:
        proxy = _outgoing(self._proxy, upstream)
        if proxy is None:
            sock = await self._socket(upstream.host, upstream.port, checked=True)
        else:
            sock = await self._tunnel(proxy, upstream)
        made = protocol()
        with _closed_on_failure(sock):
            await asyncio.get_running_loop().create_connection(
                lambda: made,
                sock=sock,
                ssl=_trust() if upstream.secure else None,
                server_hostname=upstream.host if upstream.secure else None,
            )
        return made

    async def _socket(self, host: str, port: int, *, checked: bool) -> socket.socket:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as exc:
            raise Unreachable(f"the name {host} has no address: {exc}") from exc
        if checked:
            refusals = [self._networks.refusal(str(address[0])) for *_, address in found]
            if refused := next(filter(None, refusals), None):
                raise Unreachable(f"{host} is not connected to: {refused}")
        failure: OSError | None = None
        for family, kind, protocol, _, address in found:
            sock = socket.socket(family, kind, protocol)
            sock.setblocking(False)
            try:
                with _closed_on_failure(sock):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    await loop.sock_connect(sock, address)
            except OSError as exc:
                failure = exc
            else:
                return sock
        raise failure or Unreachable(f"the name {host} has no address")

    async def _tunnel(self, proxy: str, upstream: Upstream) -> socket.socket:
        """Return a socket that an HTTP proxy has connected (CONNECT, RFC 9110 §9.3.6)."""
        parts = urlsplit(proxy)
        if parts.scheme != "http" or not parts.hostname:
            raise Unreachable("the outgoing proxy must be http://HOST:PORT")
        sock = await self._socket(parts.hostname, parts.port or 8080, checked=False)
        with _closed_on_failure(sock):
            where = f"{upstream.host}:{upstream.port}"
            head = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
            if parts.username is not None:
                said = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
                head.append(f"Proxy-Authorization: Basic {base64.b64encode(said.encode()).decode()}")
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(sock, "\r\n".join([*head, "", ""]).encode())
            answer = b""
            while b"\r\n\r\n" not in answer and len(answer) < _MOST_TUNNEL_HEAD:
                piece = await loop.sock_recv(sock, 1)  # not a byte of what comes behind the head
                if not piece:
                    break
                answer += piece
            words = answer.split(b" ", 2)
            if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].startswith(b"2"):
                told = answer.partition(b"\r\n")[0][:80].decode("latin-1")
                raise Unreachable(f"the outgoing proxy did not connect to {where}: {told!r}")
        return sock


@contextmanager
def _closed_on_failure(sock: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:  # a cancellation too must leave no socket open; all are handed on
        sock.close()
        raise


def _outgoing(said: str | None, upstream: Upstream) -> str | None:
    if said != "environment":
        return said
    names = ("HTTPS_PROXY", "https_proxy") if upstream.secure else ("HTTP_PROXY", "http_proxy")
    exempt = (os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or "").split(",")
    hosts = [host.strip().lstrip(".") for host in exempt if host.strip()]
    if any(host == "*" or upstream.host == host or upstream.host.endswith(f".{host}") for host in hosts):
        return None
    return next((os.environ[name] for name in (*names, "ALL_PROXY") if os.environ.get(name)), None)


@cache
def _trust() -> ssl.SSLContext:
    """What certificates are trusted: the system's, or where it has none those that Mozilla trusts."""
    context = ssl.create_default_context()
    places = ssl.get_default_verify_paths()
    if places.cafile is None and places.capath is None:
        context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context
