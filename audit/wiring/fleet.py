"""An installation at work: the workers of the proxy, collector, scheduler and dashboard, under one supervisor."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from audit.errors import JournalError
from audit.supervision.child import Child, State
from audit.supervision.signals import ending_on_signals
from audit.supervision.supervisor import Supervisor
from audit.wiring.children import COLLECTOR, children_of, is_worker, workers
from audit.wiring.places import Places, Served
from audit.wiring.proxying import plan_of, upstreams_of

if TYPE_CHECKING:
    from audit.proxy.admin import Readiness
    from audit.settings import Settings

__all__ = ["Fleet", "run"]

FIRST_LOOK_S = 3.0
"""How long workers wait for the first word about issued keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What is to run beside the proxy, and how."""

    scheduler: bool = False
    dashboard: bool = False
    allow_remote: bool = False
    """Whether other machines may be served although nobody is asked who they are."""
    config: Path | None = None
    """The configuration file that the command line names."""


def run(
    settings: Settings,
    fleet: Fleet,
    *,
    ready: Callable[[Served], None] = lambda _served: None,
    ending: Callable[[], None] = lambda: None,
) -> bool:
    """Run everything until interrupted; return whether each process has ended by itself.

    `ready` is told what is served where, once a worker takes connections; `ending` is called when the end is asked
    for. Raises `SettingsError` that names all problems, and `JournalError` if nothing can be recorded.
    """
    with ExitStack() as opened:
        places = Places.take(settings, opened, dashboard=fleet.dashboard, allow_remote=fleet.allow_remote)
        _prepare_home(settings)
        return asyncio.run(_Running(settings, fleet, places).run(ready, ending))


def _prepare_home(settings: Settings) -> None:
    from audit.recording.keys import load_secret

    load_secret(settings.home / "secret")
    try:
        settings.journal.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        raise JournalError(f"cannot make {settings.journal}: {exc.strerror}") from exc


class _Running:
    """One run."""

    def __init__(self, settings: Settings, fleet: Fleet, places: Places) -> None:
        from audit.metrics.calls import CallCounts
        from audit.metrics.processes import ProcessCounts
        from audit.proxy.rates import Rates
        from audit.wiring.issuing import IssuedKeys
        from audit.wiring.watching import KeyFeed, RecordFeed, Watch

        self._settings, self._fleet, self._places = settings, fleet, places
        self._served = places.served(settings, tuple(self._notes()))
        self._calls, self._processes = CallCounts(), ProcessCounts()
        self._rates = Rates.create()
        plan = plan_of(settings, places.proxy[0].fileno(), self._rates.fd)
        self._plans = [msgspec.structs.replace(plan, listening_fd=one.fileno()) for one in places.proxy]
        record = RecordFeed(settings, self._calls)
        issued = IssuedKeys(settings)
        self._keys = KeyFeed(issued.current, self._keys_changed)
        self._watch = Watch(self._keys.look, record.look, ended=(issued.close, record.close))
        self._supervisor = Supervisor(tuple(self._children()), told=self._hear)
        self._working, self._stopping = asyncio.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop

    async def run(self, ready: Callable[[Served], None], ending: Callable[[], None]) -> bool:
        self._loop = asyncio.get_running_loop()

        def end() -> None:
            for one in self._places.proxy:
                one.close()  # workers have them as well: who comes now is to be turned away, not to wait
            self._stopping.set()
            ending()

        with ExitStack() as stack:
            stack.callback(self._rates.close)
            stack.enter_context(ending_on_signals(end, self._supervisor.kill))
            self._watch.start(FIRST_LOOK_S)
            stack.callback(self._watch.stop)
            async with AsyncExitStack() as serving, asyncio.TaskGroup() as group:
                await self._serve_admin(serving)
                telling = group.create_task(self._tell(ready))
                in_order = await self._supervisor.run(self._stopping)
                telling.cancel()
            return in_order

    async def _tell(self, ready: Callable[[Served], None]) -> None:
        await self._working.wait()
        ready(self._served)

    async def _serve_admin(self, stack: AsyncExitStack) -> None:
        from audit.proxy.admin import create_app, serving

        if self._places.admin is not None:
            app = create_app(self._readiness, self._exposition)
            await stack.enter_async_context(serving(app, self._places.admin))

    def _children(self) -> Iterator[Child]:
        yield from workers(self._plans, lambda: self._keys.line)
        yield from children_of(
            self._settings,
            self._fleet.config,
            scheduler=self._fleet.scheduler,
            dashboard=self._places.dashboard,
            allow_remote=self._fleet.allow_remote,
        )

    def _hear(self, state: State) -> None:
        """Take what a child tells of itself."""
        assert state.status is not None
        if state.name == COLLECTOR:
            self._processes.collector(state.name, state.status)
        elif is_worker(state.name):  # pragma: no branch  # others tell nothing
            self._processes.worker(state.name, state.life, state.status)
            self._working.set()

    def _keys_changed(self, line: bytes) -> None:
        """Tell the workers; called in another thread."""
        with suppress(RuntimeError):  # the loop has ended since
            self._loop.call_soon_threadsafe(self._supervisor.send, line, is_worker)

    async def _readiness(self) -> Readiness:
        from audit.proxy.admin import Readiness

        problems = [*self._not_running(), *await asyncio.to_thread(_not_recordable, self._settings)]
        note = self._watch.note
        return Readiness(problems=tuple(problems), notes=() if note is None else (note,))

    def _not_running(self) -> Iterator[str]:
        states = self._supervisor.states
        if self._stopping.is_set():
            yield "it is about to end"
        if not any(is_worker(state.name) and state.status is not None for state in states):
            yield "no worker takes connections"
        yield from (f"the {COLLECTOR} does not run" for one in states if one.name == COLLECTOR and one.pid is None)

    async def _exposition(self) -> bytes:
        from audit.metrics.families import exposition
        from audit.metrics.processes import Process

        states = self._supervisor.states
        processes = [Process(name=one.name, up=one.pid is not None, starts=one.life) for one in states]
        told = [*self._processes.families(processes, database=self._watch.note is None)]
        return await asyncio.to_thread(lambda: exposition([*told, *self._calls.families()]))

    def _notes(self) -> Iterator[str]:
        settings = self._settings
        if not settings.recording.enabled:
            yield "nothing is recorded: recording.enabled is false"
        elif not settings.recording.drain:
            yield "calls stay in the journal: recording.drain is false"
        for one in upstreams_of(settings):
            if one.key_env and not os.environ.get(one.key_env):
                yield f"{one.key_env} is not set: keys issued here cannot be used with {one.name}"


def _not_recordable(settings: Settings) -> list[str]:
    """Say why nothing can be recorded: the folder is gone or locked, the disk is full, the journal at its limit."""
    from audit.recording.room import measure

    folder, limits = settings.journal, settings.journalling
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
        measured = measure(folder, most=limits.max_bytes, reserve=limits.free_reserve)
    except OSError as exc:
        return [f"{folder} cannot be written to: {exc.strerror}"]
    return [measured.full] if measured.is_full else []
