"""Where an installation serves: ports are taken before anything is started, so that all problems are told at once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audit.errors import AuditError, SettingsError
from audit.supervision.listening import address_of, listen_together
from audit.wiring.proxying import is_loopback, problems, upstreams_of

if TYPE_CHECKING:
    from audit.settings import Settings

__all__ = ["Places", "Served"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What is served where, by addresses."""

    providers: tuple[tuple[str, str], ...]
    """Where each is served, and its own base URL."""
    admin: str | None
    dashboard: str | None
    notes: tuple[str, ...] = ()
    """What may surprise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Sockets that are open, and the host and port that the dashboard is to take."""

    proxy: tuple[socket.socket, ...]
    """One for each worker, all at one address."""
    admin: socket.socket | None
    dashboard: tuple[str, int] | None

    @classmethod
    def take(cls, settings: Settings, opened: ExitStack, *, dashboard: bool, allow_remote: bool) -> Places:
        """Take all ports, to be given back by `opened`.

        Raises `SettingsError` with all that is wrong, with the ports and with the rest.
        """
        found = list(problems(settings, allow_remote=allow_remote))
        attempts = _Attempts(opened, found)
        proxy = attempts.listen(settings.proxy.host, settings.proxy.port, "--port", count=settings.proxy.workers)
        port = settings.proxy.admin_port
        admin = () if port is None else attempts.listen(settings.proxy.admin_host, port, "--admin-port")
        place = None
        if dashboard:
            found += _open_to_all(settings.dashboard.host, allow_remote=allow_remote)
            place = attempts.free(settings.dashboard.host, settings.dashboard.port, "or --without dashboard")
        if found:
            raise SettingsError(found)
        return cls(proxy=proxy, admin=next(iter(admin), None), dashboard=place)

    def served(self, settings: Settings, notes: tuple[str, ...]) -> Served:
        """Return what is served here."""
        here = address_of(self.proxy[0])
        providers = [(here + mount, one.base_url) for one in upstreams_of(settings) for mount in one.mounts]
        return Served(
            providers=tuple(providers),
            admin=None if self.admin is None else address_of(self.admin),
            dashboard=None if self.dashboard is None else _address(*self.dashboard),
            notes=notes,
        )


class _Attempts:
    """Tries to take ports, and keeps what hinders it."""

    def __init__(self, opened: ExitStack, problems: list[str]) -> None:
        self._opened, self._problems = opened, problems

    def listen(self, host: str, port: int, option: str, *, count: int = 1) -> tuple[socket.socket, ...]:
        """Return sockets that take connections at one place; none if that cannot be."""
        try:
            sockets = listen_together(host, port, count)
        except AuditError as exc:
            self._problems.append(f"{exc} ({option})")
            return ()
        return tuple(self._opened.enter_context(one) for one in sockets)

    def free(self, host: str, port: int, option: str) -> tuple[str, int] | None:
        """Return a place that another process can take."""
        for held in self.listen(host, port, option):
            with held:
                return host, int(held.getsockname()[1])
        return None


def _open_to_all(host: str, *, allow_remote: bool) -> Iterator[str]:
    if not is_loopback(host) and not allow_remote:
        yield (
            f"dashboard.host: {host} can be reached from other machines, and the pages ask nobody who they are "
            "(--allow-remote)"
        )


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
