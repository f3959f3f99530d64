"""Past months of which all is due go at once, those of which anything stays do not, and what is left is as before."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, inspect, select, text

from audit.call import Call, Outcome, Source, Tags
from audit.store import bygone, retaining, tables
from audit.store.choosing import By
from audit.store.engine import is_sqlite, open_engine
from audit.store.erasing import What
from audit.store.holds import place_hold
from audit.store.partitions import drop_empty_months
from audit.store.read.exchanges import stored_exchanges
from audit.store.read.ledger import LedgerReader
from audit.store.retaining import Policy, Removed, remove_due
from audit.store.reviews import decide
from audit.store.rows import Review, ReviewVerdict
from audit.store.rows.verified import Verdict, Verified
from audit.store.search import indexed
from audit.store.sequencing import advance
from audit.store.write import Writer
from tests.store.bodies_of import a_conversation, talking
from tests.store.samples import a_call, a_finding, an_id, said
from tests.store.sealed import OLD, sealed_with

ROOT = Path(__file__).parents[2]
JANUARY, FEBRUARY = datetime(2022, 1, 15, tzinfo=UTC), datetime(2022, 2, 15, tzinfo=UTC)
BETWEEN, NOW = datetime(2022, 2, 1, tzinfo=UTC), datetime(2022, 3, 5, tzinfo=UTC)
ALL = Policy(name="all", bodies_before=BETWEEN, metadata_before=BETWEEN)
BODIES = Policy(name="bodies", bodies_before=BETWEEN)
EVERYTHING = Policy(name="everything", bodies_before=NOW, metadata_before=NOW)
OLD_ONES, NEW_ONES = [1, 2, 3, 11, 12, 13], [4, 5, 6, 21, 22, 23]
"""Calls of January and of February."""
_PROGRAM = """
import os, signal, sys
from audit.store import bygone
from audit.store.engine import open_engine
from tests.store.test_bygone import ALL, apply

empty = bygone.empty_month

def killed(*args):
    empty(*args)
    os.kill(os.getpid(), signal.SIGKILL)

bygone.empty_month = killed
apply(open_engine(sys.argv[1]), ALL)
"""


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A record of two months: a conversation that goes on in the second, and other calls beside it in both."""
    return filled(engine)


def filled(engine: Engine) -> Engine:
    drop_empty_months(engine, NOW)  # what other tests have left behind
    turns = list(a_conversation(6))
    for month, bodies, first in ((JANUARY, turns[:3], 1), (FEBRUARY, turns[3:], 4)):
        writer = Writer(engine, clock=lambda at=month: at)
        talk = talking(bodies, first, started_at=month, tags=Tags(user="ann"))
        writer.append([*talk, *others(10 if month is JANUARY else 20, month)])
        writer.close()
    advance(engine)
    return engine


def others(first: int, month: datetime) -> list[Call]:
    """A call that was blocked, one with findings, labels and a long body of its own, and one of nobody's."""
    exchange = {"started_at": month, "tags": Tags(user="bob", labels=(("team", "red"),))}
    (alone,) = talking(list(a_conversation(1, topic=f"pears of {first}")), first + 2, started_at=month)
    return [
        a_call(first + 1, outcome=Outcome.BLOCKED_PROMPT, exchange={"started_at": month}),
        a_call(first + 2, exchange=exchange, findings=(a_finding(),), input=said("quince")),
        a_call(first + 3, exchange={"request_body": alone.exchange.request_body, "started_at": month}),
    ]


def apply(engine: Engine, *policies: Policy) -> Removed:
    return remove_due(engine, policies, actor="root", now=NOW)


def one_by_one(*_args: Any, **_more: Any) -> None:
    raise AssertionError("a call went by itself")


def at_one_go(*_args: Any, **_more: Any) -> None:
    raise AssertionError("a month went at once")


@contextmanager
def at_once(engine: Engine) -> Iterator[None]:
    """Fail if calls go one by one where they lie in partitions."""
    with pytest.MonkeyPatch.context() as patched:
        if not is_sqlite(engine):
            patched.setattr(retaining, "take_out", one_by_one)
        yield


@contextmanager
def call_by_call(step: str = "_remove") -> Iterator[None]:
    """Fail if any month goes at once, or gets as far as a step of that."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bygone, step, at_one_go)
        yield


def numbers(engine: Engine) -> list[int]:
    with engine.begin() as connection:
        return sorted(int(one.hex[-12:]) for one in connection.execute(select(tables.calls.c.id)).scalars())


def read(engine: Engine) -> dict[UUID, Any]:
    with engine.begin() as connection:
        return {one.id: one for _, one in stored_exchanges(connection, tables.calls.c.pk > 0, limit=999)}


def count(engine: Engine, table: Any) -> int:
    with engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def verified(engine: Engine) -> Verified:
    advance(engine)
    return looked_at(engine)


def looked_at(engine: Engine, meanwhile: Any = lambda: None) -> Verified:
    """Verify, and do something else once it has begun."""

    def checkpoints(_notes: Any) -> tuple[()]:
        meanwhile()
        return ()

    found = LedgerReader(engine).verify(
        checkpoints, anchored=0, since=None, sample=None, progress=lambda _done, _of: None
    )
    assert found.is_whole, found.amiss
    return found


def of_month(engine: Engine, month: str) -> list[str]:
    return sorted(name for name in inspect(engine).get_table_names() if name.endswith(month))


def test_a_month_of_which_all_is_due_goes_at_once(engine: Engine) -> None:
    before, seen = read(engine), list[int]()
    with at_once(engine):
        removed = remove_due(engine, [ALL], actor="root", now=NOW, progress=seen.append)
    assert (removed.calls, len(removed.acts), seen) == ({What.ALL: 6, What.BODIES: 0}, 1, [6])
    assert (numbers(engine), of_month(engine, "2022_01")) == (NEW_ONES, [])
    assert removed.months == ([] if is_sqlite(engine) else ["2022_01"])
    assert read(engine) == {one: before[one] for one in map(an_id, NEW_ONES)}
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}
    with engine.begin() as connection:
        entries = tables.entries.c
        salted = connection.execute(select(entries.id).where(entries.salt.is_not(None))).scalars().all()
        words = indexed(connection)
    assert {one for one in salted if one not in removed.acts} == {an_id(number) for number in NEW_ONES}
    assert (words, count(engine, tables.findings), count(engine, tables.call_labels)) == (1, 1, 1)


def test_parts_go_with_the_last_month_that_needs_them(engine: Engine) -> None:
    parts = count(engine, tables.parts)
    with at_once(engine):
        apply(engine, ALL)
        assert 0 < count(engine, tables.parts) < parts
        apply(engine, EVERYTHING)
    left = (tables.calls, *tables.OF_A_CALL, tables.parts, tables.part_links)
    assert [count(engine, table) for table in left] == [0] * len(left)
    assert verified(engine).entries == {Verdict.ERASED: 12, Verdict.OK: 2}


def test_bodies_of_a_month_go_at_once_and_the_rest_later(engine: Engine) -> None:
    before = read(engine)
    with at_once(engine):
        assert apply(engine, BODIES).calls == {What.ALL: 0, What.BODIES: 6}
        assert apply(engine, BODIES).acts == []
    assert (numbers(engine), count(engine, tables.findings)) == (
        [*OLD_ONES[:3], *NEW_ONES[:3], 11, 12, 13, 21, 22, 23],
        2,
    )
    assert read(engine) == {one: before[one] for one in map(an_id, NEW_ONES)}
    with engine.begin() as connection:
        assert indexed(connection) == 1
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}
    with at_once(engine):
        assert apply(engine, ALL).calls == {What.ALL: 6, What.BODIES: 0}
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 8}


@pytest.mark.parametrize("policy", [ALL, BODIES], ids=["all", "bodies"])
def test_a_month_in_which_a_call_is_held_does_not_go_at_once(engine: Engine, policy: Policy) -> None:
    before = read(engine)
    place_hold(engine, By.CALL, str(an_id(2)), reason="a claim", actor="root")
    with call_by_call():
        assert sum(apply(engine, policy).calls.values()) == 5
    assert read(engine) == {one: before[one] for one in map(an_id, [2, *NEW_ONES])}
    assert verified(engine).entries == {Verdict.ERASED: 5, Verdict.OK: 9}


def test_what_is_held_meanwhile_stays(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month is looked at before the turn to write, and again in it."""
    if is_sqlite(engine):
        return
    looked = bygone._may_go

    def held_meanwhile(*asked: Any) -> bool:
        may = looked(*asked)
        if may:
            place_hold(engine, By.USER, "bob", reason="a claim", actor="root")
        return may

    monkeypatch.setattr(bygone, "_may_go", held_meanwhile)
    with call_by_call("empty_month"):
        assert apply(engine, ALL).calls[What.ALL] == 5
    assert numbers(engine) == sorted([12, *NEW_ONES])
    assert verified(engine).entries == {Verdict.ERASED: 5, Verdict.OK: 9}


def test_what_a_policy_keeps_longer_stays(engine: Engine) -> None:
    blocked = Policy(name="blocked", outcomes=(Outcome.BLOCKED_PROMPT,))
    with call_by_call():
        apply(engine, ALL, blocked)
    assert numbers(engine) == sorted([11, *NEW_ONES])
    assert verified(engine).entries[Verdict.ERASED] == 5


def test_each_call_goes_by_the_policy_that_says_so(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bygone, "AT_ONCE", 2)
    monkeypatch.setattr(bygone, "_ROWS", 2)
    monkeypatch.setattr(bygone, "ACTS_AT_ONCE", 1)
    labelled = Policy(name="of the team", bodies_before=BETWEEN, metadata_before=BETWEEN, labels=("team=red",))
    with at_once(engine):
        removed = apply(engine, labelled, ALL)
    with engine.begin() as connection:
        acts = connection.execute(select(tables.acts).where(tables.acts.c.id.in_(removed.acts))).all()
    told = {
        ground: {UUID(one) for act in acts if act.statement["ground"] == ground for one in act.statement["ids"]}
        for ground in ("all", "of the team")
    }
    assert told == {"all": {an_id(number) for number in (1, 2, 3, 11, 13)}, "of the team": {an_id(12)}}
    assert {(act.kind, act.actor, act.statement["by"], act.statement["what"]) for act in acts} == {
        ("erasure", "root", "retention", "all")
    }
    assert is_sqlite(engine) or len(acts) == 4


def test_what_was_decided_about_calls_goes_with_all_of_them(engine: Engine) -> None:
    for call in (2, 12, 22):
        review = Review(call=an_id(call), side=Source.PROMPT, verdict=ReviewVerdict.BORDERLINE, reason="so")
        decide(engine, review, reviewer="ann")
    with at_once(engine):
        apply(engine, BODIES)
        assert count(engine, tables.reviews) == 3
        apply(engine, ALL)
    with engine.begin() as connection:
        assert connection.execute(select(tables.reviews.c.call_id)).scalars().all() == [an_id(22)]
    assert verified(engine).entries == {Verdict.ERASED: 8, Verdict.OK: 9}


@pytest.mark.parametrize("step", ["record_acts", "remove_parts", "empty_month"])
def test_what_breaks_off_leaves_all_there_and_is_done_the_next_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    if is_sqlite(engine):
        return
    before = read(engine)
    with monkeypatch.context() as dies:
        dies.setattr(bygone, step, then_interrupted(getattr(bygone, step)))
        with pytest.raises(KeyboardInterrupt):
            apply(engine, ALL)
    assert read(engine) == before
    assert verified(engine).entries == {Verdict.OK: 12}
    with at_once(engine):
        assert apply(engine, ALL).months == ["2022_01"]
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}


def then_interrupted(act: Any) -> Any:
    def acts(*args: Any, **more: Any) -> None:
        act(*args, **more)
        raise KeyboardInterrupt

    return acts


def test_who_dies_before_the_partitions_are_dropped_has_them_dropped_the_next_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_sqlite(engine):
        return
    with monkeypatch.context() as dies:
        dies.setattr(retaining, "drop_empty_months", then_interrupted(lambda *_asked: None))
        with pytest.raises(KeyboardInterrupt):
            apply(engine, ALL)
    assert (numbers(engine), len(of_month(engine, "2022_01"))) == (NEW_ONES, 6)
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}
    removed = apply(engine, ALL)
    assert (removed.acts, removed.months) == ([], ["2022_01"])


def test_who_is_killed_leaves_all_there(engine: Engine, url: str) -> None:
    if is_sqlite(engine):
        return
    program = [sys.executable, "-c", _PROGRAM, url]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert verified(engine).entries == {Verdict.OK: 12}
    with at_once(engine):
        apply(engine, ALL)
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}


def test_of_two_at_once_one_removes_a_month(engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if is_sqlite(engine):
        return
    looked, both, removed = bygone._may_go, threading.Barrier(2, timeout=30), list[Removed]()

    def together(*asked: Any) -> bool:
        may = looked(*asked)
        both.wait()
        return may

    def work() -> None:
        other = open_engine(url)
        removed.append(apply(other, ALL))
        other.dispose()

    with monkeypatch.context() as patched:
        patched.setattr(bygone, "_may_go", together)
        patched.setattr(retaining, "past_months", lambda *_asked: [(2022 - 1970) * 12])
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(one.calls[What.ALL] for one in removed) == [0, 6]
    assert sorted(one.months for one in removed) == [[], ["2022_01"]]
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}


def test_a_month_that_others_read_goes_call_by_call_and_its_partitions_later(
    engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_sqlite(engine):
        return
    monkeypatch.setattr("audit.store.partitions._PATIENCE", text("SET LOCAL lock_timeout = '20ms'"))
    other = open_engine(url)
    with other.connect() as reading:
        reading.execute(text("SELECT * FROM exchanges_2022_01"))
        removed = apply(engine, ALL)
        assert (removed.calls[What.ALL], removed.months) == (6, [])
    other.dispose()
    assert apply(engine, ALL).months == ["2022_01"]
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}


def test_who_verifies_meanwhile_finds_the_record_as_it_was(
    engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is told is read before that of which it tells: at two moments, calls would be missing."""
    monkeypatch.setattr("audit.store.partitions._PATIENCE", text("SET LOCAL lock_timeout = '20ms'"))
    other = open_engine(url)
    found = looked_at(engine, lambda: apply(other, ALL))
    other.dispose()
    assert found.entries == {Verdict.OK: 12}
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}


def test_keys_of_encrypted_bodies_go_too(url: str) -> None:
    engine = open_engine(url)
    filled(sealed_with(engine, OLD))
    keys = tables.data_keys
    assert count(engine, keys) > 12
    for policy, left in ((ALL, 6), (EVERYTHING, 0)):
        with at_once(engine):
            apply(engine, policy)
        assert count(engine, keys) == 1 + left + count(engine, tables.parts)
    engine.dispose()
