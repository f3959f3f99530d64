"""Callers that ask again as soon as they are answered: `python -m tests.benchmarks.load`.

Each line of standard input is a `Job` in JSON; each is answered with a `Done`. Requests are made beforehand and
replies are hardly looked at, so that the callers are not what is measured.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import Any

import uvloop

from tests.benchmarks.upstream import prose

__all__ = ["Done", "Job"]

WARM_UP_S = 0.1
_PATIENCE_S = 5.0
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A block of calls: so many connections, each with one call at a time, for so long or until one was answered."""

    port: int
    connections: int
    streamed: bool
    seconds: float
    key: str = "sk-not-a-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a block of calls took."""

    calls: int
    seconds: float
    p50_ms: float
    p99_ms: float
    failures: dict[str, int] = field(default_factory=dict)

    @property
    def calls_per_s(self) -> float:
        """Calls that were answered in a second."""
        return self.calls / self.seconds


def requests(job: Job, count: int = 200) -> list[bytes]:
    """Return whole requests as an SDK sends them, each with another prompt of 2 KB."""
    return [_request(job, prose(1900, seed)) for seed in range(count)]


def _request(job: Job, prompt: str) -> bytes:
    asked = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": prompt}], "stream": job.streamed}
    body = json.dumps(asked, separators=(",", ":")).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{job.port}\r\nAccept-Encoding: gzip, deflate\r\n"
        "Connection: keep-alive\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
        "User-Agent: OpenAI/Python 3.57.0\r\nX-Stainless-Lang: python\r\nX-Stainless-Package-Version: 3.57.0\r\n"
        "X-Stainless-OS: Linux\r\nX-Stainless-Arch: x64\r\nX-Stainless-Runtime: CPython\r\n"
        "X-Stainless-Retry-Count: 0\r\n"
        f"Authorization: Bearer {job.key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Block:
    """The calls of one job."""

    def __init__(self, job: Job) -> None:
        wanted = requests(job)
        self._requests = cycle(random.sample(wanted, len(wanted)))
        self.counting_from = self.until = self.last_answer = 0.0
        self.taken: list[float] = []
        self.failures: dict[str, int] = {}
        self.busy = 0
        self.ended = asyncio.Event()

    def next(self) -> bytes:
        """Return the next request."""
        return next(self._requests)

    def is_over(self, now: float) -> bool:
        """Return whether no further call counts: the time is up, and there is something to tell of it."""
        return now > self.until and bool(self.taken or self.failures)

    def answered(self, began: float, now: float) -> None:
        """Count a call, if it belongs to the time that is measured."""
        if began >= self.counting_from and not self.is_over(now):
            self.taken.append(now - began)
            self.last_answer = now

    def failed(self, why: str) -> None:
        """Count a failure."""
        self.failures[why] = self.failures.get(why, 0) + 1


class Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._unread, self._tail = b"", b""
        self._remaining: int | None = None
        """Bytes of the body that are still to come; 1 for as long as chunks come; None before the head."""
        self._chunked = False
        self._asking = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._asking:
            self._block.failed(f"connection lost ({type(exc).__name__ if exc else 'closed'})")
            self._rest()

    def ask(self) -> None:
        """Send a request."""
        if not self._asking:
            self._block.busy += 1
            self._asking = True
        self._began = time.perf_counter()
        self._transport.write(self._block.next())

    def close(self) -> None:
        """Hang up."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._remaining is None:
            data = self._unread + data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._unread = data
                return
            self._begin(data, end)
            data = data[end + 4 :]
        assert self._remaining is not None
        if self._chunked:
            self._tail = (self._tail + data)[-5:]
            self._remaining = int(self._tail != _LAST_CHUNK)
        else:
            self._remaining -= len(data)
        if self._remaining <= 0:
            self._answered()

    def _begin(self, data: bytes, end: int) -> None:
        if not data.startswith(b"HTTP/1.1 200 "):
            self._block.failed(data[:40].partition(b"\r\n")[0].decode("latin-1"))
        found = _LENGTH.search(data, 0, end)
        self._chunked = found is None
        self._remaining = int(found[1]) if found else 1

    def _answered(self) -> None:
        now = time.perf_counter()
        self._unread, self._tail, self._remaining = b"", b"", None
        self._block.answered(self._began, now)
        if self._block.is_over(now):
            self._rest()
        else:
            self.ask()

    def _rest(self) -> None:
        self._asking = False
        self._block.busy -= 1
        if not self._block.busy:
            self._block.ended.set()


async def run(job: Job) -> Done:
    """Make the calls of a job."""
    loop, block = asyncio.get_running_loop(), Block(job)
    made = [await loop.create_connection(lambda: Caller(block), "127.0.0.1", job.port) for _ in range(job.connections)]
    block.counting_from = time.perf_counter() + WARM_UP_S
    block.until = block.counting_from + job.seconds
    for _, caller in made:
        caller.ask()
    try:
        await asyncio.wait_for(block.ended.wait(), WARM_UP_S + job.seconds + _PATIENCE_S)
    except TimeoutError:
        block.failed(f"{block.busy} calls without an end")
    for _, caller in made:
        caller.close()
    taken = sorted(block.taken) or [float("nan")]
    return Done(
        calls=len(block.taken),
        seconds=max(job.seconds, block.last_answer - block.counting_from),
        p50_ms=taken[len(taken) // 2] * 1000,
        p99_ms=taken[len(taken) * 99 // 100] * 1000,
        failures=block.failures,
    )


def main() -> None:
    """Do what is asked for, line by line."""
    for line in sys.stdin:
        print(json.dumps(asdict(uvloop.run(run(Job(**json.loads(line)))))), flush=True)


if __name__ == "__main__":
    main()
