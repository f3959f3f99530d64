"""An installation that runs in the test's own process, and what can be found out about it from outside."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from audit.settings import Settings
from audit.wiring import fleet
from audit.wiring.fleet import Fleet
from audit.wiring.places import Served
from tests.metrics.exposed import read

__all__ = ["ask", "children", "metrics", "readyz", "run"]


def run(settings: Settings, scene: Callable[[Served], None], wanted: Fleet | None = None) -> bool:
    """Run an installation, `scene` in another thread once it takes connections, and then end it as SIGTERM does."""
    failures: list[BaseException] = []

    def play(served: Served) -> None:
        try:
            scene(served)
        except BaseException as exc:  # noqa: BLE001  # raised again below
            failures.append(exc)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def ready(served: Served) -> None:
        threading.Thread(target=play, args=(served,)).start()

    in_order = fleet.run(settings, wanted or Fleet(), ready=ready)
    for failure in failures:
        raise failure
    return in_order


def _words(pid: str) -> list[bytes]:
    """The words that a process was started with; none of one that is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def children(parent: int | None = None) -> dict[str, int]:
    """Return the processes of an installation by what they do, with their ids."""
    found: dict[str, int] = {}
    pid = parent or os.getpid()
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        words = _words(child)
        kinds = {b"audit.proxy": "worker", b"collect": "collector", b"schedule": "scheduler", b"dashboard": "dashboard"}
        for kind in (kinds[word] for word in words if word in kinds):
            number = sum(name.startswith(kind) for name in found)
            found[f"{kind}-{number + 1}" if kind == "worker" else kind] = int(child)
    return found


def ask(address: str, *, stream: bool = False, key: str = "sk-anything", prompt: str = "Say hello.") -> Any:
    """Make a chat through the proxy; return its status."""
    body = {"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": prompt}]}
    headers = {"authorization": f"Bearer {key}"}
    with httpx2.Client(trust_env=False, timeout=30) as client:
        return client.post(f"{address}/v1/chat/completions", json=body, headers=headers).status_code


def metrics(served: Served) -> dict[str, float]:
    """Return what Prometheus would see."""
    return read(httpx2.get(f"{served.admin}/metrics", trust_env=False).text)


def readyz(served: Served) -> httpx2.Response:
    """Return whether it is ready."""
    return httpx2.get(f"{served.admin}/readyz", trust_env=False)
