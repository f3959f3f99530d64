"""Keys of our own making: issued, taken back, and told to those who let them through."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from audit import wiring
from audit.errors import AuditError
from audit.wiring.acting import user
from audit.wiring.storing import upgraded

if TYPE_CHECKING:
    from audit.proxy.plan import IssuedKey
    from audit.settings import Settings
    from audit.store.read import Reader
    from audit.store.rows import IssuedKeyRow, KeyTerms

__all__ = ["Issued", "IssuedKeys", "issue_key", "issued_keys", "providers_for", "revoke_key"]

RECOUNT_S = 600.0
"""After how long what was spent is added up anew: in between only new calls are, and PostgreSQL's writers may number
calls in another order than that in which they appear."""
_LETTERS = string.ascii_letters + string.digits
_LENGTH = 40
"""Of letters and digits: 238 bits that nobody guesses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A key that was issued."""

    secret: str
    """The key itself, which is told this once."""
    fingerprint: str


def issue_key(settings: Settings, wanted: KeyTerms) -> Issued:
    """Make a key and store what it may do, and its digest; raise `AuditError` if its name is taken."""
    from audit.proxy.admission import ISSUED_PREFIX, digest_of
    from audit.recording.keys import Fingerprints, load_secret
    from audit.store.issued import add_key
    from audit.store.rows import NewKey

    secret = ISSUED_PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    fingerprint = Fingerprints(load_secret(settings.home / "secret"))(secret)
    key = NewKey(
        digest=digest_of(secret),
        fingerprint=fingerprint,
        created_at=datetime.now(UTC),
        created_by=user(),
        **{term.name: getattr(wanted, term.name) for term in fields(wanted)},
    )
    with upgraded(settings) as engine:
        if not add_key(engine, key):
            raise AuditError(f"there is a key called {wanted.name}; `audit keys revoke {wanted.name}` frees the name")
    return Issued(secret=secret, fingerprint=fingerprint)


def revoke_key(settings: Settings, fingerprint: str) -> bool:
    """Take a key back; return whether it was not yet."""
    from audit.store.issued import revoke_key as revoke_in_database

    with upgraded(settings) as engine:
        return revoke_in_database(engine, fingerprint, datetime.now(UTC))


def providers_for(settings: Settings, patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the configured providers that a key may use."""
    from audit.proxy.admission import matches

    return tuple(name for name in settings.providers if any(matches(pattern, name) for pattern in patterns))


def issued_keys(settings: Settings) -> tuple[IssuedKey, ...]:
    """Return all keys that are valid now; raise `StoreError`."""
    keys = IssuedKeys(settings)
    try:
        return keys.current()
    finally:
        keys.close()


class IssuedKeys:
    """Tells again and again which keys are valid. Not for several threads at once.

    Each key with a limit has a slot of its own among the counters for as long as it is valid. When more are valid than
    there are slots, the newest of them are left out, so that they are refused.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open nothing yet; `steady` tells the seconds of a clock that never goes back."""
        self._settings = settings
        self._clock = clock
        self._steady = steady
        self._reader: Reader | None = None
        self._file: tuple[int, int] | None = None
        self._slots = _Slots()
        self._spent = _Spent()

    def current(self) -> tuple[IssuedKey, ...]:
        """Return all keys that are valid now, without those that have expired or were revoked; raise `StoreError`."""
        from audit.store.rows import KeyState

        now, reader = self._clock(), self._opened()
        rows = [row for row in reader.issued_keys(now, spending=False) if row.state is KeyState.ACTIVE]
        amounts = self._spent.amounts(reader, now, self._steady()) if any(row.budget for row in rows) else {}
        slots = self._slots.of([row.pk for row in reversed(rows) if row.rpm is not None])
        return tuple(_told(row, slots.get(row.pk), amounts) for row in rows if row.rpm is None or row.pk in slots)

    def close(self) -> None:
        """Let go of the database; the next look opens it again."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _opened(self) -> Reader:
        from audit.store.engine import file_of
        from audit.store.read import Reader

        file = file_of(self._settings.database_url)
        if self._reader is None or file != self._file:  # SQLite's may have been deleted, or replaced by another
            self.close()
            self._reader = Reader(wiring.upgraded_engine(self._settings))
            self._file = file_of(self._settings.database_url)
            self._spent = _Spent()
        return self._reader


class _Slots:
    """Gives each key a place for as long as it is there; a place that gets free is taken again as late as can be."""

    def __init__(self) -> None:
        self._by_pk: dict[int, int] = {}
        self._last = -1

    def of(self, pks: list[int]) -> dict[int, int]:
        """Return the places of these keys, of which the first come first; there may be more keys than places."""
        from audit.proxy.rates import SLOTS

        kept = {pk: self._by_pk[pk] for pk in pks if pk in self._by_pk}
        taken = set(kept.values())
        free = (place % SLOTS for place in range(self._last + 1, self._last + 1 + SLOTS) if place % SLOTS not in taken)
        for pk, place in zip((pk for pk in pks if pk not in kept), free, strict=False):
            kept[pk] = self._last = place
        self._by_pk = kept
        return kept


class _Spent:
    """What was spent, kept by adding what is new."""

    def __init__(self) -> None:
        self._amounts: dict[str, Decimal] = {}
        self._newest = 0
        self._day: datetime | None = None
        self._counted_at = 0.0

    def amounts(self, reader: Reader, now: datetime, at: float) -> Mapping[str, Decimal]:
        """Return what was spent by fingerprint in the periods that it is `now`; `at` is the time of a steady clock."""
        from audit.store.periods import Period, began

        day = began(Period.DAY, now)  # whenever another period begins, another day does
        anew = day != self._day or at - self._counted_at >= RECOUNT_S
        found = reader.spending(now, 0 if anew else self._newest)
        if anew:
            self._amounts, self._day, self._counted_at = {}, day, at
        for fingerprint, amount in found.amounts.items():
            self._amounts[fingerprint] = self._amounts.get(fingerprint, Decimal()) + amount
        self._newest = found.newest
        return self._amounts


def _told(row: IssuedKeyRow, slot: int | None, amounts: Mapping[str, Decimal]) -> IssuedKey:
    from audit.proxy.plan import IssuedKey

    return IssuedKey(
        slot=slot or 0,
        digest=row.digest,
        name=row.name,
        project=row.project,
        user=row.user,
        labels=row.labels,
        providers=row.providers,
        models=row.models,
        rpm=row.rpm,
        expires_at=None if row.expires_at is None else row.expires_at.timestamp(),
        spent=row.budget is not None and amounts.get(row.fingerprint, Decimal()) >= row.budget.amount,
        budget="" if row.budget is None else str(row.budget),
    )
