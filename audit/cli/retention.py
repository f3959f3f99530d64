"""`audit retention`: how long calls are kept, and the removal of what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from audit.cli._figures import ABSENT, figure
from audit.cli._options import as_json, settings
from audit.cli._output import legible, print_json
from audit.cli._table import left, print_table, right
from audit.store.erasing import What
from audit.wiring.retaining import apply_retention, due_by_policies

if TYPE_CHECKING:
    from audit.settings import Settings
    from audit.store.retaining import Due

__all__ = ["command"]

_NONE = """\
No policy is set: nothing is removed by age. To have it removed, write into audit.toml, say

  [[retention.policies]]
  name = "all calls"
  bodies = "6 months"
  metadata = "2 years\""""


@click.group(
    name="retention",
    epilog="""\b
Examples:
  audit retention show
  audit retention apply --dry-run
""",
)
def command() -> None:
    """How long calls are kept, and what would go now; remove what is due.

    Policies stand in audit.toml as [[retention.policies]]. Of those that fit a call the one that keeps it longest
    counts; a call that none fits is kept for ever, and so is what a legal hold names. `audit collect` and `audit up`
    remove what is due once a day, first an hour after they begin.
    """


@command.command(
    short_help="Show policies and what would go by them now.",
    epilog="""\b
Examples:
  audit retention show --json
""",
)
@as_json
@click.pass_context
def show(ctx: click.Context, as_json: bool) -> None:
    """Show the policies, the preset's bounds, and what would go now; nothing is changed."""
    _show(settings(ctx), as_json=as_json)


@command.command(
    short_help="Remove what is due now.",
    epilog="""\b
Examples:
  audit retention apply --dry-run
  audit retention apply --json
  30 3 * * *  audit retention apply          in a crontab, where no `audit collect` runs

\b
Exit codes:
  0  removed, or nothing was due, or looked with --dry-run
  2  it could not be done; what has gone until then stays gone
""",
)
@click.option("--dry-run", is_flag=True, help="Look, as `show` does, and change nothing.")
@click.option(
    "--scrub", is_flag=True, help="Write the database's files anew afterwards, so that nothing is left there."
)
@as_json
@click.pass_context
def apply(ctx: click.Context, dry_run: bool, scrub: bool, as_json: bool) -> None:
    """Remove what is due now; the ledger tells of each call.

    Calls go in small transactions beside which others record on. In PostgreSQL a past month of which all is due goes in
    one, which takes a second or so for 20,000 calls; who records waits for it, and loses nothing.
    """
    chosen = settings(ctx)
    if dry_run:
        _show(chosen, as_json=as_json)
        return
    removed = apply_retention(
        chosen, scrubbed=scrub, progress=lambda gone: click.echo(f"{figure(gone)} removed", err=True)
    )
    if as_json:
        print_json(removed)
        return
    whole, bodies = removed.calls[What.ALL], removed.calls[What.BODIES]
    click.echo(f"removed: {figure(whole)} calls, and the bodies of {figure(bodies)} more")
    if removed.months:
        click.echo(f"partitions dropped: {', '.join(removed.months)}")


def _show(chosen: Settings, *, as_json: bool) -> None:
    due = due_by_policies(chosen)
    if as_json:
        print_json(_as_json(chosen, due))
        return
    if not chosen.retention.policies:
        click.echo(_NONE, err=True)
        return
    print_table([*left("policy", "bodies", "metadata"), *right(*_FIGURES)], _cells(chosen, due))
    if chosen.retention.preset is not None:
        click.echo(f"Preset {chosen.retention.preset}: {chosen.retention.bounds}.")
    if chosen.retention.whole_months:
        click.echo("whole_months: what is due stays until everything that began in its month is due.")
    for hold, calls in due.held:
        click.echo(legible(f"{figure(calls)} stay by hold {hold.id}: {hold.reason}"))


def _cells(chosen: Settings, due: Due) -> list[list[str]]:
    shares = {(share.policy, share.what): share for share in due.shares}
    rows = []
    for one in chosen.retention.policies:
        both = [shares.get((one.name, what)) for what in (What.BODIES, What.ALL)]
        calls = [ABSENT if share is None else figure(share.calls) for share in both]
        size = sum(share.bytes for share in both if share is not None)
        rows.append([legible(one.name), str(one.bodies), str(one.metadata), *calls, figure(size)])
    return rows


def _as_json(chosen: Settings, due: Due) -> dict[str, Any]:
    kept = chosen.retention
    policies = [{**one.model_dump(), "bodies": str(one.bodies), "metadata": str(one.metadata)} for one in kept.policies]
    held = [{"hold": hold, "calls": calls} for hold, calls in due.held]
    told = {"preset": kept.preset, "bounds": str(kept.bounds) or None, "policies": policies}
    return {**told, "whole_months": kept.whole_months, "due": due.shares, "held": held}


_FIGURES = ("bodies due", "calls due", "bytes")
