"""`audit calls`: list, show and follow recorded calls."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from audit.call import ModelMatch, Outcome
from audit.cli._figures import duration, figure, money, when, zone
from audit.cli._ids import enough_of_ids, why_not_one
from audit.cli._nothing import ALL, say_when, say_why_nothing
from audit.cli._options import as_json, reader, scoped, settings
from audit.cli._output import legible, print_json
from audit.cli._show import show_call
from audit.cli._table import Column, left, print_table, right
from audit.cli._views import say_view
from audit.store.scope import Order, Scope, Standing

if TYPE_CHECKING:
    from audit.store.read import Reader
    from audit.store.rows import CallRow

__all__ = ["command"]

_POLL_S = 0.5
_AT_ONCE = 500
_SHOWN_FIRST = 10


@click.group(
    name="calls",
    epilog="""\b
Examples:
  audit calls list --standing error --since 24h
  audit calls show 01a208f1-7834
  audit calls tail
""",
)
def command() -> None:
    """List, show and follow recorded calls."""


@command.command(
    name="list",
    epilog="""\b
Examples:
  audit calls list --outcome blocked --since 7d
  audit calls list --standing error --project search --limit 10
  audit calls list --match different            another model served than was asked for
  audit calls list --order cost --since 2026-01-01
  audit calls list --search '"refund policy"' --json
""",
)
@scoped
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0, show_default=True, help="How many to leave out first.")
@click.option(
    "--order",
    type=click.Choice([order.value for order in Order]),
    metavar="FIGURE",
    default=Order.STARTED_AT.value,
    show_default=True,
    help=f"{', '.join(Order)}; the latest or greatest come first.",
)
@as_json
def list_calls(read: Reader, scope: Scope, limit: int, offset: int, order: str, as_json: bool) -> None:
    """Print calls, the latest or greatest first.

    A result is how a call ended: what the content filters did, or the error. An arrow tells that another model served,
    and ! that it is none that goes by the name that was asked for.
    """
    page = read.calls(scope, limit=limit, offset=offset, order=Order(order))
    if as_json:
        print_json(page)
        return
    if page.rows:
        print_table(_columns(), list(_cells(page.rows)))
        click.echo(_how_many(len(page.rows), page.total, offset), err=True)
        say_when(scope)
    elif page.total:
        click.echo(f"There are {figure(page.total)} calls, so none after --offset {offset}.", err=True)
    else:
        say_why_nothing(read, scope)
    if page.bounded:
        click.echo(
            "Only the newest calls were looked through for the phrase; narrow the time for older ones.", err=True
        )
    if page.unindexed:
        click.echo(
            f"Calls that have just come in are not found by their words yet ({figure(page.unindexed)}): who records "
            "sees to it as soon as there is time, or audit collect --once.",
            err=True,
        )


@command.command(
    short_help="Print one call with all that is known of it.",
    epilog="""\b
Examples:
  audit calls show 01a208f1-7834
  audit calls show 01a208f1-7834 --raw response > reply.json
""",
)
@click.argument("call")
@click.option("--raw", type=click.Choice(["request", "response"]), help="Print a body's recorded bytes, nothing else.")
@as_json
@click.pass_context
def show(ctx: click.Context, call: str, raw: str | None, as_json: bool) -> None:
    """Print one call with all that is known of it: by its id or the beginning of it, or an import's own name for it."""
    if raw and as_json:
        raise click.UsageError("--raw prints bytes and --json prints JSON; choose one")
    read = reader(ctx)
    detail = read.call(call)
    if detail is None:
        raise click.ClickException(why_not_one(read, call))
    if raw and detail.gone is not None:
        raise click.ClickException(str(detail.gone))
    if detail.gone is None:
        say_view(settings(ctx), detail.row.id, f"audit calls show{f' --raw {raw}' if raw else ''}")
    if raw:
        click.echo(detail.exchange.request_body if raw == "request" else detail.exchange.response_body, nl=False)
    elif as_json:
        print_json(detail)
    else:
        show_call(detail, settings(ctx))


@command.command(
    short_help="Print calls as they are recorded.",
    epilog="""\b
Examples:
  audit calls tail
  audit calls tail --standing error --json | jq .error_code
""",
)
@scoped
@as_json
@click.option("--once", is_flag=True, help="Print what is there and stop.")
def tail(read: Reader, scope: Scope, as_json: bool, once: bool) -> None:
    """Print the last calls, and then calls as they are recorded, until interrupted. --json prints a line for each."""
    last = _newest(read)
    _print_rows(read.calls(scope, limit=_SHOWN_FIRST).rows[::-1], as_json)
    with suppress(KeyboardInterrupt):
        while not once:
            rows = read.after(last, scope, limit=_AT_ONCE)
            _print_rows(rows, as_json)
            last = max((row.pk for row in rows), default=last)
            if len(rows) < _AT_ONCE:
                time.sleep(_POLL_S)


def _how_many(shown: int, total: int, offset: int) -> str:
    if shown == total:
        return f"{figure(total)} call{'s' if total != 1 else ''}"
    until = offset + shown
    more = f"; --offset {until} shows what follows" if until < total else ""
    return f"calls {figure(offset + 1)} to {figure(until)} of {figure(total)}{more}"


def _newest(read: Reader) -> int:
    """Return the key of the call that the record took last: those that come after it are new."""
    low, high = 0, 1
    while read.after(high, ALL, limit=1):
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if read.after(middle, ALL, limit=1) else (low, middle)
    return low


def _print_rows(rows: Sequence[CallRow], as_json: bool) -> None:
    for row in rows:
        if as_json:
            print_json(row, on_one_line=True)
        else:
            click.echo(legible(_line(row)))


def _line(row: CallRow) -> str:
    """One row of a list that has no end, whose widths are not known."""
    figures = (
        f"{figure(row.input_tokens):>7}",
        f"{figure(row.output_tokens):>7}",
        f"{money(row.cost, row.currency):>10}",
        f"{duration(row.duration_us):>7}",
    )
    return "  ".join(
        (when(row.started_at), str(row.id)[:18], *figures, f"{_result(row):<18}", row.provider, models(row))
    )


def _columns() -> list[Column]:
    return [
        Column(heading=f"time ({zone()})"),
        Column(heading="id"),
        Column(heading="provider", folds=True, spare=3),
        *left("model", "result"),
        Column(heading="in", right=True, spare=2),
        Column(heading="out", right=True, spare=2),
        *right("cost"),
        Column(heading="first token", right=True, spare=4),
        Column(heading="duration", right=True, spare=1),
    ]


def _cells(rows: Sequence[CallRow]) -> Iterator[list[str]]:
    this_year = all(row.started_at.astimezone().year == datetime.now(UTC).astimezone().year for row in rows)
    digits = enough_of_ids(row.id for row in rows)
    for row in rows:
        yield [
            when(row.started_at, "%m-%d %H:%M:%S" if this_year else "%Y-%m-%d %H:%M:%S"),
            str(row.id)[:digits],
            row.provider,
            models(row),
            _result(row),
            figure(row.input_tokens),
            figure(row.output_tokens),
            money(row.cost, row.currency),
            duration(row.first_token_us),
            duration(row.duration_us),
        ]


def _result(row: CallRow) -> str:
    """How a call ended, in a word or two: the content filters' outcome, or the error."""
    if row.standing is Standing.OK:
        return row.outcome
    word = (row.error_code or row.standing).rpartition(".")[2] if row.standing is Standing.ERROR else row.standing
    return word if row.outcome in (Outcome.NOT_ASSESSED, Outcome.CLEAN) else f"{word}, {row.outcome}"


def models(row: CallRow) -> str:
    """Write the model that served; where it goes by another name, also the one asked for."""
    asked, served = row.model_requested, row.model_served
    if asked is None or served is None or asked == served:
        return served or asked or "?"
    if row.model_match == ModelMatch.DIFFERENT:
        return f"{asked} → {served} !"
    return served if served.startswith(asked) else f"{asked} → {served}"
