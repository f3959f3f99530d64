"""Trees for tests, and RFC 6962 as it is written there: recursive, over all entries, and sharing no code with ours."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from hashlib import sha256

from audit.ledger.leaf import leaf_hash
from audit.ledger.merkle import Node
from audit.ledger.tiles import extended, hashes_of

__all__ = ["Grown", "b64", "expected_consistency", "expected_path", "expected_root", "some_entries"]


class Grown:
    """A tree whose tiles are kept in memory."""

    def __init__(self, entries: Sequence[bytes] = ()) -> None:
        self.entries: list[bytes] = []
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.grow(entries)

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self.entries)

    @property
    def node(self) -> Node:
        """What gives its subtrees."""
        return hashes_of(self.load)

    def load(self, level: int, number: int) -> bytes:
        """Return a tile's hashes."""
        return self.tiles.get((level, number), b"")

    def grow(self, entries: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
        """Append entries; return the tiles that changed."""
        made = extended(self.size, list(map(leaf_hash, entries)), self.load)
        self.tiles.update(made)
        self.entries += entries
        return made


def some_entries(count: int) -> list[bytes]:
    """Return entries of which no two are the same."""
    return [b"entry %d" % number for number in range(count)]


def b64(content: bytes) -> str:
    """Return what stands in notes for these bytes."""
    return base64.b64encode(content).decode()


def expected_root(entries: Sequence[bytes]) -> bytes:
    """MTH of section 2.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = _split(len(entries))
    return sha256(b"\x01" + expected_root(entries[:k]) + expected_root(entries[k:])).digest()


def expected_path(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(entries) == 1:
        return []
    k = _split(len(entries))
    if m < k:
        return [*expected_path(m, entries[:k]), expected_root(entries[k:])]
    return [*expected_path(m - k, entries[k:]), expected_root(entries[:k])]


def expected_consistency(m: int, entries: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of section 2.1.2."""
    if m == len(entries):
        return [] if whole else [expected_root(entries)]
    k = _split(len(entries))
    if m <= k:
        return [*expected_consistency(m, entries[:k], whole=whole), expected_root(entries[k:])]
    return [*expected_consistency(m - k, entries[k:], whole=False), expected_root(entries[:k])]


def _split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k
