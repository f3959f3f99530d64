"""What an installation stands on: Python and its libraries, the disk, the clock, the environment."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from audit.store.engine import SOUND_SQLITE, sqlite_module

__all__ = ["Finding", "Level", "disk", "environment", "home", "libraries", "python"]

LITTLE_BYTES, TOO_LITTLE_BYTES = 1_000_000_000, 100_000_000
"""Free space: what a busy week of agents' calls takes, and what a busy hour takes."""
SDKS = ("openai", "anthropic", "google-genai")
LIBRARIES = ("httpx2", "httpx", "genai-prices", "streamlit", "sqlalchemy", "psycopg")
VARIABLES = ("AUDIT_CONFIG", "AUDIT_HOME", "AUDIT_DATABASE_URL")


class Level(StrEnum):
    """How bad it is."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """How something is, and what to do about it."""

    level: Level
    text: str


def python() -> Iterator[Finding]:
    """Look at the interpreter and the SQLite that it uses."""
    module = sqlite_module()
    text = f"Python {platform.python_version()}, SQLite {module.sqlite_version} ({module.__name__.partition('.')[0]})"
    if module.sqlite_version_info >= SOUND_SQLITE:
        yield Finding(Level.GOOD, text)
    else:
        first = ".".join(map(str, SOUND_SQLITE))
        yield Finding(Level.BAD, f"{text}: too old, {first} is the first that is safe; pip install pysqlite3")


def libraries() -> Iterator[Finding]:
    """Look at the SDKs, and with which HTTP library each speaks: what is recorded goes through that one."""
    sdks = [f"{name} {version} (on {_family(name)})" for name in SDKS if (version := _version(name))]
    others = [f"{name} {version}" for name in LIBRARIES if (version := _version(name))]
    yield Finding(Level.GOOD, ", ".join(sdks) or "no SDK is installed; any httpx2 or httpx client can be recorded")
    yield Finding(Level.GOOD, ", ".join(others))


def home(folder: Path) -> Iterator[Finding]:
    """Look at whether the home folder can be written to."""
    place = _existing(folder)
    if not place.is_dir():
        yield Finding(Level.BAD, f"{place} is no folder: nothing can be recorded; set AUDIT_HOME to another one")
    elif not os.access(place, os.W_OK | os.X_OK):
        yield Finding(Level.BAD, f"{place} is not writable: nothing can be recorded; set AUDIT_HOME to another one")
    else:
        yield Finding(Level.GOOD, f"{folder}" if place == folder else f"{folder}: not there yet, made on first use")


def disk(folder: Path) -> Iterator[Finding]:
    """Look at how much room there is for the journal."""
    free = shutil.disk_usage(_existing(folder)).free
    text = f"{free / 1e9:.1f} GB free"
    if free < TOO_LITTLE_BYTES:
        yield Finding(Level.BAD, f"{text}: soon nothing can be recorded; make room, or set AUDIT_HOME to another disk")
    elif free < LITTLE_BYTES:
        yield Finding(Level.NOTE, f"{text}: that is not much")
    else:
        yield Finding(Level.GOOD, text)


def environment(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look for misspelt variables: they would be passed over in silence."""
    said = [name for name in VARIABLES if environ.get(name)]
    yield Finding(
        Level.GOOD, f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %Z}; set: {', '.join(said) or 'nothing'}"
    )
    for name in sorted(environ):
        if name.startswith("AUDIT") and name not in VARIABLES and (close := get_close_matches(name, VARIABLES, 1, 0.8)):
            yield Finding(Level.NOTE, f"{name} is set and means nothing; is {close[0]} meant?")


def _existing(path: Path) -> Path:
    """The folder itself, or the nearest one above that is there."""
    return next(place for place in (path, *path.parents) if os.path.lexists(place))


def _family(distribution: str) -> str:
    """Return which HTTP library a distribution requires: newer SDKs want httpx2, older ones httpx."""
    lines = [line for line in metadata.requires(distribution) or () if "extra ==" not in line]
    required = [re.split(r"[^A-Za-z0-9_.-]", line, maxsplit=1)[0] for line in lines]
    return next((name for name in ("httpx2", "httpx") if name in required), "neither httpx2 nor httpx")


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
