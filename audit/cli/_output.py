"""How commands print: tables for people, JSON for programs, both of the same rows."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import click

_PIPE_WIDTH = 400
"""Columns where there is no terminal: programs that read tables want each row on one line."""

__all__ = ["duration", "figure", "money", "print_json", "print_table", "share", "when"]


def print_json(value: Any) -> None:
    """Print a value as JSON: times in ISO 8601, money as text, so that no digit is lost."""
    click.echo(json.dumps(_plain(value), ensure_ascii=False, indent=2))


def print_table(columns: Mapping[str, str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print rows under `columns` (heading to `left` or `right`), or what to do when there are none."""
    if not rows:
        click.echo(empty, err=True)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, side in columns.items():
        table.add_column(heading, justify="right" if side == "right" else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # as text: what was recorded may look like markup
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)


def when(moment: datetime | None) -> str:
    """Write a time in the local zone, to the second."""
    return "–" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def figure(number: int | None) -> str:
    """Write a count with its thousands apart; a dash where there is none."""
    return "–" if number is None else f"{number:,}".replace(",", "\u2009")


def share(part: int, whole: int) -> str:
    """Write a part in per cent; a dash of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def duration(microseconds: int | None) -> str:
    """Write a duration as 840 ms or 2.1 s."""
    if microseconds is None:
        return "–"
    if microseconds < 999_500:
        return f"{microseconds / 1000:.{0 if microseconds >= 10_000 else 1}f} ms"
    return f"{microseconds / 1_000_000:.1f} s"


def money(amount: Decimal | None, currency: str | None) -> str:
    """Write an amount with as many digits as matter."""
    if amount is None:
        return "–"
    digits = 2 if amount >= 100 or amount == 0 else max(2, 3 - amount.adjusted())
    text = f"{amount:,.{min(digits, 8)}f}".replace(",", "\u2009")
    return f"${text}" if currency == "USD" else f"{text} {currency}"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
