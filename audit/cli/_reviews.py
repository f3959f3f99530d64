"""Decisions about calls as rows of a table: when, who, what, why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.cli._figures import when, zone
from audit.cli._table import Column, left

if TYPE_CHECKING:
    from audit.store.rows import ReviewRow

__all__ = ["cells", "columns"]


def columns() -> list[Column]:
    """Return the columns of such a table, but for the call."""
    return [Column(heading=f"time ({zone()})"), *left("who", "decided"), Column(heading="version"), *left("reason")]


def cells(review: ReviewRow, time: str = "%Y-%m-%d %H:%M:%S") -> list[str]:
    """Return a decision's row; `time` is how its time is written."""
    about = " ".join(filter(None, (review.side.value, review.category)))
    level = f" (should be {review.severity})" if review.severity is not None else ""
    version = f"{review.version}, latest" if review.latest else f"{review.version}"
    return [
        when(review.decided_at, time),
        review.reviewer,
        f"{about}: {review.verdict.value}{level}",
        version,
        review.reason,
    ]
