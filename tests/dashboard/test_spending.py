"""What was used and what it cost; what has no figure is counted beside the sums."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from audit.store.engine import open_engine
from audit.store.read import Reader
from audit.store.rows import Cost, Point, Spread, Totals, UsageRow
from audit.store.scope import By, Scope
from dashboard import spending
from dashboard.palette import OTHER
from dashboard.spending import GROUPINGS, NONE, Grouping
from dashboard.tables import Table, csv_of

AT = datetime(2026, 1, 1, tzinfo=UTC)


def costs(**amounts: str) -> tuple[Cost, ...]:
    return tuple(Cost(currency=currency, amount=Decimal(amount)) for currency, amount in amounts.items())


def a_point(group: str | None = "gpt-4o", **over: Any) -> Point:
    return Point(at=AT, group=group, **{"calls": 1, **over})


def a_row(group: str | None = "gpt-4o", **over: Any) -> UsageRow:
    return UsageRow(group=group, first_at=AT, last_at=AT, **{"calls": 4, **over})


def test_each_currency_is_a_measure_of_its_own_the_greatest_first() -> None:
    points = [a_point(costs=costs(EUR="1")), a_point(costs=costs(USD="5", EUR="1"))]
    assert list(spending.measures(points)) == ["Cost in USD", "Cost in EUR", "Tokens", "Calls"]


def test_groups_without_a_colour_are_stacked_as_one() -> None:
    points = [a_point("a"), a_point("b", calls=2), a_point("c", calls=3), a_point(None, calls=0)]
    bars = spending.stacks(points, spending.measures(points)["Calls"], {"a": "#1"})
    assert [(bar.group, bar.value, bar.told) for bar in bars] == [("a", 1.0, "1 call"), (OTHER, 5.0, "5 calls")]


def test_a_group_without_a_name_has_a_word() -> None:
    (bar,) = spending.stacks([a_point(None)], spending.measures([])["Calls"], {NONE: "#1"})
    assert bar.group == NONE


def test_values_are_written_as_what_they_are() -> None:
    found = spending.measures([a_point(costs=costs(USD="1.5"), input_tokens=1_000, output_tokens=234)])
    assert found["Cost in USD"].written(1.5) == "$1.50"
    assert found["Tokens"].written(1_234) == "1.2 k tokens"
    assert found["Tokens"].value(a_point(input_tokens=1)) == 1
    assert found["Tokens"].value(a_point()) == 0


def test_sums_say_what_they_lack() -> None:
    points = [a_point(calls=10, unpriced=3, without_usage=2, costs=costs(USD="1"))]
    found = spending.measures(points)
    assert spending.left_out(points, found["Cost in USD"]) == "Without 3 of 10 calls that have no known price."
    assert spending.left_out(points, found["Tokens"]) == "Without 2 of 10 calls that told no usage."
    assert spending.left_out(points, found["Calls"]) is None


def test_a_group_can_be_chosen() -> None:
    assert GROUPINGS["API key"].chosen("k1") == {"keys": ("k1",)}
    assert GROUPINGS["Project"].chosen(NONE) == {"projects": ("",)}
    assert Grouping(title="Label", field="labels", label="team").chosen("red") == {"labels": ("team=red",)}


def test_a_hit_rate_is_of_calls_that_tell() -> None:
    assert spending.hit_rate(a_row(cacheable_input_tokens=200, cached_input_tokens=50)) == 0.25
    assert spending.hit_rate(a_row(cacheable_input_tokens=200)) is None
    assert spending.hit_rate(a_row()) is None


def test_an_amount_is_none_where_nothing_was_priced() -> None:
    assert spending.amount(a_row(costs=costs(USD="2")), "USD") == 2
    assert spending.amount(a_row(costs=costs(USD="2")), "EUR") is None
    assert spending.amount(None, "USD") is None


@pytest.fixture
def sheet() -> list[list[str]]:
    """The table of two groups as rows of cells."""
    rows = [
        a_row(costs=costs(USD="3"), priced=3, unpriced=1, input_tokens=10, cacheable_input_tokens=10),
        a_row(None, costs=costs(USD="1"), priced=1),
    ]
    before = {"gpt-4o": a_row(costs=costs(USD="2"))}
    columns = spending.columns(GROUPINGS["Model"], rows, before, {"gpt-4o": "the big one"}, lambda _row, **_more: None)
    return [line.split(",") for line in csv_of(Table(columns=columns, rows=rows, alt="")).splitlines()]


def test_a_table_has_shares_and_costs_per_priced_call(sheet: list[list[str]]) -> None:
    head, first, second = (dict(enumerate(line)) for line in sheet)
    assert list(head.values())[:2] == ["Model", "Calls"]
    assert (first[0], second[0]) == ("the big one", NONE)
    assert "0.75" in first.values()
    assert "2" in first.values(), "what it cost in the period before"
    assert second[5] == "", "nothing to compare with is empty, not zero"


def test_those_that_lead_by_calls_and_by_cost_come_first_in_turn() -> None:
    rows = [a_row("busy", calls=9), a_row("dear", calls=1, costs=costs(USD="5")), a_row("middling", calls=5)]
    assert spending.foremost(rows) == ("busy", "dear", "middling")
    assert spending.foremost([a_row(None)]) == (NONE,)


def test_the_sums_of_all_groups_are_those_of_the_whole(traffic: str) -> None:
    reader = Reader(open_engine(traffic, read_only=True))
    exact = replace(reader.totals(Scope()), first_token=Spread(), duration=Spread(), substitutions=0, lost=0)
    for by in (By.MODEL, By.PROJECT):
        assert spending.whole(reader.usage(Scope(), by)) == exact
    reader.close()


def test_the_whole_of_nothing_is_nothing() -> None:
    assert spending.whole([]) == Totals()


@pytest.mark.parametrize(("title", "told"), [("Model", False), ("Project", True)])
def test_errors_are_not_told_by_the_model_that_served(title: str, told: bool) -> None:
    columns = spending.columns(GROUPINGS[title], [a_row(errors=1)], {}, {}, lambda _row, **_more: None)
    assert ("Errors" in [column.title for column in columns]) is told
