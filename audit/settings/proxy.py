"""How the recording proxy serves, whom it reaches, and what it bears."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from audit.settings.fields import Section, Size, Span, Unrecordable, Words, off

__all__ = ["ProxySettings"]


def _network(value: str) -> str:
    try:
        return str(ip_network(value.strip(), strict=False))
    except ValueError:
        raise ValueError(f'must be a network or an address, such as "10.0.0.0/8" or "::1", not {value!r}') from None


Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], *Words.__metadata__]


class ProxySettings(Section):
    """The recording proxy. It serves each configured provider below the provider's own name: `/router/v1/…`."""

    host: str = "127.0.0.1"
    port: int = Field(default=8484, ge=0, le=65535)
    """0 takes a free one. Likewise `admin_port`."""
    admin_host: str = "127.0.0.1"
    admin_port: Annotated[Annotated[int, Field(ge=0, le=65535)] | None, BeforeValidator(off)] = 8485
    """Where `/healthz`, `/readyz` and `/metrics` are; `false`: nowhere."""
    workers: int = Field(default=1, ge=1, le=64)
    """Processes that carry traffic."""
    providers: Words = ("*",)
    """Names of configured providers that are served, with `*` as wildcard."""
    root: str | None = None
    """The provider that is also served at `/`, for tools whose base URL has no room for a path."""
    keys: Literal["any", "issued"] = "any"
    """Which API keys are let through: those that the providers take, besides issued ones; or issued ones alone."""
    on_unrecordable: Unrecordable | None = None
    """What becomes of a call that cannot be recorded; None: what `recording.on_unrecordable` says."""
    allow_networks: Networks = ()
    """Loopback, private and link-local addresses that providers may have; all others of these are refused."""
    outgoing_proxy: str | None = None
    """An HTTP proxy to reach the providers through, or `environment` for the one that HTTPS_PROXY names."""
    via: bool = True
    """Whether requests say that they came through here (`Via`, RFC 9110 §7.6.3)."""
    connect_timeout: Span = timedelta(seconds=10)
    first_byte_timeout: Span = timedelta(seconds=600)
    """From the request's end to the response's head."""
    idle_timeout: Span = timedelta(seconds=300)
    """Between two pieces of a response, or of a request's body."""
    head_timeout: Span = timedelta(seconds=30)
    """For a request's head, from its first byte."""
    keep_alive: Span = timedelta(seconds=75)
    """How long a client's idle connection is kept."""
    shutdown_grace: Span = timedelta(seconds=10)
    """How long calls under way may go on when the proxy is told to stop."""
    max_head: Size = 64 * 1024
    """Bytes of a message's head."""
    max_body: Size = 512 * 1024 * 1024
    """Bytes of a request's body."""
    max_connections: int = Field(default=4096, ge=1)
    """Of clients, to one worker."""
