from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import LedgerError
from audit.ledger.leaf import leaf_hash
from audit.ledger.note import encoded
from audit.ledger.proof import Proof
from tests.ledger.keys import KEY, STRANGER, WATCHER, a_checkpoint, a_proof
from tests.ledger.trees import some_entries

HEADER = "c2sp.org/tlog-proof@v1"
PROOF = a_proof(7, extra=b"more")
LEAF = leaf_hash(some_entries(20)[7])


def test_the_form_of_the_specification() -> None:
    lines = PROOF.text.split("\n")
    assert lines[:3] == [HEADER, f"extra {encoded(b'more')}", "index 7"]
    assert lines[3 : 3 + len(PROOF.hashes)] == list(map(encoded, PROOF.hashes))
    assert PROOF.text.endswith(f"\n\n{PROOF.checkpoint}")


@pytest.mark.parametrize("extra", [None, b"", b"more"])
@pytest.mark.parametrize("count", [1, 2, 20])
def test_a_proof_is_read_again_and_holds(count: int, extra: bytes | None) -> None:
    for index in range(count):
        proof = a_proof(index, some_entries(count), extra=extra)
        assert Proof.parse(proof.text) == proof
        leaf = leaf_hash(some_entries(count)[index])
        assert proof.verify(leaf, KEY.verifier, [WATCHER.verifier]) == a_checkpoint(count)


def test_another_entry_or_place_is_not_proven() -> None:
    why = "does not lead from this entry to the log of 20 that audit/log-1 signed: the entry or the proof"
    with pytest.raises(LedgerError, match=why):
        PROOF.verify(leaf_hash(b"another"), KEY.verifier)
    with pytest.raises(LedgerError, match=why):
        replace(PROOF, index=8).verify(LEAF, KEY.verifier)
    with pytest.raises(LedgerError, match=why):
        replace(PROOF, hashes=PROOF.hashes[:-1]).verify(LEAF, KEY.verifier)


def test_a_proof_is_worth_who_signed_it() -> None:
    with pytest.raises(LedgerError, match="no key that you trust has signed this note"):
        PROOF.verify(LEAF, STRANGER.verifier)
    alone = replace(PROOF, checkpoint=KEY.signed(a_checkpoint().text))
    with pytest.raises(LedgerError, match=r"witness.example/w has not signed"):
        alone.verify(LEAF, KEY.verifier, [WATCHER.verifier])


HASH = encoded(b"h" * 32)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "its first line has to be c2sp.org/tlog-proof@v1"),
        (f"{HEADER}2\nindex 0\n", "its first line has to be"),
        (HEADER, "its index is missing"),
        (f"{HEADER}\n{HASH}\n", "its index is missing"),
        (f"{HEADER}\nextra AAAA\n\n", "its index is missing"),
        (f"{HEADER}\nextra A\nindex 0\n", "this is not base64"),
        (f"{HEADER}\nindex 00\n\n", "without leading zeroes"),
        (f"{HEADER}\nindex 0\n\n", "this is not a signed note"),
        (f"{HEADER}\nindex 0\nAAAA\n\n{PROOF.checkpoint}", "lines that are no hashes, or too many of them"),
        (f"{HEADER}\nindex 0\nindex 0\n\n{PROOF.checkpoint}", "this is not base64"),
        (f"{HEADER}\nindex 0\n" + f"{HASH}\n" * 64 + f"\n{PROOF.checkpoint}", "or too many of them"),
    ],
)
def test_what_is_no_proof(text: str, why: str) -> None:
    with pytest.raises(LedgerError, match=why):
        Proof.parse(text)


def test_a_proof_is_as_long_as_the_greatest_tree_needs() -> None:
    assert len(Proof.parse(f"{HEADER}\nindex 0\n" + f"{HASH}\n" * 63 + f"\n{PROOF.checkpoint}").hashes) == 63


PIECES = ["\n", "\n\n", " ", HEADER, "index 0", "extra ", "AAAA", HASH, "\ud800", "\x00", PROOF.checkpoint]


@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    for whole in (text, f"{HEADER}\n{text}"):
        try:
            Proof.parse(whole)
        except LedgerError:
            continue


def test_every_change_of_one_character_is_refused_or_in_what_nobody_signs() -> None:
    """Eight others at each place."""
    chance, refused = Random(1), 0
    for at, was in enumerate(PROOF.text):
        for other in [*chance.sample("A1b+/= é—\t", 7), "\n"]:
            if other == was:
                continue
            try:
                changed = Proof.parse(PROOF.text[:at] + other + PROOF.text[at + 1 :])
                changed.verify(LEAF, KEY.verifier, [WATCHER.verifier])
            except LedgerError:
                refused += 1
            else:
                assert replace(changed, extra=PROOF.extra) == PROOF
                assert changed.extra != PROOF.extra
    assert refused > 7 * len(PROOF.text) - 200
