"""Issued keys as people read them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from audit.cli._figures import ABSENT, money, when, zone
from audit.cli._output import plain, print_json
from audit.cli._table import Column, left, print_table
from audit.wiring.issuing import providers_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audit.settings import Settings
    from audit.store.rows import IssuedKeyRow

__all__ = ["fitting", "in_json", "print_issued", "tell_issued"]


def print_issued(rows: Sequence[IssuedKeyRow], *, as_json: bool) -> None:
    """Print keys with what they may do and have done."""
    if as_json:
        print_json([in_json(row) for row in rows])
    elif not rows:
        click.echo("No key was issued yet: `audit keys issue --name NAME` makes one.", err=True)
    else:
        headings = [*left("name", "state", "models", "providers"), Column(heading="a minute", right=True)]
        figures = [Column(heading="spent", right=True), *left("of"), Column(heading=f"last used ({zone()})", spare=1)]
        ends = [Column(heading="expires", spare=2), Column(heading="fingerprint", spare=4)]
        whose = [Column(heading="project", folds=True, spare=5), Column(heading="user", folds=True, spare=6)]
        print_table([*headings, *figures, *ends, *whose], [_cells(row) for row in rows])


def tell_issued(settings: Settings, row: IssuedKeyRow) -> None:
    """Say what a new key may do, what to do with it next, and what would keep it from working."""
    served = providers_for(settings, row.providers)
    keyless = [name for name in served if not (settings.providers[name].key_env or settings.providers[name].key_file)]
    say = partial(click.echo, err=True)
    say(f"{row.name} ({row.fingerprint}) may use {_limits_of(row)}. It is shown this once: only its digest is kept.")
    say(
        f"Point your tool at the proxy (`audit proxy`, http://{settings.proxy.host}:{settings.proxy.port}) and give it "
        "this key in place of the provider's; `audit connect` prints the settings of each tool."
    )
    if not served:
        say("No configured provider fits: [providers.NAME] in audit.toml is what the proxy serves such keys at.")
    elif keyless:
        say(f"No key to stand in for it is known for {', '.join(keyless)}: set key_env or key_file in audit.toml.")


def in_json(row: IssuedKeyRow) -> dict[str, Any]:
    """Return a key without what only the database has use for."""
    found = {name: value for name, value in plain(row).items() if name not in ("pk", "digest", "labels")}
    return found | {"labels": dict(row.labels)}


def fitting(rows: Sequence[IssuedKeyRow], word: str) -> IssuedKeyRow:
    """Return the key that a word means: the one of this name that is not revoked, else by its fingerprint's beginning.

    Raises `click.BadParameter` for none, several, or one that is revoked.
    """
    valid = [row for row in rows if row.revoked_at is None]
    named = [row for row in valid if row.name == word]
    begun = named or [row for row in valid if word and row.fingerprint.startswith(word)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        told = f"{len(begun)} keys begin with {word!r}"
    elif any(word in (row.name, row.fingerprint) for row in rows):
        told = f"{word} is revoked already"
    else:
        told = f"no issued key is called {word!r}, or begins with it"
    raise click.BadParameter(f"{told}; `audit keys list --issued` shows them all", param_hint="KEY")


def _limits_of(row: IssuedKeyRow) -> str:
    words = ["all models" if "*" in row.models else "the models " + ", ".join(row.models)]
    words.append("of all providers" if "*" in row.providers else "of " + ", ".join(row.providers))
    told = " ".join(words)
    if row.rpm is not None:
        told += f", {row.rpm} times a minute"
    if row.budget is not None:
        told += f", for {row.budget} (calls without a price do not count)"
    return told + (f", until {when(row.expires_at)} {zone()}" if row.expires_at else "")


def _cells(row: IssuedKeyRow) -> list[str]:
    return [
        row.name,
        row.state.value,
        " ".join(row.models),
        " ".join(row.providers),
        ABSENT if row.rpm is None else str(row.rpm),
        ABSENT if row.budget is None else money(row.spent, row.budget.currency),
        ABSENT if row.budget is None else str(row.budget),
        when(row.last_used_at, "%Y-%m-%d %H:%M"),
        when(row.expires_at, "%Y-%m-%d"),
        row.fingerprint,
        row.project or ABSENT,
        row.user or ABSENT,
    ]
