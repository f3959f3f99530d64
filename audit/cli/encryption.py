"""`audit encryption`: bodies encrypted at rest, their master keys, and what is stored plainly."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli._figures import figure
from audit.cli._options import as_json, settings
from audit.cli._output import legible, print_json
from audit.cli._progress import progress
from audit.wiring import encrypting

if TYPE_CHECKING:
    from audit.wiring.encrypting import Standing

__all__ = ["command"]

_HOW = """\
Nothing is encrypted. To have it so, make a key where the database is not, and name it in audit.toml:

  audit encryption new-key /etc/audit/master.key

  [encryption]
  keys = "file:/etc/audit/master.key"        # or "env:AUDIT_MASTER_KEY\""""

_YET = "Nothing is encrypted yet: the next call that is recorded will be."


@click.group(
    name="encryption",
    epilog="""\b
Examples:
  audit encryption new-key /etc/audit/master.key
  audit encryption status
  audit encryption apply
""",
)
def command() -> None:
    """Bodies encrypted at rest: how it stands, new master keys, what is stored plainly.

    Each content is encrypted with a key of its own, which a master key wraps; the master key is in a file or in a
    variable that [encryption] names, never in the record, and in no backup of it. Without it bodies cannot be read, by
    nobody: keep a copy of it where the database is not.
    """


@command.command(
    short_help="Say how much is encrypted, and with which keys.",
    epilog="""\b
Examples:
  audit encryption status
  audit encryption status --json

\b
Exit codes:
  0  all that is stored is encrypted with the newest key; or nothing is to be
  1  something is stored plainly, or wrapped by an older key, or a key is missing
  2  the database cannot be read
""",
)
@as_json
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say how much is encrypted, with which keys, and which of them are here. Wants no key, and changes nothing."""
    found = encrypting.standing(settings(ctx))
    if as_json:
        print_json({"keys": found.keys, "trouble": found.trouble, "missing": found.missing, "record": found.record})
    else:
        _tell(found)
    sys.exit(0 if _is_settled(found) else 1)


@command.command(
    short_help="Wrap all data keys by the newest master key.",
    epilog="""\b
Examples:
  audit encryption new-key /etc/audit/2027.key
  audit encryption rotate                     with keys = ["file:/etc/audit/2027.key", "file:/etc/audit/2026.key"]
  audit encryption rotate --scrub --json

\b
Exit codes:
  0  all are wrapped by the newest
  2  it could not be done; what is done stays done, and can be gone on with
""",
)
@click.option(
    "--scrub", is_flag=True, help="Write the database's files anew afterwards: the old key opens nothing there."
)
@as_json
@click.pass_context
def rotate(ctx: click.Context, scrub: bool, as_json: bool) -> None:
    """Wrap all data keys by the newest master key. Bodies are not touched, and others record on.

    Put the new key first in `keys` of [encryption], the old one behind it, and start again whoever records or reads.
    When all are wrapped anew, the old key opens nothing but old backups: destroy it, and they cannot be read either.
    """
    with progress() as advance:
        rotated = encrypting.rotate_keys(settings(ctx), lambda done, of: advance("keys", done, of), scrubbed=scrub)
    if as_json:
        print_json({"rotated": rotated})
    else:
        click.echo(f"{figure(rotated)} data keys are wrapped anew")


@command.command(
    short_help="Encrypt what is stored plainly.",
    epilog="""\b
Examples:
  audit encryption apply
  audit encryption apply --json

\b
Exit codes:
  0  all contents are encrypted, and no plain byte of them is left in the database's files
  2  it could not be done; what is done stays done, and can be gone on with
""",
)
@as_json
@click.pass_context
def apply(ctx: click.Context, as_json: bool) -> None:
    """Encrypt what was stored before there was a key, and take its words out of the search index.

    Afterwards the database's files are written anew, which takes as much free space again. Backups, and PostgreSQL's
    log and replicas, keep what was plain as long as they keep anything. What a provider quoted in an error's message
    or a filter's finding stays, as the ledger was told of it.
    """
    with progress() as advance:
        sealed = encrypting.seal_record(settings(ctx), lambda done, of: advance("contents", done, of))
    if as_json:
        print_json({"encrypted": sealed})
    else:
        click.echo(f"{figure(sealed)} contents are encrypted")


@command.command(
    name="new-key",
    short_help="Write a new master key into a new file.",
    epilog="""\b
Examples:
  audit encryption new-key /etc/audit/master.key
""",
)
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def new_key(file: Path, as_json: bool) -> None:
    """Write a new master key into FILE, which must not be there; only its owner can read it. Prints the key's id."""
    made, place = encrypting.make_key(file), f"file:{file.absolute()}"
    if as_json:
        print_json({"id": made, "place": place})
    else:
        click.echo(f"{made}: name it first in `keys` of [encryption], as {place}")


def _tell(found: Standing) -> None:
    if found.trouble is not None:
        click.echo(legible(found.trouble))
    if found.record is None or not found.record.encrypted:
        click.echo(_YET if found.keys or found.trouble else _HOW)
        return
    click.echo(f"{figure(found.record.sealed)} contents are encrypted, {figure(found.record.plain)} are plain")
    for master, number in found.record.wrapped.items():
        here = "not here" if master in found.missing else "the newest" if master == found.keys[0] else "an older one"
        click.echo(f"key {legible(master)} ({here}) wraps {figure(number)} data keys")
    if found.old and not found.missing:
        click.echo("`audit encryption rotate` wraps all of them by the newest")
    if found.record.plain or found.record.indexed:
        click.echo(f"{figure(found.record.indexed)} calls are found by their words; `audit encryption apply` ends that")


def _is_settled(found: Standing) -> bool:
    record = found.record
    if record is None or not record.encrypted:
        return found.trouble is None
    return not (found.trouble or found.missing or found.old or record.plain or record.indexed)
