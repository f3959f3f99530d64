from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from audit.store.issued import add_key, revoke_key
from audit.store.periods import Period
from audit.store.read import Reader
from audit.store.rows import Budget, IssuedKeyRow, KeyState, Spending
from audit.store.write import Writer
from tests.store.samples import NOON, a_call, a_new_key, a_price

DAY = 24 * 60.0
"""In minutes. `NOON` is a Friday's, the second of its month."""


def a_budget(amount: str, period: Period = Period.DAY, currency: str = "USD") -> Budget:
    return Budget(amount=Decimal(amount), currency=currency, period=period)


def spend(writer: Writer, number: int, amount: str, *, key: str = "of ci", minutes: float = 0, **price: Any) -> None:
    exchange = {"key_fingerprint": key}
    writer.append([a_call(number, minutes=minutes, exchange=exchange, price=a_price(amount, **price))])


def only(engine: Engine, **asked: Any) -> IssuedKeyRow:
    (row,) = Reader(engine).issued_keys(asked.pop("now", NOON), **asked)
    return row


def test_a_key_comes_as_it_went_in(engine: Engine) -> None:
    limits: dict[str, Any] = {
        "project": "search",
        "user": "ada",
        "labels": (("team", "red"), ("env", "ci")),
        "providers": ("openai*",),
        "models": ("gpt-*", "o3"),
        "rpm": 60,
        "budget": a_budget("20.000000000001", Period.MONTH),
        "expires_at": NOON + timedelta(days=90),
    }
    add_key(engine, a_new_key("ci", **limits))
    row = only(engine)
    assert {name: getattr(row, name) for name in limits} == limits
    assert (row.digest, row.fingerprint, row.created_at, row.created_by) == ("digest of ci", "of ci", NOON, "root")
    assert (row.spent, row.last_used_at, row.state) == (Decimal(0), None, KeyState.ACTIVE)


def test_a_key_without_limits_has_none(engine: Engine) -> None:
    add_key(engine, a_new_key("ci"))
    row = only(engine)
    assert (row.labels, row.providers, row.models, row.rpm) == ((), ("*",), ("*",), None)
    assert (row.budget, row.spent, row.expires_at) == (None, None, None)


def test_a_budget_is_told_in_words() -> None:
    assert str(a_budget("20", Period.MONTH)) == "20 USD/month"
    assert str(a_budget("100.50", Period.WEEK, "EUR")) == "100.5 EUR/week"
    assert str(a_budget("100000")) == "100000 USD/day"


def test_a_key_was_used_when_its_last_call_began(engine: Engine, writer: Writer) -> None:
    add_key(engine, a_new_key("ci"))
    spend(writer, 1, "1", minutes=3)
    spend(writer, 2, "1", minutes=1)
    assert only(engine).last_used_at == NOON + timedelta(minutes=3)


@pytest.mark.parametrize(("period", "spent"), [(Period.DAY, "10001"), (Period.WEEK, "11111"), (Period.MONTH, "10101")])
def test_what_was_spent_since_the_period_began_counts(
    engine: Engine, writer: Writer, period: Period, spent: str
) -> None:
    add_key(engine, a_new_key("ci", budget=a_budget("5", period)))
    ago = {"1": 0.0, "10": 2 * DAY, "100": DAY, "1000": 4 * DAY, "10000": 12 * 60, "100000": 5 * DAY}
    for number, (amount, minutes) in enumerate(ago.items()):
        spend(writer, number, amount, minutes=-minutes)
    assert only(engine).spent == Decimal(spent)


def test_other_keys_currencies_and_calls_without_a_price_do_not_count(engine: Engine, writer: Writer) -> None:
    add_key(engine, a_new_key("ci", budget=a_budget("5")))
    spend(writer, 1, "0.000000000001")
    spend(writer, 2, "10", key="of another")
    spend(writer, 3, "100", currency="EUR")
    writer.append([a_call(4, exchange={"key_fingerprint": "of ci"}, unpriced_reason="no price is known"), a_call(5)])
    assert only(engine).spent == Decimal("0.000000000001")


def test_each_key_has_a_budget_of_its_own(engine: Engine, writer: Writer) -> None:
    add_key(engine, a_new_key("ci", budget=a_budget("5", Period.MONTH)))
    add_key(engine, a_new_key("eu", budget=a_budget("5", currency="EUR")))
    add_key(engine, a_new_key("free"))
    calls = [("ci", -DAY, "USD"), ("ci", 0, "USD"), ("eu", -DAY, "EUR"), ("eu", 0, "EUR"), ("eu", 0, "USD")]
    for number, (key, minutes, currency) in enumerate([*calls, ("free", 0, "USD")]):
        spend(writer, number, "1", key=f"of {key}", minutes=minutes, currency=currency)
    rows = Reader(engine).issued_keys(NOON)
    assert {row.name: row.spent for row in rows} == {"ci": Decimal(2), "eu": Decimal(1), "free": None}


def test_more_than_one_figure_holds_can_be_spent(engine: Engine, writer: Writer) -> None:
    add_key(engine, a_new_key("ci", budget=a_budget("5")))
    for number in range(3):
        spend(writer, number, "8999999")
    assert only(engine).spent == 3 * Decimal("8999999")


@pytest.mark.parametrize(
    ("limits", "state"),
    [
        ({}, KeyState.ACTIVE),
        ({"budget": a_budget("1.5")}, KeyState.ACTIVE),
        ({"budget": a_budget("1")}, KeyState.OVER_BUDGET),
        ({"expires_at": NOON + timedelta(microseconds=1)}, KeyState.ACTIVE),
        ({"expires_at": NOON, "budget": a_budget("1")}, KeyState.EXPIRED),
    ],
)
def test_a_state_says_whether_a_key_is_let_through(
    engine: Engine, writer: Writer, limits: dict[str, Any], state: KeyState
) -> None:
    add_key(engine, a_new_key("ci", **limits))
    spend(writer, 1, "1")
    assert only(engine).state is state
    revoke_key(engine, "of ci", NOON)
    assert only(engine).state is KeyState.REVOKED


def test_a_budget_is_whole_again_when_the_next_period_begins(engine: Engine, writer: Writer) -> None:
    add_key(engine, a_new_key("ci", budget=a_budget("1")))
    spend(writer, 1, "1")
    row = only(engine, now=NOON + timedelta(hours=12))
    assert (row.spent, row.state) == (Decimal(0), KeyState.ACTIVE)


def test_spending_need_not_be_asked_for(engine: Engine, writer: Writer) -> None:
    add_key(engine, a_new_key("ci", budget=a_budget("1")))
    spend(writer, 1, "1")
    row = only(engine, spending=False)
    assert (row.spent, row.state) == (None, KeyState.ACTIVE)


def test_spending_can_be_followed(engine: Engine, writer: Writer) -> None:
    reader = Reader(engine)
    assert reader.spending(NOON) == Spending(newest=0)
    add_key(engine, a_new_key("ci", budget=a_budget("5")))
    spend(writer, 1, "1")
    first = reader.spending(NOON)
    assert first.amounts == {"of ci": Decimal(1)}
    assert reader.spending(NOON, first.newest) == Spending(newest=first.newest)
    spend(writer, 2, "0.5")
    spend(writer, 3, "0.25", minutes=-DAY)
    last = reader.spending(NOON, first.newest)
    assert last == Spending(newest=reader.after(0)[-1].pk, amounts={"of ci": Decimal("0.5")})
