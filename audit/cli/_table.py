"""Tables for people: as wide as the terminal, and in a pipe as wide as they are."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import click
from rich.cells import cell_len, chop_cells

from audit.cli._output import coloured, legible

__all__ = ["Column", "left", "print_table", "right"]

_BETWEEN = 2
_LEAST, _COMFORTABLE = 12, 24
"""Cells of a column that folds: with fewer words are hard to read; with more no other column need be left out."""
Widths = dict[int, int]
"""Cells by the places of the columns that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table."""

    heading: str
    right: bool = False
    folds: bool = False
    """Long cells may go over several lines."""
    spare: int = 0
    """Left out where there is no room; the highest first. 0: never."""


def left(*headings: str) -> list[Column]:
    """Return columns of words."""
    return [Column(heading=heading, folds=True) for heading in headings]


def right(*headings: str) -> list[Column]:
    """Return columns of figures."""
    return [Column(heading=heading, right=True) for heading in headings]


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their headings; what has no room is left out, which is told."""
    cells = [[legible(cell) for cell in row] for row in rows]
    headings = [column.heading for column in columns]
    natural = {place: max(map(cell_len, column)) for place, column in enumerate(zip(headings, *cells, strict=True))}
    widths = _fitted(columns, natural, shutil.get_terminal_size().columns) if sys.stdout.isatty() else natural
    click.echo(coloured(_line(headings, columns, widths), bold=True))
    for row in cells:
        for line in _lines(row, columns, widths):
            click.echo(line)
    if hidden := [heading for place, heading in enumerate(headings) if place not in widths]:
        click.echo(f"No room for: {', '.join(hidden)}. A wider terminal or --json shows all.", err=True)


def _fitted(columns: Sequence[Column], natural: Widths, room: int) -> Widths:
    """Return widths that fit: spare columns go first, then the widest of those that fold gives way."""
    widths = dict(natural)
    for place in sorted(widths, key=lambda place: -columns[place].spare):
        if not columns[place].spare or _total(_squeezed(columns, widths, _COMFORTABLE)) <= room:
            break
        del widths[place]
    least = _squeezed(columns, widths, _LEAST)
    while _total(widths) > room and widths != least:
        widest = max((place for place in widths if widths[place] > least[place]), key=lambda place: widths[place])
        widths[widest] -= 1
    return widths


def _squeezed(columns: Sequence[Column], widths: Widths, least: int) -> Widths:
    return {
        place: min(width, max(least, cell_len(columns[place].heading))) if columns[place].folds else width
        for place, width in widths.items()
    }


def _total(widths: Widths) -> int:
    return sum(widths.values()) + _BETWEEN * (len(widths) - 1)


def _lines(row: Sequence[str], columns: Sequence[Column], widths: Widths) -> list[str]:
    folded = [_folded(cell, widths.get(place, 0)) if place in widths else [] for place, cell in enumerate(row)]
    return [_line(cells, columns, widths) for cells in zip_longest(*folded, fillvalue="")]


def _folded(text: str, width: int) -> list[str]:
    if cell_len(text) <= width:
        return [text]
    words = textwrap.wrap(text, width, break_on_hyphens=False)
    return [piece for line in words for piece in chop_cells(line, width)]


def _line(cells: Sequence[str], columns: Sequence[Column], widths: Widths) -> str:
    padded = []
    for place, width in widths.items():
        blank = " " * (width - cell_len(cells[place]))
        padded.append(blank + cells[place] if columns[place].right else cells[place] + blank)
    return (" " * _BETWEEN).join(padded).rstrip()
