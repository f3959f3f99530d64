"""Programs to supervise, and a supervisor that runs them for as long as a test takes."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from audit.supervision.child import Child, State
from audit.supervision.supervisor import Supervisor

__all__ = ["DEAF", "ECHO", "PATIENCE_S", "Running", "a_child", "eventually", "is_there", "supervised"]

PATIENCE_S = 20.0
ECHO = """
import json, os, sys
def tell(**facts):
    print(json.dumps(facts), flush=True)
tell(pid=os.getpid(), heard=None, word=os.environ.get("WORD"))
for line in sys.stdin:
    tell(pid=os.getpid(), heard=line.strip())
"""
"""Tells of each line that it hears, and ends with its input."""
DEAF = "import time; print('{}', flush=True); time.sleep(60)"
"""Does not notice that its input has ended."""


def a_child(program: str = ECHO, name: str = "echo", *arguments: str, **over: Any) -> Child:
    return Child(name=name, argv=(sys.executable, "-c", program, *arguments), **over)


@dataclass(kw_only=True)
class Running:
    """A supervisor at work, and what it was told."""

    supervisor: Supervisor
    stop: asyncio.Event
    told: list[State] = field(default_factory=list)
    in_order: bool | None = None
    """Whether all have ended by themselves; None as long as any runs."""

    def state(self, name: str = "echo") -> State:
        return next(state for state in self.supervisor.states if state.name == name)

    def heard(self, name: str = "echo") -> list[Any]:
        return [state.status["heard"] for state in self.told if state.name == name and state.status is not None]


@asynccontextmanager
async def supervised(*children: Child) -> AsyncIterator[Running]:
    """Run children inside the block, and see that all have ended after it."""
    told: list[State] = []
    running = Running(supervisor=Supervisor(children, told=told.append), stop=asyncio.Event(), told=told)

    async def run() -> None:
        running.in_order = await running.supervisor.run(running.stop)

    async with asyncio.TaskGroup() as group:
        group.create_task(run())
        try:
            yield running
        finally:
            running.stop.set()
    assert [state.pid for state in running.supervisor.states] == [None] * len(children)


async def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it has not come about"
        await asyncio.sleep(0.01)


def is_there(pid: int) -> bool:
    """Whether a process lives, or has died and nobody has looked yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
