"""What may be wrong with an installation, looked at one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from audit import surroundings
from audit.canary.plan import plan
from audit.errors import AuditError
from audit.ports import is_free
from audit.recording.collector import is_collecting
from audit.recording.identity import is_left
from audit.recording.journal import segments, writers
from audit.recording.lock import WriterLock
from audit.recording.rejected import files
from audit.recording.room import Measure, measure
from audit.settings import DashboardSettings, JournalSettings, ProxySettings, RedactionSettings, Settings
from audit.store.engine import hidden, is_there, opened
from audit.store.read import Reader
from audit.store.rows import Health
from audit.store.schema import head, revision
from audit.surroundings import Finding, Level

__all__ = ["Diagnosis", "Level", "diagnose"]

AHEAD = timedelta(minutes=2)
"""How far in the future a call may have begun: several machines' clocks never quite agree."""
ANSWER_S = 2.0
NEARLY_FULL = 0.8
"""Of what the journal may have: time to look why it is not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was looked at, how it is, and what to do."""

    subject: str
    level: Level
    text: str


def diagnose(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    ledger: Callable[[], Iterator[Finding]] = lambda: iter(()),
    encryption: Callable[[], Iterator[Finding]] = lambda: iter(()),
) -> Iterator[Diagnosis]:
    """Yield what is found, subject by subject; nothing is changed, and nobody is asked but the database.

    `ledger` looks at the ledger, whose key and anchors it knows; `encryption` likewise at the keys of bodies.
    """
    looks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("versions", surroundings.python),
        ("libraries", surroundings.libraries),
        ("environment", lambda: surroundings.environment(environ)),
        ("home", lambda: surroundings.home(settings.home)),
        ("disk", lambda: surroundings.disk(settings.home)),
        ("database", lambda: _database(settings.database_url)),
        ("ledger", ledger),
        ("encryption", encryption),
        ("journal", lambda: _journal(settings.journal, settings.journalling)),
        ("recording", lambda: _recording(settings)),
        ("redaction", lambda: _redaction(settings.redaction)),
        ("canaries", lambda: _canaries(settings, environ)),
        ("dashboard", lambda: _dashboard(settings.dashboard)),
        ("proxy", lambda: _proxy(settings.proxy)),
    )
    for subject, look in looks:
        yield from (Diagnosis(subject=subject, level=one.level, text=one.text) for one in _told(look))


def _told(look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except (AuditError, OSError) as exc:
        yield from (Finding(Level.BAD, line.strip()) for line in str(exc).splitlines())


def _database(url: str) -> Iterator[Finding]:
    if not is_there(url):
        yield Finding(Level.NOTE, f"{hidden(url)}: not there yet; it is made when the first call is recorded")
        return
    with opened(url, read_only=True) as engine:
        found, expected = revision(engine), head()
        if found is None:
            yield Finding(Level.NOTE, f"{hidden(url)}: empty; it is prepared when the first call is recorded")
        elif found != expected:
            yield Finding(Level.BAD, f"{hidden(url)}: revision {found}, expected {expected}; run `audit db upgrade`")
        else:
            yield Finding(Level.GOOD, f"{hidden(url)}: revision {found}")
            yield from _record(Reader(engine).health(), datetime.now(UTC))


def _record(health: Health, now: datetime) -> Iterator[Finding]:
    last = f"{health.recorded_at.astimezone():%Y-%m-%d %H:%M:%S %Z}" if health.recorded_at else "never"
    yield Finding(Level.GOOD, f"{health.calls} calls, {health.size_bytes / 1e6:.1f} MB, last recorded {last}")
    if health.last_at and health.last_at > now + AHEAD:
        ahead = f"{health.last_at.astimezone():%Y-%m-%d %H:%M:%S %Z}"
        yield Finding(Level.BAD, f"the last call is from the future ({ahead}): a clock is wrong, here or where it ran")
    if health.lost:
        recent = f"{health.lost_last_day} in the last day"
        yield Finding(
            Level.BAD, f"{health.lost} exchanges were lost ({recent}), the last one because: {health.last_loss}"
        )
    for number, what in (
        (health.noted, "calls of which something could not be read; `audit calls show` tells what"),
        (health.unknown_dialect, "calls in a format that no dialect knows"),
        (health.unknown_ending, "calls that ended with the process that made them: how, is unknown"),
        (health.unindexed, "calls that cannot be found by their words yet; `audit collect --once` sees to it now"),
    ):
        if number:
            yield Finding(Level.NOTE, f"{what}: {number}")


def _journal(folder: Path, limits: JournalSettings) -> Iterator[Finding]:
    if not folder.is_dir():
        yield Finding(Level.GOOD, f"{folder}: not there yet, made when the first call is recorded")
        return
    sizes = {name: sum(path.stat().st_size for path in segments(folder, name).values()) for name in writers(folder)}
    living = [name for name in sizes if _lives(folder, name)]
    waiting = f"{sum(sizes[name] for name in living) / 1e6:.1f} MB in the journal"
    yield Finding(Level.GOOD, f"{folder}: {len(living)} processes are recording, {waiting}")
    yield from _room(measure(folder, most=limits.max_bytes, reserve=limits.free_reserve))
    dead = [size for name, size in sizes.items() if name not in living and size]
    if dead:
        who = "1 process has" if len(dead) == 1 else f"{len(dead)} processes have"
        left = f"{who} ended and left {sum(dead) / 1e6:,.2f} MB of calls"
        yield Finding(Level.NOTE, f"{left}; the next command that reads or records brings them into the database")
    if any(is_left(name) for name in living) and not is_collecting(folder):
        yield Finding(Level.NOTE, "calls are left to a collector, and none is at work: run `audit collect`")
    for kept in sorted(folder.glob("*.damaged")):
        yield Finding(Level.BAD, f"{kept} holds calls that could not be brought into the database")
    if refused := len(files(folder)):
        hint = "see `audit journal list --rejected`, then `audit journal retry`"
        yield Finding(Level.BAD, f"calls that the database refused: {refused}; {hint}")


def _room(measured: Measure) -> Iterator[Finding]:
    if measured.is_full:
        yield Finding(Level.BAD, measured.full)
    elif measured.most is not None and measured.used > NEARLY_FULL * measured.most:
        part = f"{measured.used / 1e6:,.1f} of {measured.most / 1e6:,.1f} MB"
        yield Finding(Level.NOTE, f"is nearly full: {part} ([journal] max_bytes); is `audit collect` at work?")


def _lives(folder: Path, name: str) -> bool:
    lock = WriterLock.take(folder / f"{name}.lock")
    if lock is not None:
        lock.release(remove=False)
    return lock is None


def _recording(settings: Settings) -> Iterator[Finding]:
    if not settings.recording.enabled:
        yield Finding(Level.NOTE, "is switched off by recording.enabled = false: calls pass unseen")
    elif not settings.recording.drain:
        yield Finding(Level.NOTE, "goes to the journal only (recording.drain = false)")
    else:
        yield Finding(Level.GOOD, "is switched on")


def _redaction(wanted: RedactionSettings) -> Iterator[Finding]:
    if wanted.on:
        names = (*wanted.rules, *(pattern.name for pattern in wanted.patterns))
        yield Finding(Level.GOOD, f"takes out of calls before they are stored: {', '.join(names)}")
    if "presidio" in wanted.rules and find_spec("presidio_analyzer") is None:
        yield Finding(
            Level.BAD, "presidio is not installed, so calls wait in the journal: pip install 'audit[presidio]'"
        )


def _canaries(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    planned = plan(settings)
    if not planned:
        yield Finding(Level.NOTE, "no models are configured in audit.toml, so none is checked")
        return
    yield Finding(Level.GOOD, f"{len(planned)} to ask; `audit canary list` names them")
    targets = {one.target.provider: one.target.key_env for one in planned}
    for provider, variable in sorted(targets.items()):
        if variable is not None and not environ.get(variable, "").strip():
            yield Finding(Level.BAD, f"{variable} is not set here, which must hold the key of {provider}")


def _dashboard(place: DashboardSettings) -> Iterator[Finding]:
    address = f"{place.host}:{place.port}"
    if is_free(place.host, place.port):
        yield Finding(Level.GOOD, f"not running; `audit dashboard` serves it at http://{address}")
    elif _answers(place):
        yield Finding(Level.GOOD, f"running at http://{address}")
    else:
        yield Finding(Level.NOTE, f"{address} is taken by another program; `audit dashboard --port` names another port")


def _proxy(place: ProxySettings) -> Iterator[Finding]:
    if place.admin_port is None:
        yield Finding(Level.NOTE, "whether it runs cannot be asked: proxy.admin_port is false")
        return
    asked = f"{place.admin_host}:{place.admin_port}"
    if is_free(place.admin_host, place.admin_port):
        yield Finding(Level.GOOD, f"not running; `audit proxy` serves it at http://{place.host}:{place.port}")
        return
    said = _said(place.admin_host, place.admin_port, "/readyz")
    if not isinstance(said, dict) or "ready" not in said:
        yield Finding(Level.NOTE, f"{asked} is taken by another program; `--admin-port` names another port")
    elif said["ready"]:
        yield Finding(Level.GOOD, f"running; its health is at http://{asked}/readyz")
    else:
        problems = said.get("problems")
        reasons = "; ".join(map(str, problems)) if isinstance(problems, list) and problems else "it does not say why"
        yield Finding(Level.BAD, f"running and not ready: {reasons}")


def _answers(place: DashboardSettings) -> bool:
    return bool(_said(place.host, place.port, "/healthz") == {"status": "ok"})


def _said(host: str, port: int, path: str) -> Any:
    """Return the JSON that a program of this machine answers with; None if it is none."""
    try:
        with closing(HTTPConnection(host, port, timeout=ANSWER_S)) as connection:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read(10_000))
    except (OSError, HTTPException, ValueError, RecursionError):
        return None
