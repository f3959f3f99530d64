"""Decisions about calls as rows of a table: when, who, about what, which verdict, why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.cli._figures import ABSENT, when, zone
from audit.cli._table import Column, left

if TYPE_CHECKING:
    from audit.store.rows import ReviewRow

__all__ = ["cells", "columns"]


def columns() -> list[Column]:
    """Return the columns of such a table, but for the call."""
    return [
        Column(heading=f"time ({zone()})"),
        *left("who", "side", "category", "verdict"),
        Column(heading="should be", folds=True, spare=2),
        Column(heading="version", spare=1),
        *left("reason"),
    ]


def cells(review: ReviewRow) -> list[str]:
    """Return a decision's row."""
    return [
        when(review.decided_at),
        review.reviewer,
        review.side.value,
        review.category or ABSENT,
        review.verdict.value,
        review.severity or ABSENT,
        f"{review.version}, latest" if review.latest else f"{review.version}",
        review.reason,
    ]
