"""`audit filters`: what the content filters did, and how much they looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from audit.call import Outcome
from audit.cli._figures import ABSENT, ahead_of_utc, figure, share, zone
from audit.cli._keys import called
from audit.cli._nothing import say_when, say_why_nothing
from audit.cli._options import as_json, scoped
from audit.cli._output import coloured, print_json
from audit.cli._table import Column, left, print_table, right
from audit.store.scope import By, Scope

if TYPE_CHECKING:
    from audit.store.read import Reader
    from audit.store.rows import CategoryRow, CoverageRow, OutcomeRow

__all__ = ["command"]


@click.command(
    name="filters",
    epilog="""\b
Examples:
  audit filters                                 by model asked for, the last 30 days
  audit filters --by day --since 7d             is anything drifting?
  audit filters --by project --outcome blocked
""",
)
@scoped
@click.option(
    "--by",
    type=click.Choice([by.value for by in By]),
    metavar="WHAT",
    default=By.REQUESTED.value,
    show_default=True,
    help=f"{', '.join(By)}.",
)
@as_json
def command(read: Reader, scope: Scope, by: str, as_json: bool) -> None:
    """What the content filters did: outcomes, coverage, categories.

    Assessed are calls with a verdict on that side; "not assessed" is no word from any filter, which is not "clean".
    """
    kind = By(by)
    outcomes = read.outcomes(scope, by=kind, offset_s=ahead_of_utc())
    coverage = read.coverage(scope, By.NONE if kind is By.DAY else kind)
    categories = read.categories(scope)
    if as_json:
        print_json({"outcomes": outcomes, "coverage": coverage, "categories": categories})
    elif not outcomes:
        say_why_nothing(read, scope)
    else:
        names = called(read.keys()) if kind is By.KEY else {}
        heading = {**_HEADINGS, By.DAY: f"day ({zone()})"}.get(kind, by)
        _print_outcomes(heading, outcomes, names, in_order=kind is By.DAY)
        _print_coverage("" if kind is By.DAY else heading, coverage, names)
        _print_categories(categories)
        say_when(scope)


def _print_outcomes(heading: str, rows: Sequence[OutcomeRow], names: Mapping[str, str], *, in_order: bool) -> None:
    counts: dict[str | None, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        counts[row.group][row.outcome] += row.calls
    groups = sorted(counts, key=lambda group: (group or "") if in_order else -sum(counts[group].values()))
    table = [
        [
            _named(group, names),
            *(figure(counts[group][outcome]) for outcome in Outcome),
            figure(sum(counts[group].values())),
        ]
        for group in groups
    ]
    print_table([*left(heading), *map(_column, Outcome), *right("calls")], table)


def _column(outcome: Outcome) -> Column:
    told_below = outcome in (Outcome.FILTER_ERROR, Outcome.NOT_ASSESSED)
    return Column(heading=outcome.replace("_", " "), right=True, spare=int(told_below))


def _print_coverage(heading: str, rows: Sequence[CoverageRow], names: Mapping[str, str]) -> None:
    table = [
        [
            _named(row.group, names),
            figure(row.prompt),
            share(row.prompt, row.calls),
            figure(row.completion),
            share(row.completion, row.calls),
            figure(row.errors),
            figure(row.not_assessed),
            figure(row.calls),
        ]
        for row in rows
    ]
    click.echo(coloured("\nHow many calls were assessed", bold=True))
    print_table([*left(heading), *_COVERAGE], table)


def _print_categories(rows: Sequence[CategoryRow]) -> None:
    if not rows:
        click.echo("\nNo filter said anything of any category.")
        return
    table = [
        [r.source, r.category, r.level or ABSENT, *map(figure, (r.calls, r.detected, r.filtered, r.masked, r.errors))]
        for r in rows
    ]
    click.echo(coloured("\nWhat was said, by category", bold=True))
    print_table([*left("source", "category", "level"), *_CATEGORIES], table)


def _named(group: str | None, names: Mapping[str, str]) -> str:
    return ABSENT if group is None else names.get(group, group)


_HEADINGS = {By.NONE: "", By.REQUESTED: "model asked for"}
_COVERAGE: list[Column] = [
    *right("prompts", "share", "completions", "share", "filter failed", "not assessed"),
    Column(heading="calls", right=True, spare=1),
]
_CATEGORIES: list[Column] = [
    *right("calls", "detected", "filtered"),
    Column(heading="masked", right=True, spare=1),
    Column(heading="failed", right=True, spare=2),
]
