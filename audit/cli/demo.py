"""`audit demo`: a whole installation in miniature, on a fake provider."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit import wiring
from audit.cli._checked import told
from audit.cli._figures import duration, figure, money
from audit.cli._nothing import ALL
from audit.cli._options import as_json
from audit.cli._output import coloured, plain, print_json
from audit.cli._table import left, print_table, right
from audit.cli.usage import costs
from audit.ports import free_port, is_free
from audit.store.scope import By

if TYPE_CHECKING:
    from audit.canary.run import Checked
    from audit.demo.comparison import Comparison
    from audit.demo.show import Stage
    from audit.store.rows import CallRow, Tally
    from audit.store.rows.verified import Verified

__all__ = ["command"]

_HOST, _PORT = "127.0.0.1", 8501
_LATENCY = 0.1
"""Of a lifelike provider's: so that figures differ, and the programme takes some seconds."""


@click.command(
    name="demo",
    epilog="""\b
Examples:
  audit demo                      until Ctrl-C; leaves nothing behind
  audit demo --home ./audit-demo  the record stays in that folder
  audit demo --once               prove that it works here, and end
""",
)
@click.option("--once", is_flag=True, help="Do all but the serving; exit with 1 unless the record is right.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help=f"Of the dashboard. Default: {_PORT}, or a free one if that is taken. 0: a free one.",
)
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), help="Keep the record in this new folder.")
@click.option("--no-past", is_flag=True, help="Do not make up calls for the weeks before.")
@as_json
def command(once: bool, port: int | None, home: Path | None, no_past: bool, as_json: bool) -> None:
    """Try it: a fake provider, recorded traffic, canaries, the dashboard. Needs no key and no network.

    Calls of every format are made through the recording client, streamed and not, some blocked, some failing; canaries
    are asked; then what the fake provider served is compared with what is in the record, figure by figure. Nothing of
    this touches the record that is configured, if any.
    """
    if as_json and not once:
        raise click.UsageError("--json is for --once; the dashboard has pages")
    chosen = 0 if once else _port(port)
    performing = import_module("audit.demo.show").performing  # heavy, and not wanted for --help
    with _home(home) as folder, performing(folder, latency=0.0 if once else _LATENCY) as stage:
        right = _perform(stage, as_json)
        if once:
            sys.exit(0 if right else 1)
        with suppress(KeyboardInterrupt):
            _serve(stage, chosen, keeps=home is not None, past=not no_past)


def _port(wanted: int | None) -> int:
    """Return a port that is free now; raise `click.BadParameter` if another one was asked for."""
    if wanted is None and is_free(_HOST, _PORT):
        return _PORT
    if wanted is None:
        click.echo(f"Port {_PORT} is taken, so the dashboard gets another one.", err=True)
    if wanted and not is_free(_HOST, wanted):
        raise click.BadParameter(f"port {wanted} is taken; name another, or 0 for any", param_hint="--port")
    return wanted or free_port(_HOST)


@contextmanager
def _home(given: Path | None) -> Iterator[Path]:
    if given is None:
        with tempfile.TemporaryDirectory(prefix="audit-demo-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
        return
    given.mkdir(parents=True, exist_ok=True)
    if any(given.iterdir()):
        raise click.BadParameter(f"{given} is not empty; the demo begins with a fresh record", param_hint="--home")
    yield given.absolute()


def _perform(stage: Stage, as_json: bool) -> bool:
    show = import_module("audit.demo.show")
    click.echo(f"A fake provider answers at {stage.simulator}.", err=as_json)
    with click.progressbar(length=len(show.ACTS), label="making calls", file=sys.stderr) as bar:
        requests = stage.perform(done=lambda: bar.update(1))
    checks = stage.check()
    comparison = stage.compare(sent=requests + sum(one.call is not None for one in checks))
    verified = stage.verify()
    if as_json:
        _print_as_json(stage, checks, comparison, verified)
    else:
        click.echo(f"{figure(requests)} requests were made through the recording client. {_told(checks)}\n")
        _print_summary(stage)
        _print_verified(verified)
        _print_comparison(comparison)
    return comparison.right and verified.is_whole and _all_well(checks)


def _print_as_json(stage: Stage, checks: Sequence[Checked], comparison: Comparison, verified: Verified) -> None:
    with closing(wiring.open_reader(stage.settings)) as reader:
        usage, outcomes = reader.usage(ALL, By.PROVIDER), reader.outcomes(ALL)
    said = {"right": comparison.right, **plain(comparison)}
    print_json(
        {
            "usage": usage,
            "outcomes": outcomes,
            "checks": list(map(told, checks)),
            "comparison": said,
            "whole": verified.is_whole,
        }
    )


def _all_well(checks: Sequence[Checked]) -> bool:
    return all(one.judgement.verdict.value == "ok" for one in checks)


def _told(checks: Sequence[Checked]) -> str:
    if _all_well(checks):
        return f"All {len(checks)} canaries went well."
    bad = [
        f"{one.assignment.canary.name} of {one.assignment.target.model}: {'; '.join(one.judgement.reasons)}"
        for one in checks
        if one.judgement.verdict.value != "ok"
    ]
    return "\n  ".join((f"Of {len(checks)} canaries, {len(bad)} went badly:", *bad))


def _print_summary(stage: Stage) -> None:
    with closing(wiring.open_reader(stage.settings)) as reader:
        usage, totals, outcomes = reader.usage(ALL, By.PROVIDER), reader.totals(ALL), reader.outcomes(ALL)
        (first,) = reader.after(0, ALL, limit=1)
    rows = [_cells(row.group or "", row) for row in usage]
    figures = right("calls", "errors", "blocked", "tokens in", "tokens out", "cost", "unpriced")
    print_table([*left("provider"), *figures], [*rows, _cells("all", totals)])
    click.echo()
    print_table([*left("content filter"), *right("calls")], [[row.outcome, figure(row.calls)] for row in outcomes])
    click.echo(f"\n{_first(first)}")


def _first(row: CallRow) -> str:
    return (
        f"The first call asked for {row.model_requested} and was served {row.model_served} ({row.model_match}): "
        f"{row.input_tokens} tokens in, {row.output_tokens} out, {money(row.cost, row.currency)}, "
        f"{duration(row.provider_duration_us)} by the provider's own account."
    )


def _cells(group: str, row: Tally) -> list[str]:
    counts = (row.calls, row.errors, row.blocked, row.input_tokens, row.output_tokens)
    return [group, *map(figure, counts), costs(row), figure(row.unpriced)]


def _print_comparison(comparison: Comparison) -> None:
    counts = f"{comparison.sent} requests sent, {comparison.served} served, {comparison.recorded} calls in the record: "
    if comparison.right:
        click.echo(counts + coloured("every figure agrees.", fg="green"))
        return
    click.echo(counts + coloured("they differ.", fg="red"))
    for difference in comparison.differences:
        click.echo(f"  {difference}")


def _print_verified(verified: Verified) -> None:
    held = f"{verified.size} entries of the ledger verified, {verified.anchored} of them anchored: "
    whole = coloured("whole and unchanged.", fg="green")
    click.echo(held + (whole if verified.is_whole else coloured("not whole.", fg="red")))


def _serve(stage: Stage, port: int, *, keeps: bool, past: bool) -> None:
    with stage.dashboard(port) as address:
        if past:
            _make_up_a_past(stage)
        click.echo("\nThe dashboard is at " + coloured(address(), bold=True))
        click.echo(
            f"Its record is in {stage.home}{'' if keeps else ' and goes with the demo'}. Look at it from elsewhere:"
        )
        click.echo(f"  {_command(stage)} calls tail")
        click.echo("Calls and checks go on until you press Ctrl-C.")
        stage.keep_going()


def _make_up_a_past(stage: Stage) -> None:
    count = import_module("audit.demo.show").PAST_CALLS
    with click.progressbar(length=count, label="making up a past", file=sys.stderr) as bar:
        stage.make_up_a_past(bar.update)
    click.echo(f"{figure(count)} more calls are made up for the weeks before, marked by the label source=made-up.")


def _command(stage: Stage) -> str:
    """The command that reads the demo's record, whatever the environment says."""
    overriding = [name for name in ("AUDIT_HOME", "AUDIT_DATABASE_URL") if os.environ.get(name)]
    unset = ["env", *(part for name in overriding for part in ("-u", name))] if overriding else []
    return shlex.join([*unset, str(Path(sys.argv[0])), "--config", str(stage.config)])
