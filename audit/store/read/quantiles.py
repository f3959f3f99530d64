"""Percentiles by nearest rank.

The p-th percentile of n figures is the ⌈n·p/100⌉-th smallest: always one that was measured
(https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method).
"""

from __future__ import annotations

from collections.abc import Iterable

from audit.store.columns import RECORD
from audit.store.engine import damaged
from audit.store.rows import Speed, Spread

__all__ = ["speed", "spread"]


def spread(texts: Iterable[str | None]) -> Spread:
    """Return how durations are spread that were collected in one group or several."""
    figures = _figures(texts)
    if not figures:
        return Spread()
    return Spread(n=len(figures), p50_us=_rank(figures, 50), p95_us=_rank(figures, 95), p99_us=_rank(figures, 99))


def speed(texts: Iterable[str | None]) -> Speed:
    """Return how speeds are spread that were collected in thousandths."""
    figures = _figures(texts)
    return Speed(n=len(figures), p50=_rank(figures, 50) / 1000, p05=_rank(figures, 5) / 1000) if figures else Speed()


def _figures(texts: Iterable[str | None]) -> list[int]:
    figures: list[int] = []
    for text in texts:
        if text:
            figures.extend(_parsed(text))
    figures.sort()
    return figures


def _parsed(text: str) -> list[int]:
    try:
        return list(map(int, text.split(RECORD)))
    except (TypeError, ValueError) as exc:  # SQLite takes anything in any column
        raise damaged("a value is no whole number") from exc


def _rank(figures: list[int], percent: int) -> int:
    return figures[-(-len(figures) * percent // 100) - 1]
