"""Who calls while the journal's disk is in trouble: a recording client, or plain ones through the proxy."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import httpx2

from tests.campaigns.caller import PATH, Asked, asked
from tests.campaigns.proxy_kill import free_port
from tests.campaigns.reckoning import Acknowledged, Campaign

__all__ = ["CALLERS", "Callers", "Seen"]

RATE = 200
"""Calls a second of the recording client."""
CLIENTS = 4
_REFUSED, _BROKEN_OFF = "not made, as it cannot be recorded", "how it ended cannot be recorded"
_PROXY = """
[proxy]
port = {port}
admin_port = false
root = "simulator"
allow_networks = ["127.0.0.0/8"]
[providers.simulator]
base_url = "{provider}"
"""


@dataclass
class Seen:
    """What callers have come to see."""

    served: list[Acknowledged] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    broken_off: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """What nobody should."""

    def __len__(self) -> int:
        return len(self.served) + len(self.refused) + len(self.broken_off) + len(self.failed)


class Callers(Protocol):
    """They call from their start on until the `with` block ends."""

    @property
    def seen(self) -> Seen:
        """What they have seen so far."""
        ...

    def start(self) -> None:
        """Start whoever records, and call."""
        ...


class _Client:
    """A process whose client records what it sends."""

    def __init__(self, campaign: Campaign, provider: str, environ: Mapping[str, str], patience_s: float) -> None:
        self._campaign, self._patience_s, self._environ = campaign, patience_s, environ
        self._command = [sys.executable, "-m", "tests.campaigns.steady", provider, "client", str(RATE)]
        self._told = campaign.folder / "told"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._told.open("wb") as out, self._campaign.errors.open("ab") as errors:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=out, stderr=errors, env=self._environ
            )

    @property
    def seen(self) -> Seen:
        seen = Seen()
        for line in self._told.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                _sort(line.strip(), seen)
        return seen

    def __enter__(self) -> _Client:
        return self

    def __exit__(self, *_raised: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        _await(self._campaign, self._process, self._patience_s)


def _sort(line: str, seen: Seen) -> None:
    if not line.startswith("failed "):
        seen.served.append(Acknowledged(*line.split()))
    elif _REFUSED in line:
        seen.refused.append(line)
    elif _BROKEN_OFF in line:
        seen.broken_off.append(line)
    else:
        seen.failed.append(line)


class _Proxied:
    """Threads that call through the proxy, which runs as it is meant to."""

    def __init__(self, campaign: Campaign, provider: str, environ: Mapping[str, str], patience_s: float) -> None:
        self._campaign, self._patience_s, self._environ = campaign, patience_s, environ
        port = free_port()
        self._url = f"http://127.0.0.1:{port}"
        with Path(environ["AUDIT_CONFIG"]).open("a", encoding="utf-8") as config:
            config.write(_PROXY.format(port=port, provider=provider))
        self._process: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(f"proxied.{at}",)) for at in range(CLIENTS)]
        self.seen = Seen()

    def start(self) -> None:
        with self._campaign.errors.open("ab") as errors:
            command = [sys.executable, "-m", "audit", "proxy"]
            self._process = subprocess.Popen(command, stdout=errors, stderr=errors, env=self._environ)
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> _Proxied:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        assert self._process is not None
        self._process.terminate()
        _await(self._campaign, self._process, self._patience_s)

    def _call(self, name: str) -> None:
        with httpx2.Client(base_url=self._url, timeout=self._patience_s, trust_env=False) as client:
            for one in asked(name, random.Random(name), {"whole": 9, "stream": 1}):
                if self._over.is_set():
                    return
                try:
                    self._made(client, one)
                except httpx2.ConnectError:
                    self._over.wait(0.05)  # it is starting
                except httpx2.TransportError:
                    self.seen.broken_off.append(one.name)

    def _made(self, client: httpx2.Client, one: Asked) -> None:
        with client.stream("POST", PATH, **one.options) as response:
            received = b"".join(response.iter_raw())
        if response.status_code == 200:
            digests = sha256(one.body).hexdigest(), sha256(received).hexdigest()
            self.seen.served.append(Acknowledged(one.name, one.kind, *digests))
        elif response.headers.get("x-audit-refused") == "unrecordable" and response.status_code == 503:
            self.seen.refused.append(one.name)
        else:
            self.seen.failed.append(f"{one.name} was answered with {response.status_code}: {received[:200]!r}")


def _await(campaign: Campaign, process: subprocess.Popen[bytes], patience_s: float) -> None:
    """Let a process end by itself; note a failure if it does not, or not well."""
    try:
        if (code := process.wait(patience_s)) != 0:
            campaign.failures.append(f"{process.args!r} ended with code {code}")
    except subprocess.TimeoutExpired:
        campaign.failures.append(f"{process.args!r} has not ended within {patience_s} s")
    finally:
        process.kill()
        process.wait()


CALLERS: dict[str, Callable[[Campaign, str, Mapping[str, str], float], Any]] = {"client": _Client, "proxy": _Proxied}
