from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest

from audit.call import Operation
from audit.metrics import follower as module
from audit.metrics.calls import CallCounts
from audit.metrics.follower import PATIENCE_S, Follower
from audit.store.read import Reader
from audit.store.rows import CallRow
from audit.store.write import Writer
from tests.metrics.exposed import exposed
from tests.store.samples import a_call

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def calls(counts: CallCounts) -> float:
    return sum(value for name, value in exposed(counts.families()).items() if name.startswith("audit_calls_total"))


def losses(counts: CallCounts) -> float:
    return exposed(counts.families())["audit_recorded_losses_total"]


def test_what_was_there_before_is_not_counted(writer: Writer, reader: Reader) -> None:
    writer.append([a_call(1), a_call(2)])
    writer.lost(uuid4(), datetime.now(UTC) - timedelta(hours=1), 5, "killed")
    counts = CallCounts()
    follower = Follower(counts, datetime.now(UTC))
    writer.append([a_call(3)])  # before the first look, and yet after the beginning
    follower.look(reader)
    assert (calls(counts), losses(counts)) == (1, 0)


def test_each_call_is_counted_once_canaries_and_all(writer: Writer, reader: Reader) -> None:
    counts = CallCounts()
    follower = Follower(counts, datetime.now(UTC))
    for number in range(0, 9, 3):
        writer.append([a_call(number + more) for more in range(3)])
        follower.look(reader)
        follower.look(reader)
    writer.append([a_call(10, operation=Operation.LIST_MODELS)])
    writer.lost(uuid4(), datetime.now(UTC), 4, "disk full")
    follower.look(reader)
    writer.lost(uuid4(), datetime.now(UTC), 2, "disk full")
    follower.look(reader)
    assert (calls(counts), losses(counts)) == (10, 6)


def test_many_at_once_are_all_counted(writer: Writer, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    counts = CallCounts()
    writer.append([a_call(number) for number in range(5)])
    Follower(counts, BEGINNING).look(reader)
    assert calls(counts) == 5


class Several:
    """A record in which the calls of several writers show up in any order."""

    def __init__(self, pattern: CallRow) -> None:
        self.pattern = pattern
        self.pks: set[int] = set()
        self.asked: list[int] = []

    def newest(self, _before: datetime) -> int:
        return 0

    def lost(self, _since: datetime) -> int:
        return 0

    def after(self, pk: int, _scope: Any, _limit: int) -> Sequence[CallRow]:
        self.asked.append(pk)
        return [replace(self.pattern, pk=one) for one in sorted(self.pks) if one > pk]


def test_calls_that_show_up_late_are_counted_too(writer: Writer, reader: Reader) -> None:
    writer.append([a_call()])
    record, counts, now = Several(reader.after(0)[0]), CallCounts(), [100.0]
    follower = Follower(counts, BEGINNING, clock=lambda: now[0])

    def look(*pks: int) -> float:
        record.pks.update(pks)
        record.asked.clear()
        follower.look(cast(Reader, record))
        return calls(counts)

    assert look(1, 2, 5) == 3
    now[0] += PATIENCE_S - 1
    assert look() == 3
    assert record.asked[0] == 2, "it waits for 3 and 4"
    assert look(3) == 4
    now[0] += PATIENCE_S - 1
    assert look(6) == 5
    assert record.asked[0] == 3, "it waits for 4"
    now[0] += 2
    look()
    assert look(7) == 6
    assert record.asked[0] == 6, "4 will not come"
    assert look(4) == 6
