"""`audit doctor`: find out what is wrong with an installation."""

from __future__ import annotations

import sys

import click

from audit import wiring
from audit.cli._options import as_json, settings
from audit.cli._output import print_json

__all__ = ["command"]

_MARKS = {"good": "ok  ", "note": "note", "bad": "BAD "}


@click.command(name="doctor")
@as_json
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Find out what is wrong with this installation; exit with 1 if anything is. Changes nothing."""
    found = wiring.diagnoses(settings(ctx))
    if as_json:
        print_json(found)
    else:
        for one in found:
            click.echo(f"{_MARKS[one.level.value]}  {one.subject:<10} {one.text}")
    sys.exit(1 if any(one.level.value == "bad" for one in found) else 0)
