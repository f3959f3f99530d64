"""`audit canary`: ask models to see whether they work."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from audit import wiring
from audit.cli._checked import print_checked, told
from audit.cli._figures import ABSENT, duration, when, zone
from audit.cli._options import as_json, moment, reader, settings, with_parent
from audit.cli._output import print_json
from audit.cli._table import Column, left, print_table

if TYPE_CHECKING:
    from audit.canary.plan import Assignment
    from audit.canary.run import Checked
    from audit.store.rows import CheckRow, ModelRow

__all__ = ["command"]

NO_MODELS = """\
No models to check. Name them in audit.toml, such as:

[providers.openai]
base_url = "https://api.openai.com/v1"
key_env = "OPENAI_API_KEY"

[[models]]
name = "gpt-5-mini"
provider = "openai"
"""


@click.group(
    name="canary",
    epilog="""\b
Examples:
  audit canary list
  audit canary run
  audit canary schedule
  audit canary status
""",
)
def command() -> None:
    """Ask models to see whether they work.

    What is asked stands in audit.toml: each of the [[models]] is asked each of the [[canaries]] that is meant for it,
    or one about arithmetic if there are none.
    """


@command.command(
    name="list",
    epilog="""\b
Examples:
  audit canary list
  audit canary list --json
""",
)
@as_json
@click.pass_context
def list_canaries(ctx: click.Context, as_json: bool) -> None:
    """Print who is asked what, and how often."""
    planned = wiring.assignments(settings(ctx))
    rows = [(*one.key, one.canary.every) for one in planned]
    if as_json:
        names = ("canary", "provider", "model", "every_s")
        print_json([dict(zip(names, (*key, every.total_seconds()), strict=True)) for *key, every in rows])
    elif rows:
        print_table(left("canary", "provider", "model", "every"), [[*key, _span(every)] for *key, every in rows])
    else:
        click.echo(NO_MODELS, err=True)


@command.command(
    epilog="""\b
Examples:
  audit canary run
  audit canary run --model gpt-5-mini --canary arithmetic
"""
)
@click.option("--canary", "canaries", multiple=True, metavar="NAME", help="Only this one. Several widen.")
@click.option("--model", "models", multiple=True, metavar="NAME", help="Only of this model. Several widen.")
@as_json
@click.pass_context
def run(ctx: click.Context, canaries: tuple[str, ...], models: tuple[str, ...], as_json: bool) -> None:
    """Ask now; exit with 1 unless everything is as expected."""
    chosen = settings(ctx)
    assignments = _chosen(wiring.assignments(chosen), canaries, models)
    checks: list[Checked] = []
    for checked in wiring.run_canaries(chosen, assignments):
        checks.append(checked)
        if not as_json:
            print_checked(checked)
    if as_json:
        print_json([told(checked) for checked in checks])
    sys.exit(0 if all(checked.judgement.verdict.value == "ok" for checked in checks) else 1)


@command.command(
    epilog="""\b
Examples:
  audit canary schedule
  nohup audit canary schedule &
"""
)
@with_parent
@click.pass_context
def schedule(ctx: click.Context, with_parent: bool) -> None:
    """Ask on schedule until interrupted. Several schedulers on one database share the work and repeat nothing."""
    chosen = settings(ctx)
    _chosen(wiring.assignments(chosen))
    with wiring.scheduling(chosen) as count:
        if not with_parent:
            click.echo(_scheduled(count), err=True)
        wiring.wait_for_interrupt()
        if not with_parent:
            click.echo("stopping when what is being asked has ended; Ctrl-C again to leave at once", err=True)


@command.command(
    short_help="Print each model's state and its last checks.",
    epilog="""\b
Examples:
  audit canary status
  audit canary status --json | jq '.[] | select(.flip.state == "down") | .model'
""",
)
@as_json
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Print each model's state and its last checks; exit with 1 if any model is down."""
    rows = reader(ctx).models()
    if as_json:
        print_json(rows)
    elif rows:
        times = (Column(heading=f"since ({zone()})"), Column(heading="last check", spare=1))
        print_table([*left("provider", "model", "state"), *times, *left("canaries")], [_status(row) for row in rows])
    else:
        click.echo("No model has been checked yet; `audit canary run` does.", err=True)
    sys.exit(1 if any(row.flip is not None and row.flip.state == "down" for row in rows) else 0)


@command.command(
    epilog="""\b
Examples:
  audit canary checks
  audit canary checks --model gpt-5-mini --since 7d
"""
)
@click.option("--since", type=moment, metavar="WHEN", default="24h", show_default=True, help="24h, 7d, 2026-01-31 …")
@click.option("--model", metavar="NAME", help="Only of this model.")
@click.option("--canary", metavar="NAME", help="Only of this canary.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@as_json
@click.pass_context
def checks(
    ctx: click.Context, since: datetime, model: str | None, canary: str | None, limit: int, as_json: bool
) -> None:
    """Print checks, the latest first."""
    rows = reader(ctx).checks(since=since, model=model, canary=canary, limit=limit)
    if as_json:
        print_json(rows)
    elif rows:
        print_table(_columns(), [_check(row) for row in rows])
    else:
        click.echo(f"No such check since {when(since)} ({zone()}); `audit canary run` asks now.", err=True)


def _chosen(
    planned: Sequence[Assignment], canaries: Sequence[str] = (), models: Sequence[str] = ()
) -> list[Assignment]:
    """Return what is meant of what is planned; raise `click.ClickException` if that is nothing."""
    if not planned:
        raise click.ClickException(NO_MODELS)
    for option, wanted, known in (
        ("--canary", canaries, {one.canary.name for one in planned}),
        ("--model", models, {one.target.model for one in planned}),
    ):
        if unknown := [name for name in wanted if name not in known]:
            there = ", ".join(sorted(known))
            raise click.BadParameter(f"{', '.join(unknown)}; there are {there}", param_hint=option)
    chosen = [
        one
        for one in planned
        if (not canaries or one.canary.name in canaries) and (not models or one.target.model in models)
    ]
    if not chosen:
        raise click.ClickException("none of these canaries is meant for any of these models; see `audit canary list`")
    return chosen


def _scheduled(count: int) -> str:
    return f"{count} canaries are asked on schedule. Ctrl-C stops; `audit canary status` tells how they do."


def _status(row: ModelRow) -> list[str]:
    last = max(row.last, key=lambda check: check.started_at, default=None)
    said = ", ".join(f"{check.canary} {check.verdict}" for check in row.last)
    state, since = (row.flip.state, when(row.flip.at)) if row.flip else ("unknown", ABSENT)
    return [row.provider, row.model, state, since, when(last.started_at) if last else ABSENT, said]


def _columns() -> list[Column]:
    return [
        Column(heading=f"time ({zone()})"),
        Column(heading="provider", folds=True, spare=1),
        *left("model", "canary", "verdict"),
        Column(heading="first token", right=True, spare=2),
        Column(heading="duration", right=True, spare=3),
        *left("why"),
    ]


def _check(row: CheckRow) -> list[str]:
    return [
        when(row.started_at),
        row.provider,
        row.model,
        row.canary,
        row.verdict or "not ended",
        duration(row.first_token_us),
        duration(row.duration_us),
        "; ".join(row.reasons),
    ]


def _span(span: timedelta) -> str:
    """Write an interval as it is configured: 30s, 5m, 2h."""
    seconds = span.total_seconds()
    unit, length = next(((unit, length) for unit, length in _LENGTHS if not seconds % length), ("s", 1))
    return f"{seconds / length:g}{unit}"


_LENGTHS = (("d", 86_400), ("h", 3_600), ("m", 60))
