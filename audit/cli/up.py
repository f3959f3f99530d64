"""`audit up`: everything together, on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from audit.cli._serving import serve, serving
from audit.wiring.fleet import Fleet

if TYPE_CHECKING:
    from audit.settings import Settings

__all__ = ["command"]

PARTS = ("scheduler", "dashboard")


@click.command(
    name="up",
    epilog="""\b
Examples:
  audit up
  audit up --without dashboard
  audit up --upstream https://api.openai.com
""",
)
@serving
@click.option("--without", multiple=True, type=click.Choice(PARTS), help="Leave this out. Several leave out more.")
@click.option("--allow-remote", is_flag=True, help="Serve other machines too, although nobody is asked who they are.")
@click.pass_context
def command(ctx: click.Context, chosen: Settings, without: tuple[str, ...], allow_remote: bool) -> None:
    """Run proxy, collector, canaries and dashboard together, until interrupted.

    Each is a process of its own, and is started again when it dies. Canaries are asked if models are configured.
    """
    wanted = Fleet(
        scheduler="scheduler" not in without and bool(chosen.models),
        dashboard="dashboard" not in without,
        allow_remote=allow_remote,
        config=ctx.find_root().obj,
    )
    ctx.exit(serve(chosen, wanted))
