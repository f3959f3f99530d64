"""`audit redact`: see what redaction would take out of stored calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import click

from audit.call import Exchange
from audit.cli._figures import figure
from audit.cli._nothing import say_when, say_why_nothing
from audit.cli._options import as_json, scoped, settings
from audit.cli._output import print_json
from audit.cli._table import left, print_table, right
from audit.cli._views import say_look
from audit.store.looks import Look, selection_of
from audit.store.scope import Scope
from audit.wiring import redacting

if TYPE_CHECKING:
    from audit.store.read import Reader

__all__ = ["command"]

_AT_ONCE = 100
_MOST_EXAMPLES = 5
_NEVER = """\
The record is never rewritten: what is stored stays as it is, and only --dry-run is to be had.
To have personal data taken out of calls before they are stored, write into audit.toml

  [redaction]
  rules = ["email", "card", "iban"]

and start anew what records (`audit proxy`, `audit up`, `audit collect`, your own programs)."""


@dataclass(slots=True)
class _Tally:
    """What one rule has found."""

    calls: int = 0
    values: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, values: list[str]) -> None:
        self.calls += 1
        self.values += len(values)
        fresh = dict.fromkeys(masked for value in values if (masked := _masked(value)) not in self.examples)
        self.examples += list(fresh)[: _MOST_EXAMPLES - len(self.examples)]


@click.command(
    name="redact",
    short_help="See what redaction would take out of stored calls.",
    epilog="""\b
Examples:
  audit redact --dry-run                                  the rules that are on, else all
  audit redact --dry-run --rule phone --rule card --since 7d
  audit redact --dry-run --project billing --json
""",
)
@click.option("--dry-run", is_flag=True, help="Look, and change nothing. Without it this command only says why.")
@click.option("--rule", "rules", multiple=True, metavar="NAME", help="A rule or a pattern, be it on or off.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="The newest calls.")
@scoped
@as_json
@click.pass_context
def command(
    ctx: click.Context, read: Reader, scope: Scope, dry_run: bool, rules: tuple[str, ...], limit: int, as_json: bool
) -> None:
    """See what redaction would take out of stored calls: how much, and examples with their first and last characters.

    Rules: email, phone, card, iban, ip, cn_id, us_ssn, eu_id, presidio, and the patterns in audit.toml. Where an
    example is no personal data, leave its rule out, or narrow your pattern. Exit codes: 0 looked, 2 could not.
    """
    if not dry_run:
        raise click.UsageError(_NEVER)
    given = settings(ctx)
    if unknown := [name for name in rules if name not in redacting.names(given)]:
        known = ", ".join(redacting.names(given))
        raise click.BadParameter(f"there is no rule {unknown[0]!r}; there are {known}", param_hint="--rule")
    redact = redacting.trial(given, rules)
    tallies: dict[str, _Tally] = {}
    looked = 0
    for exchange in islice(_exchanges(read, scope), limit):
        looked += 1
        found = redact(exchange).found
        for rule in dict.fromkeys(one.rule for one in found):
            tallies.setdefault(rule, _Tally()).add([one.value for one in found if one.rule == rule])
    if looked:
        say_look(given, Look(way="audit redact --dry-run", calls=looked, selection=selection_of(scope)))
    _show(tallies, looked, as_json=as_json)
    if not looked:
        say_why_nothing(read, scope)
    say_when(scope)


def _exchanges(read: Reader, scope: Scope) -> Iterator[Exchange]:
    """Yield the exchanges of a scope, the newest first."""
    offset = 0
    while rows := read.calls(scope, limit=_AT_ONCE, offset=offset).rows:
        for row in rows:
            if (detail := read.call(row.id)) is not None and detail.gone is None:
                yield detail.exchange
        offset += len(rows)


def _show(tallies: dict[str, _Tally], looked: int, *, as_json: bool) -> None:
    rows = sorted(tallies.items(), key=lambda pair: (-pair[1].values, pair[0]))
    if as_json:
        told = [{"rule": name, "calls": t.calls, "values": t.values, "examples": t.examples} for name, t in rows]
        print_json({"looked_at": looked, "rules": told})
        return
    if rows:
        cells = [[name, figure(one.calls), figure(one.values), ", ".join(one.examples)] for name, one in rows]
        print_table([*left("rule"), *right("calls", "values"), *left("examples")], cells)
    elif looked:
        click.echo("Nothing would be taken out.", err=True)
    click.echo(f"{figure(looked)} calls looked at; nothing was changed.", err=True)


def _masked(value: str) -> str:
    return f"{value[0]}…{value[-1]}"
