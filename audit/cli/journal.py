"""`audit journal`: what is recorded and not in the database yet."""

from __future__ import annotations

import sys
from uuid import UUID

import click

from audit.cli import _waiting
from audit.cli._options import as_json, settings
from audit.cli._output import print_json
from audit.wiring.readmitting import readmit

__all__ = ["command"]

FEW = 50
"""Calls that are listed unless more are asked for."""


@click.group(
    name="journal",
    epilog="""\b
Examples:
  audit journal status --watch 5
  audit journal list --rejected
  audit journal retry --all
""",
)
def command() -> None:
    """What is recorded and not in the database yet, and what the database has refused.

    To look asks no database, and disturbs nobody who records.
    """


@command.command(
    short_help="Tell how much waits for the database, since when, and whose it is.",
    epilog="""\b
Examples:
  audit journal status
  audit journal status --watch 5 --json

\b
States of writers:
  recording    lives, and brings its calls into the database itself
  journalling  lives, and leaves its calls to a collector
  adopted      gone; another process is bringing in what it has left
  gone         what it has left waits for the next process that looks

\b
Exit codes:
  0  all that there is can be stored, now or later
  1  calls are set aside, or files are damaged
  2  it could not be looked at
""",
)
@click.option(
    "--watch",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Look twice, so far apart, and tell how fast it fills and is drained.",
)
@as_json
@click.pass_context
def status(ctx: click.Context, watch: float | None, as_json: bool) -> None:
    """Tell how much waits for the database, since when, and whose it is."""
    found = _waiting.overview(settings(ctx).journal, watch)
    if as_json:
        print_json(found)
    else:
        _waiting.print_overview(found)
    sys.exit(0 if found.is_sound else 1)


@command.command(
    name="list",
    short_help="List the calls that wait, or those that were set aside, and why.",
    epilog="""\b
Examples:
  audit journal list
  audit journal list --rejected --json
""",
)
@click.option("--rejected", is_flag=True, help="Those that the database has refused.")
@click.option("--limit", type=click.IntRange(min=1), default=FEW, show_default=True, help="At most so many.")
@as_json
@click.pass_context
def list_(ctx: click.Context, rejected: bool, limit: int, as_json: bool) -> None:
    """List the calls that wait, the longest first, or those that were set aside, and why."""
    folder = settings(ctx).journal
    if rejected:
        aside = _waiting.set_aside(folder)
        _waiting.show(aside, limit, as_json, _waiting.print_set_aside, "no call is set aside")
    else:
        waiting = _waiting.waiting(folder)
        _waiting.show(waiting, limit, as_json, _waiting.print_waiting, "no call waits for the database")


@command.command(
    short_help="Try once more to store calls that were set aside.",
    epilog="""\b
Examples:
  audit journal retry 01a208f1-7834-7000-8000-000000000001
  audit journal retry --all

\b
Exit codes:
  0  all that was tried is in the database, each once
  1  some are refused still, or cannot be read: they stay set aside
  2  nothing was tried, or the database is out of reach
""",
)
@click.argument("ids", metavar="[ID]...", nargs=-1, type=click.UUID)
@click.option("--all", "every", is_flag=True, help="All that are set aside.")
@as_json
@click.pass_context
def retry(ctx: click.Context, ids: tuple[UUID, ...], every: bool, as_json: bool) -> None:
    """Try once more to store calls that were set aside, after what the database refused them for is mended.

    A call that is in the database already is not stored twice.
    """
    if bool(ids) == every:
        raise click.UsageError("name calls by their ids, or give --all")
    chosen = settings(ctx)
    done = readmit(chosen, None if every else ids)
    unreadable = _waiting.unreadable(chosen.journal) if every else []
    if as_json:
        print_json({"stored": done.stored, "refused": dict(done.refused), "unreadable": list(map(str, unreadable))})
    else:
        _waiting.print_readmitted(done, unreadable)
    sys.exit(1 if done.refused or unreadable else 0)
