"""`audit usage`: who spent what, on which model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from audit.cli._figures import ABSENT, ahead_of_utc, figure, money, share, zone
from audit.cli._keys import called
from audit.cli._nothing import say_when, say_why_nothing
from audit.cli._options import as_json, scoped
from audit.cli._output import plain, print_json
from audit.cli._table import Column, left, print_table, right
from audit.store.scope import By, Scope

if TYPE_CHECKING:
    from audit.store.read import Reader
    from audit.store.rows import KeyRow, Tally, UsageRow

__all__ = ["command", "costs"]

_GROUPS = [by.value for by in By if by is not By.NONE]


@click.command(
    name="usage",
    epilog="""\b
Examples:
  audit usage                               by model, the last 30 days
  audit usage --by day --since 7d
  audit usage --by key --model gpt-5
  audit usage --by requested                whose calls fail: a failed call is served by no model
  audit usage --by-label team --project search --json
""",
)
@scoped
@click.option(
    "--by",
    type=click.Choice(_GROUPS),
    metavar="WHAT",
    default=By.MODEL.value,
    show_default=True,
    help=f"{', '.join(_GROUPS)}.",
)
@click.option("--by-label", metavar="NAME", help="Group by the values of a tag of your own instead.")
@as_json
def command(read: Reader, scope: Scope, by: str, by_label: str | None, as_json: bool) -> None:
    """Tokens and cost by model, provider, key, tag or day.

    Token figures are normalised: input with all that was cached, output with reasoning. Cost leaves out the calls that
    are counted as unpriced. A model is the one that served, or the one asked for where none did, as in most failures;
    for their rates use --by requested.
    """
    kind = By.NONE if by_label else By(by)
    rows = read.usage(scope, kind, label=by_label, offset_s=ahead_of_utc())
    if kind is By.DAY:
        rows = tuple(sorted(rows, key=lambda row: row.group or ""))
    keys = read.keys() if kind is By.KEY else ()
    if as_json:
        print_json(_with_names(rows, keys) if keys else rows)
    elif rows:
        names = called(keys)
        cells = [_cells(names.get(row.group or "", row.group), row) for row in rows]
        total = [_cells("all", read.totals(scope))] if len(rows) > 1 else []
        heading = by_label or _HEADINGS.get(kind) or (f"day ({zone()})" if kind is By.DAY else by)
        print_table([*left(heading), *_FIGURES], [*cells, *total])
        say_when(scope)
    else:
        say_why_nothing(read, scope)


def _with_names(rows: Sequence[UsageRow], keys: Sequence[KeyRow]) -> list[dict[str, Any]]:
    names = {key.fingerprint: key.name for key in keys}
    return [{**plain(row), "key_name": names.get(row.group or "")} for row in rows]


def _cells(group: str | None, tally: Tally) -> list[str]:
    return [
        ABSENT if group is None else group,
        figure(tally.calls),
        figure(tally.errors),
        figure(tally.blocked),
        figure(tally.input_tokens),
        share(tally.cached_input_tokens, tally.cacheable_input_tokens),
        figure(tally.output_tokens),
        figure(tally.reasoning_tokens),
        costs(tally),
        figure(tally.unpriced),
        figure(tally.without_usage),
    ]


def costs(tally: Tally) -> str:
    """Write sums of money, one for each currency."""
    return " + ".join(money(cost.amount, cost.currency) for cost in tally.costs) or ABSENT


_HEADINGS = {By.REQUESTED: "model asked for"}
_FIGURES = (
    *right("calls"),
    Column(heading="errors", right=True, spare=1),
    Column(heading="blocked", right=True, spare=2),
    *right("tokens in"),
    Column(heading="cached", right=True, spare=3),
    *right("tokens out"),
    Column(heading="reasoning", right=True, spare=4),
    *right("cost", "unpriced", "no usage"),
)
