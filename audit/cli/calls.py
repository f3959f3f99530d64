"""`audit calls`: list, show and follow recorded calls."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from audit.cli._options import as_json, reader, scoped
from audit.cli._output import duration, figure, money, print_json, print_table, when
from audit.cli._show import show_call
from audit.store.scope import Order, Scope

if TYPE_CHECKING:
    from audit.store.rows import CallRow

__all__ = ["command"]

_POLL_S = 0.5


@click.group(name="calls")
def command() -> None:
    """List, show and follow recorded calls."""


@command.command(name="list")
@scoped
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--order", type=click.Choice([order.value for order in Order]), default=Order.STARTED_AT.value, show_default=True
)
@as_json
@click.pass_context
def list_calls(ctx: click.Context, scope: Scope, limit: int, offset: int, order: str, as_json: bool) -> None:
    """Print calls, the latest or greatest first."""
    page = reader(ctx).calls(scope, limit=limit, offset=offset, order=Order(order))
    if as_json:
        print_json(page)
        return
    print_table(_COLUMNS, [_cells(row) for row in page.rows], empty="No call fits; widen --since, or try `audit demo`.")
    if page.total > offset + len(page.rows):
        click.echo(f"{offset + len(page.rows)} of {figure(page.total)} calls; --offset shows more", err=True)


@command.command()
@click.argument("call")
@click.option("--raw", type=click.Choice(["request", "response"]), help="Print a body's recorded bytes, nothing else.")
@as_json
@click.pass_context
def show(ctx: click.Context, call: str, raw: str | None, as_json: bool) -> None:
    """Print all that is known of a CALL: its id, the beginning of it, or an import's own name for it."""
    detail = reader(ctx).call(call)
    if detail is None:
        raise click.ClickException(f"no call, or more than one, is called {call!r}")
    if raw:
        body = detail.exchange.request_body if raw == "request" else detail.exchange.response_body
        sys.stdout.buffer.write(body)
    elif as_json:
        print_json(detail)
    else:
        show_call(ctx, detail)


@command.command()
@scoped
@as_json
@click.option("--once", is_flag=True, help="Print what is there and stop.")
@click.pass_context
def tail(ctx: click.Context, scope: Scope, as_json: bool, once: bool) -> None:
    """Print calls as they are recorded, until interrupted."""
    read = reader(ctx)
    newest = read.calls(scope, limit=10).rows
    last = max((row.pk for row in newest), default=0)
    _print_rows(newest[::-1], as_json)
    while not once:
        rows = read.after(last, scope)
        _print_rows(rows, as_json)
        last = max((row.pk for row in rows), default=last)
        time.sleep(_POLL_S)


def _print_rows(rows: tuple[CallRow, ...], as_json: bool) -> None:
    for row in rows:
        if as_json:
            print_json(row)
        else:
            click.echo("  ".join(_cells(row)))


def _cells(row: CallRow) -> list[str]:
    return [
        when(row.started_at),
        str(row.id)[:18],
        row.provider,
        models(row),
        row.error_code or row.standing.value if row.standing.value != "ok" else "ok",
        row.outcome,
        figure(row.input_tokens),
        figure(row.output_tokens),
        money(row.cost, row.currency),
        duration(row.first_token_us),
        duration(row.duration_us),
    ]


def models(row: CallRow) -> str:
    """Write the model asked for and, where it is another, the one that served."""
    asked, served = row.model_requested or "?", row.model_served
    return asked if served in (None, asked) else f"{asked} → {served}{' !' if row.model_match == 'different' else ''}"


_COLUMNS = {
    "time": "left",
    "id": "left",
    "provider": "left",
    "model (asked → served)": "left",
    "standing": "left",
    "filter": "left",
    "in": "right",
    "out": "right",
    "cost": "right",
    "first token": "right",
    "duration": "right",
}
