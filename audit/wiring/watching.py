"""The database, looked at each second from a thread, so that one that is away or hangs holds nothing up."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from audit.errors import AuditError

if TYPE_CHECKING:
    from audit.metrics.calls import CallCounts
    from audit.metrics.follower import Follower
    from audit.proxy.plan import IssuedKey
    from audit.settings import Settings
    from audit.store.read import Reader

__all__ = ["KeyFeed", "RecordFeed", "Watch"]

EVERY_S = 1.0
PATIENCE_S = 10.0
"""How long the database may keep silent before that is worth a word: a new one has to be made first."""
_log = logging.getLogger("audit")


class Watch:
    """Looks again and again. What it looks at may raise `AuditError` or `OSError`: then it is away."""

    def __init__(
        self, *looks: Callable[[], None], ended: Sequence[Callable[[], None]] = (), every_s: float = EVERY_S
    ) -> None:
        """Make a watch that calls `looks`, one after another, and `ended` in the same thread after the last time."""
        self._looks, self._ended, self._every_s = looks, ended, every_s
        self._answered_at = time.monotonic()
        self._why = ""
        self._told = False
        self._stopped, self._looked = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="audit-watch")

    def start(self, wait_s: float = 0.0) -> None:
        """Begin, and wait a little for the first look to be over."""
        self._thread.start()
        self._looked.wait(wait_s)

    def stop(self) -> None:
        """Look no more; a look that is under way is not waited for."""
        self._stopped.set()

    @property
    def note(self) -> str | None:
        """What is amiss, in words; None when the database answers."""
        silent_s = time.monotonic() - self._answered_at
        if silent_s < PATIENCE_S:
            return None
        return f"the database has not answered for {silent_s:.0f} s{self._why}; calls wait in the journal"

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._look()
            self._looked.set()
            self._stopped.wait(self._every_s)
        for end in self._ended:
            end()

    def _look(self) -> None:
        try:
            for look in self._looks:
                look()
        except (AuditError, OSError) as exc:
            self._why = f" ({exc})"
        except Exception as exc:  # noqa: BLE001  # told with its traceback when it is new; the next look may go well
            if self._why != f" ({exc!r})":
                _log.exception("the database cannot be looked at")
            self._why = f" ({exc!r})"
        else:
            self._answered_at, self._why = time.monotonic(), ""
        self._tell()

    def _tell(self) -> None:
        note = self.note
        if (note is not None) is not self._told:
            self._told = note is not None
            _log.error("%s", note or "the database answers again")


class KeyFeed:
    """The issued keys that are valid now, as the line that workers are told."""

    def __init__(self, current: Callable[[], Iterable[IssuedKey]], changed: Callable[[bytes], None]) -> None:
        """Make a feed from what tells the keys; `changed` is given each new line, in the thread that looks."""
        self._current, self._changed = current, changed
        self.line = _update(())

    def look(self) -> None:
        """Look at the keys; raise as what tells them does, which leaves those that were known."""
        line = _update(self._current())
        if line != self.line:
            self.line = line
            self._changed(line)


class RecordFeed:
    """Follows the record, a SQLite database also when it is deleted and another is begun."""

    def __init__(self, settings: Settings, counts: CallCounts) -> None:
        """Follow from now on."""
        self._url, self._counts = settings.database_url, counts
        self._since = datetime.now(UTC)
        self._file: tuple[int, int] | None = None
        self._open: tuple[Reader, Follower] | None = None

    def look(self) -> None:
        """Count what is new; raise `StoreError` if the record cannot be read."""
        from audit.store.engine import file_of

        if self._open is None or self._file != file_of(self._url):
            self._begin()
        assert self._open is not None
        reader, follower = self._open
        follower.look(reader)

    def close(self) -> None:
        """Let go of the database."""
        if self._open is not None:
            self._open[0].close()

    def _begin(self) -> None:
        from audit.metrics.follower import Follower
        from audit.store.engine import file_of, open_engine
        from audit.store.read import Reader

        self.close()
        self._file = file_of(self._url)
        self._open = Reader(open_engine(self._url, read_only=True)), Follower(self._counts, self._since)


def _update(keys: Iterable[IssuedKey]) -> bytes:
    from audit.proxy.plan import Update

    return msgspec.json.encode(Update(keys=tuple(keys))) + b"\n"
