"""What a worker of the proxy is told when it starts, and while it runs, as lines of JSON on its standard input.

The first line is a `Plan`; each later one is an `Update`. The end of the input means: finish what is under way, and
end. No secret is in here: a worker finds the providers' keys in its own environment, or in files.
"""

from __future__ import annotations

import msgspec

__all__ = ["IssuedKey", "Limits", "Plan", "Status", "Update", "UpstreamPlan"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long things may take, in seconds, and how large they may be, in bytes."""

    connect_s: float = 10.0
    first_byte_s: float = 600.0
    idle_s: float = 300.0
    head_s: float = 30.0
    keep_alive_s: float = 75.0
    head_bytes: int = 64 * 1024
    body_bytes: int = 512 * 1024 * 1024
    connections: int = 4096


class UpstreamPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that is served."""

    name: str
    mounts: tuple[str, ...]
    """Path prefixes it is served at: `/router`, or `` for the root."""
    base_url: str
    mend_version: bool = True
    key_env: str | None = None
    key_file: str | None = None
    key_header: str | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a worker needs to begin."""

    listening_fd: int
    rates_fd: int | None = None
    """Memory shared by all workers, in which the calls of issued keys are counted; None: each counts for itself."""
    journal: str
    secret: str
    """The file of the secret that keys are fingerprinted with."""
    recording: bool = True
    stable: bool = False
    """Whether what is recorded must outlive the machine's power."""
    journal_most: int | None = 10 * 1024**3
    """Bytes that all who journal there may come to; None: as much as the disk has."""
    journal_reserve: int | None = None
    """Bytes that stay free of its disk; None: a sensible share."""
    refuse_unrecordable: bool = False
    issued_keys_only: bool = False
    via: str | None = None
    """What requests are said to have come through; None: they say nothing."""
    upstreams: tuple[UpstreamPlan, ...]
    allow_networks: tuple[str, ...] = ()
    outgoing_proxy: str | None = None
    limits: Limits = Limits()
    grace_s: float = 10.0


class IssuedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of our own making, as a worker knows it."""

    slot: int
    """Its place among the shared counters."""
    digest: str
    """SHA-256 of the key, in hexadecimal."""
    name: str
    project: str | None = None
    user: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    providers: tuple[str, ...] = ("*",)
    """Names of providers it may use, with `*` as wildcard."""
    models: tuple[str, ...] = ("*",)
    """Likewise of models, as they are asked for."""
    rpm: int | None = None
    """Requests in any 60 seconds."""
    expires_at: float | None = None
    """Seconds since 1970."""
    spent: bool = False
    """Whether its budget is used up."""
    budget: str = ""
    """The budget in words, for who has used it up: `20 USD/month`."""


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """All issued keys that are valid now, in place of those told before."""

    keys: tuple[IssuedKey, ...]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker tells on its standard output: once it takes connections, and each second."""

    pid: int
    connections: int = 0
    active: int = 0
    """Exchanges under way."""
    served: int = 0
    """Exchanges that were forwarded and have ended."""
    refused: dict[str, int] = {}
    """Requests that were answered by the proxy itself, by reason."""
    lost: int = 0
    """Exchanges that could not be recorded, since the worker began."""
