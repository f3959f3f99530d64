"""Keys for tests, made of fixed seeds: the same at every run."""

from __future__ import annotations

from collections.abc import Sequence

from audit.ledger.merkle import inclusion_proof, root
from audit.ledger.note import LOG, WITNESS, Checkpoint, Signer
from audit.ledger.proof import Proof
from tests.ledger.trees import Grown, some_entries

__all__ = ["KEY", "STRANGER", "WATCHER", "a_checkpoint", "a_proof"]

KEY = Signer("audit/log-1", LOG, b"k" * 32)
STRANGER = Signer("audit/log-1", LOG, b"s" * 32)
"""Of the same name, with another seed."""
WATCHER = Signer("witness.example/w", WITNESS, b"w" * 32)


def a_checkpoint(size: int = 20, origin: str = KEY.name) -> Checkpoint:
    """Return the checkpoint of a tree of so many entries."""
    return Checkpoint(origin, size, root(size, Grown(some_entries(size)).node))


def a_proof(index: int = 7, entries: Sequence[bytes] | None = None, *, extra: bytes | None = None) -> Proof:
    """Return a proof against a checkpoint that both the log and the witness have signed."""
    grown = Grown(some_entries(20) if entries is None else entries)
    checkpoint = Checkpoint(KEY.name, grown.size, root(grown.size, grown.node))
    note = WATCHER.cosigned(KEY.signed(checkpoint.text), 1_700_000_000)
    hashes = inclusion_proof(grown.node, index, grown.size)
    return Proof(index=index, hashes=tuple(hashes), checkpoint=note, extra=extra)
