"""Decisions: entered with their act, refused where they cannot be, never changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Engine, select

from audit.call import Outcome, Source
from audit.errors import AuditError, StoreError
from audit.store import tables
from audit.store.engine import open_engine
from audit.store.reviews import decide, statement_of
from audit.store.rows import Review, ReviewRow, ReviewVerdict
from audit.store.write import Writer
from tests.store.samples import NOON, a_call, a_finding, an_id

STOPPING = {ReviewVerdict.CORRECT_BLOCK, ReviewVerdict.FALSE_POSITIVE}
PASSING = {ReviewVerdict.CORRECT_PASS, ReviewVerdict.FALSE_NEGATIVE}
EITHER = set(ReviewVerdict) - STOPPING - PASSING


def a_review(**over: Any) -> Review:
    """Return a decision that fits every call, but for what is given."""
    plain = {"call": an_id(1), "side": Source.PROMPT, "verdict": ReviewVerdict.BORDERLINE, "reason": "so it seems"}
    return Review(**{**plain, **over})


def rows(engine: Engine, table: Any) -> list[Any]:
    with engine.begin() as connection:
        return list(connection.execute(select(table)))


def test_a_decision_is_a_row_and_an_act_that_holds_all_of_it(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(1, findings=(a_finding("hate", filtered=True),))])
    before = datetime.now(UTC)
    wanted = a_review(verdict=ReviewVerdict.FALSE_POSITIVE, category="hate", severity="low", reason="a \x00 recipe")
    decided = decide(engine, wanted, reviewer="ann@host")
    (row,) = rows(engine, tables.reviews)
    (act,) = rows(engine, tables.acts)
    assert before <= decided.decided_at == row.decided_at == act.at
    assert (decided.id, decided.reviewer, decided.version, decided.latest) == (row.id, "ann@host", 1, True)
    assert (act.id, act.kind, act.actor) == (row.id, "review", "ann@host")
    assert act.statement == {
        "review": decided.id.hex,
        "call": an_id(1).hex,
        "at": decided.decided_at.isoformat(timespec="microseconds"),
        "side": "prompt",
        "category": "hate",
        "version": 1,
        "verdict": "false_positive",
        "severity": "low",
        "reason": "a \u2400 recipe",
        "reviewer": "ann@host",
    }
    assert act.statement == statement_of(row._asdict())
    assert decided.id in {entry.id for entry in rows(engine, tables.entries)}


def test_who_decides_again_leaves_what_was_decided_and_counts_on(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(1, findings=(a_finding("hate"), a_finding("violence"))), a_call(2)])
    told: tuple[tuple[str, dict[str, Any]], ...] = (
        ("ann", {}),
        ("ann", {"verdict": ReviewVerdict.CORRECT_PASS}),
        ("bob", {}),
        ("ann", {"side": Source.COMPLETION}),
        ("ann", {"category": "hate"}),
        ("ann", {"category": "violence"}),
        ("ann", {"category": "hate"}),
        ("ann", {"call": an_id(2)}),
        ("ann", {}),
    )
    versions = [decide(engine, a_review(**over), reviewer=who).version for who, over in told]
    assert versions == [1, 2, 1, 1, 1, 1, 2, 1, 3]
    assert [row.version for row in rows(engine, tables.reviews)] == versions


def _can_be(engine: Engine, **over: Any) -> set[ReviewVerdict]:
    accepted = set()
    for verdict in ReviewVerdict:
        try:
            decide(engine, a_review(verdict=verdict, **over), reviewer="ann")
            accepted.add(verdict)
        except AuditError as exc:
            assert f"cannot be {verdict}; it can be " in str(exc)  # noqa: PT017  # which of them raise is what is asked
    return accepted


def test_a_verdict_must_fit_what_the_filter_did(engine: Engine, writer: Writer) -> None:
    stopped = (a_finding("hate", filtered=True), a_finding("violence"), a_finding("pii", filtered=None))
    writer.append(
        [
            a_call(1, outcome=Outcome.BLOCKED_PROMPT),
            a_call(2, outcome=Outcome.BLOCKED_COMPLETION, findings=stopped),
            a_call(3, outcome=Outcome.MASKED, findings=(a_finding("pii", source=Source.COMPLETION, masked=True),)),
            a_call(4, outcome=Outcome.ANNOTATED, findings=(a_finding("hate", detected=True, filtered=None),)),
        ]
    )
    completion = {"side": Source.COMPLETION}
    for over, expected in (
        ({}, STOPPING),
        (completion, PASSING),
        ({"call": an_id(2), **completion}, STOPPING),
        ({"call": an_id(2)}, STOPPING),
        ({"call": an_id(2), "category": "hate"}, STOPPING),
        ({"call": an_id(2), "category": "violence"}, PASSING),
        ({"call": an_id(2), "category": "pii"}, STOPPING | PASSING),
        ({"call": an_id(3), **completion}, STOPPING),
        ({"call": an_id(3)}, PASSING),
        ({"call": an_id(4), "category": "hate"}, PASSING),
    ):
        assert _can_be(engine, **over) == expected | EITHER, over


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"call": an_id(9)}, f"call {an_id(9)} is not in the record"),
        ({"category": "sexual"}, "no finding names 'sexual' for the prompt of this call.* there are: hate, violence"),
        ({"category": "hate", "side": Source.COMPLETION}, "for the completion .* there are: none"),
        ({"category": "hate", "verdict": ReviewVerdict.FALSE_POSITIVE}, "no filter stopped hate in the prompt"),
        ({"verdict": ReviewVerdict.CORRECT_BLOCK}, "no filter stopped the prompt, .* correct_pass, false_negative"),
        ({"reason": " \n"}, "wants a reason"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    engine: Engine, writer: Writer, over: dict[str, Any], told: str
) -> None:
    writer.append([a_call(1, findings=(a_finding("hate"), a_finding("violence"), a_finding("hate")))])
    with pytest.raises(AuditError, match=told):
        decide(engine, a_review(**over), reviewer="ann")
    assert rows(engine, tables.reviews) == rows(engine, tables.acts) == []


def test_a_time_is_told_alike_whatever_zone_it_was_told_in() -> None:
    row = ReviewRow(
        call=an_id(1),
        side=Source.PROMPT,
        verdict=ReviewVerdict.BORDERLINE,
        reason="so",
        id=an_id(2),
        reviewer="ann",
        decided_at=NOON,
        version=1,
        latest=True,
    )
    told = {name: getattr(row, name) for name in ReviewRow.__dataclass_fields__} | {"call_id": row.call}
    elsewhere = {**told, "decided_at": NOON.astimezone(timezone(timedelta(hours=5)))}
    assert statement_of(elsewhere) == statement_of(told)
    assert "category" not in statement_of(told), "what is not said is left out"


def test_a_database_without_tables_is_told_of(empty_url: str) -> None:
    engine = open_engine(empty_url)
    with pytest.raises(StoreError, match="audit db upgrade"):
        decide(engine, a_review(), reviewer="ann")
    engine.dispose()
