"""`audit proxy`: record what tools send that have nothing but a base URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from audit.cli._serving import serve, serving
from audit.wiring.fleet import Fleet

if TYPE_CHECKING:
    from audit.settings import Settings

__all__ = ["command"]


@click.command(
    name="proxy",
    epilog="""\b
Examples:
  audit proxy                                       all configured providers, each below its name
  audit proxy --upstream https://api.openai.com     this one, at /
  audit proxy --workers 2 --admin-port off
  audit proxy --upstream http://127.0.0.1:11434 --allow-network 127.0.0.1
""",
)
@serving
@click.option("--allow-remote", is_flag=True, help="Serve other machines too, although nobody is asked who they are.")
@click.pass_context
def command(ctx: click.Context, chosen: Settings, allow_remote: bool) -> None:
    """Pass calls on to providers and record them, until interrupted."""
    ctx.exit(serve(chosen, Fleet(allow_remote=allow_remote, config=ctx.find_root().obj)))
