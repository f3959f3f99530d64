"""A process that carries traffic: told what to do on its standard input, telling how it does on its standard output."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from io import RawIOBase
from pathlib import Path
from typing import cast

import msgspec
import uvloop

from audit.garbage import collect_rarely
from audit.proxy.addresses import Networks
from audit.proxy.admission import Admission
from audit.proxy.credentials import provider_key
from audit.proxy.dial import Dialer
from audit.proxy.gateway import Gateway
from audit.proxy.inbound import Inbound
from audit.proxy.outbound import Pool
from audit.proxy.plan import Plan, Status, Update
from audit.proxy.rates import Rates
from audit.proxy.upstreams import Upstreams
from audit.recording.keys import Fingerprints, load_secret
from audit.recording.recorder import Recorder
from audit.recording.room import Room
from audit.recording.silence import Silence
from audit.recording.stable import journal_kind

__all__ = ["Worker", "main"]

STATUS_EVERY_S = 1.0
SWEEP_EVERY_S = 0.5
BACKLOG = 1024
_log = logging.getLogger("audit")


def main() -> None:
    """Serve as the first line of standard input says, until the input ends or the process is told to."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    source = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115  # what follows the loop reads
    plan = msgspec.json.decode(_first_line(source), type=Plan)
    _raise_limit_of_files()
    collect_rarely()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Worker(plan).run(source))


class Worker:
    """One process's share of the traffic."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._inbounds: set[Inbound] = set()
        self._stopping = asyncio.Event()
        self._recorder = _recorder(plan)
        self._gateway: Gateway

    async def run(self, told: RawIOBase) -> None:
        """Serve until told to stop, then let what is under way come to its end."""
        loop = asyncio.get_running_loop()
        self._gateway = _gateway(self._plan, self._recorder, loop.time)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        listening = socket.socket(fileno=self._plan.listening_fd)
        server = await loop.create_server(self._accept, sock=listening, backlog=BACKLOG)
        async with asyncio.TaskGroup() as group:
            chores = [group.create_task(self._tell()), group.create_task(self._sweep())]
            await self._listen_to(told)
            await self._stopping.wait()
            server.close()
            await self._drain()
            for chore in chores:
                chore.cancel()
        self._gateway.pool.close()
        self._recorder.close()
        self._say()

    def _accept(self) -> asyncio.Protocol:
        if len(self._inbounds) >= self._plan.limits.connections:
            return _Full()
        inbound = Inbound(self._gateway, self._inbounds.discard)
        self._inbounds.add(inbound)
        return inbound

    async def _listen_to(self, told: RawIOBase) -> None:
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: _Told(self._update, self._stopping.set), told)

    def _update(self, line: bytes) -> None:
        try:
            update = msgspec.json.decode(line, type=Update)
        except msgspec.MsgspecError as exc:
            _log.error("what this process was told is not understood: %s", exc)
            return
        self._gateway.admission.replace(update.keys)

    async def _drain(self) -> None:
        for inbound in list(self._inbounds):
            inbound.finish()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._plan.grace_s):
                while any(inbound.busy for inbound in self._inbounds):
                    await asyncio.sleep(0.02)
        for inbound in list(self._inbounds):
            inbound.abort()
        await asyncio.sleep(0)  # connections tell of their loss in the loop's next round

    async def _tell(self) -> None:
        with suppress(OSError):
            os.set_blocking(1, False)  # whoever does not listen must not hold up traffic
        while True:
            self._say()
            await asyncio.sleep(STATUS_EVERY_S)

    def _say(self) -> None:
        with suppress(OSError):
            os.write(1, msgspec.json.encode(self._status()) + b"\n")

    def _status(self) -> Status:
        return Status(
            pid=os.getpid(),
            connections=len(self._inbounds),
            active=sum(inbound.busy for inbound in self._inbounds),
            served=self._gateway.served,
            refused=dict(self._gateway.refused),
            lost=self._recorder.lost_ever,
        )

    async def _sweep(self) -> None:
        limits = self._plan.limits
        shortest = min(limits.first_byte_s, limits.idle_s, limits.head_s, limits.keep_alive_s)
        while True:
            await asyncio.sleep(min(SWEEP_EVERY_S, shortest / 4))
            now = self._gateway.now()
            for inbound in list(self._inbounds):
                inbound.look_at_the_clock(now)
            self._gateway.pool.sweep(now)


class _Full(asyncio.Protocol):
    """A connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        taken = cast(asyncio.Transport, transport)
        taken.write(_TOO_MANY)
        taken.close()


class _Told(asyncio.Protocol):
    """Lines that come on standard input, and its end."""

    def __init__(self, line: Callable[[bytes], None], end: Callable[[], None]) -> None:
        self._line = line
        self._end = end
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line)

    def eof_received(self) -> None:
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()


def _gateway(plan: Plan, recorder: Recorder, now: Callable[[], float]) -> Gateway:
    keys = {upstream.name: key for upstream in plan.upstreams if (key := provider_key(upstream))}
    dialer = Dialer(Networks(plan.allow_networks), outgoing_proxy=plan.outgoing_proxy)
    rates = Rates.private() if plan.rates_fd is None else Rates(plan.rates_fd)
    return Gateway(
        plan=plan,
        upstreams=Upstreams(plan.upstreams),
        pool=Pool(dialer, plan.limits.connect_s),
        recorder=recorder,
        admission=Admission(rates),
        provider_keys=keys,
        now=now,
    )


def _recorder(plan: Plan) -> Recorder:
    if not plan.recording:
        return Silence()
    folder = Path(plan.journal)
    return Recorder(
        folder,
        fingerprint=Fingerprints(load_secret(Path(plan.secret))),
        destination=None,
        journal=journal_kind(plan.stable),
        room=Room(folder, most=plan.journal_most, reserve=plan.journal_reserve),
        refuse=plan.refuse_unrecordable,
    )


def _first_line(source: RawIOBase) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        if not (piece := source.read(1)):
            raise SystemExit("a worker of the proxy is started by `audit proxy`, which tells it what to do")
        line += piece
    return line


def _raise_limit_of_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nx-audit-refused: too_many_connections\r\n"
    b"retry-after: 1\r\nconnection: close\r\n\r\n"
)
