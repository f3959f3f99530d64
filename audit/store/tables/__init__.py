"""The tables. Queries stand in `read/`, inserts in `write.py`; changes need a migration.

What belongs to a call has its key and no foreign key: on PostgreSQL calls and all that is theirs lie in partitions by
the month in which they were recorded (`loading.py`), which are dropped one by one.
"""

from __future__ import annotations

from audit.store.tables._metadata import metadata
from audit.store.tables._of_calls import (
    call_labels,
    calls,
    exchanges,
    findings,
    part_links,
    part_uses,
    parts,
    prices,
    unindexed,
)
from audit.store.tables._of_ledger import acts, checkpoints, entries, holds, ledger_writers, reviews, tiles
from audit.store.tables._of_operation import api_keys, checks, data_keys, flips, issued_keys, losses

__all__ = [
    "OF_A_CALL",
    "acts",
    "api_keys",
    "call_labels",
    "calls",
    "checkpoints",
    "checks",
    "data_keys",
    "entries",
    "exchanges",
    "findings",
    "flips",
    "holds",
    "issued_keys",
    "ledger_writers",
    "losses",
    "metadata",
    "part_links",
    "part_uses",
    "parts",
    "prices",
    "reviews",
    "tiles",
    "unindexed",
]

OF_A_CALL = (exchanges, findings, call_labels, part_uses, unindexed)
"""Tables of what belongs to a call, beside its row in `calls` and its words in the search index."""
