"""`audit filters`: what the content filters did, and how much they looked at."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import click

from audit.call import Outcome
from audit.cli._options import as_json, reader, scoped
from audit.cli._output import figure, print_json, print_table, share
from audit.store.scope import By, Scope

if TYPE_CHECKING:
    from audit.store.rows import CategoryRow, CoverageRow, OutcomeRow

__all__ = ["command"]


@click.command(name="filters")
@scoped
@click.option("--by", type=click.Choice([by.value for by in By]), default=By.MODEL.value, show_default=True)
@as_json
@click.pass_context
def command(ctx: click.Context, scope: Scope, by: str, as_json: bool) -> None:
    """What the content filters did: outcomes, coverage, categories."""
    read = reader(ctx)
    outcomes, coverage = read.outcomes(scope, by=By(by)), read.coverage(scope, By(by))
    categories = read.categories(scope)
    if as_json:
        print_json({"outcomes": outcomes, "coverage": coverage, "categories": categories})
        return
    _print_outcomes(by, outcomes)
    _print_coverage(by, coverage)
    _print_categories(categories)


def _print_outcomes(by: str, rows: tuple[OutcomeRow, ...]) -> None:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        counts[row.group or "–"][row.outcome] += row.calls
    table = [
        [group, *(figure(found[outcome]) for outcome in Outcome), figure(sum(found.values()))]
        for group, found in sorted(counts.items(), key=lambda pair: -sum(pair[1].values()))
    ]
    columns = {by: "left", **dict.fromkeys((outcome.value for outcome in Outcome), "right"), "calls": "right"}
    print_table(columns, table, empty="No call fits; widen --since, or try `audit demo`.")


def _print_coverage(by: str, rows: tuple[CoverageRow, ...]) -> None:
    if rows:
        click.echo("\nassessed")
        table = [
            [row.group or "–", share(row.prompt, row.calls), share(row.completion, row.calls), figure(row.not_assessed)]
            for row in rows
        ]
        columns = {by: "left", "prompts": "right", "completions": "right", "calls not assessed": "right"}
        print_table(columns, table, empty="")


def _print_categories(rows: tuple[CategoryRow, ...]) -> None:
    if rows:
        click.echo("\ncategories")
        table = [
            [r.source, r.category, r.level or "–", *map(figure, (r.calls, r.detected, r.filtered, r.masked, r.errors))]
            for r in rows
        ]
        columns = {"source": "left", "category": "left", "level": "left"}
        columns |= dict.fromkeys(("calls", "detected", "filtered", "masked", "errors"), "right")
        print_table(columns, table, empty="")
