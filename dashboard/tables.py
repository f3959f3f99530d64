"""Tables as values: columns that say how a row is read and written, the frame that is shown, and its CSV.

Figures stay figures, so that a click on a heading sorts by value, and are written by `figures.py`. Recorded text is in
text columns only, which Streamlit draws on a canvas and never interprets.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, TypeVar

import pandas as pd  # type: ignore[import-untyped]  # pandas has no types of its own
import streamlit as st

from audit.wire.parse import printable
from dashboard import figures
from dashboard.palette import badge_colour

__all__ = ["MOST_SEEN", "Column", "Table", "calls_column", "csv_of", "show"]

Row = TypeVar("Row")

MOST_SEEN = 12
"""Rows of a table that are seen without scrolling."""
_ROW_HEIGHT = 30
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take text for a formula (OWASP, CSV injection)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[Row]):
    """What a table says of each of its rows."""

    title: str
    value: Callable[[Row], Any]
    written: Callable[[Any], str] | None = None
    """How a figure is written; None for text, pills and bars."""
    figure: bool = False
    """To the right, with figures beneath each other."""
    pills: bool = False
    """A word with a colour, of those that `palette` knows."""
    bar: bool = False
    """A share from 0 to 1, drawn as a bar."""
    opens: bool = False
    """A button that opens the row."""
    opened: Callable[[Row], None] | None = None
    """What the button does; None: what the table does with a row."""
    width: int | None = None
    help: str | None = None
    exported: Callable[[Row], Any] | None = None
    """What stands in the CSV instead; None: the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[Row]):
    """Rows and what is said of them."""

    columns: Sequence[Column[Row]]
    rows: Sequence[Row]
    alt: str


def calls_column(*, width: int) -> Column[Any]:
    """Return the column of how many `calls` a row is of, whose button leads to them."""
    return Column(
        title="Calls",
        value=lambda row: figures.count(row.calls),
        opens=True,
        figure=True,
        width=width,
        exported=lambda row: row.calls,
    )


def show(table: Table[Row], key: str, *, most: int = MOST_SEEN, opened: Callable[[Row], None] | None = None) -> None:
    """Draw a table, of which `most` rows are seen at once; `opened` is called with the row whose button was pressed."""
    st.dataframe(
        _frame(table),
        key=key,
        hide_index=True,
        placeholder=figures.ABSENT,
        alt=table.alt,
        height="content" if len(table.rows) <= most else _ROW_HEIGHT * (most + 1) + 3,
        row_height=_ROW_HEIGHT,
        column_config={
            column.title: _button(column, f"{key}-{column.title}", table.rows, column.opened or opened)
            if column.opens
            else _config(column, table.rows)
            for column in table.columns
        },
    )


def csv_of(table: Table[Row]) -> str:
    """Return a table as CSV in which nothing can be taken for a formula."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    columns = [column for column in table.columns if not column.opens or column.exported]
    writer.writerow([_cell(column.title) for column in columns])
    for row in table.rows:
        writer.writerow([_cell((column.exported or column.value)(row)) for column in columns])
    return sheet.getvalue()


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int | float | Decimal):
        return "" if value is None else value
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value.value if isinstance(value, Enum) else value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _frame(table: Table[Row]) -> Any:
    data = {column.title: [_shown(column, row) for row in table.rows] for column in table.columns}
    frame = pd.DataFrame(data)
    styles: Mapping[str, Callable[[Any], str]] = {
        column.title: _writer(column.written) for column in table.columns if column.written is not None
    }
    return frame.style.format(styles) if styles and len(frame) else frame


def _shown(column: Column[Row], row: Row) -> Any:
    value = column.value(row)
    if column.pills:
        return [] if value is None else [value]
    if column.bar:
        return None if value is None else 100 * value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Enum):
        return value.value
    return printable(value) if isinstance(value, str) else value


def _writer(written: Callable[[Any], str]) -> Callable[[Any], str]:
    """What is absent is NaN to pandas, and a dash to readers."""
    return lambda value: figures.ABSENT if value is None or pd.isna(value) else written(value)


def _button(column: Column[Row], key: str, rows: Sequence[Row], opened: Callable[[Row], None] | None) -> Any:
    def pressed() -> None:
        click = st.session_state.get(key)
        if click is not None and opened is not None:
            opened(rows[click.row])

    return st.column_config.ButtonColumn(
        column.title,
        type="tertiary",
        key=key,
        on_click=pressed,
        alignment="right" if column.figure else "left",
        width=column.width,
        help=column.help,
    )


def _config(column: Column[Row], rows: Sequence[Row]) -> Any:
    common: dict[str, Any] = {"width": column.width, "help": column.help}
    if column.pills:
        words = sorted({value for row in rows if (value := column.value(row)) is not None})
        colours = [badge_colour(word) for word in words]
        return st.column_config.MultiselectColumn(column.title, options=words, color=colours or None, **common)
    if column.bar:
        return st.column_config.ProgressColumn(column.title, min_value=0.0, max_value=100.0, format="%.1f %%", **common)
    if column.figure:
        return st.column_config.Column(column.title, alignment="right", **common)
    return st.column_config.TextColumn(column.title, **common)
