"""Everything that is asked of the record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, Engine

from audit.store.engine import translated
from audit.store.read import calls, checks, facets, filters, health, issued, latency, reviews, tallies
from audit.store.rows import (
    CallDetail,
    CallPage,
    CallRow,
    CategoryRow,
    CheckDay,
    CheckRow,
    Course,
    CoverageRow,
    Facets,
    FlipRow,
    Health,
    IssuedKeyRow,
    KeyRow,
    LatencyPoint,
    LatencyRow,
    ModelRow,
    OutcomeRow,
    Point,
    ReviewRow,
    ReviewVerdict,
    Spending,
    SubstitutionRow,
    Totals,
    UsageRow,
)
from audit.store.scope import By, Order, Scope
from audit.store.sealing import is_encrypted

__all__ = ["Reader"]


class Reader:
    """Answers from one database. Fit for several threads.

    Statistics leave out calls for which no model was made to work (`Operation.generates`), unless the scope names
    operations. A `label` groups by that label's value instead of `by`. `offset_s` is how far local time is ahead of
    UTC: spans of a day then begin at local midnight. All may raise `StoreError`.
    """

    def __init__(self, engine: Engine) -> None:
        # On SQLite a transaction that only reads need not wait for the writer's.
        self._engine = engine.execution_options(reads=True)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def totals(self, scope: Scope) -> Totals:
        """Return a scope in figures."""
        with self._transaction() as connection:
            return tallies.totals(connection, scope)

    def course(self, scope: Scope, bucket_s: int, *, offset_s: int = 0) -> Course:
        """Return a scope in figures, and the same for each span of `bucket_s` seconds that has calls, oldest first."""
        with self._transaction() as connection:
            return tallies.course(connection, scope, bucket_s, offset_s)

    def series(
        self, scope: Scope, bucket_s: int, by: By = By.NONE, *, label: str | None = None, offset_s: int = 0
    ) -> tuple[Point, ...]:
        """Return sums for each span of `bucket_s` seconds and each group that has calls, oldest first."""
        with self._transaction() as connection:
            return tallies.series(connection, scope, bucket_s, by, label, offset_s)

    def usage(
        self, scope: Scope, by: By = By.NONE, *, label: str | None = None, offset_s: int = 0
    ) -> tuple[UsageRow, ...]:
        """Return a row for each group, most calls first."""
        with self._transaction() as connection:
            return tallies.usage(connection, scope, by, label, offset_s)

    def latency(
        self, scope: Scope, bucket_s: int, by: By = By.NONE, *, label: str | None = None, offset_s: int = 0
    ) -> tuple[LatencyPoint, ...]:
        """Return how fast answers came, for each span and group, oldest first."""
        with self._transaction() as connection:
            return latency.series(connection, scope, bucket_s, by, label, offset_s)

    def latency_by_model(self, scope: Scope) -> tuple[LatencyRow, ...]:
        """Return how fast answers came from each provider's models, most calls first."""
        with self._transaction() as connection:
            return latency.by_model(connection, scope)

    def slowest(self, scope: Scope, limit: int = 20) -> tuple[CallRow, ...]:
        """Return the calls that took longest, failed ones included."""
        with self._transaction() as connection:
            return calls.slowest(connection, scope, limit)

    def outcomes(
        self,
        scope: Scope,
        bucket_s: int | None = None,
        by: By = By.NONE,
        *,
        label: str | None = None,
        offset_s: int = 0,
    ) -> tuple[OutcomeRow, ...]:
        """Return how many calls had which outcome, for each span and group, oldest first."""
        with self._transaction() as connection:
            return filters.outcomes(connection, scope, bucket_s, by, label, offset_s)

    def categories(self, scope: Scope) -> tuple[CategoryRow, ...]:
        """Return what filters said, by source, category and level, most calls first."""
        with self._transaction() as connection:
            return filters.categories(connection, scope)

    def coverage(self, scope: Scope, by: By = By.NONE, *, label: str | None = None) -> tuple[CoverageRow, ...]:
        """Return how much the filters looked at, for each group, most calls first."""
        with self._transaction() as connection:
            return filters.coverage(connection, scope, by, label)

    def calls(
        self,
        scope: Scope,
        limit: int = 100,
        offset: int = 0,
        order: str = Order.STARTED_AT,
        descending: bool = True,
    ) -> CallPage:
        """Return some calls of a scope, and how many there are; without a figure to sort by they come last."""
        with self._transaction() as connection:
            return calls.page(connection, scope, limit=limit, offset=offset, order=Order(order), descending=descending)

    def call(self, wanted: UUID | str) -> CallDetail | None:
        """Return the call with this id, beginning of an id, or reference; None unless exactly one fits."""
        with self._transaction() as connection:
            return calls.detail(connection, wanted)

    def id_of(self, wanted: UUID | str) -> UUID | None:
        """Return the id of the call that `call` would return, without a look at what it says."""
        with self._transaction() as connection:
            return calls.id_of(connection, wanted)

    def after(self, pk: int, scope: Scope | None = None, limit: int = 100) -> tuple[CallRow, ...]:
        """Return calls that the record took after the one with key `pk`, in that order."""
        with self._transaction() as connection:
            return calls.after(connection, pk, scope or Scope(), limit)

    def newest(self, before: datetime) -> int:
        """Return the key of the last call that the record took before a moment; 0 if there is none."""
        with self._transaction() as connection:
            return calls.newest(connection, before)

    def lost(self, since: datetime) -> int:
        """Return how many exchanges have been lost since a moment, as far as is known."""
        with self._transaction() as connection:
            return health.lost(connection, since)

    def facets(self, scope: Scope) -> Facets:
        """Return what there is to choose from in a scope."""
        with self._transaction() as connection:
            return facets.facets(connection, scope)

    def keys(self) -> tuple[KeyRow, ...]:
        """Return the API keys that were seen, the latest used first."""
        with self._transaction() as connection:
            return facets.keys(connection)

    def issued_keys(self, now: datetime, *, spending: bool = True) -> tuple[IssuedKeyRow, ...]:
        """Return the keys that were issued here, the newest first, revoked ones too; without `spending` sooner."""
        with self._transaction() as connection:
            return issued.issued_keys(connection, now, spending=spending)

    def spending(self, now: datetime, after: int = 0) -> Spending:
        """Return what issued keys have spent of their budgets; with `after`, by calls with greater keys alone."""
        with self._transaction() as connection:
            return issued.spending(connection, now, after)

    def substitutions(self, scope: Scope) -> tuple[SubstitutionRow, ...]:
        """Return which models served in the place of which, most calls first; equal names are left out."""
        with self._transaction() as connection:
            return facets.substitutions(connection, scope)

    def models(self) -> tuple[ModelRow, ...]:
        """Return the models that have been checked, by provider and name."""
        with self._transaction() as connection:
            return checks.models(connection)

    def checks(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        provider: str | None = None,
        model: str | None = None,
        canary: str | None = None,
        verdicts: tuple[str, ...] = (),
        limit: int = 1000,
    ) -> tuple[CheckRow, ...]:
        """Return checks by when they were due, newest first."""
        with self._transaction() as connection:
            return checks.checks(
                connection, (since, until), limit, provider=provider, model=model, canary=canary, verdict=verdicts
            )

    def check_days(
        self, since: datetime | None = None, until: datetime | None = None, *, offset_s: int = 0
    ) -> tuple[CheckDay, ...]:
        """Return how many checks had which verdict, by model and day, oldest first."""
        with self._transaction() as connection:
            return checks.days(connection, (since, until), offset_s)

    def flips(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        provider: str | None = None,
        model: str | None = None,
        limit: int = 1000,
    ) -> tuple[FlipRow, ...]:
        """Return changes of state, newest first."""
        with self._transaction() as connection:
            return checks.flips(connection, (since, until), limit, provider=provider, model=model)

    def reviews(
        self,
        *,
        call: UUID | None = None,
        verdict: ReviewVerdict | None = None,
        reviewer: str | None = None,
        limit: int = 100,
    ) -> tuple[ReviewRow, ...]:
        """Return what was decided in review, the newest first; a reviewer with or without the host."""
        with self._transaction() as connection:
            return reviews.reviews(connection, call=call, verdict=verdict, reviewer=reviewer, limit=limit)

    def is_encrypted(self) -> bool:
        """Return whether bodies are encrypted, so that what is new cannot be found by its words."""
        with self._transaction() as connection:
            return is_encrypted(connection)

    def health(self, now: datetime | None = None) -> Health:
        """Return how the record itself does; `now` is where the last day ends."""
        with self._transaction() as connection:
            return health.health(connection, now or datetime.now(UTC))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with translated(), self._engine.begin() as connection:
            yield connection
