"""A process that makes recorded calls until it is killed: `python -m tests.campaigns.caller call|drain URL NUMBER`.

Each call that has returned is told on standard output at once, as one line of its name, its kind, and the SHA-256 of
the bytes that were sent and received. With `adopt` the process does nothing but bring in what dead ones have left in
the journal, and says before and after that it does.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import Any

import httpx2

import audit
from audit import wiring
from audit.recording.recorder import Recorder

__all__ = ["ADOPTED", "ADOPTING", "KINDS", "LEFT", "PATH", "VAST", "Asked", "asked"]

ADOPTING, ADOPTED = b"adopting\n", b"adopted\n"
LEFT = "left"
"""The kind of call of which the caller wants the beginning only."""
THREADS = 3
TASKS = 4
FLUSH_S = 30.0
KINDS = {"whole": 10, "stream": 10, "packed": 3, LEFT: 2, "huge": 1, "long": 1}
"""How often each kind of call is made: the reply in one piece, as events, the same with gzip, left early, large; and a
large request."""
VAST = "vast"
"""The kind of call whose request and reply are too large to be held in memory."""
_MARKERS = {"packed": "[[sim:gzip]]", "huge": "[[sim:huge=300]]", VAST: "[[sim:huge=1500]]"}
_WORDS = {"long": 40_000, VAST: 250_000}
_PAUSES_S = (0.0, 0.01, 0.1)
"""Between two calls."""
Work = Callable[[str, str, float], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A call to be made: no two are alike."""

    name: str
    kind: str
    body: bytes

    @property
    def options(self) -> dict[str, Any]:
        """What the client is given."""
        coding = "gzip" if self.kind == "packed" else "identity"
        headers = {"content-type": "application/json", "accept-encoding": coding, "x-audit-call": self.name}
        return {"content": self.body, "headers": headers}

    def tell(self, received: bytes) -> None:
        """Say that the call has returned; a line this short is written whole or not at all."""
        line = f"{self.name} {self.kind} {sha256(self.body).hexdigest()} {sha256(received).hexdigest()}\n"
        os.write(1, line.encode())


def asked(worker: str, chance: random.Random, kinds: Mapping[str, int] = KINDS) -> Iterator[Asked]:
    """Yield calls without end."""
    for number in count():
        (kind,) = chance.choices(list(kinds), list(kinds.values()))
        name = f"{worker}.{number}"
        prompt = f"call {name} {'long ' * _WORDS.get(kind, 0)}{_MARKERS.get(kind, '')}"
        stream = "true" if kind in ("stream", "packed", LEFT) else "false"
        body = f'{{"model":"gpt-4o","stream":{stream},"messages":[{{"role":"user","content":"{prompt}"}}]}}'
        yield Asked(name, kind, body.encode())


def call(client: httpx2.Client, one: Asked) -> bytes:
    """Make a call; return the bytes of the reply's body as far as they were wanted."""
    if one.kind in ("whole", "huge", "long"):
        return client.post(PATH, **one.options).content
    with client.stream("POST", PATH, **one.options) as response:
        pieces = response.iter_raw()
        return next(pieces) if one.kind == LEFT else b"".join(pieces)


async def call_async(client: httpx2.AsyncClient, one: Asked) -> bytes:
    """Do the same in a task."""
    if one.kind in ("whole", "huge", "long"):
        return (await client.post(PATH, **one.options)).content
    async with client.stream("POST", PATH, **one.options) as response:
        pieces = response.aiter_raw()
        return await anext(pieces) if one.kind == LEFT else b"".join([piece async for piece in pieces])


def work(url: str, worker: str, pause_s: float) -> None:
    """Make calls one after another."""
    with audit.httpx2_client(base_url=url, timeout=60) as client:
        for one in asked(worker, random.Random(worker)):
            one.tell(call(client, one))
            time.sleep(pause_s)


def work_async(url: str, worker: str, pause_s: float) -> None:
    """Make calls in several tasks at once."""

    async def task(client: httpx2.AsyncClient, name: str) -> None:
        for one in asked(name, random.Random(name)):
            one.tell(await call_async(client, one))
            await asyncio.sleep(pause_s)

    async def run() -> None:
        async with audit.httpx2_async_client(base_url=url, timeout=60) as client, asyncio.TaskGroup() as group:
            for number in range(TASKS):
                group.create_task(task(client, f"{worker}.{number}"))

    asyncio.run(run())


def flush(_url: str, _worker: str, pause_s: float) -> None:
    """Have what has returned brought into the database again and again."""
    while True:
        _recorder().flush(FLUSH_S)
        time.sleep(pause_s)


def run_calls(url: str, number: str, *, drain: bool) -> None:
    """Make calls in threads and tasks until killed; one that fails ends the process.

    With `drain` the writer is at work before the first call is told, and is hurried from then on.
    """
    pause_s = random.Random(number).choice(_PAUSES_S)
    works: list[Work] = [work] * THREADS + [work_async] + [flush] * drain
    if drain:
        with audit.httpx2_client(base_url=url, timeout=60) as client:
            call(client, next(asked(f"{number}.first", random.Random(number))))
        _recorder().flush(FLUSH_S)
    ended = threading.Event()

    def watched(make: Work, name: str) -> None:
        try:
            make(url, name, pause_s)
        except BaseException:  # noqa: BLE001  # whatever it is: told, and the process ends as no killed one does
            traceback.print_exc()
        ended.set()

    for place, make in enumerate(works):
        threading.Thread(target=watched, args=(make, f"{number}.{place}"), daemon=True).start()
    ended.wait()
    sys.stderr.flush()
    os._exit(3)


def _recorder() -> Recorder:
    recorder = wiring.default_recorder()
    assert recorder is not None
    return recorder


def adopt() -> None:
    """Bring in what dead processes have left, then wait to be killed."""
    settings = wiring.read_settings()
    wiring.open_store(settings).close()  # so that all that is needed is imported by now
    os.write(1, ADOPTING)
    wiring.open_reader(settings)
    os.write(1, ADOPTED)
    time.sleep(3600)


PATH = "/openai/v1/chat/completions"

if __name__ == "__main__":
    if sys.argv[1] == "adopt":
        adopt()
    run_calls(*sys.argv[2:], drain=sys.argv[1] == "drain")
