"""`audit usage`: who spent what, on which model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from audit.cli._options import as_json, reader, scoped
from audit.cli._output import figure, money, print_json, print_table, share
from audit.store.scope import By, Scope

if TYPE_CHECKING:
    from audit.store.rows import Tally, UsageRow

__all__ = ["command"]

_GROUPS = [by.value for by in By if by is not By.NONE]


@click.command(name="usage")
@scoped
@click.option("--by", type=click.Choice(_GROUPS), default=By.MODEL.value, show_default=True)
@click.option("--by-label", metavar="NAME", help="Group by the values of a free tag instead.")
@as_json
@click.pass_context
def command(ctx: click.Context, scope: Scope, by: str, by_label: str | None, as_json: bool) -> None:
    """Tokens and cost by model, provider, key, tag or day."""
    rows = reader(ctx).usage(scope, By.NONE if by_label else By(by), label=by_label)
    if as_json:
        print_json(rows)
        return
    columns = {by_label or by: "left", **_COLUMNS}
    print_table(columns, [_cells(row) for row in rows], empty="No call fits; widen --since, or try `audit demo`.")


def _cells(row: UsageRow) -> list[str]:
    return [
        row.group or "–",
        figure(row.calls),
        figure(row.errors),
        figure(row.blocked),
        figure(row.input_tokens),
        share(row.cached_input_tokens or 0, row.cacheable_input_tokens or 0),
        figure(row.output_tokens),
        figure(row.reasoning_tokens),
        costs(row),
        figure(row.unpriced),
        figure(row.without_usage),
    ]


def costs(tally: Tally) -> str:
    """Write sums of money, one for each currency."""
    return " + ".join(money(cost.amount, cost.currency) for cost in tally.costs) or "–"


_COLUMNS = {
    "calls": "right",
    "errors": "right",
    "blocked": "right",
    "tokens in": "right",
    "cached": "right",
    "tokens out": "right",
    "reasoning": "right",
    "cost": "right",
    "unpriced": "right",
    "no usage": "right",
}
