"""What may be wrong with an installation, looked at one by one."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from audit.errors import AuditError
from audit.recording.journal import segments, writers
from audit.recording.lock import WriterLock
from audit.settings import Settings
from audit.store.engine import SOUND_SQLITE, open_engine, sqlite_module
from audit.store.read import Reader
from audit.store.schema import head, revision

__all__ = ["Diagnosis", "Level", "diagnose"]


class Level(StrEnum):
    """How bad it is."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was looked at, how it is, and what to do."""

    subject: str
    level: Level
    text: str


def diagnose(settings: Settings, environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Yield what is found, subject by subject; nothing is changed."""
    yield from _versions()
    yield _home(settings.home)
    for subject, look in _LOOKS.items():
        try:
            yield from (Diagnosis(subject=subject, level=level, text=text) for level, text in look(settings))
        except AuditError as exc:
            yield Diagnosis(subject=subject, level=Level.BAD, text=str(exc))
    yield from _canaries(settings, environ)


Finding = tuple[Level, str]


def _versions() -> Iterator[Diagnosis]:
    module = sqlite_module()
    sound = module.sqlite_version_info >= SOUND_SQLITE
    text = f"Python {platform.python_version()}, SQLite {module.sqlite_version} ({module.__name__.partition('.')[0]})"
    if not sound:
        text += f": too old, {'.'.join(map(str, SOUND_SQLITE))} is the first that is safe; pip install pysqlite3"
    yield Diagnosis(subject="versions", level=Level.GOOD if sound else Level.BAD, text=text)
    names = ("openai", "anthropic", "google-genai", "httpx2", "httpx", "genai-prices", "streamlit", "sqlalchemy")
    found = [f"{name} {version}" for name in names if (version := _version(name))]
    yield Diagnosis(subject="libraries", level=Level.GOOD, text=", ".join(found))


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _home(home: Path) -> Diagnosis:
    place = next(path for path in (home, *home.parents) if path.exists())
    writable = os.access(place, os.W_OK)
    text = f"{home}" if writable else f"{place} is not writable: nothing can be recorded; set AUDIT_HOME"
    return Diagnosis(subject="home", level=Level.GOOD if writable else Level.BAD, text=text)


def _database(settings: Settings) -> Iterator[Finding]:
    engine = open_engine(settings.database_url, read_only=True)
    try:
        found, expected = revision(engine), head()
    finally:
        engine.dispose()
    place = engine.url.render_as_string(hide_password=True)
    if found is None:
        yield Level.NOTE, f"{place}: empty; it is prepared when the first call is recorded"
    elif found != expected:
        yield Level.BAD, f"{place}: revision {found}, expected {expected}; run `audit db upgrade`"
    else:
        yield Level.GOOD, f"{place}: revision {found}"
        yield from _record(settings)


def _record(settings: Settings) -> Iterator[Finding]:
    engine = open_engine(settings.database_url, read_only=True)
    try:
        health = Reader(engine).health()
    finally:
        engine.dispose()
    yield (
        Level.GOOD,
        f"{health.calls} calls, {health.size_bytes / 1e6:.1f} MB, last recorded {health.recorded_at or 'never'}",
    )
    if health.lost:
        yield (
            Level.BAD,
            f"{health.lost} exchanges were lost ({health.lost_last_day} in the last day): {health.last_loss}",
        )
    if health.noted:
        yield Level.NOTE, f"{health.noted} calls have notes: something in them could not be read"
    if health.unknown_dialect:
        yield Level.NOTE, f"{health.unknown_dialect} calls are in a format that no dialect knows"
    if health.unknown_ending:
        yield Level.NOTE, f"{health.unknown_ending} calls ended with the process that made them: how, is unknown"


def _journal(settings: Settings) -> Iterator[Finding]:
    folder = settings.journal
    if not folder.is_dir():
        yield Level.GOOD, f"{folder}: not there yet"
        return
    waiting = {name: sum(path.stat().st_size for path in segments(folder, name).values()) for name in writers(folder)}
    living = [name for name in waiting if _lives(folder, name)]
    yield Level.GOOD, f"{folder}: {len(living)} recording processes, {sum(waiting.values()) / 1e6:.1f} MB"
    if dead := [name for name in waiting if name not in living and segments(folder, name)]:
        yield Level.NOTE, f"{len(dead)} ended processes have left calls; the next audit command brings them in"
    for kept in sorted((*folder.glob("*.damaged"), *folder.glob("rejected.journal"))):
        yield Level.BAD, f"{kept.name} holds calls that could not be brought into the database"


def _lives(folder: Path, name: str) -> bool:
    lock = WriterLock.take(folder / f"{name}.lock")
    if lock is not None:
        lock.release(remove=False)
    return lock is None


def _canaries(settings: Settings, environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    wanted = {model.provider for model in settings.models}
    for name in sorted(wanted):
        variable = settings.providers[name].key_env
        missing = variable is not None and not environ.get(variable)
        text = f"{name}: {variable} is not set, its canaries will fail" if missing else f"{name}: key at hand"
        yield Diagnosis(subject="canaries", level=Level.BAD if missing else Level.GOOD, text=text)
    if not wanted:
        text = "no models are configured in audit.toml, so none is checked"
        yield Diagnosis(subject="canaries", level=Level.NOTE, text=text)


_LOOKS: dict[str, Callable[[Settings], Iterator[Finding]]] = {"database": _database, "journal": _journal}
