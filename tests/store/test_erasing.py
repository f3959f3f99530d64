"""Erasure: what is named goes, what is held stays, and all else reads as before."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select

from audit.call import Call, Source, Tags
from audit.errors import StoreError
from audit.store import tables
from audit.store.choosing import By
from audit.store.engine import open_engine
from audit.store.erasing import Request, What, due, erase, ground_of
from audit.store.holds import in_force, place_hold, release_hold
from audit.store.read.erased import intact_acts
from audit.store.read.exchanges import stored_exchanges
from audit.store.read.verification import verify
from audit.store.reviews import decide
from audit.store.rows import Review, ReviewVerdict
from audit.store.rows.verified import Verdict, Verified
from audit.store.search import matching
from audit.store.sequencing import advance
from audit.store.write import Appended, Writer
from tests.store.bodies_of import a_conversation, talking
from tests.store.samples import NOON, a_call, a_finding, an_id, said

USERS = ("ann", "bob", "cy")


def of(value: str, by: By = By.USER, what: What = What.ALL) -> Request:
    return Request(by=by, value=value, what=what, ground="Art. 17(1)(b)", actor="root")


def count(engine: Engine, table: Any) -> int:
    with engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def read(engine: Engine) -> dict[UUID, Any]:
    with engine.begin() as connection:
        return {exchange.id: exchange for _, exchange in stored_exchanges(connection, tables.calls.c.pk > 0, limit=999)}


def conversations() -> list[Call]:
    """Three users who begin alike, each with a picture's worth of their own."""
    return [
        call
        for number, user in enumerate(USERS)
        for call in talking(
            list(a_conversation(3, topic="pears" if user == "bob" else "apples")),
            first=10 * number + 1,
            tags=Tags(user=user, session=f"of {user}", labels=(("case", user),)),
            key_fingerprint=f"key of {user}",
        )
    ]


def test_nothing_is_left_of_what_is_erased_but_its_entries(engine: Engine, writer: Writer) -> None:
    tags = {"tags": Tags(user="ann", labels=(("a", "b"),))}
    writer.append([a_call(1, exchange=tags, findings=(a_finding(),), input=said("quince"))])
    assert erase(engine, of("ann")).calls == 1
    gone = (tables.calls, *tables.OF_A_CALL, tables.parts, tables.part_links)
    assert [count(engine, table) for table in gone] == [0] * len(gone)
    with engine.begin() as connection:
        entry = connection.execute(select(tables.entries).where(tables.entries.c.id == an_id(1))).one()
        query = matching(connection, "quince")
        assert query is not None
        assert connection.execute(query).all() == []
    assert entry.salt is None


def test_bodies_alone_leave_what_is_known_of_a_call(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(1, exchange={"tags": Tags(user="ann")}, findings=(a_finding(),), input=said("quince"))])
    assert erase(engine, of("ann", what=What.BODIES)).calls == 1
    assert [count(engine, table) for table in (tables.calls, tables.findings, tables.exchanges)] == [1, 1, 0]
    assert erase(engine, of("ann", what=What.BODIES)).calls == 0
    assert erase(engine, of("ann")).calls == 1
    assert count(engine, tables.calls) == 0


@pytest.mark.parametrize(
    ("by", "value", "calls"),
    [
        (By.CALL, str(an_id(12)), 1),
        (By.CONVERSATION, str(an_id(11)), 3),
        (By.KEY, "key of bob", 3),
        (By.USER, "bob", 3),
        (By.SESSION, "of bob", 3),
        (By.LABEL, "case=bob", 3),
        (By.USER, "nobody", 0),
    ],
)
def test_calls_are_named_by(engine: Engine, writer: Writer, by: By, value: str, calls: int) -> None:
    writer.append(conversations())
    before = read(engine)
    with engine.begin() as connection:
        told = due(connection, of(value, by))
    assert (told.calls, told.held) == (calls, ())
    assert (told.bytes > 0) is (calls > 0)
    assert erase(engine, of(value, by)).calls == calls
    after = read(engine)
    assert len(after) == len(before) - calls
    assert all(after[call] == before[call] for call in after)


def test_an_act_tells_what_went_and_why_but_not_whose_it_was(engine: Engine, writer: Writer) -> None:
    writer.append(conversations())
    erased = erase(engine, of("bob", what=What.BODIES))
    with engine.begin() as connection:
        (act,) = connection.execute(select(tables.acts)).all()
        told = ground_of(connection, an_id(11), NOON)
        assert ground_of(connection, an_id(1), NOON) is None
        assert intact_acts(connection, Verified(anchored=0)).bodies == {an_id(11), an_id(12), an_id(13)}
    assert [act.id] == erased.acts
    assert (act.kind, act.actor) == ("erasure", "root")
    assert "bob" not in str(act.statement)
    assert told == (act.at, "Art. 17(1)(b)")


def _decided(engine: Engine, *calls: int) -> list[UUID]:
    reviews = [
        Review(call=an_id(call), side=Source.PROMPT, verdict=ReviewVerdict.CORRECT_PASS, reason=f"pears of {call}")
        for call in calls
    ]
    return [decide(engine, review, reviewer="ann").id for review in reviews]


def _verified(engine: Engine) -> Verified:
    advance(engine)
    with engine.begin() as connection:
        return verify(connection, ())


def test_what_was_decided_about_a_call_goes_with_all_that_is_known_of_it(engine: Engine, writer: Writer) -> None:
    writer.append(conversations())
    first, again, other = _decided(engine, 11, 11, 21)
    _verified(engine)  # so that what goes has its place in the log
    assert erase(engine, of("bob")).calls == 3
    with engine.begin() as connection:
        acts = {act.kind: act for act in connection.execute(select(tables.acts))}
        kept = connection.execute(select(tables.reviews.c.id)).scalars().all()
        entries = tables.entries.c
        salts = {row.id: row.salt for row in connection.execute(select(entries.id, entries.salt))}
    assert kept == [other] == [acts["review"].id]
    assert (salts[first], salts[again], salts[other] is None) == (None, None, False)
    assert "pears of 11" not in str(acts)
    gone = [one.hex for one in (an_id(11), an_id(12), an_id(13), first, again)]
    assert (acts["erasure"].statement["ids"], acts["erasure"].statement["reviews"]) == (gone, 2)
    told = _verified(engine)
    assert (told.is_whole, told.amiss, told.entries) == (True, [], {Verdict.OK: 8, Verdict.ERASED: 5})
    assert told.acts == {"erasure": 1, "review": 1}


def test_what_was_decided_stays_where_bodies_alone_go(engine: Engine, writer: Writer) -> None:
    writer.append(conversations())
    _decided(engine, 11)
    erase(engine, of("bob", what=What.BODIES))
    assert count(engine, tables.reviews) == 1
    assert _verified(engine).is_whole


def test_a_row_that_was_put_in_takes_no_act_with_it(engine: Engine, writer: Writer) -> None:
    """Else an erasure by law would take out what somebody wants to be forgotten, and call it erased."""
    writer.append(conversations())
    hold = place_hold(engine, By.USER, "ann", reason="a claim", actor="root")
    _decided(engine, 11)
    with engine.begin() as connection:
        connection.execute(tables.reviews.update().values(id=hold))
    erase(engine, of("bob"))
    with engine.begin() as connection:
        assert set(connection.execute(select(tables.acts.c.kind)).scalars()) == {"hold", "review", "erasure"}
    assert [one.what.partition(" ")[0] for one in _verified(engine).amiss] == ["review"]


def test_many_calls_go_in_several_acts(engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.store.erasing.AT_ONCE", 2)
    writer.append(conversations())
    seen: list[int] = []
    assert len(erase(engine, of("bob"), seen.append).acts) == 2
    assert seen == [2, 3]


def test_what_is_held_stays_until_it_is_released(engine: Engine, writer: Writer) -> None:
    writer.append(conversations())
    hold = place_hold(engine, By.CALL, str(an_id(12)), reason="a claim", actor="root")
    with engine.begin() as connection:
        told = due(connection, of("bob"))
    assert told.calls == 2
    assert [(one.id, number) for one, number in told.held] == [(hold, 1)]
    assert erase(engine, of("bob")).calls == 2
    assert an_id(12) in read(engine)
    release_hold(engine, hold, reason="settled", actor="root")
    assert erase(engine, of("bob")).calls == 1


def test_what_was_erased_is_not_stored_again(engine: Engine, writer: Writer) -> None:
    calls = conversations()
    writer.append(calls)
    erase(engine, of("bob"))
    assert writer.append(calls) == Appended(repeated=9)
    assert count(engine, tables.calls) == 6


def test_a_database_without_tables_is_told_of(empty_url: str) -> None:
    engine = open_engine(empty_url)
    with pytest.raises(StoreError, match="audit db upgrade"):
        erase(engine, of("bob"))
    engine.dispose()


def _orphans(engine: Engine) -> int:
    parts, after = tables.parts, tables.parts.alias()
    users = (
        select(tables.part_uses.c.part_pk).where(tables.part_uses.c.part_pk == parts.c.pk),
        select(tables.part_links.c.part_pk).where(tables.part_links.c.part_pk == parts.c.pk),
        select(after.c.pk).where(after.c.before == parts.c.pk),
    )
    with engine.begin() as connection:
        unused = select(func.count()).select_from(parts).where(*(~user.exists() for user in users))
        return connection.execute(unused).scalar_one()


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_erased_the_rest_reads_as_before(engine: Engine, writer: Writer, seed: int) -> None:
    chance = random.Random(seed)
    calls = conversations()
    chance.shuffle(calls)
    expected: dict[UUID, Any] = {}
    held: set[UUID] = set()
    while calls:
        some, calls = calls[:2], calls[2:]
        writer.append(some)
        expected |= {call.exchange.id: call.exchange for call in some}
        if chance.random() < 0.3:
            chosen = chance.choice(sorted(expected)) if expected else an_id(99)
            place_hold(engine, By.CALL, str(chosen), reason="a claim", actor="root")
            held.add(chosen)
        if chance.random() < 0.7 and expected:
            chosen = chance.choice(sorted(expected))
            erase(engine, of(str(chosen), By.CALL, chance.choice(list(What))))
            if chosen not in held:
                del expected[chosen]
        assert read(engine) == expected
        assert _orphans(engine) == 0
    with engine.begin() as connection:
        for hold in in_force(connection):
            assert UUID(hold.value) in expected
    for hold_id in [hold.id for hold in _holds(engine)]:
        release_hold(engine, hold_id, reason="settled", actor="root")
    for user in USERS:
        erase(engine, of(user))
    assert count(engine, tables.parts) == count(engine, tables.part_links) == 0


def _holds(engine: Engine) -> list[Any]:
    with engine.begin() as connection:
        return in_force(connection)
