"""Keeps several children alive, and lets them end in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby

from audit.supervision.child import Child, State
from audit.supervision.keeper import Keeper

__all__ = ["Supervisor"]


class Supervisor:
    """Runs children until it is told to stop. Belongs to one event loop, and is to be used from there."""

    def __init__(self, children: Sequence[Child], *, told: Callable[[State], None] = lambda _state: None) -> None:
        """Make a supervisor; `told` hears of every status that a child tells."""
        self._keepers = [Keeper(child, told) for child in sorted(children, key=_stage)]

    async def run(self, stop: asyncio.Event) -> bool:
        """Run all children until `stop`; return whether each has ended by itself when it was told to."""
        async with asyncio.TaskGroup() as group:
            for keeper in self._keepers:
                group.create_task(keeper.keep(), name=keeper.child.name)
            await stop.wait()
            for _, keepers in groupby(self._keepers, key=lambda keeper: _stage(keeper.child)):
                await asyncio.gather(*(keeper.end() for keeper in keepers))
        return not any(keeper.was_killed for keeper in self._keepers)

    @property
    def states(self) -> tuple[State, ...]:
        """How each child is at this moment."""
        return tuple(keeper.state for keeper in self._keepers)

    def send(self, line: bytes, to: Callable[[str], bool]) -> None:
        """Tell a line to those children whose names are wanted, as far as they run."""
        for keeper in self._keepers:
            if to(keeper.child.name):
                keeper.send(line)

    def kill(self) -> None:
        """End all children at once."""
        for keeper in self._keepers:
            keeper.kill()


def _stage(child: Child) -> int:
    return child.stage
