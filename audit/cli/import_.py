"""`audit import`: recorded exchanges that others made become calls."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit import wiring
from audit.archives import open_archive
from audit.cli._options import as_json, settings
from audit.cli._output import figure, print_json

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

__all__ = ["command"]


@click.command(name="import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
@click.pass_context
def command(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Bring recorded exchanges into the record: JSON lines, or HTTP archives (HAR) of browsers and proxies.

    Safe to repeat: what is there already is counted and left alone. Exits with 1 if anything could not be read.

    \b
    A line of JSON has: method, url, request_headers, request_body, status, response_headers, response_body,
    and if known started_at, duration_ms, id. Bodies are text, or base64 with request_body_encoding = "base64".
    """
    with wiring.importing(settings(ctx)) as importer:
        for path in files:
            archive = open_archive(path)
            with click.progressbar(length=archive.size, label=path.name, file=sys.stderr) as bar:
                importer.bring(archive, path.name, _advancing(bar))
    summary = importer.summary
    if as_json:
        print_json(summary)
    else:
        click.echo(
            f"{figure(summary.read)} exchanges read: {figure(summary.new)} new, {figure(summary.repeated)} known"
        )
        if summary.without_time:
            click.echo(f"{figure(summary.without_time)} have no time of their own and were given that of the import")
        if summary.by_dialect:
            click.echo("read as: " + ", ".join(f"{name} {count}" for name, count in summary.by_dialect))
        if summary.noted:
            click.echo(f"{figure(summary.noted)} have notes: something in them could not be read")
        for problem in summary.problems:
            click.echo(f"not read: {problem}", err=True)
    sys.exit(1 if summary.unread else 0)


def _advancing(bar: ProgressBar[int]) -> Callable[[int], None]:
    return lambda position: bar.update(position - bar.pos)
