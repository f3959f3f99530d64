"""Tables sort by value, are written like everything else, and leave as CSV that runs nothing."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from audit.store.scope import Standing
from dashboard import figures
from dashboard.tables import Column, Table, csv_of


@dataclass(frozen=True)
class Row:
    name: str
    tokens: int | None = None


def a_table(*rows: Row) -> Table[Row]:
    columns: list[Column[Row]] = [
        Column(title="Name", value=lambda row: row.name),
        Column(title="Tokens", value=lambda row: row.tokens, written=figures.tokens, figure=True),
    ]
    return Table(columns=columns, rows=rows, alt="A table")


def cells(table: Table[Row]) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_of(table))))


@pytest.mark.parametrize("opening", ["=", "+", "-", "@", "\t", "\r"])
def test_no_spreadsheet_takes_recorded_text_for_a_formula(opening: str) -> None:
    assert cells(a_table(Row(f"{opening}1+1")))[1][0] == f"'{opening}1+1"


def test_a_heading_is_not_taken_for_a_formula_either() -> None:
    columns: list[Column[Row]] = [Column(title="=1+1", value=lambda row: row.name)]
    assert cells(Table(columns=columns, rows=(), alt=""))[0] == ["'=1+1"]


def test_figures_leave_as_figures_and_absent_ones_empty() -> None:
    assert cells(a_table(Row("a", -5), Row("b")))[1:] == [["a", "-5"], ["b", ""]]


def test_times_amounts_and_words_leave_whole() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    columns: list[Column[Row]] = [
        Column(title="At", value=lambda _: "short", exported=lambda _: at),
        Column(title="Cost", value=lambda _: Decimal("0.10")),
        Column(title="Standing", value=lambda _: Standing.OK),
        Column(title="Open", value=lambda _: "Show", opens=True),
    ]
    table = Table(columns=columns, rows=(Row("a"),), alt="")
    assert cells(table) == [["At", "Cost", "Standing"], ["2026-01-01T00:00:00+00:00", "0.10", "ok"]]


def a_page() -> None:
    from decimal import Decimal

    import streamlit as st

    from audit.store.scope import Standing
    from dashboard import figures
    from dashboard.tables import Column, Table, show

    rows = [("b", 12_400, "ok"), ("a\x00", None, None)]
    columns = [
        Column(title="Name", value=lambda row: row[0]),
        Column(title="Tokens", value=lambda row: row[1], written=figures.tokens, figure=True),
        Column(title="Result", value=lambda row: row[2], pills=True),
        Column(title="Share", value=lambda row: 0.5, bar=True),
        Column(title="Cost", value=lambda row: Decimal("0.5")),
        Column(title="Standing", value=lambda row: Standing.OK),
        Column(title="Open", value=lambda row: "Show", opens=True),
    ]
    show(Table(columns=columns, rows=rows, alt="A table"), "it", most=1, opened=lambda row: st.text(row[0]))
    show(Table(columns=columns, rows=[], alt="No table"), "none")


def test_a_table_is_shown_with_figures_that_can_be_sorted() -> None:
    page = AppTest.from_function(a_page).run()
    assert not page.exception
    shown = page.dataframe[0].value
    assert shown["Tokens"].iloc[0] == 12_400
    assert shown["Name"].tolist() == ["b", "a␀"]
    assert shown["Result"].map(list).tolist() == [["ok"], []]
    assert shown["Cost"].iloc[0] == 0.5
    assert shown["Standing"].iloc[0] == "ok"
    written = pa.ipc.open_stream(page.dataframe[0].proto.arrow_data.styler.display_values).read_all().to_pydict()
    assert written["Tokens"] == ["12.4 k", figures.ABSENT]


def test_a_row_can_be_told_apart_by_its_button() -> None:
    page = AppTest.from_function(a_page).run()
    assert list(page.dataframe[0].proto.button_click_widgets) == ["Open"]
