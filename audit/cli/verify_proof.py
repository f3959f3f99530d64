"""`audit verify-proof`: does a proof hold? Without a database."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import click

from audit.cli._options import as_json, settings
from audit.cli._output import legible, print_json
from audit.errors import LedgerError
from audit.ledger.leaf import METADATA, REQUEST, RESPONSE, commit, commitments_in, leaf_hash
from audit.ledger.proof import Proof
from audit.wiring.ledger import verifier_of

__all__ = ["command"]

_PARTS = (("metadata", METADATA, "salt"), ("request", REQUEST, "body_salt"), ("response", RESPONSE, "body_salt"))
"""What a content has, which side of the ledger it is, and what it was committed with."""


@click.command(
    name="verify-proof",
    epilog="""\b
Examples:
  audit verify-proof call.tlog-proof --key ledger.pub
  audit verify-proof call.tlog-proof --content call.json --key ledger.pub
""",
)
@click.argument("proof", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--content",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What is proven, as `audit prove --content` wrote it.",
)
@click.option("--key", help="The verifier key, or a file with it; else the one of this installation.")
@as_json
@click.pass_context
def command(ctx: click.Context, proof: Path, content: Path | None, key: str | None, as_json: bool) -> None:
    """Say whether a proof holds, without a database: the signed log has the entry, and the content is the entry's.

    Exits with 2 if it does not.
    """
    found = Proof.parse(_text(proof))
    if found.extra is None:
        raise LedgerError("the proof does not bring the leaf that it is of; `audit prove` writes one that does")
    checkpoint = found.verify(leaf_hash(found.extra), verifier_of(settings(ctx), key))
    held = _shown(found.extra, content) if content is not None else []
    if as_json:
        print_json({"index": found.index, "size": checkpoint.size, "origin": checkpoint.origin, "content": held})
        return
    click.echo(f"entry {found.index} is in the log {legible(checkpoint.origin)}, as it was signed at {checkpoint.size}")
    click.echo(f"and these are its own: {', '.join(held)}" if held else "what it is of was not given (--content)")


def _shown(leaf: bytes, path: Path) -> list[str]:
    """Return which parts of a content the leaf commits to; raise `LedgerError` for one that it does not."""
    given, commitments = _content(path), commitments_in(leaf)
    shown = []
    for name, side, salt in _PARTS:
        if given.get(name) is None or given.get(salt) is None:
            continue
        if commit(given[salt], side, given[name]) != commitments[side]:
            raise LedgerError(f"the {name} is not what the log was told: it has been changed")
        shown.append(name)
    if not shown:
        raise LedgerError(f"{path} has nothing in it that could be compared: it was erased, or is another file")
    return shown


def _content(path: Path) -> dict[str, Any]:
    try:
        given = json.loads(_text(path))
        return {name: None if part is None else base64.b64decode(part, validate=True) for name, part in given.items()}
    except (ValueError, TypeError, AttributeError) as exc:
        raise LedgerError(f"{path} is not what `audit prove --content` writes: {exc}") from exc


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise LedgerError(f"cannot read {path}: {exc}") from exc
