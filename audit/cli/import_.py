"""`audit import`: recorded exchanges that others made become calls."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit import wiring
from audit.archives import open_archive
from audit.cli._figures import figure, when, zone
from audit.cli._options import as_json, settings
from audit.cli._output import legible, plain, print_json

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from audit.intake import Summary

__all__ = ["command"]


@click.command(
    name="import",
    epilog="""\b
Examples:
  audit import recorded.jsonl
  audit import proxy.har browser.har

\b
A line of JSON is an object; all but the url may be missing:
  url, method, status
  request_headers, response_headers   an object; a list for a name that came more than once
  request_body, response_body         text; or base64, with request_body_encoding = "base64"
  started_at                          ISO 8601; without a zone, UTC
  duration_ms
  id                                  a name of your own, for `audit calls show`
""",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
@click.pass_context
def command(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Bring recorded exchanges into the record: JSON lines, or HTTP archives (HAR) of browsers and proxies.

    Safe to repeat: what is there already is counted and left alone. Secrets are taken out of headers and addresses.
    Exits with 1 if anything could not be read.
    """
    archives = [(path, open_archive(path)) for path in files]
    with wiring.importing(settings(ctx)) as importer:
        for path, archive in archives:
            with click.progressbar(length=archive.size, label=path.name, file=sys.stderr) as bar:
                importer.bring(archive, path.name, _advancing(bar))
    if as_json:
        print_json({**plain(importer.summary), "by_dialect": dict(importer.summary.by_dialect)})
    else:
        _print(importer.summary)
    sys.exit(1 if importer.summary.unread else 0)


def _advancing(bar: ProgressBar[int]) -> Callable[[int], None]:
    return lambda position: bar.update(position - bar.pos)


def _print(summary: Summary) -> None:
    click.echo(
        f"exchanges read: {figure(summary.read)}, {figure(summary.new)} of them new, "
        f"{figure(summary.repeated)} known already"
    )
    if summary.by_dialect:
        click.echo("read as: " + ", ".join(f"{name} {figure(count)}" for name, count in summary.by_dialect))
    if summary.first_at:
        click.echo(f"from {when(summary.first_at)} to {when(summary.last_at)} ({zone()})")
    if summary.without_time:
        click.echo(f"without a time of their own, so given that of the import: {figure(summary.without_time)}")
    if summary.noted:
        click.echo(f"with notes of what in them could not be read (`audit calls show`): {figure(summary.noted)}")
    for problem in summary.problems:
        click.echo(f"not read: {legible(problem)}", err=True)
    if more := summary.unread - len(summary.problems):
        click.echo(f"not read: {figure(more)} more", err=True)
    if summary.first_at:
        click.echo(f"`audit usage --since {when(summary.first_at, '%Y-%m-%d')}` sums them up", err=True)
