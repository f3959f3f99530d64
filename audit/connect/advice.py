"""What a tool is to be told, in pieces: lines for a shell, parts of files, code."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.connect.merging import Kind, merged
from audit.connect.place import Format, Place

__all__ = ["Advice", "Block", "Tool", "exports", "file_block", "home"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece: text to paste somewhere."""

    title: str
    """Where it goes."""
    language: str
    """sh, toml, json, dotenv, yaml, python or javascript."""
    text: str
    path: Path | None = None
    """The file that it is a part of; None: no file, or none that we write."""
    kind: Kind | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    """What the file is to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """All that a tool wants."""

    blocks: tuple[Block, ...]
    notes: tuple[str, ...] = ()
    """What saves the user time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that has a base URL."""

    name: str
    title: str
    formats: tuple[Format, ...]
    """Which it speaks; the first is what it speaks where nothing else decides."""
    advise: Callable[[Place, Mapping[str, str]], Advice]
    """Takes the environment for the tool's own variables; reads and writes nothing."""


def exports(variables: Mapping[str, str], *, key: str | None = None, place: Place) -> str:
    """Return shell lines that set variables, and `key` to what the place's own variable holds if that is another."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    if key is not None and key != place.key_env:
        lines.append(f'export {key}="${place.key_env}"')
    return "\n".join(lines) + "\n"


def file_block(path: Path, kind: Kind, values: Mapping[str, Any]) -> Block:
    """Return a part of a file: as text, and as values that can be merged into what it says already."""
    return Block(
        title=str(path), language=kind.value, text=merged(kind, "", values), path=path, kind=kind, values=values
    )


def home(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """Return the folder that a tool's own variable names, or the default one in the user's home."""
    return Path(environ.get(variable) or Path(environ.get("HOME", "~")) / default)
