"""What was acknowledged and served against what is in the record."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import Engine, select, text

from audit import wiring
from audit.call import Ending, Exchange
from audit.settings import Settings
from audit.store import tables
from audit.store.engine import is_sqlite, open_engine
from audit.store.read.exchanges import stored_exchanges
from audit.store.rows.verified import Verified
from audit.wiring.keeping import sign_now
from audit.wiring.ledger import verify_record
from tests.campaigns.caller import LEFT

__all__ = ["Acknowledged", "Campaign", "Evidence", "Reckoning", "adopt_and_reckon", "all_served", "reckon"]

_AT_ONCE = 500
_SETTLE_S = 10.0


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A call that had returned before its process died."""

    name: str
    kind: str
    request_sha256: str
    response_sha256: str


@dataclass(slots=True)
class Evidence:
    """What the callers have told before they died, and the provider's own list of what it served."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    served: list[Mapping[str, Any]] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)
    """Names of calls by what the SHA-256 of their requests is, also of those that have not returned.

    Whoever dies in the midst of a large request leaves the beginning of it alone in the record, with its name."""


@dataclass
class Campaign:
    """What has happened so far."""

    settings: Settings
    folder: Path
    seed: int
    evidence: Evidence = field(default_factory=Evidence)
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def errors(self) -> Path:
        """What the processes have written to standard error."""
        return self.folder / "stderr.txt"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the record says of a call."""

    id: str
    label: str | None
    status: int | None
    ending: Ending
    response_sha256: str


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Counts, and what is wrong by kind, each with the call's name."""

    acknowledged: int
    served: int
    recorded: int
    endings: dict[str, int]
    wrong: dict[str, list[str]]

    @property
    def right(self) -> bool:
        """Whether nothing is amiss."""
        return not any(self.wrong.values())


def all_served(behind: httpx2.Client) -> list[dict[str, Any]]:
    """Return what the simulator has served, once it has noticed which of its clients are gone."""
    end = time.monotonic() + _SETTLE_S
    while True:
        rows: list[dict[str, Any]] = behind.get("/__sim/served").json()
        if all(row["ending"] != "open" for row in rows) or time.monotonic() > end:
            return rows
        time.sleep(0.02)


def adopt_and_reckon(evidence: Evidence, settings: Settings) -> Reckoning:
    """Start cleanly, which brings in what the dead have left; carry the ledger on, and compare."""
    wiring.open_reader(settings).close()
    sign_now(settings)
    engine = open_engine(settings.database_url, read_only=True)
    try:
        return reckon(evidence, engine, settings.journal, verify_record(settings))
    finally:
        engine.dispose()


def reckon(evidence: Evidence, engine: Engine, journal: Path, verified: Verified) -> Reckoning:
    """Compare all that is known to have happened with the record, and with what its ledger was found to be."""
    recorded: dict[str, list[Recorded]] = defaultdict(list)
    for exchange in _exchanges(engine):
        recorded[sha256(exchange.request_body).hexdigest()].append(_recorded(exchange))
    rows = [row for same in recorded.values() for row in same]
    return Reckoning(
        acknowledged=len(evidence.acknowledged),
        served=len(evidence.served),
        recorded=len(rows),
        endings=dict(Counter(row.ending.value for row in rows)),
        wrong={
            "lost": [one.name for one in evidence.acknowledged if one.request_sha256 not in recorded],
            "duplicated": [f"{name} ({times} times)" for name, times in Counter(map(_name, rows)).items() if times > 1],
            "altered": [
                f"{one.name}: {fault}"
                for one in evidence.acknowledged
                for fault in _faults(one, recorded.get(one.request_sha256, [])[:1])
            ],
            "served otherwise": list(_otherwise(evidence, recorded)),
            "served without a trace": list(_traceless(evidence, recorded)),
            "counted as lost": _losses(engine),
            "left in the journal": sorted(path.name for path in journal.glob("*")),
            "ledger": [f"{one.verdict}: {one.what}: {one.why}" for one in verified.amiss],
            "outside the ledger": [] if verified.size >= len(rows) else [str(len(rows) - verified.size)],
            "database": [line for line in _integrity(engine) if line != "ok"],
        },
    )


def _exchanges(engine: Engine) -> Iterator[Exchange]:
    pk = tables.calls.c.pk
    with engine.connect() as connection:
        pks = connection.execute(select(pk).order_by(pk)).scalars().all()
        for start in range(0, len(pks), _AT_ONCE):
            found = stored_exchanges(connection, pk.in_(pks[start : start + _AT_ONCE]), limit=_AT_ONCE)
            yield from (exchange for _, exchange in found)


def _recorded(exchange: Exchange) -> Recorded:
    return Recorded(
        id=str(exchange.id),
        label=dict(exchange.tags.labels).get("call"),
        status=exchange.status,
        ending=exchange.ending,
        response_sha256=sha256(exchange.response_body).hexdigest(),
    )


def _faults(one: Acknowledged, found: list[Recorded]) -> Iterator[str]:
    """Tell how the record of a call that returned is not what its caller has seen."""
    for row in found:
        wanted = Ending.CLOSED if one.kind == LEFT else Ending.EOF
        if row.ending is not wanted and not (one.kind == LEFT and row.ending is Ending.EOF):
            yield f"call {row.id} ended {row.ending.value}, not {wanted.value}"
        if row.response_sha256 != one.response_sha256:
            yield f"call {row.id} has other bytes than the caller received"
        if row.label != one.name or row.status != 200:
            yield f"call {row.id} is labelled {row.label} and has status {row.status}"


def _otherwise(evidence: Evidence, recorded: Mapping[str, list[Recorded]]) -> Iterator[str]:
    """Tell which recorded replies that came to their end are not what was sent."""
    for row in evidence.served:
        for found in recorded.get(_digest(row), []):
            whole = found.ending is Ending.EOF
            if whole and (row["ending"], row["response_sha256"]) != ("sent", found.response_sha256):
                yield f"{found.label}: {_row_name(row)} was {row['ending']}, and call {found.id} has other bytes"


def _traceless(evidence: Evidence, recorded: Mapping[str, list[Recorded]]) -> Iterator[str]:
    """Tell of which served requests nothing is in the record."""
    begun = {row.label for rows in recorded.values() for row in rows if row.ending is Ending.UNKNOWN}
    for row in evidence.served:
        if _digest(row) not in recorded and evidence.asked.get(_digest(row), "") not in begun:
            yield f"{_row_name(row)} {evidence.asked.get(_digest(row), '')}".rstrip()


def _name(row: Recorded) -> str:
    return row.label or row.id


def _digest(row: Mapping[str, Any]) -> str:
    return str(row["request_sha256"])


def _row_name(row: Mapping[str, Any]) -> str:
    return f"request {row['sequence']} of {row['at']}"


def _losses(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [f"{row.count}: {row.reason}" for row in connection.execute(select(tables.losses))]


def _integrity(engine: Engine) -> list[str]:
    if not is_sqlite(engine):  # a server checks its pages as it reads them, and here they all have been read
        return []
    with engine.connect() as connection:
        return list(connection.execute(text("PRAGMA integrity_check")).scalars())
