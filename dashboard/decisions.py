"""What was decided about a call in review, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from audit.store.rows import ReviewRow
from dashboard import figures
from dashboard.palette import word

__all__ = ["decisions"]


def decisions(reviews: Iterable[ReviewRow], zone: tzinfo) -> dict[str, str]:
    """Return by whom and about what each decision is, and what it is, in their order."""
    return {_whose(one): _said(one, zone) for one in reviews}


def _whose(one: ReviewRow) -> str:
    """No two are alike: versions count."""
    about = " ".join(filter(None, (one.side.value, one.category)))
    return f"{one.reviewer} on {about}, version {one.version}{' (latest)' if one.latest else ''}"


def _said(one: ReviewRow, zone: tzinfo) -> str:
    level = f", should be {one.severity}" if one.severity is not None else ""
    return f"{word(one.verdict)}{level} · {figures.moment(one.decided_at, zone)}\n{one.reason}"
