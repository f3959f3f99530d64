"""API keys by what people call them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from audit.store.rows import KeyRow

__all__ = ["called", "fingerprints"]


def fingerprints(known: Sequence[KeyRow], wanted: Sequence[str], *, hint: str = "--key") -> tuple[str, ...]:
    """Return the fingerprints of the keys that are meant: by name, by fingerprint or its beginning.

    An empty word stands for calls without a key; `hint` is where the words were given. Raises `click.BadParameter` for
    a word that fits no key, or several.
    """
    return tuple(dict.fromkeys(fingerprint for word in wanted for fingerprint in _fitting(known, word, hint)))


def called(known: Sequence[KeyRow]) -> dict[str, str]:
    """Return what to call each key in a table: its name, with the fingerprint where several have it; or that alone."""
    names = Counter(row.name for row in known)
    return {
        row.fingerprint: row.fingerprint
        if not row.name
        else row.name
        if names[row.name] == 1
        else f"{row.name} ({row.fingerprint})"
        for row in known
    }


def _fitting(known: Sequence[KeyRow], word: str, hint: str) -> list[str]:
    if not word:
        return [""]
    if named := [row.fingerprint for row in known if word in (row.name, row.fingerprint)]:
        return named
    begun = [row.fingerprint for row in known if row.fingerprint.startswith(word)]
    if len(begun) != 1:
        what = f"{len(begun)} keys begin with {word!r}" if begun else f"no key is called {word!r}, or begins with it"
        raise click.BadParameter(f"{what}; `audit keys list` shows them all", param_hint=hint)
    return begun
