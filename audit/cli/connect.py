"""`audit connect`: what a tool has to be told so that its calls go through the proxy."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audit.cli._options import as_json, settings
from audit.cli._output import coloured, legible, print_json
from audit.cli._place import formats_of, place_at, provider_of, tags, told
from audit.cli._show import show_facts
from audit.cli._table import left, print_table
from audit.cli._written import Written, write
from audit.connect.place import Format, Place, Provider, format_of, spoken
from audit.connect.tools import TOOLS
from audit.errors import AuditError
from audit.wiring.connecting import check

if TYPE_CHECKING:
    from audit.connect.advice import Advice, Tool
    from audit.settings import Settings
    from audit.wiring.connecting import Checked

__all__ = ["command"]


@click.command(
    name="connect",
    epilog="""\b
Examples:
  audit connect                                 the tools that are known
  audit connect claude-code
  audit connect codex --provider router --model gpt-5 --project search --write
  audit connect openai --url http://gateway:8484/openai --label team=blue
  audit connect --check claude-code --model claude-haiku-4-5
""",
)
@click.argument("tool", required=False, type=click.Choice(list(TOOLS)), metavar="[TOOL]")
@click.option("--url", metavar="URL", help="The proxy's address, as it is or with --provider below it. Default: ours.")
@click.option("--provider", metavar="NAME", help="A configured provider. Default: the one that fits the tool.")
@click.option(
    "--format",
    "spoken_format",
    type=click.Choice([one.value for one in Format]),
    metavar="FORMAT",
    help=f"{', '.join(Format)}: for tools that speak several.",
)
@click.option("--model", metavar="NAME", help="The model to begin with.")
@click.option("--key-env", metavar="VARIABLE", help="The environment variable that holds the key.")
@click.option("--project", metavar="NAME", help="Whose calls they are: sent along in a header, where the tool can.")
@click.option("--user", metavar="NAME", help="Likewise.")
@click.option("--label", multiple=True, metavar="NAME=VALUE", help="Likewise, a tag of your own.")
@click.option("--write", "writing", is_flag=True, help="Write it into the tool's own files; shows what changes.")
@click.option("--check", "checking", is_flag=True, help="Ask a model through the proxy, and show the recorded call.")
@as_json
@click.pass_context
def command(
    ctx: click.Context,
    tool: str | None,
    url: str | None,
    provider: str | None,
    spoken_format: str | None,
    model: str | None,
    key_env: str | None,
    project: str | None,
    user: str | None,
    label: tuple[str, ...],
    writing: bool,
    checking: bool,
    as_json: bool,
) -> None:
    """Print what a tool has to be told so that its calls go through the proxy.

    Settings come as text to paste: lines for a shell, parts of files, code. --write merges them into the tool's own
    files instead, keeps all that is there, and leaves a copy of the file as it was. Keys are never printed or written:
    the variable that holds one is named. Without TOOL the tools are listed.
    """
    known = TOOLS.get(tool or "")
    if known is None and not checking:
        if writing:
            raise click.UsageError("--write wants a TOOL to write for")
        _print_tools(as_json)
        return
    configured = settings(ctx)
    formats = formats_of(known, spoken_format)
    chosen = provider_of(configured, formats, provider, url)
    headers = tags({"project": project, "user": user}, label)
    place = place_at(configured, chosen, spoken(formats, chosen), url)
    place = told(place, configured, chosen, model=model, key_env=key_env, headers=headers)
    if checking:
        _check(configured, place, chosen, as_json=as_json)
        return
    assert known is not None
    _advise(known, place, chosen, configured, writing=writing, as_json=as_json)


def _print_tools(as_json: bool) -> None:
    if as_json:
        print_json([{"name": one.name, "title": one.title, "formats": one.formats} for one in TOOLS.values()])
        return
    print_table(left("tool", "what it is", "speaks"), [[o.name, o.title, ", ".join(o.formats)] for o in TOOLS.values()])
    click.echo("`audit connect TOOL` prints what it has to be told", err=True)


def _advise(
    tool: Tool, place: Place, provider: Provider | None, configured: Settings, *, writing: bool, as_json: bool
) -> None:
    environ = {"HOME": str(Path.home()), **os.environ}
    advice = tool.advise(place, environ)
    notes = (*_remarks(place, provider, configured), *advice.notes)
    written = write(tool.title, advice.blocks) if writing else ()
    if as_json:
        print_json(_as_json(tool, place, provider, advice, notes, written))
        return
    click.echo(legible(f"{tool.title} → {place.url}{f' ({provider.name})' if provider else ''}"), err=True)
    if writing:
        _print_written(written)
    else:
        _print_blocks(advice)
    for note in notes:
        click.echo(legible(f"note: {note}"), err=True)


def _remarks(place: Place, provider: Provider | None, configured: Settings) -> list[str]:
    remarks = []
    if provider and format_of(provider).vendor != place.format.vendor:
        remarks.append(f"{provider.name} has to speak {place.format} too: what is known of it is {format_of(provider)}")
    if provider is None and not configured.providers:
        remarks.append("no provider is configured: `audit proxy --upstream URL` serves one at this address")
    if configured.proxy.keys == "issued":
        remarks.append(f"the proxy takes issued keys only: {place.key_env} has to hold one of `audit keys issue`")
    return remarks


def _print_blocks(advice: Advice) -> None:
    for place, block in enumerate(advice.blocks):
        click.echo(("\n" if place else "") + coloured(legible(f"# {block.title}"), bold=True))
        click.echo(legible(block.text, lines=True), nl=False)
    if any(block.path for block in advice.blocks):
        click.echo("--write puts it into the file", err=True)


def _print_written(written: tuple[Written, ...]) -> None:
    for one in written:
        click.echo(legible(f"{one.path}: {'written' if one.changes else 'says so already'}"))
        for line in one.changes:
            click.echo(legible(f"  {line}"))
        if one.backup:
            click.echo(legible(f"  as it was: {one.backup}"))


def _as_json(
    tool: Tool,
    place: Place,
    provider: Provider | None,
    advice: Advice,
    notes: tuple[str, ...],
    written: tuple[Written, ...],
) -> dict[str, Any]:
    blocks = [
        {"title": one.title, "language": one.language, "path": str(one.path) if one.path else None, "text": one.text}
        for one in advice.blocks
    ]
    return {
        "tool": tool.name,
        "url": place.url,
        "provider": provider.name if provider else None,
        "format": place.format,
        "key_env": place.key_env,
        "blocks": blocks,
        "notes": notes,
        "written": [
            {"path": str(one.path), "changed": bool(one.changes), "backup": str(one.backup) if one.backup else None}
            for one in written
        ],
    }


def _check(configured: Settings, place: Place, provider: Provider | None, *, as_json: bool) -> None:
    """Ask, show what came of it, and end with 1 if it is not as it should be."""
    key = os.environ.get(place.key_env)
    if not key and (provider is None or provider.key_env or configured.proxy.keys == "issued"):
        raise AuditError(f"{place.key_env} is not set; it has to hold the key to ask with, or --key-env names another")
    checked = check(configured, _asking(configured, place, provider), key, provider=provider)
    complaint = _complaint(checked, configured)
    if as_json:
        print_json({"status": checked.status, "refused": checked.refused, "call": checked.call, "problem": complaint})
    elif checked.call:
        show_facts(checked.call)
    if complaint:
        click.echo(legible(complaint), err=True)
        sys.exit(1)


def _asking(configured: Settings, place: Place, provider: Provider | None) -> Place:
    """Return the place with a model to ask: the one named, or one that is configured there."""
    if place.model:
        return place
    there = [one.name for one in configured.models if provider and one.provider == provider.name]
    if not there:
        raise AuditError("no model is configured there; --model says which to ask")
    return told(place, configured, provider, model=there[0], key_env=place.key_env, headers=place.headers)


def _complaint(checked: Checked, configured: Settings) -> str | None:
    if checked.refused:
        return f"the proxy refused it ({checked.status}, {checked.refused}): {checked.text}"
    told = []
    if checked.status >= 400:
        told.append(f"the proxy works, but the provider answered {checked.status}: {checked.text}")
    if checked.call is None:
        told.append(
            f"answered with {checked.status}, but the call did not come into the record at {configured.home}: does "
            "the proxy keep another home or database? Does what brings calls into the database run?"
        )
    return "\n".join(told) or None
