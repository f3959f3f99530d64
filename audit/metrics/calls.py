"""Recorded calls, counted."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from prometheus_client.core import Metric

from audit.metrics.families import Histogram, Sums
from audit.store.rows import CallRow
from audit.store.scope import Standing

__all__ = ["CallCounts"]

_WHO = ("provider", "model")


class CallCounts:
    """What was seen of calls since the beginning. Fit for several threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._calls = Sums("audit_calls", "Calls in the record.", *_WHO, "operation", "origin", "standing", "outcome")
        self._tokens = Sums(
            "audit_tokens",
            "Tokens; input has those of the cache in it, and output those of reasoning, so that kinds do not add up.",
            *_WHO,
            "kind",
        )
        self._cost = Sums("audit_cost", "What calls cost by price lists, in units of the currency.", *_WHO, "currency")
        self._unpriced = Sums("audit_unpriced", "Calls whose price is due and not known.", *_WHO)
        self._errors = Sums(
            "audit_errors", "Calls that failed, by the provider's code, else the status.", *_WHO, "code"
        )
        self._first_token = Histogram("audit_time_to_first_token_seconds", "Until the first token came.", *_WHO)
        self._duration = Histogram("audit_duration_seconds", "Until the last byte came.", *_WHO)
        self._losses = Sums(
            "audit_recorded_losses", "Exchanges that the record knows to be missing, whoever lost them."
        )

    def count(self, row: CallRow) -> None:
        """Count a call."""
        who = (row.provider, row.model)
        with self._guard:
            self._calls.add(*who, row.operation, row.origin, row.standing.value, row.outcome)
            for kind in ("input", "cached_input", "cache_write", "output", "reasoning"):
                if (tokens := getattr(row, f"{kind}_tokens")) is not None:
                    self._tokens.add(*who, kind, amount=tokens)
            if row.cost is not None:
                self._cost.add(*who, row.currency or "", amount=row.cost)
            if row.unpriced_reason is not None:
                self._unpriced.add(*who)
            if row.standing is Standing.ERROR:
                self._errors.add(*who, row.error_code or str(row.status or row.ending))
            if row.first_token_us is not None:
                self._first_token.add(*who, microseconds=row.first_token_us)
            if row.duration_us is not None:
                self._duration.add(*who, microseconds=row.duration_us)

    def lose(self, count: int) -> None:
        """Count exchanges that are missing."""
        with self._guard:
            self._losses.add(amount=count)

    def families(self) -> Iterable[Metric]:
        """Return all families as they are now."""
        counters = (self._calls, self._tokens, self._cost, self._unpriced, self._errors, self._losses)
        with self._guard:
            return [one.family() for one in (*counters, self._first_token, self._duration)]
