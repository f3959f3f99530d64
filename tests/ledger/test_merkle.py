from __future__ import annotations

from hashlib import sha256

import pytest

from audit.ledger.leaf import leaf_hash
from audit.ledger.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    node_hash,
    root,
)
from tests.ledger.trees import Grown, expected_consistency, expected_path, expected_root, some_entries

OTHER = sha256(b"another").digest()
SIZES = range(71)
LARGER = (255, 256, 257, 511, 513, 700)
ENTRIES = some_entries(700)
ROOTS = [expected_root(ENTRIES[:size]) for size in SIZES]
NODE = Grown(ENTRIES).node
VECTORS = [
    # Widely used ones for RFC 6962: entries, and the roots of the trees of the first 1 to 8 of them.
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
]


def test_the_empty_tree() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert CompactRange().root() == root(0, NODE) == EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 9))
def test_known_trees(size: int) -> None:
    entries = [bytes.fromhex(entry) for entry, _ in VECTORS[:size]]
    assert root(size, Grown(entries).node).hex() == VECTORS[size - 1][1]


def test_leaves_and_inner_nodes_are_told_apart() -> None:
    assert node_hash(b"l" * 32, b"r" * 32) == sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest()
    assert node_hash(b"l" * 32, b"r" * 32) != leaf_hash(b"l" * 32 + b"r" * 32)


def test_roots_are_those_of_the_specification() -> None:
    grown = CompactRange()
    for size, entry in enumerate(ENTRIES):
        if size in SIZES or size in LARGER:
            assert grown.root() == root(size, NODE) == expected_root(ENTRIES[:size])
            assert len(grown.hashes) == size.bit_count()
            assert CompactRange(size, list(grown.hashes)).root() == grown.root()
        grown.append(leaf_hash(entry))
    assert grown.root() == expected_root(ENTRIES)


def test_a_range_has_the_subtrees_of_its_size() -> None:
    with pytest.raises(ValueError, match="a tree of 3 has 2 full subtrees, not 1"):
        CompactRange(3, [OTHER])


@pytest.mark.parametrize("size", SIZES)
def test_inclusion_is_proven_at_one_place_alone(size: int) -> None:
    for index in range(size):
        leaf, proof = leaf_hash(ENTRIES[index]), inclusion_proof(NODE, index, size)
        assert proof == expected_path(index, ENTRIES[:size])
        assert [at for at in range(-1, size + 1) if is_included(leaf, at, size, proof, ROOTS[size])] == [index]


@pytest.mark.parametrize("size", LARGER)
def test_inclusion_in_larger_trees(size: int) -> None:
    for index in (0, 1, size // 2, size - 2, size - 1):
        proof = inclusion_proof(NODE, index, size)
        assert proof == expected_path(index, ENTRIES[:size])
        assert is_included(leaf_hash(ENTRIES[index]), index, size, proof, root(size, NODE))


@pytest.mark.parametrize("size", [1, 2, 5, 8, 70])
def test_a_changed_proof_of_inclusion_is_refused(size: int) -> None:
    for index in range(size):
        leaf, proof, whole = leaf_hash(ENTRIES[index]), inclusion_proof(NODE, index, size), ROOTS[size]
        assert not is_included(OTHER, index, size, proof, whole)
        assert not is_included(leaf, index, size, proof, OTHER)
        assert not is_included(leaf, index, size, [*proof, OTHER], whole)
        assert not is_included(leaf, index, 0, proof, whole)
        for at in range(len(proof)):
            assert not is_included(leaf, index, size, [*proof[:at], OTHER, *proof[at + 1 :]], whole)
            assert not is_included(leaf, index, size, [*proof[:at], *proof[at + 1 :]], whole)
            assert not is_included(leaf, index, size, [*proof[:at], OTHER[:31], *proof[at + 1 :]], whole)
        assert not is_included(leaf[:31], index, size, proof, whole)
        assert not is_included(leaf, index, size, proof, whole[:31])


def test_an_inner_node_does_not_pass_for_a_tree_of_two_leaves_less() -> None:
    """Of the wrong size, the hashes lead to the root, but by another way."""
    proof = inclusion_proof(NODE, 0, 8)
    assert not is_included(leaf_hash(ENTRIES[0]), 0, 16, proof, ROOTS[8])
    assert not is_included(leaf_hash(ENTRIES[0]), 0, 4, proof, ROOTS[8])


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (0, 0), (1, 1), (5, 4)])
def test_no_leaf_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match=f"a tree of {size} has no leaf {index}"):
        inclusion_proof(NODE, index, size)
    assert not is_included(OTHER, index, size, [], OTHER)


@pytest.mark.parametrize("new", SIZES)
def test_consistency_is_proven(new: int) -> None:
    for old in range(new + 1):
        proof = consistency_proof(NODE, old, new)
        assert proof == (expected_consistency(old, ENTRIES[:new]) if old else [])
        assert is_consistent(old, ROOTS[old], new, ROOTS[new], proof)


@pytest.mark.parametrize("new", LARGER)
def test_consistency_of_larger_trees(new: int) -> None:
    for old in (1, 2, 128, 200, 254, new - 1, new):
        proof = consistency_proof(NODE, old, new)
        assert proof == expected_consistency(old, ENTRIES[:new])
        assert is_consistent(old, root(old, NODE), new, root(new, NODE), proof)


@pytest.mark.parametrize("new", [1, 2, 3, 7, 8, 9, 33, 64, 70])
def test_a_changed_proof_of_consistency_is_refused(new: int) -> None:
    for old in range(new + 1):
        proof, before, after = consistency_proof(NODE, old, new), ROOTS[old], ROOTS[new]
        assert not is_consistent(old, OTHER, new, after, proof)
        assert not is_consistent(old, before, new, after, [*proof, OTHER])
        assert not is_consistent(old, before, new, after[:31], proof)
        assert not is_consistent(old, before[:31], new, after, proof)
        if old:
            assert not is_consistent(old, before, new, OTHER, proof)
        for at in range(len(proof)):
            assert not is_consistent(old, before, new, after, [*proof[:at], OTHER, *proof[at + 1 :]])
            assert not is_consistent(old, before, new, after, [*proof[:at], *proof[at + 1 :]])
            assert not is_consistent(old, before, new, after, [*proof[:at], OTHER[:31], *proof[at + 1 :]])


def test_consistency_at_the_borders() -> None:
    assert is_consistent(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    assert not is_consistent(0, OTHER, 0, OTHER, [])
    assert not is_consistent(0, EMPTY_ROOT, 0, OTHER, [])
    assert not is_consistent(5, ROOTS[5], 0, EMPTY_ROOT, [])
    assert not is_consistent(-1, OTHER, 1, OTHER, [])
    assert not is_consistent(4, ROOTS[4], 2, ROOTS[2], consistency_proof(NODE, 2, 4))
    assert not is_consistent(3, ROOTS[3], 5, ROOTS[5], [])


@pytest.mark.parametrize(("old", "new"), [(-1, 1), (2, 1)])
def test_a_tree_never_shrinks(old: int, new: int) -> None:
    with pytest.raises(ValueError, match=f"a tree of {new} does not begin with one of {old}"):
        consistency_proof(NODE, old, new)
