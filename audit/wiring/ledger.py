"""The ledger of the configured database: its key, its anchors, who keeps it, and who looks whether it is whole."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from audit.errors import AuditError, LedgerError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from audit.ledger.anchors import Anchor
    from audit.ledger.note import Checkpoint, Signer, VerifierKey
    from audit.ledger.proof import Proof
    from audit.settings import Settings
    from audit.store.read.ledger import LedgerReader, Proven
    from audit.store.rows.verified import Verified
    from audit.store.sequencing import Sequencer
    from audit.surroundings import Finding

__all__ = [
    "Keeper",
    "anchors",
    "checkpoints_of",
    "export_ledger",
    "keeper",
    "load_signer",
    "look_at_ledger",
    "open_ledger",
    "prove",
    "sign_now",
    "verifier_of",
    "verify_record",
]

ADVANCE_EVERY_S = 1.0
"""How long an entry waits for its place in the log."""
SIGN_EVERY_S = 60.0
SIGN_EVERY = 10_000
"""Entries after which the log is signed sooner."""
_log = logging.getLogger("audit")


class Keeper:
    """Gives entries their place and signs the log, in a thread of its own that works only while there is something."""

    def __init__(self, sequencer: Sequencer, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._sequencer = sequencer
        self._clock = clock
        self._due = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._unsigned = 0
        self._failed = False
        self._signed_at = clock()

    def touch(self) -> None:
        """Say that something has been entered. Cheap: called for every batch."""
        self._due.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="audit-ledger", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread; all that is entered has its place and is signed then, if the database can be reached."""
        self._closing.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join()
        self._attempt(final=True)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._due.wait(timeout=SIGN_EVERY_S if self._unsigned or self._failed else None)
            if self._closing.wait(ADVANCE_EVERY_S):
                return
            self._due.clear()
            self._attempt(final=False)

    def _attempt(self, *, final: bool) -> None:
        """Do what is due. What cannot be done now is told, and tried again in a minute or with the next entry."""
        try:
            self._unsigned += self._sequencer.advance()
            late = self._clock() - self._signed_at >= SIGN_EVERY_S
            if final or self._unsigned >= SIGN_EVERY or (self._unsigned and late):
                self._sequencer.sign()
                self._unsigned, self._signed_at = 0, self._clock()
            self._failed = False
        except AuditError as exc:
            self._failed, self._signed_at = True, self._clock()
            _log.error("the ledger is not carried on: %s", exc)


def keeper(settings: Settings, engine: Engine) -> Keeper:
    """Return what keeps the ledger of a database."""
    from audit.store.sequencing import Sequencer

    return Keeper(Sequencer(engine, load_signer(settings), anchors(settings)))


def load_signer(settings: Settings) -> Signer:
    """Return the key that signs, made when it is first wanted; raise `LedgerError` if it cannot be read or made."""
    from audit.ledger.note import Signer

    path = settings.ledger_key
    try:
        return Signer.parse(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return _new_signer(path)
    except (OSError, UnicodeDecodeError) as exc:
        raise LedgerError(f"cannot read the ledger's key in {path}: {exc}") from exc


def verifier_of(settings: Settings, given: str | None = None) -> VerifierKey:
    """Return the key that signatures are checked with: the given one, as a line or the file that holds it, or ours."""
    from audit.ledger.note import VerifierKey

    if given is None:
        return load_signer(settings).verifier
    path = Path(given)
    return VerifierKey.parse((path.read_text(encoding="utf-8") if path.is_file() else given).strip())


def anchors(settings: Settings) -> list[Anchor]:
    """Return where checkpoints are kept beside the database."""
    from audit.ledger.anchors import FileAnchor, GitAnchor, SyslogAnchor

    made: list[Anchor] = []
    for spec in settings.ledger_anchors:
        kind, _, place = spec.partition(":")
        if kind == "syslog":
            made.append(SyslogAnchor())
        else:
            made.append(FileAnchor(Path(place)) if kind == "file" else GitAnchor(Path(place)))
    return made


def checkpoints_of(notes: Sequence[str], key: VerifierKey) -> list[Checkpoint]:
    """Return the checkpoints of notes; raise `LedgerError` for one that the key has not signed."""
    from audit.ledger.note import Checkpoint, open_checkpoint
    from audit.store.sequencing import is_signed_by

    for note in notes:
        if not is_signed_by(note, key):
            raise LedgerError(
                f"the log {Checkpoint.parse(note).origin} is signed by another key than {key.name}: give the log's own "
                "with --key, as `audit ledger key` prints it where the log is signed"
            )
    return [open_checkpoint(note, key) for note in notes]


def verify_record(
    settings: Settings,
    *,
    anchor: Path | None = None,
    key: str | None = None,
    since: datetime | None = None,
    sample: int | None = None,
    progress: Callable[[int, int], None] = lambda _done, _size: None,
) -> Verified:
    """Return whether the configured record is whole and unchanged.

    Compared with the checkpoints in the database, and with those of `anchor`, a file, or of all configured anchors.
    Raises `StoreError` when the database cannot be read, `LedgerError` when an anchor or a key cannot.
    """
    from audit.ledger.anchors import notes_in

    verifier = verifier_of(settings, key)
    kept = notes_in(anchor) if anchor else [note for one in anchors(settings) for note in one.notes()]
    anchored = checkpoints_of(kept, verifier)
    with open_ledger(settings) as reader:
        return reader.verify(
            lambda notes: [*anchored, *checkpoints_of(notes, verifier)],
            anchored=max((one.size for one in anchored), default=0),
            since=since,
            sample=sample,
            progress=progress,
        )


def look_at_ledger(settings: Settings) -> Iterator[Finding]:
    """Yield what is to be said of the ledger, without looking at any call; raises as `verify_record` does."""
    from audit.store.engine import is_there, open_engine
    from audit.store.read.ledger import LedgerReader
    from audit.store.schema import head, revision
    from audit.surroundings import Finding, Level

    if not is_there(settings.database_url):
        return
    engine = open_engine(settings.database_url, read_only=True)
    with closing(LedgerReader(engine)) as reader:
        if revision(engine) != head():
            return
        if not settings.ledger_key.exists():
            if reader.notes():
                yield Finding(Level.NOTE, f"{settings.ledger_key} is not there: nothing is signed from here")
            return
        verifier = load_signer(settings).verifier
        anchored = checkpoints_of([note for one in anchors(settings) for note in one.notes()[-1:]], verifier)
        found = reader.standing(lambda note: checkpoints_of([note], verifier)[0], anchored)
    told = f"{found.entries} entries, {found.signed} of them signed, {found.anchored} anchored"
    if not found.fits:
        yield Finding(Level.BAD, f"{told}; the log is not the one that was signed: `audit verify` tells what is amiss")
    elif found.signed and not found.anchored:
        yield Finding(Level.NOTE, f"{told}; no anchor outside the database has a checkpoint")
    else:
        yield Finding(Level.GOOD, told)


def prove(settings: Settings, entry_id: UUID) -> tuple[Proof, Proven]:
    """Return the proof that the log holds a call or an act, and what it is of; raise `LedgerError` if there is none."""
    from audit.ledger.proof import Proof

    verifier = load_signer(settings).verifier
    with open_ledger(settings) as reader:
        proven = reader.proof(entry_id, lambda note: checkpoints_of([note], verifier)[0].size)
    proof = Proof(index=proven.place, hashes=tuple(proven.hashes), checkpoint=proven.note, extra=proven.leaf_input)
    return proof, proven


def export_ledger(settings: Settings, folder: Path, progress: Callable[[int, int], None]) -> Checkpoint | None:
    """Write the log as static files (https://c2sp.org/tlog-tiles) up to its newest checkpoint; None without one."""
    from audit.ledger.tiles import bundle, entries_path, tiles_of

    verifier = load_signer(settings).verifier
    with open_ledger(settings) as reader:
        note = next(iter(reader.notes()[-1:]), None)
        if note is None:
            return None
        (checkpoint,) = checkpoints_of([note], verifier)
        tiles = list(tiles_of(checkpoint.size))
        for done, tile in enumerate(tiles, start=1):
            _write(folder / tile.path, reader.tile(tile.level, tile.index, tile.width))
            if tile.level == 0:
                inputs = reader.leaf_inputs(tile.index * 256, tile.width)
                _write(folder / entries_path(tile.index, tile.width), bundle(inputs))
            progress(done, len(tiles))
    _write(folder / "checkpoint", note.encode())  # last: who finds it finds all that it speaks of
    return checkpoint


def sign_now(settings: Settings) -> Checkpoint | None:
    """Give all entries their place and sign the log; None when all was signed. Raises as `Sequencer.sign` does."""
    from audit.store.sequencing import Sequencer
    from audit.wiring.storing import upgraded_engine

    engine = upgraded_engine(settings)
    try:
        sequencer = Sequencer(engine, load_signer(settings), anchors(settings))
        sequencer.advance()
        return sequencer.sign()
    finally:
        engine.dispose()


@contextmanager
def open_ledger(settings: Settings) -> Iterator[LedgerReader]:
    """Yield the configured database's ledger; what dead processes left in the journal is brought in first."""
    from audit.store.engine import open_engine
    from audit.store.read.ledger import LedgerReader
    from audit.wiring import open_reader

    open_reader(settings).close()
    with closing(LedgerReader(open_engine(settings.database_url, read_only=True))) as reader:
        yield reader


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as exc:
        raise LedgerError(f"cannot write {path}: {exc.strerror}") from exc


def _new_signer(path: Path) -> Signer:
    from audit.ledger.note import Signer

    made = Signer.generate(f"audit/{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(made.exported() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, path)  # whole or not at all, and never over another's
        except FileExistsError:
            return Signer.parse(path.read_text(encoding="ascii").strip())
        finally:
            beside.unlink()
        path.with_suffix(".pub").write_text(f"{made.verifier}\n", encoding="ascii")
    except OSError as exc:
        raise LedgerError(f"cannot make the ledger's key in {path}: {exc}") from exc
    return made
