"""Review in the configured database."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from audit.wiring.acting import actor
from audit.wiring.erasing import open_writable

if TYPE_CHECKING:
    from audit.call import Source
    from audit.settings import Settings
    from audit.store.rows import ReviewRow, ReviewVerdict

__all__ = ["decide"]


def decide(
    settings: Settings,
    call: UUID,
    *,
    side: Source,
    verdict: ReviewVerdict,
    reason: str,
    category: str | None = None,
    severity: str | None = None,
) -> ReviewRow:
    """Enter what the user of this process decides about a call, and sign it; return it as it stands in the record.

    Raises `AuditError` for a decision that cannot be, `StoreError` when the database cannot be used.
    """
    from audit.store.reviews import decide as enter
    from audit.store.rows import Review
    from audit.wiring.keeping import carrying_on

    with open_writable(settings) as engine, carrying_on(settings, engine):
        review = Review(call=call, side=side, category=category, verdict=verdict, severity=severity, reason=reason)
        return enter(engine, review, reviewer=actor())
