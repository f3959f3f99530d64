from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, delete, literal, select, text, update

from audit.call import Source
from audit.store import tables
from audit.store.choosing import By
from audit.store.holds import place_hold, release_hold
from audit.store.read.attested import look_at_attested
from audit.store.read.erased import intact_acts
from audit.store.reviews import decide
from audit.store.rows import Review, ReviewVerdict
from audit.store.rows.verified import Verified
from audit.store.write import Writer
from tests.store.samples import NOON, a_call, a_price, an_id


@pytest.fixture
def attested(engine: Engine, writer: Writer) -> Engine:
    """A price, a loss, a decision and two holds, one of them released, and their acts."""
    writer.append([a_call(1, price=a_price("0.5"))])
    writer.lost(an_id(7), NOON, 2, "the disk was full")
    review = Review(call=an_id(1), side=Source.PROMPT, verdict=ReviewVerdict.CORRECT_PASS, reason="harmless")
    decide(engine, review, reviewer="ann")
    place_hold(engine, By.USER, "ben", reason="a claim", actor="ann")
    release_hold(engine, place_hold(engine, By.USER, "eve", reason="another", actor="ann"), reason="over", actor="ann")
    return engine


def told(engine: Engine, *statements: Any) -> list[str]:
    """Return what is amiss of prices, losses, decisions and holds once these have been run."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
        found = Verified()
        look_at_attested(connection, intact_acts(connection, found).told, found)
    return [f"{one.verdict} {one.what.partition(' ')[0]}" for one in found.amiss]


def test_what_is_as_it_was_entered_is_not_told(attested: Engine) -> None:
    assert told(attested) == []


@pytest.mark.parametrize(
    "change", [{"count": 1}, {"reason": "none"}, {"at": NOON.replace(hour=1)}, {"id": an_id(8)}], ids=str
)
def test_an_altered_loss_is_told(attested: Engine, change: dict[str, Any]) -> None:
    assert told(attested, update(tables.losses).values(**change)) == ["ALTERED loss", "MISSING loss"]


def test_a_loss_that_is_gone_is_told(attested: Engine) -> None:
    assert told(attested, delete(tables.losses)) == ["MISSING loss"]


@pytest.mark.parametrize(
    "change",
    [
        {"id": an_id(8)},
        {"call_id": an_id(2)},
        {"side": "completion"},
        {"category": "hate"},
        {"version": 2},
        {"verdict": "false_negative"},
        {"severity": "low"},
        {"reason": "harmful"},
        {"reviewer": "bob"},
        {"decided_at": NOON},
    ],
    ids=str,
)
def test_an_altered_decision_is_told(attested: Engine, change: dict[str, Any]) -> None:
    assert told(attested, update(tables.reviews).values(**change)) == ["ALTERED review", "MISSING review"]


def test_a_decision_that_is_gone_is_told_and_one_that_was_put_in(attested: Engine) -> None:
    names = [column.name for column in tables.reviews.columns if column.name not in ("pk", "id")]
    columns = [tables.reviews.c[name] for name in names]
    another = select(literal(an_id(9), tables.reviews.c.id.type), *columns)
    assert told(attested, tables.reviews.insert().from_select(["id", *names], another)) == ["ALTERED review"]
    assert told(attested, delete(tables.reviews)) == ["MISSING review"]


def test_a_decision_whose_act_is_gone_or_altered_is_told(attested: Engine) -> None:
    of_review = tables.acts.c.kind == "review"
    altered = update(tables.acts).where(of_review).values(actor="bob")
    assert told(attested, altered) == ["ALTERED act", "ALTERED review"]
    assert told(attested, delete(tables.acts).where(of_review)) == ["ALTERED review"]


def test_an_altered_price_is_told_and_one_that_was_put_in(attested: Engine) -> None:
    assert told(attested, update(tables.prices).values(working={"parts": []})) == ["ALTERED price", "MISSING price"]
    new = tables.prices.insert().values(digest="d", working={"parts": [1]})
    assert told(attested, delete(tables.prices), new) == ["ALTERED price", "MISSING price"]


def test_a_price_that_is_found_by_another_digest_is_told(attested: Engine) -> None:
    assert told(attested, update(tables.prices).values(digest="d")) == ["ALTERED price", "MISSING price"]


def test_an_act_of_a_price_that_is_altered_or_gone_is_no_word_for_it(attested: Engine) -> None:
    altered = update(tables.acts).where(tables.acts.c.kind == "price").values(statement={"digest": "d"})
    assert told(attested, altered) == ["ALTERED act", "ALTERED price"]
    alone = [f"ALTERED {what}" for what in ("price", "loss", "review", "hold", "hold")]
    assert told(attested, delete(tables.acts)) == alone


def test_what_is_no_value_of_its_column_is_told(attested: Engine) -> None:
    engine = attested
    if engine.dialect.name == "sqlite":  # which takes anything in any column
        columns = ("prices set working", "losses set at", "reviews set decided_at", "holds set id")
        spoilt = [text("update " + column + " = 'x'") for column in columns]
        amiss = [
            f"{verdict} {what}" for what in ("price", "loss", "review", "hold") for verdict in ("ALTERED", "MISSING")
        ]
        assert told(engine, text("delete from holds where value = 'eve'"), *spoilt) == [*amiss, "MISSING hold"]


def test_a_price_that_is_there_twice_is_told(attested: Engine) -> None:
    again = tables.prices.insert().from_select(["digest", "working"], select(literal("d"), tables.prices.c.working))
    assert told(attested, again) == ["ALTERED price"]


@pytest.mark.parametrize(
    "change",
    [
        {"id": an_id(8)},
        {"by": "key"},
        {"value": "bob"},
        {"reason": "none"},
        {"placed_by": "bob"},
        {"placed_at": NOON},
        {"released_at": NOON},
    ],
    ids=str,
)
@pytest.mark.parametrize("user", ["ben", "eve"])
def test_an_altered_hold_is_told(attested: Engine, user: str, change: dict[str, Any]) -> None:
    altered = update(tables.holds).where(tables.holds.c.value == user).values(**change)
    assert told(attested, altered) == ["ALTERED hold", "MISSING hold"]


def test_a_hold_that_is_in_force_again_is_told(attested: Engine) -> None:
    assert told(attested, update(tables.holds).values(released_at=None)) == ["ALTERED hold", "MISSING hold"]


def test_a_hold_that_is_gone_is_told(attested: Engine) -> None:
    assert told(attested, delete(tables.holds)) == ["MISSING hold"] * 2
