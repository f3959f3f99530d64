"""Archives into the record: exchanges that others recorded become calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from audit.archives import Archive, Entry
from audit.call import Call, Exchange
from audit.errors import ArchiveError
from audit.store.write import Writer

__all__ = ["Intake", "Summary"]

_AT_ONCE = 200
_REDACTED = "redacted: "
"""How the note begins that tells what was taken out on purpose, and not what could not be read."""
_MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What became of the files."""

    read: int
    """Exchanges that were understood as such."""
    new: int
    repeated: int
    """Exchanges that were in the record already."""
    without_time: int
    """Exchanges that neither archive nor reply dates: they stand at the time of the import."""
    first_at: datetime | None
    """When the first of those that are dated began; None when there is none."""
    last_at: datetime | None
    noted: int
    """Exchanges of which something could not be read; each call's notes say what."""
    by_dialect: tuple[tuple[str, int], ...]
    unread: int
    """What could not be read as an exchange, or not be stored."""
    problems: tuple[str, ...]
    """Which those are, as `file, place: why`; the first hundred."""


class Intake:
    """Brings archives into a database, in batches, each exchange once."""

    def __init__(
        self, interpret: Callable[[Exchange], Call], writer: Writer, fingerprint: Callable[[str], str]
    ) -> None:
        self._interpret = interpret
        self._writer = writer
        self._fingerprint = fingerprint
        self._counts: Counter[str] = Counter()
        self._dialects: Counter[str] = Counter()
        self._problems: list[str] = []
        self._first_at: datetime | None = None
        self._last_at: datetime | None = None

    def bring(self, archive: Archive, name: str, progress: Callable[[int], None]) -> None:
        """Store all of an archive; `progress` is told the bytes read so far. Raises `StoreError`."""
        entries = self._readable(archive, name)
        while batch := list(islice(entries, _AT_ONCE)):
            self._store(list(self._calls(name, batch)), batch, name)
            progress(batch[-1].position)

    @property
    def summary(self) -> Summary:
        """What became of all that was brought."""
        return Summary(
            **{name: self._counts[name] for name in ("read", "new", "repeated", "without_time", "noted", "unread")},
            first_at=self._first_at,
            last_at=self._last_at,
            by_dialect=tuple(self._dialects.most_common()),
            problems=tuple(self._problems),
        )

    def _readable(self, archive: Archive, name: str) -> Iterator[Entry]:
        """The archive's entries, as far as it can be read; what it turns out not to be does not hinder the next one."""
        try:
            yield from archive.entries(self._fingerprint)
        except ArchiveError as exc:
            self._cannot(str(exc))
        except OSError as exc:
            self._cannot(f"{name}: {exc.strerror or exc}")

    def _store(self, calls: list[Call], batch: list[Entry], name: str) -> None:
        appended = self._writer.append(calls)
        self._counts.update(new=appended.new, repeated=appended.repeated)
        places = {entry.exchange.id: entry.place for entry in batch if entry.exchange is not None}
        for exchange_id, why in appended.refused:
            self._cannot(f"{name}, {places[exchange_id]}: {why}")

    def _calls(self, name: str, batch: list[Entry]) -> Iterator[Call]:
        for entry in batch:
            if entry.exchange is None:
                self._cannot(f"{name}, {entry.place}: {entry.problem}")
                continue
            call = self._dated(entry.exchange, known=entry.time_known)
            self._counts.update(read=1, noted=any(not note.startswith(_REDACTED) for note in call.reading.notes))
            self._dialects[call.reading.dialect] += 1
            yield call

    def _dated(self, exchange: Exchange, *, known: bool) -> Call:
        """Give an exchange that the archive does not date the time that its reply tells, and price it by that."""
        call = self._interpret(exchange)
        told = call.exchange.started_at if known else call.reading.provider_created_at
        if told is None:
            self._counts.update(without_time=1)
            return call
        self._first_at = min(told, self._first_at or told)
        self._last_at = max(told, self._last_at or told)
        return call if known else self._interpret(replace(exchange, started_at=told))

    def _cannot(self, problem: str) -> None:
        self._counts.update(unread=1)
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(problem)
