"""Retention in the configured database: what is due by the policies of the settings, and its daily removal."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from audit.errors import AuditError

if TYPE_CHECKING:
    from audit.settings import Settings
    from audit.settings.retention import PolicySettings, RetentionSettings
    from audit.store.retaining import Due, Policy, Removed

__all__ = ["apply_retention", "daily", "due_by_policies"]

FIRST_AFTER_S = 3_600.0
"""So that who restarts after a change of the settings has time to find out that it was wrong."""
EVERY_S = 86_400.0
JUMP_S = 3_600.0
"""When the clock is ahead by more than this of the time that has passed, somebody has set it, perhaps wrongly."""
_log = logging.getLogger("audit")


def due_by_policies(settings: Settings) -> Due:
    """Return what would go now. Raises `StoreError` when the database cannot be used."""
    from audit.store.engine import at_one_moment, translated
    from audit.store.retaining import due_now
    from audit.wiring.erasing import open_writable

    with open_writable(settings) as engine, translated(), at_one_moment(engine).connect() as connection:
        return due_now(connection, _policies(settings, datetime.now(UTC)))


def apply_retention(
    settings: Settings, *, scrubbed: bool = False, progress: Callable[[int], None] = lambda _gone: None
) -> Removed:
    """Remove what is due by the policies of the settings; return what that was.

    `scrubbed` writes the database's files anew afterwards, so that nothing of it is left in them.
    Raises `StoreError` when the database cannot be used; what has gone until then stays gone.
    """
    from audit.store.retaining import remove_due
    from audit.store.scrubbing import scrub
    from audit.wiring.acting import actor
    from audit.wiring.keeping import carrying_on
    from audit.wiring.storing import upgraded

    with upgraded(settings) as engine, carrying_on(settings, engine):
        now = datetime.now(UTC)
        removed = remove_due(engine, _policies(settings, now), actor=actor(), now=now, progress=progress)
        if scrubbed:
            scrub(engine)
        return removed


@contextmanager
def daily(settings: Settings) -> Iterator[None]:
    """Apply policies every day, in a thread, as long as the block lasts; what fails is told and tried the next day."""
    ended = threading.Event()
    thread = threading.Thread(target=_every_day, args=(settings, ended), name="audit-retention", daemon=True)
    if settings.retention.policies:
        thread.start()
    try:
        yield
    finally:
        ended.set()  # a batch that is under way is a transaction: it is whole or not at all


class _Ahead:
    """Tells by how many seconds the clock has been set forward since it was asked last; a machine's sleep is not."""

    _STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    def __init__(self) -> None:
        self._difference = self._now()

    def __call__(self) -> float:
        before, self._difference = self._difference, self._now()
        return self._difference - before

    def _now(self) -> float:
        return time.time() - time.clock_gettime(self._STEADY)


def _every_day(settings: Settings, ended: threading.Event) -> None:
    wait_s, ahead = FIRST_AFTER_S, _Ahead()
    while not ended.wait(wait_s):
        wait_s = EVERY_S
        if (ahead_s := ahead()) > JUMP_S:  # what a wrong clock calls old is not, and what is gone stays gone
            days = ahead_s / EVERY_S
            _log.error("retention: the clock was set forward by %.1f days; nothing is removed before tomorrow", days)
            continue
        try:
            removed = apply_retention(settings)
            _log.info("retention: removed %s", {what.value: calls for what, calls in removed.calls.items()})
        except AuditError as exc:
            _log.error("retention: what is due is not removed: %s", exc)
        except Exception:  # noqa: BLE001  # whatever it was, collection goes on
            _log.exception("retention: what is due is not removed")


def _policies(settings: Settings, now: datetime) -> list[Policy]:
    return [_policy(settings.retention, one, now) for one in settings.retention.policies]


def _policy(kept: RetentionSettings, one: PolicySettings, now: datetime) -> Policy:
    from audit.call import Outcome
    from audit.store.retaining import Policy

    blocked = tuple(outcome for outcome in Outcome if outcome.blocked)
    return Policy(
        name=one.name,
        bodies_before=kept.before(one.bodies, now),
        metadata_before=kept.before(one.metadata, now),
        outcomes=tuple(x for word in one.outcomes for x in (blocked if word == "blocked" else (Outcome(word),))),
        labels=one.labels,
        projects=one.projects,
        providers=one.providers,
        keys=one.keys,
    )
