"""Counters and histograms whose number of series is bounded: names of models come from the network."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from itertools import accumulate

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

__all__ = ["BUCKETS_S", "MOST_SERIES", "Histogram", "Sums", "exposition"]

MOST_SERIES = 500
"""Of one family; what comes beyond goes to `other`."""
MOST_LETTERS = 120
BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0)
"""From a cached answer's first token to the end of a long piece of reasoning."""
_OPEN = ("model", "code")
"""Labels whose values anyone can make up."""
_STEPS: tuple[tuple[tuple[str, ...], float], ...] = (
    ((), MOST_SERIES),
    (_OPEN, 2 * MOST_SERIES),
    ((*_OPEN, "provider"), float("inf")),
)
"""Which labels are given up as series become many."""


class _Series:
    """The label sets of a family."""

    def __init__(self, labels: tuple[str, ...]) -> None:
        self._labels = labels
        self._known: set[tuple[str, ...]] = set()

    def key(self, values: tuple[str, ...]) -> tuple[str, ...]:
        """Return the label set under which something with these labels is counted."""
        values = tuple(map(_plain, values))
        for given_up, most in _STEPS:  # pragma: no branch  # the last takes any
            named = zip(self._labels, values, strict=True)
            key = tuple("other" if label in given_up else value for label, value in named)
            if key in self._known or len(self._known) < most:
                break
        self._known.add(key)
        return key


class Sums:
    """A counter."""

    def __init__(self, name: str, text: str, *labels: str) -> None:
        self._name, self._text, self._labels = name, text, labels
        self._series = _Series(labels)
        self._sums: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
        if not labels:
            self.add()  # one without labels is there from the beginning

    def add(self, *values: str, amount: Decimal | int | None = None) -> None:
        """Count one, or an amount."""
        self._sums[self._series.key(values)] += (1 if values else 0) if amount is None else amount

    def family(self) -> CounterMetricFamily:
        """Return the counter as it is now."""
        family = CounterMetricFamily(self._name, self._text, labels=self._labels)
        for values, total in self._sums.items():
            family.add_metric(values, float(total))
        return family


class Histogram:
    """A histogram of seconds."""

    def __init__(self, name: str, text: str, *labels: str) -> None:
        self._name, self._text, self._labels = name, text, labels
        self._series = _Series(labels)
        self._counts: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * (len(BUCKETS_S) + 1))
        self._sums_us: dict[tuple[str, ...], int] = defaultdict(int)

    def add(self, *values: str, microseconds: int) -> None:
        """Count one that took so long."""
        key = self._series.key(values)
        self._counts[key][bisect_left(BUCKETS_S, microseconds / 1e6)] += 1
        self._sums_us[key] += microseconds

    def family(self) -> HistogramMetricFamily:
        """Return the histogram as it is now."""
        family = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        edges = [*map(str, BUCKETS_S), "+Inf"]
        for values, counts in self._counts.items():
            family.add_metric(values, list(zip(edges, accumulate(counts), strict=True)), self._sums_us[values] / 1e6)
        return family


def exposition(families: Iterable[Metric]) -> bytes:
    """Return families as Prometheus reads them, in its text format 0.0.4."""
    return generate_latest(_Given(families))


class _Given(Collector):
    """Collects what there is."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _plain(value: str) -> str:
    return value[:MOST_LETTERS].encode("utf-8", "replace").decode()
