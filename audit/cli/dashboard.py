"""`audit dashboard`: serve the pages."""

from __future__ import annotations

from contextlib import suppress

import click

from audit import wiring
from audit.cli._options import settings, with_parent
from audit.errors import SettingsError

__all__ = ["command"]


@click.command(
    name="dashboard",
    epilog="""\b
Examples:
  audit dashboard
  audit dashboard --port 0                      on any free port
""",
)
@click.option("--host", metavar="ADDRESS", help="Default: as configured, else 127.0.0.1.")
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="PORT", help="Default: as configured, else 8501. 0: a free one."
)
@click.option("--allow-remote", is_flag=True, help="Serve other machines too, although the pages ask for no password.")
@with_parent
@click.pass_context
def command(ctx: click.Context, host: str | None, port: int | None, allow_remote: bool, with_parent: bool) -> None:
    """Serve the pages until interrupted."""
    chosen, config = settings(ctx), ctx.find_root().obj
    ready = _keep_silent if with_parent else _tell
    try:
        with suppress(KeyboardInterrupt):
            wiring.serve_dashboard(chosen, config=config, host=host, port=port, allow_remote=allow_remote, ready=ready)
    except SettingsError as exc:
        raise SettingsError([f"{problem} (--allow-remote)" for problem in exc.problems]) from exc


def _tell(address: str) -> None:
    click.echo(f"The dashboard is at {address}. Ctrl-C stops it.")


def _keep_silent(_address: str) -> None:
    """Who has started us says where the dashboard is."""
