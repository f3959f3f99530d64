"""The ledger of the configured database: its key, its anchors, and who looks whether it is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from audit.errors import LedgerError
from audit.files import write_private
from audit.wiring.encrypting import keyed

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from audit.ledger.anchors import Anchor
    from audit.ledger.note import Checkpoint, Signer, VerifierKey
    from audit.ledger.proof import Proof
    from audit.ledger.witness import Answer
    from audit.settings import Settings
    from audit.settings.ledger import WitnessSettings
    from audit.store.read.ledger import LedgerReader, Proven
    from audit.store.rows.verified import Verified
    from audit.surroundings import Finding

__all__ = [
    "anchors",
    "checkpoints_of",
    "export_ledger",
    "held_to",
    "load_signer",
    "look_at_ledger",
    "open_ledger",
    "prove",
    "verifier_of",
    "verify_record",
]

WITNESS_TIMEOUT_S = 30.0


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
    """Return the key that signatures are checked with: the given one, as a line or the file that holds it, or ours.

    Raises `LedgerError` if it is none, or none is here: to look makes no key.
    """
    from audit.ledger.note import VerifierKey

    if given is None and not settings.ledger_key.exists():
        raise LedgerError(
            f"{settings.ledger_key} is not there: give the log's key with --key, as `audit ledger key` prints it where "
            "the log is signed"
        )
    if given is None:
        return load_signer(settings).verifier
    path = Path(given)
    return VerifierKey.parse((path.read_text(encoding="utf-8") if path.is_file() else given).strip())


def anchors(settings: Settings, engine: Engine | None = None) -> list[Anchor]:
    """Return where checkpoints are kept beside the database; a witness takes them with an `engine` alone."""
    from audit.ledger.anchors import FileAnchor, GitAnchor, SyslogAnchor

    made: list[Anchor] = []
    for spec in settings.ledger_anchors:
        kind, _, place = spec.partition(":")
        if kind == "syslog":
            made.append(SyslogAnchor())
        else:
            made.append(FileAnchor(Path(place)) if kind == "file" else GitAnchor(Path(place)))
    return [*made, *(_witness(settings, one, engine) for one in settings.ledger.witnesses)]


def _witness(settings: Settings, wanted: WitnessSettings, engine: Engine | None) -> Anchor:
    from audit.ledger.note import VerifierKey
    from audit.ledger.witness import WitnessAnchor
    from audit.store.read.ledger import LedgerReader

    key = VerifierKey.parse(wanted.key)

    def proof(old: int, new: int) -> Sequence[bytes]:
        assert engine is not None, "who only looks puts nothing into an anchor"
        return LedgerReader(engine).consistency(old, new)

    path = settings.home / "anchors" / f"witness-{key.key_id.hex()}.jsonl"
    return WitnessAnchor(url=wanted.url, key=key, path=path, proof=proof, post=_post)


def _post(url: str, body: bytes) -> Answer:
    import httpx2

    from audit.ledger.witness import Answer

    try:
        with httpx2.Client(timeout=WITNESS_TIMEOUT_S, trust_env=False) as client:
            reply = client.post(url, content=body)
    except httpx2.HTTPError as exc:
        raise LedgerError(f"no answer from {url}: {exc}") from exc
    return Answer(reply.status_code, reply.text)


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


def held_to(settings: Settings, notes: Sequence[str], key: str | None) -> list[Checkpoint]:
    """Return the checkpoints of notes that are signed with the given key, or ours; no key is wanted for none."""
    return checkpoints_of(notes, verifier_of(settings, key)) if notes else []


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

    kept = notes_in(anchor) if anchor else [note for one in anchors(settings) for note in one.notes()]
    with open_ledger(settings) as reader:
        anchored = held_to(settings, kept, key)
        return reader.verify(
            lambda notes: [*anchored, *held_to(settings, notes, key)],
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
            if reader.last_note():
                yield Finding(Level.NOTE, f"{settings.ledger_key} is not there: nothing is signed from here")
            return
        verifier = load_signer(settings).verifier
        anchored = checkpoints_of([note for one in anchors(settings) if (note := one.last())], verifier)
        found = reader.standing(lambda note: checkpoints_of([note], verifier)[0], anchored)
    told = f"{found.entries} entries, {found.signed} of them signed, {found.anchored} anchored"
    if not found.fits:
        yield Finding(Level.BAD, f"{told}; the log is not the one that was signed: `audit verify` tells what is amiss")
    elif found.signed and not found.anchored:
        yield Finding(Level.NOTE, f"{told}; no anchor outside the database has a checkpoint")
    else:
        yield Finding(Level.GOOD, told)


def prove(settings: Settings, entry_id: UUID, key: str | None = None, *, content: bool) -> tuple[Proof, Proven]:
    """Return the proof that the log holds a call or an act, and what it is of, with its `content` if that is wanted.

    Raises `LedgerError` if there is none, `EncryptionError` for a content that cannot be had.
    """
    from audit.ledger.proof import Proof

    with open_ledger(settings) as reader:
        proven = reader.proof(entry_id, lambda note: held_to(settings, [note], key)[0].size, content=content)
    proof = Proof(index=proven.place, hashes=tuple(proven.hashes), checkpoint=proven.note, extra=proven.leaf_input)
    return proof, proven


def export_ledger(
    settings: Settings, folder: Path, progress: Callable[[int, int], None], key: str | None = None
) -> Checkpoint | None:
    """Write the log as static files (https://c2sp.org/tlog-tiles) up to its newest checkpoint; None without one."""
    from audit.ledger.tiles import WIDTH, bundle, entries_path, tiles_of

    with open_ledger(settings) as reader:
        note = reader.last_note()
        if note is None:
            return None
        (checkpoint,) = held_to(settings, [note], key)
        tiles = list(tiles_of(checkpoint.size))
        for done, tile in enumerate(tiles, start=1):
            _write(folder / tile.path, reader.tile(tile.level, tile.index, tile.width))
            if tile.level == 0:
                inputs = reader.leaf_inputs(tile.index * WIDTH, tile.width)
                _write(folder / entries_path(tile.index, tile.width), bundle(inputs))
            progress(done, len(tiles))
    _write(folder / "checkpoint", note.encode())  # last: who finds it finds all that it speaks of
    return checkpoint


@contextmanager
def open_ledger(settings: Settings) -> Iterator[LedgerReader]:
    """Yield the configured database's ledger; what dead processes left in the journal is brought in first."""
    from audit.store.engine import open_engine
    from audit.store.read.ledger import LedgerReader
    from audit.wiring import open_reader

    open_reader(settings).close()
    with closing(LedgerReader(keyed(open_engine(settings.database_url, read_only=True), settings))) as reader:
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
        try:
            write_private(path, made.exported().encode() + b"\n")
        except FileExistsError:
            return Signer.parse(path.read_text(encoding="ascii").strip())
        path.with_suffix(".pub").write_text(f"{made.verifier}\n", encoding="ascii")
    except OSError as exc:
        raise LedgerError(f"cannot make the ledger's key in {path}: {exc}") from exc
    return made
