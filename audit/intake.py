"""Archives into the record: exchanges that others recorded become calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from audit.archives import Archive, Entry
from audit.call import Call
from audit.interpret import Interpreter
from audit.store.write import Writer

__all__ = ["Intake", "Summary"]

_AT_ONCE = 200
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
    noted: int
    """Exchanges of which something could not be read; each call's notes say what."""
    by_dialect: tuple[tuple[str, int], ...]
    unread: int
    """What could not be read as an exchange, or not be stored."""
    problems: tuple[str, ...]
    """Which those are, as `file, place: why`; the first hundred."""


class Intake:
    """Brings archives into a database, in batches, each exchange once."""

    def __init__(self, interpreter: Interpreter, writer: Writer, fingerprint: Callable[[str], str]) -> None:
        self._interpret = interpreter
        self._writer = writer
        self._fingerprint = fingerprint
        self._counts: Counter[str] = Counter()
        self._dialects: Counter[str] = Counter()
        self._problems: list[str] = []

    def bring(self, archive: Archive, name: str, progress: Callable[[int], None]) -> None:
        """Store all of an archive; `progress` is told the bytes read so far. Raises `ArchiveError`, `StoreError`."""
        entries = archive.entries(self._fingerprint)
        while batch := list(islice(entries, _AT_ONCE)):
            calls = list(self._calls(name, batch))
            appended = self._writer.append(calls)
            self._counts.update(new=appended.new, repeated=appended.repeated)
            for exchange_id, why in appended.refused:
                self._cannot(f"{name}, {exchange_id}: {why}")
            progress(batch[-1].position)

    @property
    def summary(self) -> Summary:
        """What became of all that was brought."""
        return Summary(
            **{name: self._counts[name] for name in ("read", "new", "repeated", "without_time", "noted", "unread")},
            by_dialect=tuple(self._dialects.most_common()),
            problems=tuple(self._problems),
        )

    def _calls(self, name: str, batch: list[Entry]) -> Iterator[Call]:
        for entry in batch:
            if entry.exchange is None:
                self._cannot(f"{name}, {entry.place}: {entry.problem}")
                continue
            call = self._interpret(entry.exchange)
            if not entry.time_known:
                call = self._dated(call)
            self._counts.update(read=1, noted=bool(call.reading.notes))
            self._dialects[call.reading.dialect] += 1
            yield call

    def _dated(self, call: Call) -> Call:
        """Give an exchange that the archive does not date the time that its reply tells, and price it by that."""
        if (told := call.reading.provider_created_at) is None:
            self._counts.update(without_time=1)
            return call
        return self._interpret(replace(call.exchange, started_at=told))

    def _cannot(self, problem: str) -> None:
        self._counts.update(unread=1)
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(problem)
