"""The reckoning of the kill campaign finds what it is there to find."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from audit import wiring
from audit.call import Ending, Exchange, Tags
from audit.settings import load_settings
from audit.store.rows.verified import Verdict, Verified
from tests.campaigns.reckoning import Acknowledged, Evidence, Reckoning, reckon
from tests.factories import an_exchange


def digest(body: bytes) -> str:
    return sha256(body).hexdigest()


def acknowledged(name: str = "1", kind: str = "whole", received: bytes = b"{}") -> Acknowledged:
    return Acknowledged(name, kind, digest(name.encode()), digest(received))


def served(name: str = "1", sent: bytes = b"{}", ending: str = "sent") -> dict[str, Any]:
    hashes = {"request_sha256": digest(name.encode()), "response_sha256": digest(sent)}
    return {"sequence": 7, "at": "noon", "ending": ending, **hashes}


def recorded(name: str = "1", **over: Any) -> Exchange:
    tags = Tags(labels=(("call", name),))
    return an_exchange(**{"id": uuid4(), "request_body": name.encode(), "response_body": b"{}", "tags": tags, **over})


class Record:
    """A database and a journal's folder."""

    def __init__(self, home: Path, store: wiring.Store) -> None:
        self.store = store
        self.verified = Verified(size=3)
        self.journal = home / "journal"
        self.journal.mkdir()

    def reckon(self, exchanges: list[Exchange], evidence: Evidence) -> Reckoning:
        assert self.store.append([self.store.read(exchange) for exchange in exchanges]) == ()
        return reckon(evidence, self.store.engine, self.journal, self.verified)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with closing(wiring.open_store(load_settings({"AUDIT_HOME": str(tmp_path)}))) as store:
        yield Record(tmp_path, store)


def found(reckoning: Reckoning) -> dict[str, list[str]]:
    return {kind: names for kind, names in reckoning.wrong.items() if names}


def test_calls_that_are_once_and_whole_in_the_record_are_right(record: Record) -> None:
    """As is one of which only the provider and the journal knew when the process died."""
    calls = [recorded(), recorded("2", ending=Ending.CLOSED), recorded("3", ending=Ending.UNKNOWN, response_body=b"")]
    evidence = Evidence([acknowledged(), acknowledged("2", "left")], [served(), served("2"), served("3")])

    reckoning = record.reckon(calls, evidence)

    assert reckoning.right, reckoning.wrong
    assert (reckoning.acknowledged, reckoning.served, reckoning.recorded) == (2, 3, 3)
    assert reckoning.endings == {"eof": 1, "closed": 1, "unknown": 1}


def test_a_call_that_is_not_there_is_lost_and_has_left_no_trace(record: Record) -> None:
    reckoning = record.reckon([], Evidence([acknowledged()], [served()]))

    assert found(reckoning) == {"lost": ["1"], "served without a trace": ["request 7 of noon"]}
    assert not reckoning.right


def test_a_large_request_of_which_the_beginning_was_recorded_has_left_a_trace(record: Record) -> None:
    begun = recorded("whole", request_body=b"who", ending=Ending.UNKNOWN, response_body=b"")
    others = Evidence([], [served("whole"), served("other")], {digest(b"whole"): "whole", digest(b"other"): "other"})

    assert found(record.reckon([begun], others)) == {"served without a trace": ["request 7 of noon other"]}


def test_a_call_that_is_there_twice_is_duplicated(record: Record) -> None:
    assert found(record.reckon([recorded(), recorded()], Evidence())) == {"duplicated": ["1 (2 times)"]}


@pytest.mark.parametrize(
    ("over", "fault"),
    [
        ({"ending": Ending.UNKNOWN}, "ended unknown, not eof"),
        ({"response_body": b"{"}, "has other bytes than the caller received"),
        ({"status": None}, "is labelled 1 and has status None"),
        ({"tags": Tags()}, "is labelled None and has status 200"),
    ],
)
def test_a_call_that_is_not_as_its_caller_saw_it_is_altered(over: dict[str, Any], fault: str, record: Record) -> None:
    exchange = recorded(id=UUID(int=9), **over)

    altered = found(record.reckon([exchange], Evidence([acknowledged()])))

    assert altered == {"altered": [f"1: call {UUID(int=9)} {fault}"]}


@pytest.mark.parametrize("row", [served(sent=b"[]"), served(ending="client_left")])
def test_a_whole_reply_that_was_not_sent_so_is_told(row: dict[str, Any], record: Record) -> None:
    assert list(found(record.reckon([recorded()], Evidence([], [row])))) == ["served otherwise"]


def test_what_the_ledger_was_found_to_be_is_told(record: Record) -> None:
    record.verified = Verified(size=1)
    record.verified.tell(Verdict.MISSING, "entry 2", "it is gone")
    assert found(record.reckon([recorded(), recorded("2")], Evidence())) == {
        "ledger": ["MISSING: entry 2: it is gone"],
        "outside the ledger": ["1"],
    }


def test_what_is_left_in_the_journal_or_counted_as_lost_is_told(record: Record) -> None:
    (record.journal / "w.0.damaged").touch()
    record.store.writer.lost(UUID(int=1), datetime.now(UTC), 3, "disk full")

    assert found(record.reckon([], Evidence())) == {
        "counted as lost": ["3: disk full"],
        "left in the journal": ["w.0.damaged"],
    }
