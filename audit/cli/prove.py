"""`audit prove`: a proof for others that the log holds a call."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from audit import wiring
from audit.cli._ids import the_one
from audit.cli._options import settings
from audit.cli._views import say_view
from audit.errors import AuditError
from audit.wiring.ledger import prove

if TYPE_CHECKING:
    from audit.settings import Settings
    from audit.store.read.ledger import Proven

__all__ = ["command"]


@click.command(
    name="prove",
    epilog="""\b
Examples:
  audit prove 0193f2a1 > call.tlog-proof
  audit prove 0193f2a1 --content call.json > call.tlog-proof
  audit verify-proof call.tlog-proof --content call.json --key ledger.pub

\b
The proof is a text as https://c2sp.org/tlog-proof describes it. It tells nothing of the call; the content
does: all of its metadata and both bodies, with the salts that they were committed with.
""",
)
@click.argument("call")
@click.option(
    "--content", type=click.Path(dir_okay=False, path_type=Path), help="Write what is proven to this file, as JSON."
)
@click.option("--key", help="The verifier key, or a file with it; else the one of this installation.")
@click.pass_context
def command(ctx: click.Context, call: str, content: Path | None, key: str | None) -> None:
    """Print the proof that the ledger holds a call, by its id or the beginning of it."""
    found = settings(ctx)
    proof, proven = prove(found, _id(found, call), key, content=content is not None)
    if content is not None:
        if proven.content is not None:
            say_view(found, proven.content.id, "audit prove --content")
        content.write_text(json.dumps(_content(proven), indent=2) + "\n", encoding="utf-8")
    click.echo(proof.text, nl=False)


def _id(found: Settings, call: str) -> UUID:
    reader = wiring.open_reader(found)
    try:
        return the_one(reader, call)
    except AuditError:
        with suppress(ValueError):
            return UUID(call)  # of a call that was erased, or an act
        raise
    finally:
        reader.close()


def _content(proven: Proven) -> dict[str, str | None]:
    held = proven.content
    parts = {
        "leaf_input": proven.leaf_input,
        "salt": proven.salt,
        **{name: getattr(held, name, None) for name in ("metadata", "body_salt", "request", "response")},
    }
    return {name: None if part is None else base64.b64encode(part).decode() for name, part in parts.items()}
