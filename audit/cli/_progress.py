"""How far something has come, as a bar on standard error: nothing is shown where that is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

__all__ = ["progress"]


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yield what is told of what, how many are done and of how many: a bar for each kind."""
    bars: dict[str, ProgressBar[int]] = {}
    with ExitStack() as stack:

        def advance(what: str, done: int, of: int) -> None:
            if what not in bars:
                bars[what] = stack.enter_context(_bar(what, of))
            bars[what].update(done - bars[what].pos)

        yield advance


def _bar(what: str, of: int) -> ProgressBar[int]:
    return click.progressbar(length=max(of, 1), label=what, file=sys.stderr, hidden=not sys.stderr.isatty())
