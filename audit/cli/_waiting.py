"""What `audit journal` tells: a journal's depth, the calls in it, and those that were set aside."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import click

from audit.cli._figures import ABSENT, duration, figure, when
from audit.cli._output import legible, print_json
from audit.cli._table import left, print_table, right
from audit.recording.collector import is_collecting
from audit.recording.depth import Rates, State, Waiting, WriterDepth, look, rates
from audit.recording.readmission import Readmitted
from audit.recording.rejected import Rejected, Unreadable, files, read

__all__ = [
    "Overview",
    "overview",
    "print_overview",
    "print_readmitted",
    "print_set_aside",
    "print_waiting",
    "set_aside",
    "show",
    "unreadable",
    "waiting",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """One process's part of the journal."""

    name: str
    pid: int | None
    state: State
    waiting: int
    under_way: int
    size_bytes: int
    segments: int
    oldest_at: datetime | None
    """When the first call has ended that waits; None when none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A journal, looked at."""

    folder: str
    waiting: int
    size_bytes: int
    segments: int
    oldest_at: datetime | None
    oldest_s: float
    """How long ago that was; zero when none waits."""
    collector: bool
    """Whether one is at work."""
    set_aside: int
    """Files of calls that the database has refused."""
    damaged: tuple[str, ...]
    """Files that hold what cannot be read."""
    writers: tuple[Writer, ...]
    rates: Rates | None = None
    """None when it was looked at once."""

    @property
    def is_sound(self) -> bool:
        """Whether all that there is can be stored."""
        return not (self.set_aside or self.damaged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A call that was set aside, without its bodies; or a file of which none can be read."""

    id: UUID | None
    at: datetime | None
    tries: int | None
    method: str | None
    url: str | None
    reason: str
    file: str


def overview(folder: Path, watch_s: float | None) -> Overview:
    """Look at a journal; twice, `watch_s` seconds apart, if those are given."""
    found, measured = look(folder), None
    if watch_s is not None:
        before, began = found, time.monotonic()
        time.sleep(watch_s)
        found = look(folder, {one.name: one.end for one in before})
        measured = rates(before, found, time.monotonic() - began)
    oldest_at = _oldest([call for one in found for call in one.waiting])
    damaged = [*(path for one in found for path in one.damaged), *sorted(folder.glob("*.damaged"))]
    return Overview(
        folder=str(folder),
        waiting=sum(len(one.waiting) for one in found),
        size_bytes=sum(one.size_bytes for one in found),
        segments=sum(one.segments for one in found),
        oldest_at=oldest_at,
        oldest_s=max((datetime.now(UTC) - oldest_at).total_seconds(), 0.0) if oldest_at else 0.0,
        collector=is_collecting(folder),
        set_aside=len(files(folder)),
        damaged=tuple(map(str, damaged)),
        writers=tuple(map(_writer, found)),
        rates=measured,
    )


def _writer(one: WriterDepth) -> Writer:
    return Writer(
        name=one.name,
        pid=one.pid,
        state=one.state,
        waiting=len(one.waiting),
        under_way=one.under_way,
        size_bytes=one.size_bytes,
        segments=one.segments,
        oldest_at=_oldest(one.waiting),
    )


def _oldest(calls: Sequence[Waiting]) -> datetime | None:
    return min((call.ended_at for call in calls), default=None)


def print_overview(found: Overview) -> None:
    """Print how a journal is."""
    if found.waiting:
        amount = f"{_calls(found.waiting)}, {_size(found.size_bytes)} in {figure(found.segments)} segments"
        click.echo(f"waiting    {amount}")
        age = duration(int(found.oldest_s * 1_000_000))
        click.echo(f"oldest     ended {when(found.oldest_at)}, {age} ago")
    else:
        click.echo("waiting    nothing: all calls that have ended are in the database")
    if found.rates is not None:
        filled, drained = found.rates.filled_per_s, found.rates.drained_per_s
        over = f"in {found.rates.over_s:.1f} s"
        click.echo(f"rate       {filled:.1f} calls a second come in, {drained:.1f} go into the database ({over})")
    click.echo(f"collector  {'at work' if found.collector else 'none'}")
    if found.set_aside:
        hint = "`audit journal list --rejected` tells why"
        click.echo(f"set aside  {_calls(found.set_aside)} that the database has refused; {hint}")
    for path in found.damaged:
        click.echo(f"damaged    {legible(path)} holds what cannot be read; what can be read of it is stored")
    if found.writers:
        click.echo()
        _print_writers(found.writers)


def _print_writers(writers: Sequence[Writer]) -> None:
    rows = [
        [
            one.name,
            ABSENT if one.pid is None else str(one.pid),
            one.state.value,
            figure(one.waiting),
            figure(one.under_way),
            _size(one.size_bytes),
            figure(one.segments),
            when(one.oldest_at),
        ]
        for one in writers
    ]
    figures = right("waiting", "under way", "size", "segments")
    print_table([*left("writer", "process", "state"), *figures, *left("oldest")], rows)


def waiting(folder: Path) -> list[Waiting]:
    """Return the calls that wait, the longest first."""
    return sorted((call for one in look(folder) for call in one.waiting), key=lambda call: (call.ended_at, call.id))


def print_waiting(calls: Sequence[Waiting]) -> None:
    """Print calls that wait."""
    rows = [[str(one.id), when(one.ended_at), one.method, one.url, _size(one.size_bytes), one.writer] for one in calls]
    print_table([*left("call", "ended", "method", "URL"), *right("size"), *left("writer")], rows)


def set_aside(folder: Path) -> list[Aside]:
    """Return the calls that were set aside, those of one file after the other's."""
    return [_aside(one) for one in read(folder)]


def _aside(one: Rejected | Unreadable) -> Aside:
    if isinstance(one, Unreadable):
        reason = f"cannot be read from byte {one.offset} on: the file is damaged, or of another version; it is kept"
        return Aside(id=None, at=None, tries=None, method=None, url=None, reason=reason, file=str(one.path))
    return Aside(
        id=one.exchange.id,
        at=one.at,
        tries=one.tries,
        method=one.exchange.method,
        url=one.exchange.url,
        reason=one.reason or "not known: a version that kept no reasons has set it aside",
        file=str(one.path),
    )


def print_set_aside(calls: Sequence[Aside]) -> None:
    """Print calls that were set aside, and why."""
    rows = [
        [
            str(one.id) if one.id else one.file,
            when(one.at),
            figure(one.tries),
            " ".join(filter(None, (one.method, one.url))) or ABSENT,
            one.reason,
        ]
        for one in calls
    ]
    print_table([*left("call", "refused"), *right("tries"), *left("request", "reason")], rows)


def show(calls: Sequence[T], limit: int, as_json: bool, table: Callable[[Sequence[T]], None], nothing: str) -> None:
    """Print the first calls as a table or as JSON, and how many more there are."""
    shown = calls[:limit]
    if as_json:
        print_json({"total": len(calls), "calls": shown})
    elif shown:
        table(shown)
        if len(calls) > limit:
            click.echo(f"{figure(len(calls) - limit)} more; --limit shows them", err=True)
    else:
        click.echo(nothing, err=True)


def unreadable(folder: Path) -> list[Path]:
    """Return the files of calls set aside that cannot be read to their ends, or were kept because of that."""
    return [one.path for one in read(folder) if isinstance(one, Unreadable)]


def print_readmitted(done: Readmitted, left_over: Sequence[Path]) -> None:
    """Print what became of calls that were tried again."""
    if not (done.stored or done.refused or left_over):
        click.echo("no call is set aside", err=True)
        return
    click.echo(f"stored: {figure(len(done.stored))}; refused still: {figure(len(done.refused))}")
    for id_, why in done.refused:
        click.echo(f"refused: {id_}: {legible(why)}")
    for path in left_over:
        click.echo(f"damaged: {legible(str(path))} holds what cannot be read, and is kept")


def _calls(number: int) -> str:
    return f"{figure(number)} call{'' if number == 1 else 's'}"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1000:,.1f} kB" if size_bytes < 1_000_000 else f"{size_bytes / 1e6:,.1f} MB"
