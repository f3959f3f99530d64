"""Removal by age: what policies say goes, what fits none or is held stays, and the ledger tells which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, inspect, select

from audit.call import Call, Outcome, Source, Tags
from audit.errors import StoreError
from audit.ledger.note import Signer
from audit.store import retaining, tables
from audit.store.choosing import By
from audit.store.engine import is_sqlite, open_engine
from audit.store.erasing import What, take_out
from audit.store.holds import place_hold, release_hold
from audit.store.partitions import drop_empty_months
from audit.store.read.erased import intact_acts
from audit.store.read.exchanges import stored_exchanges
from audit.store.read.verification import verify
from audit.store.retaining import Due, Policy, Removed, due_now, remove_due
from audit.store.reviews import decide
from audit.store.rows import Review, ReviewVerdict
from audit.store.rows.verified import Verdict, Verified
from audit.store.sequencing import Sequencer
from audit.store.write import Appended, Writer
from tests.store.bodies_of import PICTURE, a_body, a_conversation, talking, told
from tests.store.samples import NOON, a_call, a_finding, an_id, said

NOW = NOON + timedelta(days=400)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def whole(name: str, before: datetime | None, **more: Any) -> Policy:
    """A policy that removes calls whole."""
    return Policy(name=name, bodies_before=before, metadata_before=before, **more)


def apply(engine: Engine, *policies: Policy) -> Removed:
    return remove_due(engine, policies, actor="root", now=NOON)


def due(engine: Engine, *policies: Policy) -> Due:
    with engine.begin() as connection:
        return due_now(connection, policies)


def numbers(engine: Engine, table: Any = tables.calls) -> list[int]:
    """The numbers of calls that have a row in a table."""
    calls = tables.calls.c
    query = select(calls.id)
    if table is not tables.calls:
        query = query.where(select(table.c.call_pk).where(table.c.call_pk == calls.pk).exists())
    with engine.begin() as connection:
        return sorted(int(one.hex[-12:]) for one in connection.execute(query).scalars())


def read(engine: Engine) -> dict[UUID, Any]:
    with engine.begin() as connection:
        return {exchange.id: exchange for _, exchange in stored_exchanges(connection, tables.calls.c.pk > 0, limit=999)}


def verdicts(engine: Engine) -> dict[Verdict, int]:
    """What verification finds, which must be no fault."""
    Sequencer(engine, Signer.generate("audit/test"), []).advance()
    with engine.begin() as connection:
        found = verify(connection, [])
    assert found.is_whole, found.amiss
    return dict(found.entries)


def mixed() -> list[Call]:
    """Six calls, a minute apart: two that were blocked, two of a project, two of nobody's."""
    kinds: list[dict[str, Any]] = [
        {"outcome": Outcome.BLOCKED_PROMPT},
        {"exchange": {"tags": Tags(project="search", labels=(("team", "red"),)), "key_fingerprint": "k1"}},
        {"provider": "azure"},
    ]
    both = [*kinds, *kinds]
    return [
        a_call(at + 1, minutes=at, findings=(a_finding(),), input=said("quince"), **one) for at, one in enumerate(both)
    ]


def test_what_fits_no_policy_is_kept(engine: Engine, writer: Writer) -> None:
    writer.append(mixed())
    assert apply(engine).calls == {What.BODIES: 0, What.ALL: 0}
    apply(engine, whole("search", NOW, projects=("search",)))
    assert numbers(engine) == [1, 3, 4, 6]
    assert apply(engine, whole("for ever", None)).acts == []


@pytest.mark.parametrize(
    ("selectors", "gone"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"outcomes": (Outcome.BLOCKED_PROMPT, Outcome.BLOCKED_COMPLETION)}, [1, 4]),
        ({"projects": ("search", "other")}, [2, 5]),
        ({"labels": ("team=red", "team=blue")}, [2, 5]),
        ({"providers": ("azure",)}, [3, 6]),
        ({"keys": ("k1",)}, [2, 5]),
        ({"keys": ("the key",)}, [2, 5]),
        ({"keys": ("k1",), "providers": ("azure",)}, []),
    ],
)
def test_policies_choose_by(engine: Engine, writer: Writer, selectors: Any, gone: list[int]) -> None:
    writer.append(mixed())
    with engine.begin() as connection:
        connection.execute(tables.api_keys.update().values(name="the key"))
    policy = whole("some", NOW, **selectors)
    assert [share.calls for share in due(engine, policy).shares] == [len(gone), 0]
    removed = apply(engine, policy)
    assert removed.calls[What.ALL] == len(gone)
    assert numbers(engine) == [number for number in range(1, 7) if number not in gone]


def test_the_policy_that_keeps_longest_counts_whatever_their_order(engine: Engine, writer: Writer) -> None:
    writer.append(mixed())
    blocked = whole("blocked longer", after(1), outcomes=(Outcome.BLOCKED_PROMPT,))
    policies = [whole("all", after(4)), blocked, whole("azure for ever", None, providers=("azure",))]
    shares = {(one.policy, one.what): one.calls for one in due(engine, *policies).shares if one.calls}
    assert shares == {("all", What.ALL): 1, ("blocked longer", What.ALL): 1}
    apply(engine, *policies)
    assert numbers(engine) == [3, 4, 5, 6]
    apply(engine, *reversed([whole("all", NOW), *policies[1:]]))
    assert numbers(engine) == [3, 4, 6]


@pytest.mark.parametrize("selectors", [{"projects": ("search",)}, {"keys": ("k1",)}, {"labels": ("team=red",)}])
def test_what_has_no_such_name_does_not_fit(engine: Engine, writer: Writer, selectors: Any) -> None:
    writer.append(mixed())
    apply(engine, whole("all", NOW), whole("for ever", None, **selectors))
    assert numbers(engine) == [2, 5]


def test_bodies_go_before_metadata(engine: Engine, writer: Writer) -> None:
    writer.append(mixed())
    policy = Policy(name="all", bodies_before=after(4), metadata_before=after(2))
    assert [(one.what, one.calls) for one in due(engine, policy).shares] == [(What.ALL, 2), (What.BODIES, 2)]
    removed = apply(engine, policy)
    assert removed.calls == {What.ALL: 2, What.BODIES: 2}
    assert (numbers(engine), numbers(engine, tables.exchanges)) == ([3, 4, 5, 6], [5, 6])
    assert numbers(engine, tables.findings) == [3, 4, 5, 6]
    assert apply(engine, policy).acts == []


def test_acts_list_exactly_what_went_and_the_policy(engine: Engine, writer: Writer) -> None:
    writer.append(mixed())
    removed = apply(engine, Policy(name="short", bodies_before=after(4), metadata_before=after(2)))
    with engine.begin() as connection:
        acts = connection.execute(select(tables.acts).order_by(tables.acts.c.at)).all()
        erased = intact_acts(connection, Verified(anchored=0))
    assert {act.id for act in acts} == set(removed.acts)
    assert {(act.kind, act.actor, act.statement["ground"], act.statement["by"]) for act in acts} == {
        ("erasure", "root", "short", "retention")
    }
    assert (erased.whole, erased.bodies) == ({an_id(1), an_id(2)}, {an_id(3), an_id(4)})
    assert verdicts(engine) == {Verdict.OK: 2 + len(acts), Verdict.ERASED: 4}


def test_a_hold_outranks_all_policies_until_it_is_released(engine: Engine, writer: Writer) -> None:
    writer.append(mixed())
    hold = place_hold(engine, By.LABEL, "team=red", reason="a claim", actor="root")
    policy = whole("all", NOW)
    assert [(one.id, calls) for one, calls in due(engine, policy).held] == [(hold, 2)]
    assert [share.calls for share in due(engine, policy).shares] == [4, 0]
    apply(engine, policy)
    assert (numbers(engine), numbers(engine, tables.exchanges)) == ([2, 5], [2, 5])
    assert apply(engine, policy).acts == []
    release_hold(engine, hold, reason="settled", actor="root")
    assert apply(engine, policy).calls[What.ALL] == 2


def test_what_is_held_meanwhile_stays(engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are found before the turn to write, and asked about again in it."""
    writer.append(mixed())
    found = retaining._read

    def held_meanwhile(*asked: Any) -> Any:
        rows = found(*asked)
        if rows:
            place_hold(engine, By.CALL, str(an_id(3)), reason="a claim", actor="root")
        return rows

    monkeypatch.setattr(retaining, "_read", held_meanwhile)
    assert apply(engine, whole("all", NOW)).calls[What.ALL] == 5
    assert numbers(engine) == [3]


def test_many_go_in_several_acts_oldest_first(engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retaining, "AT_ONCE", 2)
    writer.append(list(reversed(mixed())))
    place_hold(engine, By.CALL, str(an_id(1)), reason="a claim", actor="root")
    place_hold(engine, By.CALL, str(an_id(2)), reason="a claim", actor="root")
    seen: list[int] = []
    removed = remove_due(engine, [whole("all", NOW)], actor="root", now=NOON, progress=seen.append)
    assert (seen, len(removed.acts)) == ([0, 2, 4], 2)
    with engine.begin() as connection:
        acts = connection.execute(select(tables.acts).where(tables.acts.c.id.in_(removed.acts))).all()
    assert [[one[-1] for one in act.statement["ids"]] for act in sorted(acts, key=lambda act: act.at)] == [
        ["4", "3"],
        ["6", "5"],
    ]


def test_what_was_decided_about_calls_goes_when_all_of_them_does(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(1), a_call(2, minutes=60)])
    for call in (1, 2):
        review = Review(call=an_id(call), side=Source.PROMPT, verdict=ReviewVerdict.BORDERLINE, reason="so")
        decide(engine, review, reviewer="ann")
    apply(engine, Policy(name="all", bodies_before=NOW, metadata_before=after(30)))
    with engine.begin() as connection:
        assert connection.execute(select(tables.reviews.c.call_id)).scalars().all() == [an_id(2)]
    assert verdicts(engine) == {Verdict.ERASED: 3, Verdict.OK: 3}


def test_calls_of_one_moment_are_none_passed_over(
    engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retaining, "AT_ONCE", 2)
    writer.append([a_call(number) for number in range(1, 6)])
    assert apply(engine, whole("all", NOW)).calls[What.ALL] == 5


def test_what_breaks_off_leaves_a_whole_record_and_can_be_gone_on_with(
    engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retaining, "AT_ONCE", 2)
    writer.append(mixed())

    def dying(connection: Any, *args: Any, **more: Any) -> Any:
        act = take_out(connection, *args, **more)
        if connection.execute(select(func.count()).select_from(tables.acts)).scalar_one() == 2:
            raise KeyboardInterrupt  # within the second transaction, all of it done
        return act

    with monkeypatch.context() as dies:
        dies.setattr(retaining, "take_out", dying)
        with pytest.raises(KeyboardInterrupt):
            apply(engine, whole("all", NOW))
    assert numbers(engine) == [3, 4, 5, 6]
    assert verdicts(engine) == {Verdict.OK: 5, Verdict.ERASED: 2}
    assert apply(engine, whole("all", NOW)).calls[What.ALL] == 4
    assert verdicts(engine) == {Verdict.OK: 3, Verdict.ERASED: 6}


def test_what_has_gone_is_not_stored_again(engine: Engine, writer: Writer) -> None:
    writer.append(mixed())
    apply(engine, whole("all", after(3)))
    assert Writer(engine).append(mixed()) == Appended(repeated=6)
    assert numbers(engine) == [4, 5, 6]
    assert verdicts(engine)[Verdict.ERASED] == 3


def test_what_kept_calls_share_with_those_that_go_reads_as_before(engine: Engine, writer: Writer) -> None:
    pictures = [a_body([told("user", f"{word} {PICTURE}"), told("user", word * 500)]) for word in ("apple", "pear")]
    calls = [*talking(list(a_conversation(6))), *talking(pictures, first=7), *talking(pictures, first=9)]
    writer.append(calls)
    before = read(engine)
    for minutes, kept in ((1, 7), (4, 2), (6, 0)):
        apply(engine, whole("all", after(minutes)))
        left = read(engine)
        assert len(left) == kept
        assert all(left[call] == before[call] for call in left)
        assert set(verdicts(engine)) <= {Verdict.OK, Verdict.ERASED}
    with engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(tables.parts)).scalar_one() == 0


def test_bytes_are_those_of_bodies_that_are_there(engine: Engine, writer: Writer) -> None:
    bodies = Policy(name="bodies", bodies_before=NOW)
    writer.append(
        [a_call(number, exchange={"request_body": b"x" * number, "response_body": b"y"}) for number in (5, 7)]
    )
    assert [share.bytes for share in due(engine, whole("all", NOW)).shares] == [14, 0]
    assert [share.bytes for share in due(engine, bodies).shares] == [14]
    apply(engine, bodies)
    assert [(share.calls, share.bytes) for share in due(engine, whole("all", NOW)).shares] == [(2, 0), (0, 0)]


def test_months_whose_calls_are_gone_are_dropped(engine: Engine) -> None:
    then = datetime(2022, 1, 2, tzinfo=UTC)
    drop_empty_months(engine, NOON)  # what other tests have left behind
    Writer(engine, clock=lambda: then).append(mixed())
    removed = apply(engine, whole("all", NOW))
    assert removed.months == ([] if is_sqlite(engine) else ["2022_01", "2022_02"])
    assert not any("2022_01" in name for name in inspect(engine).get_table_names())
    assert verdicts(engine) == {Verdict.OK: 1, Verdict.ERASED: 6}


def test_a_database_without_tables_is_told_of(empty_url: str) -> None:
    engine = open_engine(empty_url)
    with pytest.raises(StoreError, match="audit db upgrade"):
        apply(engine, whole("all", NOW))
    engine.dispose()
