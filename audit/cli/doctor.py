"""`audit doctor`: find out what is wrong with an installation."""

from __future__ import annotations

import sys

import click

from audit import wiring
from audit.cli._options import as_json, settings
from audit.cli._output import coloured, hanging, legible, print_json

__all__ = ["command"]

_MARKS = {"good": ("ok", "green"), "note": ("note", "yellow"), "bad": ("BAD", "red")}


@click.command(
    name="doctor",
    epilog="""\b
Examples:
  audit doctor
  audit --config ./audit.toml doctor
  audit doctor --json | jq '.[] | select(.level == "bad")'
""",
)
@as_json
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Find out what is wrong with this installation; exit with 1 if anything is BAD. Changes nothing.

    Looks at versions and SDKs, settings, the home folder and its disk, the database, the journal, the canaries' keys,
    and whether dashboard and proxy run. Asks nobody on the network but the database.
    """
    found = wiring.diagnoses(settings(ctx))
    if as_json:
        print_json(found)
    else:
        for one in found:
            mark, colour = _MARKS[one.level.value]
            head = f"{coloured(f'{mark:<4}', fg=colour)}  {one.subject:<12}"
            click.echo(hanging(head, legible(one.text), indent=18))
    sys.exit(1 if any(one.level.value == "bad" for one in found) else 0)
