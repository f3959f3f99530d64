"""`audit collect`: what others have journalled, into the database."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from audit.cli._figures import figure
from audit.cli._options import settings
from audit.cli._output import plain, print_json
from audit.wiring.collecting import collect, collect_once

if TYPE_CHECKING:
    from audit.recording.collector import Collected

__all__ = ["command"]


@click.command(
    name="collect",
    epilog="""\b
Examples:
  audit collect
  audit collect --once
  audit collect --status-lines --with-parent

\b
A status line is an object:
  pid           of this process
  stored, lost  calls since it began: brought into the database, told to be lost
  depth_bytes   of journals, not yet stored
  oldest_s      how long ago the first call has ended that waits for the database
  journals      how many are being drained
""",
)
@click.option("--once", is_flag=True, help="Bring in what is there now, and end.")
@click.option("--status-lines", is_flag=True, help="Print how it gets on every second, as lines of JSON.")
@click.option("--with-parent", is_flag=True, help="End also when standard input ends.")
@click.option("--standby", is_flag=True, help="Wait while another collector is at work, and take over when it ends.")
@click.pass_context
def command(ctx: click.Context, once: bool, status_lines: bool, with_parent: bool, standby: bool) -> None:
    """Bring into the database what others only journal, until interrupted; what is there then is still brought in.

    The proxy's processes leave their journals to it, and so does whoever records with `recording.drain = false`; what
    processes have left by dying it finds too. One collector at a time serves a journal's folder. While the database is
    out of reach the journals grow, and nothing is lost.
    """
    if once and (status_lines or with_parent or standby):
        raise click.UsageError("--status-lines, --with-parent and --standby are for a collector that stays")
    chosen = settings(ctx)
    if once:
        collected = collect_once(chosen)
    elif status_lines:
        collect(chosen, with_parent=with_parent, standby=standby, tell=_print_status)
        return
    else:
        click.echo(f"collecting what is journalled in {chosen.journal}; Ctrl-C stops", err=True)
        collected = collect(chosen, with_parent=with_parent, standby=standby)
    click.echo(f"calls brought in: {figure(collected.stored)}; told to be lost: {figure(collected.lost)}")


def _print_status(progress: Collected) -> None:
    print_json({"pid": os.getpid(), **plain(progress)}, on_one_line=True)
