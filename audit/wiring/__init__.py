"""The composition root: from settings to things that work together.

What is heavy is imported where it is used, here and nowhere else, so that `audit --help` and `import audit` stay fast.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from audit.wiring.encrypting import keyed
from audit.wiring.storing import Store, interpreter, key_names, open_store, upgraded, upgraded_engine

if TYPE_CHECKING:
    from audit.canary.plan import Assignment
    from audit.canary.run import Checked, Runner
    from audit.diagnosis import Diagnosis
    from audit.intake import Intake
    from audit.recording.recorder import Recorder
    from audit.settings import Settings
    from audit.store.read import Reader
    from audit.store.schema import SchemaCheck

__all__ = [
    "Store",
    "assignments",
    "bundled",
    "check_schema",
    "default_recorder",
    "diagnoses",
    "importing",
    "interpreter",
    "name_key",
    "open_reader",
    "open_recorder",
    "open_store",
    "read_settings",
    "run_canaries",
    "scheduling",
    "serve_dashboard",
    "serve_simulator",
    "simulator_scenarios",
    "upgrade",
    "upgraded_engine",
    "wait_for_interrupt",
]

_log = logging.getLogger("audit")
_FIRST_USE = threading.RLock()
os.register_at_fork(  # or a child would wait for ever for a thread that it does not have
    before=_FIRST_USE.acquire, after_in_parent=_FIRST_USE.release, after_in_child=_FIRST_USE.release
)
EXIT_WAIT_S = 2.0
"""How long a process may be kept from ending to bring its last calls into the database; the journal has them anyway."""


def read_settings(config: Path | None = None) -> Settings:
    """Return the settings of this process's environment; raise `SettingsError`."""
    from audit.settings import load_settings

    return load_settings(os.environ, config)


def open_reader(settings: Settings) -> Reader:
    """Return the configured database for reading, with what dead processes left in the journal brought in first."""
    from audit.recording.journal import writers
    from audit.store.engine import open_engine
    from audit.store.read import Reader

    if settings.journal.is_dir() and writers(settings.journal):
        with closing(open_store(settings)) as store:
            _adopt(settings.journal, store)
    elif not _is_up_to_date(settings):
        upgraded_engine(settings).dispose()
    return Reader(keyed(open_engine(settings.database_url, read_only=True), settings))


def _adopt(journal: Path, store: Store) -> None:
    """Bring in what dead processes left; who has no key to encrypt it with leaves it to others."""
    from audit.errors import EncryptionError
    from audit.recording.adoption import adopt

    try:
        adopt(journal, store)
    except EncryptionError as exc:
        _log.warning("calls of processes that have ended wait in the journal: %s", exc)


def _is_up_to_date(settings: Settings) -> bool:
    """Whether the schema can stay as it is: asked without writing, so that who may only read can read."""
    found = _revision(settings)
    return found.revision == found.expected


def upgrade(settings: Settings) -> tuple[str | None, str]:
    """Bring the database's schema up to date; return the revisions before and after."""
    from audit.store.engine import opened
    from audit.store.schema import upgrade as upgrade_schema

    with opened(settings.database_url) as engine:
        return upgrade_schema(engine)


def check_schema(settings: Settings) -> SchemaCheck:
    """Compare the database with what this version expects; one that is not there yet has no revision."""
    from audit.store.engine import opened
    from audit.store.schema import differences

    found = _revision(settings)
    if found.revision != found.expected:
        return found
    with opened(settings.database_url, read_only=True) as engine:
        return replace(found, differences=tuple(differences(engine)))


def _revision(settings: Settings) -> SchemaCheck:
    """Compare the schema's revision with the one this version expects, and no more."""
    from audit.store.engine import is_there, opened
    from audit.store.schema import SchemaCheck, head, revision

    if not is_there(settings.database_url):
        return SchemaCheck(revision=None, expected=head())
    with opened(settings.database_url, read_only=True) as engine:
        return SchemaCheck(revision=revision(engine), expected=head())


def diagnoses(settings: Settings) -> list[Diagnosis]:
    """Return what may be wrong with this installation."""
    from audit.diagnosis import diagnose
    from audit.wiring.encrypting import look_at_encryption
    from audit.wiring.ledger import look_at_ledger

    ledger, encryption = lambda: look_at_ledger(settings), lambda: look_at_encryption(settings)
    return list(diagnose(settings, os.environ, ledger=ledger, encryption=encryption))


def name_key(settings: Settings, fingerprint: str, name: str | None) -> None:
    """Give an API key a name, or take it away."""
    from audit.store.write import name_key as name_in_database

    with upgraded(settings) as engine:
        name_in_database(engine, fingerprint, name)


@contextmanager
def importing(settings: Settings) -> Iterator[Intake]:
    """Yield what brings archives into the configured database."""
    from audit.intake import Intake
    from audit.recording.keys import Fingerprints, load_secret

    with closing(open_store(settings)) as store:
        yield Intake(store.read, store.writer, Fingerprints(load_secret(settings.home / "secret")))


def open_recorder(settings: Settings) -> Recorder:
    """Return a recorder that journals, and drains into the configured database; raise `JournalError` for the secret."""
    from audit.recording.keys import Fingerprints, load_secret
    from audit.recording.recorder import Recorder
    from audit.recording.room import Room
    from audit.recording.stable import journal_kind

    limits = settings.journalling
    return Recorder(
        settings.journal,
        fingerprint=Fingerprints(load_secret(settings.home / "secret")),
        destination=(lambda: open_store(settings)) if settings.recording.drain else None,
        journal=journal_kind(limits.durability == "power"),
        room=Room(settings.journal, most=limits.max_bytes, reserve=limits.free_reserve),
        refuse=settings.recording.on_unrecordable == "refuse",
    )


def assignments(settings: Settings) -> tuple[Assignment, ...]:
    """Return who is asked what; raise `PromptError` that names what cannot be asked."""
    from audit.canary.plan import plan

    return plan(settings)


def run_canaries(
    settings: Settings, chosen: Sequence[Assignment], *, recorder: Recorder | None = None
) -> Iterator[Checked]:
    """Ask now what was chosen of `assignments`, one after another, and yield what came of each."""
    with _runner(settings, assignments(settings), recorder) as runner:
        for assignment in chosen:
            if (checked := runner.run(assignment, datetime.now(UTC))) is not None:
                yield checked


@contextmanager
def scheduling(settings: Settings, *, recorder: Recorder | None = None) -> Iterator[int]:
    """Ask all canaries on schedule inside the `with` block; yield how many there are."""
    from audit.canary.schedule import Schedule

    planned = assignments(settings)
    with _runner(settings, planned, recorder) as runner:
        schedule = Schedule(planned, runner.run)
        schedule.start()
        try:
            yield len(planned)
        finally:
            schedule.stop()


@contextmanager
def _runner(settings: Settings, planned: Sequence[Assignment], given: Recorder | None) -> Iterator[Runner]:
    import httpx2

    from audit.canary.asking import RecordedAsk
    from audit.canary.run import Runner
    from audit.recording.httpx2 import RecordingTransport
    from audit.store.checks import Checks

    with ExitStack() as stack:
        engine = upgraded_engine(settings)
        stack.callback(engine.dispose)
        recorder = given or stack.enter_context(closing(open_recorder(settings)))
        client = stack.enter_context(httpx2.Client(transport=RecordingTransport(httpx2.HTTPTransport(), recorder)))
        yield Runner(
            planned,
            ask=RecordedAsk(client),
            interpret=interpreter(settings, key_names(settings, engine)),
            checks=Checks(engine),
            environ=os.environ,
            by=f"{socket.gethostname()}:{os.getpid()}",
        )


def wait_for_interrupt() -> None:
    """Return when the process is told to end, by Ctrl-C or SIGTERM; a second time ends it at once."""
    told = threading.Event()
    before = {number: signal.signal(number, lambda *_: told.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    told.wait()
    for number, handler in before.items():
        signal.signal(number, handler)


def simulator_scenarios() -> Mapping[str, str]:
    """Return what the simulator can be made to do, by name."""
    from audit.simulator.scenarios import SCENARIOS

    return SCENARIOS


def serve_simulator(host: str, port: int, latency: float) -> None:
    """Serve the fake provider until interrupted."""
    from audit.simulator.server import serve

    serve(host, port, latency, quiet=False)


def serve_dashboard(
    settings: Settings,
    *,
    config: Path | None,
    host: str | None,
    port: int | None,
    allow_remote: bool,
    ready: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serve the pages until interrupted; what dead processes left in the journal is brought in first.

    `ready` is told their address when requests are taken.
    Raises `AuditError` if the port is taken, `SettingsError` for a host that others can reach, unless that is allowed.
    """
    from importlib import import_module

    from audit.errors import AuditError
    from audit.ports import free_port, is_free

    host = host or settings.dashboard.host
    port = settings.dashboard.port if port is None else port
    if port and not is_free(host, port):
        raise AuditError(f"port {port} at {host} is taken, perhaps by another `audit dashboard`; --port names another")
    open_reader(settings).close()
    if config is not None:
        os.environ["AUDIT_CONFIG"] = str(config)  # the pages read the settings themselves
    folder = bundled("dashboard").parent
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    serve = import_module("dashboard.serve").serve
    port = port or free_port(host)
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    serve(host, port, open_to_network=allow_remote, ready=lambda: ready(address))


def bundled(name: str) -> Path:
    """Return a folder that ships with the package: inside it when installed, beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "_bundled" / name
    return inside if inside.is_dir() else package.parent / name


def default_recorder() -> Recorder:
    """Return this process's recorder, opened on first use as its environment says."""
    with _FIRST_USE:  # threads may come at the same time, and each would have a recorder of its own
        return _opened_recorder()


@cache
def _opened_recorder() -> Recorder:
    from audit.recording.silence import Silence

    settings = read_settings()
    if not settings.recording.enabled:
        return Silence()
    recorder = open_recorder(settings)
    atexit.register(recorder.leave, EXIT_WAIT_S)
    return recorder
