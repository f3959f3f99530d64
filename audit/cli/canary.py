"""`audit canary`: ask models to see whether they work."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from audit import wiring
from audit.cli._options import Moment, as_json, reader, settings
from audit.cli._output import duration, money, print_json, print_table, when

if TYPE_CHECKING:
    from audit.canary.run import Checked
    from audit.store.rows import CheckRow, ModelRow

__all__ = ["command"]


@click.group(name="canary")
def command() -> None:
    """Ask models to see whether they work. What is asked stands in audit.toml under [[models]] and [[canaries]]."""


@command.command(name="list")
@as_json
@click.pass_context
def list_canaries(ctx: click.Context, as_json: bool) -> None:
    """Print who is asked what, and how often."""
    planned = wiring.assignments(settings(ctx))
    rows = [(*one.key, one.canary.every) for one in planned]
    if as_json:
        print_json(
            [dict(zip((*_PLANNED, "every_s"), (*key, every.total_seconds()), strict=True)) for *key, every in rows]
        )
    else:
        columns = dict.fromkeys((*_PLANNED, "every"), "left")
        print_table(columns, [[*key, str(every)] for *key, every in rows], empty=_NOTHING)


@command.command()
@click.option("--canary", "canaries", multiple=True, help="Only this one. Several widen the selection.")
@click.option("--model", "models", multiple=True, help="Only of this model.")
@as_json
@click.pass_context
def run(ctx: click.Context, canaries: tuple[str, ...], models: tuple[str, ...], as_json: bool) -> None:
    """Ask now; exit with 1 unless everything is as expected."""
    chosen = settings(ctx)
    checks: list[Checked] = []
    for checked in wiring.run_canaries(chosen, canaries=canaries, models=models):
        checks.append(checked)
        if not as_json:
            _print_checked(checked)
    if as_json:
        print_json([_told(checked) for checked in checks])
    elif not checks:
        click.echo(_NOTHING, err=True)
    sys.exit(0 if checks and all(checked.judgement.verdict.value == "ok" for checked in checks) else 1)


@command.command()
@click.pass_context
def schedule(ctx: click.Context) -> None:
    """Ask on schedule until interrupted. Several schedulers on one database share the work and repeat nothing."""
    with wiring.scheduling(settings(ctx)) as count:
        if not count:
            raise click.ClickException(_NOTHING)
        click.echo(f"{count} canaries on schedule; interrupt to stop", err=True)
        wiring.wait_for_interrupt()


@command.command()
@as_json
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Print each model's state and its last checks; exit with 1 if any model is down."""
    rows = reader(ctx).models()
    if as_json:
        print_json(rows)
    else:
        print_table(_STATUS, [_status(row) for row in rows], empty="No model has been checked; try `audit canary run`.")
    sys.exit(1 if any(row.flip is not None and row.flip.state == "down" for row in rows) else 0)


@command.command()
@click.option("--since", type=Moment(), default="24h", show_default=True)
@as_json
@click.pass_context
def checks(ctx: click.Context, since: datetime, as_json: bool) -> None:
    """Print checks, the latest first."""
    rows = reader(ctx).checks(since=since)
    if as_json:
        print_json(rows)
    else:
        print_table(_CHECKS, [_check(row) for row in rows], empty="No checks since then; try `audit canary run`.")


def _print_checked(checked: Checked) -> None:
    target, call = checked.assignment.target, checked.call
    took = duration(call.exchange.duration_us) if call else "–"
    cost = money(call.price.amount, call.price.currency) if call and call.price else "unpriced"
    click.echo(
        f"{checked.judgement.verdict.value:<13}{target.model} at {target.provider}, "
        f"{checked.assignment.canary.name}: {took}, {cost}"
    )
    for reason in checked.judgement.reasons:
        click.echo(f"{'':<13}{reason}")
    for flip in checked.flips:
        click.echo(f"{'':<13}{flip.before.value} → {flip.state.value}: {flip.reason}")


def _told(checked: Checked) -> dict[str, object]:
    target = checked.assignment.target
    return {
        "canary": checked.assignment.canary.name,
        "provider": target.provider,
        "model": target.model,
        "slot_at": checked.slot_at.astimezone(UTC),
        "verdict": checked.judgement.verdict,
        "reasons": checked.judgement.reasons,
        "call_id": checked.call.exchange.id if checked.call else None,
        "flips": checked.flips,
    }


def _status(row: ModelRow) -> list[str]:
    last = max(row.last, key=lambda check: check.started_at, default=None)
    said = ", ".join(f"{check.canary} {check.verdict}" for check in row.last)
    state, since = (row.flip.state, when(row.flip.at)) if row.flip else ("unknown", "–")
    return [row.provider, row.model, state, since, when(last.started_at) if last else "–", said]


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


_PLANNED = ("canary", "provider", "model")
_NOTHING = "No models to check: name them in audit.toml under [[models]]; the README shows how."
_STATUS = dict.fromkeys(("provider", "model", "state", "since", "last check", "canaries"), "left")
_CHECKS = {
    **dict.fromkeys(("time", "provider", "model", "canary", "verdict"), "left"),
    **dict.fromkeys(("first token", "duration"), "right"),
    "why": "left",
}
