"""`audit keys`: the API keys that were seen, told apart and named; and keys of our own making."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from audit import wiring
from audit.cli import _limits
from audit.cli._figures import ABSENT, figure, money, when, zone
from audit.cli._issued import fitting, in_json, print_issued, tell_issued
from audit.cli._keys import fingerprints
from audit.cli._options import as_json, reader, settings
from audit.cli._output import print_json
from audit.cli._table import Column, left, print_table, right
from audit.store.rows import KeyTerms
from audit.wiring.issuing import issue_key, revoke_key

__all__ = ["command"]


@click.group(
    name="keys",
    epilog="""\b
Examples:
  audit keys list
  audit keys name 6lcona search-team
  audit keys issue --name ci --models 'gpt-*' --budget-usd 20/month
  audit usage --by key
""",
)
def command() -> None:
    """Name the API keys that were seen; issue keys of your own. The keys are never kept, only fingerprints."""


@command.command(
    name="list",
    epilog="""\b
Examples:
  audit keys list
  audit keys list --issued --json
""",
)
@click.option("--issued", is_flag=True, help="The keys issued here, used or not: limits, budget spent, state.")
@as_json
@click.pass_context
def list_keys(ctx: click.Context, as_json: bool, issued: bool) -> None:
    """Print the keys, the latest used first. Counts all calls, canaries' and those for which no model worked too."""
    if issued:
        print_issued(reader(ctx).issued_keys(datetime.now(UTC)), as_json=as_json)
        return
    rows = reader(ctx).keys()
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("No API key was seen yet: none of the recorded calls has one.", err=True)
        return
    table = [
        [
            row.fingerprint,
            row.name or ABSENT,
            row.provider,
            when(row.first_seen_at),
            when(row.last_seen_at),
            figure(row.calls),
            " + ".join(money(cost.amount, cost.currency) for cost in row.costs) or ABSENT,
            figure(row.unpriced),
        ]
        for row in rows
    ]
    headings = (Column(heading="fingerprint"), *left("name", "first provider"))
    times = (Column(heading=f"first seen ({zone()})", spare=1), Column(heading="last seen"))
    print_table([*headings, *times, *right("calls", "cost", "unpriced")], table)
    if not any(row.name for row in rows):
        click.echo("`audit keys name FINGERPRINT NAME` gives them names; the beginning will do", err=True)


@command.command(
    short_help="Give a key a name.",
    epilog="""\b
Examples:
  audit keys name 6lcona search-team
  audit keys name search-team ''           takes the name away
""",
)
@click.argument("key")
@click.argument("name")
@click.pass_context
def name(ctx: click.Context, key: str, name: str) -> None:
    """Give a KEY (its fingerprint, the beginning of it, or its name so far) a NAME, for tables and pages."""
    if not key:
        raise click.UsageError("calls without a key have none that could be named")
    found = fingerprints(reader(ctx).keys(), [key], hint="KEY")
    if len(found) > 1:
        raise click.UsageError(
            f"{len(found)} keys are called {key!r}; say which by its fingerprint: {', '.join(found)}"
        )
    wiring.name_key(settings(ctx), found[0], name.strip() or None)
    click.echo(f"{found[0]} is called {name.strip()} now" if name.strip() else f"{found[0]} has no name now")


@command.command(
    short_help="Make a key for the proxy, with limits.",
    epilog="""\b
Examples:
  audit keys issue --name ci --models 'gpt-*' --rpm 60 --budget-usd 20/month
  audit keys issue --name ada --user ada --project search --label team=red --expires 90d
  export OPENAI_API_KEY=$(audit keys issue --name shell)
""",
)
@click.option("--name", required=True, type=_limits.called, metavar="NAME", help="What tables and pages call it.")
@click.option("--project", type=_limits.said, metavar="PROJECT", help="What its calls are tagged with.")
@click.option("--user", type=_limits.said, metavar="USER", help="Likewise.")
@click.option("--label", "labels", multiple=True, type=_limits.label, metavar="NAME=VALUE", help="A tag of your own.")
@click.option(
    "--provider",
    "providers",
    multiple=True,
    type=_limits.pattern,
    metavar="PATTERN",
    help="Configured providers that it may use, such as 'openai*'; several widen. Default: all.",
)
@click.option(
    "--models",
    multiple=True,
    type=_limits.pattern,
    metavar="PATTERN",
    help="Models that may be asked for, such as 'gpt-*'; several widen. Default: all. A call whose model cannot be "
    "told for certain is refused then.",
)
@click.option("--rpm", type=click.IntRange(1, 10_000), metavar="NUMBER", help="Requests in any 60 seconds.")
@click.option(
    "--budget-usd",
    type=_limits.budget_usd,
    metavar="AMOUNT/PERIOD",
    help="20/month, 5/week or 1/day (of the UTC calendar). Calls without a price do not count, and calls under way may "
    "exceed it.",
)
@click.option("--budget", type=_limits.budget, metavar="'20 EUR/month'", help="The same in another currency.")
@click.option(
    "--expires", "expires_at", type=_limits.expiry, metavar="WHEN", help="12h, 90d, 4w, 2027-01-31, 2027-01-31T12:00."
)
@as_json
@click.pass_context
def issue(
    ctx: click.Context,
    /,
    as_json: bool,
    providers: tuple[str, ...],
    models: tuple[str, ...],
    budget_usd: Any,
    budget: Any,
    **wanted: Any,
) -> None:
    """Make a key that the proxy takes in place of a provider's, and print it: this once, for it is not kept.

    The proxy puts the provider's own key in its place: the one that `key_env` or `key_file` of the provider names.
    """
    if budget_usd is not None and budget is not None:
        raise click.UsageError("--budget-usd and --budget exclude each other")
    known, anything = settings(ctx), ("*",)
    limits = {"providers": providers or anything, "models": models or anything, "budget": budget_usd or budget}
    made = issue_key(known, KeyTerms(**{**wanted, **limits}))
    row = next(row for row in reader(ctx).issued_keys(datetime.now(UTC)) if row.fingerprint == made.fingerprint)
    if as_json:
        print_json({"key": made.secret} | in_json(row))
    else:
        click.echo(made.secret)
    tell_issued(known, row)


@command.command(
    short_help="Take an issued key back.",
    epilog="""\b
Examples:
  audit keys revoke ci
  audit keys revoke 6lcona
""",
)
@click.argument("key")
@click.pass_context
def revoke(ctx: click.Context, key: str) -> None:
    """Take back an issued KEY, by its name, or its fingerprint or the beginning of it. Its calls stay in the record."""
    found = fitting(reader(ctx).issued_keys(datetime.now(UTC), spending=False), key)
    revoke_key(settings(ctx), found.fingerprint)
    click.echo(f"{found.name} ({found.fingerprint}) is revoked; a running proxy refuses it within seconds")
