"""Signed notes with Ed25519, and the checkpoints that they carry: https://c2sp.org/signed-note and tlog-checkpoint.

A verifier key is written `name+id+base64(type ‖ public key)`, and the private one `PRIVATE+KEY+name+id+base64(type ‖
seed)`. The types are 0x01, a log's plain signature, and 0x04, a witness's, which also signs the time at which it saw
the note: https://c2sp.org/tlog-cosignature. Reading is strict: what others would write otherwise is refused.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import LedgerError
from audit.ledger.merkle import EMPTY_ROOT

__all__ = [
    "LOG",
    "WITNESS",
    "Checkpoint",
    "Note",
    "Signature",
    "Signer",
    "VerifierKey",
    "count",
    "decoded",
    "encoded",
    "open_checkpoint",
    "open_note",
    "opened",
    "parse",
    "signed",
]

LOG = 0x01
WITNESS = 0x04
_MOST_SIGNATURES = 100
_LATEST_S = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Who signs, and what proves it."""

    name: str
    kind: int
    """LOG or WITNESS."""
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature says, with the name, whose it is."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encoded(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Return the key that is written `name+id+base64`; raises LedgerError where it is none."""
        name, key_id, kind, public = _key_parts(text, "a verifier key (name+id+base64)")
        key = cls(name, kind, public)
        _check_id(key, key_id)
        return key

    def has_signed(self, text: str, signature: Signature) -> bool:
        """Return whether this key made this signature of this note text."""
        content, message = signature.content, text.encode()
        if self.kind == WITNESS:
            at_s = int.from_bytes(content[:8], "big")
            message, content = _cosigned(text, at_s), content[8:]
            if at_s > _LATEST_S:
                return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(content, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """What signs. Only `exported()` tells the secret: neither `repr` nor an error does."""

    name: str
    kind: int
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str, kind: int = LOG) -> Signer:
        """Return a new key; raises ValueError for a name with spaces, control characters or a plus."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name a key: no spaces, no plus, no control characters")
        return cls(name, kind, secrets.token_bytes(32))

    @classmethod
    def parse(cls, text: str) -> Signer:
        """Return the key that `exported()` wrote; raises LedgerError, without the text, where it is none."""
        what = "a private key of a ledger (PRIVATE+KEY+name+id+base64)"
        if not text.startswith(_PRIVATE):
            raise LedgerError(f"this is not {what}")
        name, key_id, kind, seed = _key_parts(text.removeprefix(_PRIVATE), what)
        key = cls(name, kind, seed)
        _check_id(key.verifier, key_id)
        return key

    def exported(self) -> str:
        """Return the key with its secret, as it is to be stored."""
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{encoded(bytes([self.kind]) + self.seed)}"

    @property
    def verifier(self) -> VerifierKey:
        """The public half, that others check with."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, self.kind, public)

    def signed(self, text: str) -> str:
        """Return the whole note: `text`, which ends with a newline, and a log's signature."""
        return _checked(f"{text}\n{self._line(text.encode(), b'')}")

    def cosigned(self, note: str, at_s: int) -> str:
        """Return the note with a witness's signature added, that says when, in seconds since 1970."""
        return _checked(note + self._line(_cosigned(parse(note).text, at_s), at_s.to_bytes(8, "big")))

    def _line(self, message: bytes, before: bytes) -> str:
        made = Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)
        return f"{_DASH}{self.name} {encoded(self.verifier.key_id + before + made)}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as a note has it, checked or not."""

    name: str
    key_id: bytes
    content: bytes
    """For a witness: the time in eight bytes, then Ed25519's 64."""

    @property
    def at_s(self) -> int:
        """When a witness signed, in seconds since 1970."""
        return int.from_bytes(self.content[:8], "big")


@dataclass(frozen=True, slots=True)
class Note:
    """A text, with its last newline, and who signed it."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was at some time. It has no time itself: a witness's signature says when it was seen."""

    origin: str
    """Which log: the name of its key, too."""
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    """Lines that other logs may add; ours adds none."""

    @property
    def text(self) -> str:
        """What is signed."""
        lines = (self.origin, str(self.size), encoded(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Return the checkpoint that a note is, or its text alone; raises LedgerError where it is none."""
        *lines, rest = (text.partition("\n\n")[0] + "\n" if "\n\n" in text else text).split("\n")
        if len(lines) < 3 or rest or not all(lines):
            raise LedgerError("this is not a checkpoint: origin, size and root on lines of their own")
        origin, size, root, *extensions = lines
        made = cls(origin, count(size), decoded(root), tuple(extensions))
        if len(made.root) != 32 or (made.size == 0 and made.root != EMPTY_ROOT):
            raise LedgerError(f"this is not a checkpoint: its root cannot be that of a tree of {made.size}")
        return made


def signed(text: str, signer: Signer) -> str:
    """Return the whole note: `text`, which ends with a newline, and the signature."""
    return signer.signed(text)


def opened(note: str, keys: Iterable[VerifierKey]) -> str:
    """Return a note's text; raises LedgerError where none of the keys signed it, or one of them another text."""
    return open_note(note, keys).text


def open_checkpoint(note: str, log: VerifierKey, witnesses: Iterable[VerifierKey] = ()) -> Checkpoint:
    """Return the checkpoint that the log, and each of the witnesses, has signed; raises LedgerError else."""
    keys = (log, *witnesses)
    opened = open_note(note, keys)
    signers = {(one.name, one.key_id) for one in opened.signatures}
    for key in keys:
        if (key.name, key.key_id) not in signers:
            raise LedgerError(f"{key.name} has not signed this checkpoint")
    checkpoint = Checkpoint.parse(opened.text)
    if checkpoint.origin != log.name:
        raise LedgerError(f"this checkpoint is of {checkpoint.origin}, not of {log.name}")
    return checkpoint


def count(text: str) -> int:
    """Return a number below 2**63 that is written as C2SP has them; raises LedgerError else."""
    if not _COUNT.fullmatch(text) or int(text) >= 1 << 63:
        raise LedgerError("a size or an index has to be a whole number without leading zeroes, below 2**63")
    return int(text)


def parse(note: str) -> Note:
    """Return a note whose signatures nobody has checked yet; raises LedgerError where it is none."""
    if _CONTROL.search(note) or not _is_utf8(note):
        raise LedgerError("this is not a signed note: it has control characters, or text that is not UTF-8")
    text, blank, below = note.rpartition("\n\n")
    *lines, rest = below.split("\n")
    if not (blank and lines) or rest:
        raise LedgerError("this is not a signed note: text, an empty line and signatures, each line ended")
    if len(lines) > _MOST_SIGNATURES:
        raise LedgerError(f"this note has {len(lines)} signatures: no more than {_MOST_SIGNATURES} are looked at")
    return Note(f"{text}\n", tuple(map(_signature, lines)))


def open_note(note: str, keys: Iterable[VerifierKey]) -> Note:
    """Return the note with the signatures of `keys` alone, all of them checked.

    Raises LedgerError where none of the keys signed it, or where a signature that names one of them is not its own.
    """
    parsed, known = parse(note), _by_name(keys)
    checked = {one: known[one.name, one.key_id] for one in parsed.signatures if (one.name, one.key_id) in known}
    for signature, key in checked.items():
        if not key.has_signed(parsed.text, signature):
            raise LedgerError(f"the signature of {key.name} is not of this text: one of the two has been changed")
    if not checked:
        raise LedgerError("no key that you trust has signed this note")
    return Note(parsed.text, tuple(checked))


def encoded(content: bytes) -> str:
    """Return base64 as notes have it."""
    return base64.b64encode(content).decode()


def decoded(text: str) -> bytes:
    """Return what base64 stands for; raises LedgerError where `encoded` would not have written it."""
    try:
        content = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError as exc:
        raise LedgerError("this is not base64") from exc
    if encoded(content) != text:
        raise LedgerError("this base64 has bits after its end")
    return content


def _checked(note: str) -> str:
    parse(note)
    return note


def _by_name(keys: Iterable[VerifierKey]) -> dict[tuple[str, bytes], VerifierKey]:
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise LedgerError(f"two of your keys are {key.name}+{key.key_id.hex()}: leave out the false one")
    return known


def _signature(line: str) -> Signature:
    name, space, content = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not _NAME.fullmatch(name):
        raise LedgerError("this is not a signed note: a line below its text is no signature")
    signed = decoded(content)
    if len(signed) < 5:
        raise LedgerError(f"the signature of {name} is too short to be one")
    return Signature(name, signed[:4], signed[4:])


def _cosigned(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def _key_parts(text: str, what: str) -> tuple[str, str, int, bytes]:
    parts: Sequence[str] = text.split("+", 2)
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]) or not _is_utf8(parts[0]):
        raise LedgerError(f"this is not {what}")
    content = decoded(parts[2])
    if len(content) != 33 or content[0] not in (LOG, WITNESS):
        raise LedgerError(f"this is not {what}: only Ed25519 is known, as types 1 and 4")
    return parts[0], parts[1], content[0], content[1:]


def _check_id(key: VerifierKey, key_id: str) -> None:
    if key.key_id.hex() != key_id:
        raise LedgerError(f"the key {key.name} has been changed: its id does not belong to it")


def _is_utf8(text: str) -> bool:
    return _SURROGATE.search(text) is None


_COUNT = re.compile(r"0|[1-9][0-9]{0,18}")
_PRIVATE = "PRIVATE+KEY+"
_DASH = "— "
_NAME = re.compile(r"[^\s+\x00-\x1f]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
