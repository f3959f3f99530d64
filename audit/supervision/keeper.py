"""Keeps one child alive."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress

import msgspec

from audit.supervision.child import Child, State
from audit.supervision.pause import Pause

__all__ = ["Keeper"]

_LINE_BYTES = 1024 * 1024
_log = logging.getLogger("audit")


class Keeper:
    """Runs a child, starts it again when it dies, and lets it end. Belongs to one event loop."""

    def __init__(self, child: Child, told: Callable[[State], None]) -> None:
        """Make a keeper; `told` hears of every status."""
        self.child = child
        self.was_killed = False
        self._told = told
        self._life = 0
        self._process: Process | None = None
        self._status: dict[str, object] | None = None
        self._ending, self._ended = asyncio.Event(), asyncio.Event()

    @property
    def state(self) -> State:
        """How the child is at this moment."""
        process = self._process
        pid = None if process is None or process.returncode is not None else process.pid
        return State(name=self.child.name, pid=pid, life=self._life, status=self._status)

    async def keep(self) -> None:
        """Run the child again and again, until `end` or `kill`."""
        pause = Pause(self.child.longest_pause_s)
        try:
            while not self._ending.is_set():
                began = time.monotonic()
                death = await self._live()
                if not self._ending.is_set():
                    pause_s = pause.after(time.monotonic() - began)
                    _log.error("%s has died: %s. It is started again in %.1f s", self.child.name, death, pause_s)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._ending.wait(), pause_s)
        finally:
            self._ended.set()

    def send(self, line: bytes) -> None:
        """Tell the child a line, if it runs."""
        if self.state.pid is not None and self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(line)

    async def end(self) -> None:
        """Let the child end, and return when it has; one that takes too long is killed."""
        self._ending.set()
        self._close_input()
        try:
            await asyncio.wait_for(self._ended.wait(), self.child.patience_s)
        except TimeoutError:
            _log.error("%s has not ended within %.0f s, and is killed", self.child.name, self.child.patience_s)
            self.kill()
            await self._ended.wait()

    def kill(self) -> None:
        """End the child at once, for good."""
        self._ending.set()
        if self._process is not None and self._process.returncode is None:
            self.was_killed = True
            self._process.kill()

    async def _live(self) -> str:
        """Run the child once; return how it has ended."""
        child = self.child
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *child.argv,
                stdin=PIPE,
                stdout=PIPE,
                env=child.environ,
                pass_fds=child.descriptors,
                start_new_session=True,  # Ctrl-C is for us to deal with
                limit=_LINE_BYTES,
            )
        except OSError as exc:
            return f"it cannot be started: {exc}"
        self._life += 1
        try:
            await self._accompany(process)
            return _told(await process.wait())
        finally:
            self._status = None
            if process.returncode is None:  # we are cancelled
                process.kill()
                await process.wait()

    async def _accompany(self, process: Process) -> None:
        """Tell a child what it needs, and hear what it says until it closes its output."""
        for line in self.child.lines():
            self.send(line)
        if self._ending.is_set():  # since it was being started
            self._close_input()
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # so long a line is no status; the stream has dropped it
                _log.warning("%s has written a line of more than %d bytes", self.child.name, _LINE_BYTES)
                continue
            if not line:
                return
            self._hear(line)

    def _hear(self, line: bytes) -> None:
        try:
            self._status = msgspec.json.decode(line, type=dict[str, object])
        except msgspec.DecodeError:
            _log.warning("%s: %s", self.child.name, line.decode(errors="replace").rstrip())
        else:
            self._told(self.state)

    def _close_input(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()


def _told(code: int) -> str:
    """Say how a process has ended."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:  # of the real-time ones, which have numbers alone
        return f"signal {-code}"
