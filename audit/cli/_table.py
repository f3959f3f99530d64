"""Tables for people: as wide as the terminal, and in a pipe as wide as they are."""

from __future__ import annotations

import re
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
_LEAST, _COMFORTABLE = 12, 18
"""Cells of a column that folds: with fewer words are hard to read; with more no other column need be left out."""
_JOINTS = re.compile(r"(?<=[-_/.:@,=])")
"""Where a word that is longer than a line may be parted: names of models have no spaces."""
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
    widths = natural
    if sys.stdout.isatty() and _total(natural) > (room := shutil.get_terminal_size().columns):
        widths = _fitted(columns, _without_headings(columns, cells), room)
    for line in _lines(headings, columns, widths, last=True):
        click.echo(coloured(line, bold=True))
    for row in cells:
        for line in _lines(row, columns, widths):
            click.echo(line)
    if hidden := [heading for place, heading in enumerate(headings) if place not in widths]:
        click.echo(f"No room for: {', '.join(hidden)}. A wider terminal or --json shows all.", err=True)


def _without_headings(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> Widths:
    """Return the widths that cells need when headings go over several lines, one for each word."""
    words = [max(map(cell_len, column.heading.split()), default=0) for column in columns]
    return {place: max([word, *(cell_len(row[place]) for row in cells)]) for place, word in enumerate(words)}


def _fitted(columns: Sequence[Column], natural: Widths, room: int) -> Widths:
    """Return widths that fit: spare columns go first, then the widest of those that fold gives way."""
    widths = dict(natural)
    spare = [place for place in widths if columns[place].spare]
    for place in sorted(spare, key=lambda place: -columns[place].spare):
        if _total(_squeezed(columns, widths, _COMFORTABLE)) <= room:
            break
        del widths[place]
    least = _squeezed(columns, widths, _LEAST)
    while _total(widths) > room and widths != least:
        widest = max((place for place in widths if widths[place] > least[place]), key=lambda place: widths[place])
        widths[widest] -= 1
    return widths


def _squeezed(columns: Sequence[Column], widths: Widths, least: int) -> Widths:
    return {place: min(width, least) if columns[place].folds else width for place, width in widths.items()}


def _total(widths: Widths) -> int:
    return sum(widths.values()) + _BETWEEN * (len(widths) - 1)


def _lines(row: Sequence[str], columns: Sequence[Column], widths: Widths, *, last: bool = False) -> list[str]:
    """Return a row's lines; with `last`, all cells end on the same line, as headings do, which stand on the table."""
    folded = [_folded(cell, widths[place]) if place in widths else [] for place, cell in enumerate(row)]
    most = max(map(len, folded))
    if last:
        folded = [[""] * (most - len(lines)) + lines for lines in folded]
    return [_line(cells, columns, widths) for cells in zip_longest(*folded, fillvalue="")]


def _folded(text: str, width: int) -> list[str]:
    if cell_len(text) <= width:
        return [text]
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return [piece for line in lines for piece in _parted(line, width)]


def _parted(line: str, width: int) -> list[str]:
    """Part a line that is too long at joints; where there is none, anywhere."""
    pieces = [""]
    for part in (piece for joint in _JOINTS.split(line) for piece in chop_cells(joint, width)):
        if cell_len(pieces[-1] + part) > width:
            pieces.append("")
        pieces[-1] += part
    return pieces


def _line(cells: Sequence[str], columns: Sequence[Column], widths: Widths) -> str:
    padded = []
    for place, width in widths.items():
        blank = " " * (width - cell_len(cells[place]))
        padded.append(blank + cells[place] if columns[place].right else cells[place] + blank)
    return (" " * _BETWEEN).join(padded).rstrip()
