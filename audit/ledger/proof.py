"""One entry's proof in a file of its own, to be checked without the database: https://c2sp.org/tlog-proof."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from audit.errors import LedgerError
from audit.ledger.merkle import is_included
from audit.ledger.note import Checkpoint, VerifierKey, count, decoded, encoded, open_checkpoint, parse

__all__ = ["Proof"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That an entry stands at `index` of the tree that a checkpoint is of."""

    index: int
    hashes: tuple[bytes, ...]
    """From the leaf's sibling up to the root's child."""
    checkpoint: str
    """The signed note, word by word."""
    extra: bytes | None = None
    """Nobody signs it, so nobody may rely on it."""

    @property
    def text(self) -> str:
        """The proof as a `.tlog-proof` file has it."""
        extra = [] if self.extra is None else [f"extra {encoded(self.extra)}"]
        head = [_HEADER, *extra, f"index {self.index}", *map(encoded, self.hashes)]
        return "".join(f"{line}\n" for line in head) + f"\n{self.checkpoint}"

    @classmethod
    def parse(cls, text: str) -> Proof:
        """Return the proof that a file holds, of which nothing is checked yet; raises LedgerError where it is none."""
        head, _, note = text.partition("\n\n")
        header, *lines = head.split("\n")
        if header != _HEADER:
            raise LedgerError(f"this is not a proof: its first line has to be {_HEADER}")
        extra = decoded(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
        if not lines or not lines[0].startswith("index "):
            raise LedgerError("this proof does not say which entry it is of: its index is missing")
        index = count(lines[0].removeprefix("index "))
        parse(note)
        return cls(index=index, hashes=_hashes(lines[1:]), checkpoint=note, extra=extra)

    def verify(self, leaf: bytes, log: VerifierKey, witnesses: Iterable[VerifierKey] = ()) -> Checkpoint:
        """Return the checkpoint that the entry with this leaf hash is in; raises LedgerError where it is not proven."""
        checkpoint = open_checkpoint(self.checkpoint, log, witnesses)
        if not is_included(leaf, self.index, checkpoint.size, self.hashes, checkpoint.root):
            raise LedgerError(
                f"the proof does not lead from this entry to the log of {checkpoint.size} that {log.name} signed: "
                "the entry or the proof has been changed"
            )
        return checkpoint


def _hashes(lines: list[str]) -> tuple[bytes, ...]:
    """Raises LedgerError for more than a tree of 2**63 can need."""
    hashes = tuple(map(decoded, lines))
    if len(hashes) > 63 or any(len(each) != 32 for each in hashes):
        raise LedgerError("this proof has lines that are no hashes, or too many of them")
    return hashes


_HEADER = "c2sp.org/tlog-proof@v1"
