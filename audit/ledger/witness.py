"""A witness on another's machine is asked to sign checkpoints too: https://c2sp.org/tlog-witness.

It remembers the log's last size and signs only what begins with that, so that nobody can show it one record and
others another. What it signed is kept in a file, a line of JSON each: `{"at": …, "note": …, "cosignatures": …}`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.errors import LedgerError
from audit.ledger.anchors import FileAnchor, last_note_in, notes_in
from audit.ledger.note import Checkpoint, VerifierKey, count, encoded, open_note

__all__ = ["Answer", "WitnessAnchor"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A witness's reply over HTTP."""

    status: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessAnchor:
    """A witness, and the file in which its signatures are kept."""

    url: str
    """Its submission prefix, to which `/add-checkpoint` is added."""
    key: VerifierKey
    """What its signatures are checked with: of the kind WITNESS."""
    path: Path
    proof: Callable[[int, int], Sequence[bytes]]
    """Gives the proof that the log of the second size begins with that of the first."""
    post: Callable[[str, bytes], Answer]
    """Sends a body to a URL; raises `OSError` or `LedgerError` where no answer comes."""
    remembers: bool = True

    @property
    def name(self) -> str:
        return f"witness {self.url}"

    def notes(self) -> Sequence[str]:
        return notes_in(self.path)

    def last(self) -> str | None:
        return last_note_in(self.path)

    def put(self, note: str) -> None:
        """Have a checkpoint signed and keep the signature; raise `LedgerError` if it is not signed.

        A witness that knows another size than was thought is asked once more, from that size on.
        """
        size = Checkpoint.parse(note).size
        last = self.last()
        answer = self._ask(note, 0 if last is None else Checkpoint.parse(last).size, size)
        if answer.status == _CONFLICT:
            answer = self._ask(note, self._known_size(answer, size), size)
        if answer.status != _OK:
            raise LedgerError(f"{self.name} has not signed the ledger: {_REASONS.get(answer.status, answer.status)}")
        FileAnchor(self.path).put(note, cosignatures=self._cosignatures(note, answer.text))

    def _ask(self, note: str, old: int, size: int) -> Answer:
        lines = [f"old {old}", *map(encoded, self.proof(old, size))]
        body = "".join(f"{line}\n" for line in lines) + f"\n{note}"
        try:
            return self.post(f"{self.url.rstrip('/')}/add-checkpoint", body.encode())
        except OSError as exc:
            raise LedgerError(f"cannot reach {self.name}: {exc}") from exc

    def _known_size(self, answer: Answer, size: int) -> int:
        known = count(answer.text.removesuffix("\n"))
        if known > size:
            raise LedgerError(
                f"{self.name} has seen {known} entries of this log, and it has {size} now: some have been taken away, "
                "or an older database was put in its place; run audit verify"
            )
        return known

    def _cosignatures(self, note: str, lines: str) -> str:
        """Return the lines of which one is the witness's own, and holds; others are kept as they are."""
        try:
            open_note(note + lines, [self.key])
        except LedgerError as exc:
            raise LedgerError(f"{self.name} has answered without a signature of its key: {exc}") from exc
        return lines


_OK, _CONFLICT = 200, 409
_REASONS = {
    400: "it cannot read what was sent (400)",
    403: "it does not trust this log's key (403): have it added there",
    404: "it does not know this log (404): have its key added there",
    409: "it has seen another log of this size (409); run audit verify",
    422: "the proof that the log goes on from what it has seen does not hold (422); run audit verify",
}
