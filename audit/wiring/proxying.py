"""What the proxy serves, where, and what is wrong with that: looked at before anything is started."""

from __future__ import annotations

import ipaddress
import re
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from audit.proxy.plan import Limits, Plan, UpstreamPlan
    from audit.settings import ProviderSettings, Settings

__all__ = ["is_loopback", "plan_of", "problems", "upstreams_of", "with_options"]

RESOLVE_S = 2.0
"""How long names of providers may take to be resolved; one that is not known by then is looked at when it is used."""
NO_PROVIDER = """\
providers: none is configured. Name one in audit.toml, such as

      [providers.openai]
      base_url = "https://api.openai.com/v1"

  or give it on the command line: --upstream https://api.openai.com"""
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*")


def with_options(settings: Settings, upstream: str | None, proxy: Mapping[str, Any]) -> Settings:
    """Return the settings with what a command line says: values of `ProxySettings`, and who alone is to be served.

    Raises `SettingsError` for an upstream that is no address.
    """
    changed = settings.proxy.model_copy(update=dict(proxy))
    if upstream is None:
        return settings.model_copy(update={"proxy": changed})
    name, provider = _named(settings, upstream)
    alone = changed.model_copy(update={"providers": (), "root": name})
    return settings.model_copy(update={"proxy": alone, "providers": {**settings.providers, name: provider}})


def _named(settings: Settings, upstream: str) -> tuple[str, ProviderSettings]:
    """Return the provider of this address: the configured one, with its key, if it is one of them."""
    from pydantic import ValidationError

    from audit.errors import SettingsError
    from audit.settings import ProviderSettings

    try:
        given = ProviderSettings(base_url=upstream)
    except ValidationError as exc:
        raise SettingsError([f"--upstream: must begin with https:// or http:// and a host, not {upstream!r}"]) from exc
    known = ((name, one) for name, one in settings.providers.items() if _same(one.base_url, given.base_url))
    return next(known, (urlsplit(given.base_url).hostname or "", given))


def _same(one: str, other: str) -> bool:
    return one.rstrip("/").lower() == other.rstrip("/").lower()


def upstreams_of(settings: Settings) -> tuple[UpstreamPlan, ...]:
    """Return the providers that are served, as workers are told of them."""
    from audit.proxy.plan import UpstreamPlan

    return tuple(
        UpstreamPlan(
            name=name,
            mounts=mounts,
            base_url=provider.base_url,
            mend_version=provider.version == "mended",
            key_env=provider.key_env,
            key_file=None if provider.key_file is None else str(provider.key_file),
            key_header=provider.key_header,
        )
        for name, provider in settings.providers.items()
        if (mounts := _mounts(settings, name))
    )


def _mounts(settings: Settings, name: str) -> tuple[str, ...]:
    below = (f"/{name}",) if any(fnmatchcase(name, pattern) for pattern in settings.proxy.providers) else ()
    return (*below, "") if settings.proxy.root == name else below


def plan_of(settings: Settings, listening_fd: int, rates_fd: int | None) -> Plan:
    """Return what each worker is told when it starts."""
    from audit.proxy.plan import Plan

    proxy = settings.proxy
    return Plan(
        listening_fd=listening_fd,
        rates_fd=rates_fd,
        journal=str(settings.journal),
        secret=str(settings.home / "secret"),
        recording=settings.recording.enabled,
        stable=settings.journalling.durability == "power",
        journal_most=settings.journalling.max_bytes,
        journal_reserve=settings.journalling.free_reserve,
        refuse_unrecordable=(proxy.on_unrecordable or settings.recording.on_unrecordable) == "refuse",
        issued_keys_only=proxy.keys == "issued",
        via=f"audit-{secrets.token_hex(4)}" if proxy.via else None,
        upstreams=upstreams_of(settings),
        allow_networks=proxy.allow_networks,
        outgoing_proxy=proxy.outgoing_proxy,
        limits=_limits(settings),
        grace_s=proxy.shutdown_grace.total_seconds(),
    )


def _limits(settings: Settings) -> Limits:
    from audit.proxy.plan import Limits

    proxy = settings.proxy
    return Limits(
        connect_s=proxy.connect_timeout.total_seconds(),
        first_byte_s=proxy.first_byte_timeout.total_seconds(),
        idle_s=proxy.idle_timeout.total_seconds(),
        head_s=proxy.head_timeout.total_seconds(),
        keep_alive_s=proxy.keep_alive.total_seconds(),
        head_bytes=proxy.max_head,
        body_bytes=proxy.max_body,
        connections=proxy.max_connections,
    )


def problems(settings: Settings, *, allow_remote: bool) -> Iterator[str]:
    """Yield what keeps the proxy from serving, and what to do about it; ports apart."""
    proxy = settings.proxy
    if not is_loopback(proxy.host) and proxy.keys == "any" and not allow_remote:
        yield (
            f"proxy.host: {proxy.host} can be reached from other machines, and the proxy asks nobody who they are. Use "
            '127.0.0.1, or let issued keys alone through (keys = "issued"), or say that everybody may (--allow-remote)'
        )
    upstreams = upstreams_of(settings)
    if not settings.providers:
        yield NO_PROVIDER
    elif not upstreams:
        known, wanted = ", ".join(settings.providers), ", ".join(proxy.providers)
        yield f"proxy.providers: none of the configured ones ({known}) is called {wanted or 'anything'}"
    for upstream in upstreams:
        if not _SEGMENT.fullmatch(upstream.name) and upstream.mounts != ("",):
            yield (
                f"providers: {upstream.name!r} cannot be part of a path. Call it by letters, digits and . _ ~ -, or "
                "leave it out of proxy.providers"
            )
    if proxy.outgoing_proxy is None:
        yield from _refused(upstreams, proxy.allow_networks)


def _refused(upstreams: Sequence[UpstreamPlan], allowed: Sequence[str]) -> Iterator[str]:
    """Yield which providers have addresses that are not connected to."""
    from audit.proxy.addresses import Networks

    networks = Networks(allowed)
    hosts = {upstream.name: urlsplit(upstream.base_url).hostname or "" for upstream in upstreams}
    found = _resolved(set(hosts.values()))
    for name, host in hosts.items():
        refused = (networks.refusal(address) for address in found.get(host, ()))
        if refusal := next(filter(None, refused), None):
            yield f"providers.{name}: {host} is not connected to: {refusal} (--allow-network)"


def _resolved(hosts: set[str]) -> dict[str, list[str]]:
    """Return the addresses of hosts, as far as they can be had in a short time."""
    found: dict[str, list[str]] = {}

    def resolve(host: str) -> None:
        try:
            found[host] = [str(address[0]) for *_, address in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError):
            found[host] = []  # there may be no network yet; calls will tell

    # Daemons: a resolver that gets no answer must not hold up the end.
    threads = [threading.Thread(target=resolve, args=(host,), daemon=True) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(RESOLVE_S)
    return dict(found)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
