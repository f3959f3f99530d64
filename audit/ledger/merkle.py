"""The Merkle tree of RFC 6962 and RFC 9162 over leaf hashes: roots, and proofs of inclusion and of consistency.

A proof is made from a `Node`, a function that gives the hash of a full subtree: `node(level, index)` is the root over
the leaves from `index * 2**level` up to, but without, `(index + 1) * 2**level`. `tiles.py` makes one from stored tiles.

https://www.rfc-editor.org/rfc/rfc9162#section-2.1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

__all__ = [
    "EMPTY_ROOT",
    "CompactRange",
    "Node",
    "consistency_proof",
    "inclusion_proof",
    "is_consistent",
    "is_included",
    "node_hash",
    "root",
]

Node = Callable[[int, int], bytes]
EMPTY_ROOT = sha256(b"").digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class CompactRange:
    """All that is needed of a tree to append to it: the roots of its full subtrees, the greatest first."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)
    """One for each bit that is 1 in `size`: never more than 64."""

    def __post_init__(self) -> None:
        if len(self.hashes) != self.size.bit_count():
            raise ValueError(f"a tree of {self.size} has {self.size.bit_count()} full subtrees, not {len(self.hashes)}")

    def append(self, leaf: bytes) -> None:
        """Append the hash of a leaf."""
        merged, size = leaf, self.size
        while size & 1:
            merged = node_hash(self.hashes.pop(), merged)
            size >>= 1
        self.hashes.append(merged)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        return _folded(self.hashes)


def root(size: int, node: Node) -> bytes:
    """Return the root of the tree of the first `size` leaves."""
    return _range_hash(node, 0, size)


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """Return the hashes that lead from leaf `index` to the root of a tree of `size`, the leaf's sibling first.

    Raises ValueError where the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no leaf {index}")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(node, middle, end))
            end = middle
        else:
            proof.append(_range_hash(node, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(node: Node, old: int, new: int) -> list[bytes]:
    """Return the hashes that show that the tree of `new` begins with the tree of `old`.

    None are needed from the empty tree, nor between equal sizes. Raises ValueError where the tree would shrink.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not begin with one of {old}")
    if old in (0, new):
        return []
    proof, start, end = [], 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_hash(node, middle, end))
            end = middle
        else:
            proof.append(_range_hash(node, start, middle))
            start = middle
    if start:  # else what is left is the old tree itself, whose root the verifier has
        proof.append(_range_hash(node, start, end))
    return proof[::-1]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], tree_root: bytes) -> bool:
    """Return whether `proof` leads from this leaf at `index` to the root of a tree of `size`."""
    if not 0 <= index < size or not _are_hashes(leaf, tree_root, *proof):
        return False
    here, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            reached = node_hash(sibling, reached)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and reached == tree_root


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether `proof` shows that the tree of `new` begins with the tree of `old`."""
    if not 0 <= old <= new or not _are_hashes(old_root, new_root, *proof):
        return False
    if old in (0, new):
        empty = old > 0 or old_root == EMPTY_ROOT
        return not proof and empty and (old != new or old_root == new_root)
    return _leads_to_both(old, old_root, new, new_root, proof)


def _leads_to_both(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, section 2.1.4.2, for sizes that are neither 0 nor equal."""
    path = [old_root, *proof] if old.bit_count() == 1 else list(proof)
    if not path:
        return False
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    in_old = in_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            in_old, in_new = node_hash(sibling, in_old), node_hash(sibling, in_new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            in_new = node_hash(in_new, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and in_old == old_root and in_new == new_root


def _range_hash(node: Node, start: int, end: int) -> bytes:
    """The hash over these leaves, of which the first stands where a full subtree of their number may begin."""
    return _folded([node(level, index) for level, index in _full_subtrees(start, end)])


def _full_subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _folded(hashes: Sequence[bytes]) -> bytes:
    if not hashes:
        return EMPTY_ROOT
    folded = hashes[-1]
    for left in hashes[-2::-1]:
        folded = node_hash(left, folded)
    return folded


def _split(size: int) -> int:
    """RFC 6962's k: the greatest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _are_hashes(*hashes: bytes) -> bool:
    return all(len(each) == 32 for each in hashes)
