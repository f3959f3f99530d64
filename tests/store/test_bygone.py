"""Past months of which all is due go at once, those of which anything stays do not, and what is left is as before."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text

from audit.call import Outcome, Source
from audit.store import bygone, tables
from audit.store.choosing import By
from audit.store.engine import is_sqlite, open_engine
from audit.store.erasing import What
from audit.store.holds import place_hold
from audit.store.retaining import Policy, remove_due
from audit.store.reviews import decide
from audit.store.rows import Review, ReviewVerdict
from audit.store.rows.verified import Verdict
from audit.store.search import indexed
from tests.store.samples import an_id
from tests.store.sealed import OLD, sealed_with
from tests.store.two_months import (
    ALL,
    BETWEEN,
    BODIES,
    EVERYTHING,
    NEW_ONES,
    NOW,
    OLD_ONES,
    apply,
    at_once,
    call_by_call,
    count,
    filled,
    looked_at,
    numbers,
    of_month,
    read,
    verified,
)


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A record of two months."""
    return filled(engine)


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
