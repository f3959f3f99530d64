"""`audit dashboard`: serve the pages."""

from __future__ import annotations

import click

from audit import wiring
from audit.cli._options import settings

__all__ = ["command"]


@click.command(name="dashboard")
@click.option("--host", help="Default: as configured, else 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Default: as configured, else 8501.")
@click.option("--allow-remote", is_flag=True, help="Serve other machines too, although the pages ask for no password.")
@click.pass_context
def command(ctx: click.Context, host: str | None, port: int | None, allow_remote: bool) -> None:
    """Serve the pages until interrupted."""
    wiring.serve_dashboard(settings(ctx), config=ctx.find_root().obj, host=host, port=port, allow_remote=allow_remote)
