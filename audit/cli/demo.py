"""`audit demo`: a whole installation in miniature, on a fake provider."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit import wiring
from audit.cli._output import figure, money, print_table
from audit.cli.usage import costs
from audit.store.scope import By, Canaries, Scope

if TYPE_CHECKING:
    from audit.demo.comparison import Comparison
    from audit.demo.show import Stage
    from audit.store.rows import UsageRow

__all__ = ["command"]


@click.command(name="demo")
@click.option("--once", is_flag=True, help="Do all but the serving; exit with 1 unless the record is right.")
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="Of the dashboard.")
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), help="Keep the record here; else it goes.")
@click.option("--no-past", is_flag=True, help="Do not make up calls for the weeks before.")
def command(once: bool, port: int, home: Path | None, no_past: bool) -> None:
    """Try it: a fake provider, recorded traffic, canaries, the dashboard. Needs no key and no network.

    Calls of every format are made through the recording client, streamed and not, some blocked, some failing; canaries
    are asked; then what the fake provider served is compared with what is in the record, figure by figure.
    """
    performing = import_module("audit.demo.show").performing  # heavy, and not wanted for --help
    with _home(home) as folder, performing(folder, latency=0.0 if once else 0.5) as stage:
        right = _perform(stage)
        if once:
            sys.exit(0 if right else 1)
        if not no_past:
            click.echo(
                f"{figure(stage.make_up_a_past())} more calls were made up for the weeks before, marked as such."
            )
        with stage.dashboard(port) as address:
            click.secho(f"\nThe dashboard is at {address}", bold=True)
            click.echo(f"Its record is in {folder}. Look at it from another terminal:")
            click.echo(f"  {Path(sys.argv[0])} --config {stage.config} calls list")
            click.echo("Calls and checks go on until you press Ctrl-C.")
            stage.keep_going()


@contextmanager
def _home(given: Path | None) -> Iterator[Path]:
    if given is None:
        with tempfile.TemporaryDirectory(prefix="audit-demo-") as folder:
            yield Path(folder)
        return
    given.mkdir(parents=True, exist_ok=True)
    if any(given.iterdir()):
        raise click.UsageError(f"{given} is not empty: the demo begins with a fresh record")
    yield given.absolute()


def _perform(stage: Stage) -> bool:
    click.echo(f"A fake provider answers at {stage.simulator}.")
    requests = stage.perform()
    checks = stage.check()
    well = sum(one.judgement.verdict.value == "ok" for one in checks)
    click.echo(f"{requests} requests made through the recording client; {well} of {len(checks)} canaries went well.")
    comparison = stage.compare()
    _print_summary(stage)
    _print_comparison(comparison)
    return comparison.right


def _print_summary(stage: Stage) -> None:
    reader = wiring.open_reader(stage.settings)
    scope = Scope(canaries=Canaries.WITH)
    try:
        usage, outcomes = reader.usage(scope, By.PROVIDER), reader.outcomes(scope)
        sample = reader.calls(Scope(models=("o3-pro",))).rows
    finally:
        reader.close()
    click.echo()
    print_table(_COLUMNS, [_cells(row) for row in usage], empty="")
    click.echo("\ncontent filters: " + ", ".join(f"{row.outcome} {row.calls}" for row in outcomes))
    for row in sample:
        click.echo(
            f"the first call asked for {row.model_requested} and was served {row.model_served}: "
            f"{row.input_tokens} tokens in, {row.output_tokens} out, {money(row.cost, row.currency)}"
        )


def _cells(row: UsageRow) -> list[str]:
    counts = (row.calls, row.errors, row.blocked, row.input_tokens, row.output_tokens)
    return [row.group or "–", *map(figure, counts), costs(row), figure(row.unpriced)]


def _print_comparison(comparison: Comparison) -> None:
    click.echo(
        f"\n{figure(comparison.served)} requests served, {figure(comparison.recorded)} calls in the record: ", nl=False
    )
    if comparison.right:
        click.secho("every figure agrees.", fg="green")
        return
    click.secho("they differ.", fg="red")
    for difference in comparison.differences:
        click.echo(f"  {difference}")


_COLUMNS = {
    "provider": "left",
    "calls": "right",
    "errors": "right",
    "blocked": "right",
    "tokens in": "right",
    "tokens out": "right",
    "cost": "right",
    "unpriced": "right",
}
