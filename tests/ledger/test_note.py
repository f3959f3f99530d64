from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audit.errors import LedgerError
from audit.ledger.merkle import EMPTY_ROOT
from audit.ledger.note import (
    LOG,
    WITNESS,
    Checkpoint,
    Signer,
    VerifierKey,
    count,
    decoded,
    encoded,
    open_checkpoint,
    open_note,
    opened,
    parse,
    signed,
)
from tests.ledger.keys import KEY, STRANGER, WATCHER, a_checkpoint

# The example of the specification of signed notes, and of its first implementation.
NEUMANN = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
NEUMANN_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SAYING = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NEUMANNS = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
AT_S = 1_700_000_000
CHECKPOINT = a_checkpoint()
NOTE = KEY.signed(CHECKPOINT.text)
COSIGNED = WATCHER.cosigned(NOTE, AT_S)
SIGNATURE = NOTE.rpartition("\n\n")[2]
PARSERS: tuple[Callable[[str], Any], ...] = (
    parse,
    Checkpoint.parse,
    VerifierKey.parse,
    Signer.parse,
    count,
    decoded,
    lambda text: opened(text, [KEY.verifier]),
    lambda text: open_checkpoint(text, KEY.verifier),
)


def test_a_note_of_another_implementation() -> None:
    signer = Signer.parse(NEUMANN)
    assert (str(signer.verifier), signer.exported()) == (NEUMANN_PUBLIC, NEUMANN)
    assert VerifierKey.parse(NEUMANN_PUBLIC) == signer.verifier
    assert signer.signed(SAYING) == f"{SAYING}\n{NEUMANNS}"
    assert opened(f"{SAYING}\n{NEUMANNS}", [signer.verifier]) == SAYING


@pytest.mark.parametrize("kind", [LOG, WITNESS])
def test_a_new_key_is_read_again(kind: int) -> None:
    made = Signer.generate("a/name", kind)
    assert Signer.parse(made.exported()) == made != Signer.generate("a/name", kind)
    assert VerifierKey.parse(str(made.verifier)) == made.verifier
    assert (made.verifier.kind, made.verifier.name) == (kind, "a/name")


def test_a_secret_is_told_only_when_it_is_exported() -> None:
    secret = KEY.exported().rpartition("+")[2]
    assert "seed" not in repr(KEY)
    assert secret not in repr(KEY)
    with pytest.raises(LedgerError) as caught:
        Signer.parse(KEY.exported().replace("audit/log-1", "audit/log-2"))
    assert secret not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "\x00", "a\u2003b"])
def test_names_that_no_key_can_have(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a key: no spaces, no plus"):
        Signer.generate(name)
    with pytest.raises(LedgerError):
        VerifierKey.parse(str(replace(KEY.verifier, name=name)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "this is not a verifier key"),
        ("a+b", "this is not a verifier key"),
        ("\ud800+00000000+AAAA", "this is not a verifier key"),
        ("a+00000000+AAAA", "only Ed25519 is known, as types 1 and 4"),
        ("a+00000000+" + encoded(b"\x01" + b"x" * 31), "only Ed25519 is known"),
        ("a+00000000+" + encoded(b"\x02" + b"x" * 32), "only Ed25519 is known"),
        ("a+00000000+" + encoded(b"\x01" + b"x" * 32), "the key a has been changed: its id does not belong to it"),
        ("a+00000000+?", "this is not base64"),
        (str(KEY.verifier).replace("log-1", "log-2"), "the key audit/log-2 has been changed"),
    ],
)
def test_what_is_no_verifier_key(text: str, why: str) -> None:
    with pytest.raises(LedgerError, match=re.escape(why)):
        VerifierKey.parse(text)


def test_a_public_key_does_not_sign() -> None:
    with pytest.raises(LedgerError, match="this is not a private key of a ledger"):
        Signer.parse(str(KEY.verifier))


def test_a_checkpoint_is_signed_and_opened() -> None:
    assert signed(CHECKPOINT.text, KEY) == NOTE
    assert opened(NOTE, [KEY.verifier]) == CHECKPOINT.text == opened(COSIGNED, [WATCHER.verifier, KEY.verifier])
    assert open_checkpoint(NOTE, KEY.verifier) == open_checkpoint(COSIGNED, KEY.verifier, [WATCHER.verifier])
    assert Checkpoint.parse(NOTE) == Checkpoint.parse(CHECKPOINT.text) == CHECKPOINT


def test_a_witness_signs_the_time_too() -> None:
    (_, witnessed) = open_note(COSIGNED, [KEY.verifier, WATCHER.verifier]).signatures
    assert (witnessed.name, witnessed.at_s) == (WATCHER.name, AT_S)
    later = replace(witnessed, content=(AT_S + 1).to_bytes(8, "big") + witnessed.content[8:])
    assert WATCHER.verifier.has_signed(CHECKPOINT.text, witnessed)
    assert not WATCHER.verifier.has_signed(CHECKPOINT.text, later)


def test_a_time_beyond_63_bits_is_refused() -> None:
    beyond = parse(WATCHER.cosigned(NOTE, 1 << 63)).signatures[1]
    assert beyond.at_s == 1 << 63
    assert not WATCHER.verifier.has_signed(CHECKPOINT.text, beyond)
    with pytest.raises(LedgerError, match=r"the signature of witness.example/w is not of this text"):
        open_note(WATCHER.cosigned(NOTE, 1 << 63), [WATCHER.verifier])


def test_signatures_of_others_are_passed_over() -> None:
    both = NOTE + STRANGER.signed(CHECKPOINT.text).rpartition("\n\n")[2]
    assert [one.key_id for one in open_note(both, [KEY.verifier]).signatures] == [KEY.verifier.key_id]


def test_a_note_that_nobody_trusted_has_signed() -> None:
    with pytest.raises(LedgerError, match="no key that you trust has signed this note"):
        open_note(NOTE, [STRANGER.verifier, WATCHER.verifier])
    with pytest.raises(LedgerError, match=r"witness.example/w has not signed this checkpoint"):
        open_checkpoint(NOTE, KEY.verifier, [WATCHER.verifier])


def test_a_good_signature_does_not_outweigh_a_bad_one() -> None:
    bad = KEY.signed("another\n").rpartition("\n\n")[2]
    for note in (NOTE + bad, f"{CHECKPOINT.text}\n{bad}{SIGNATURE}"):
        with pytest.raises(LedgerError, match="audit/log-1 is not of this text: one of the two has been changed"):
            open_note(note, [KEY.verifier])


def test_two_keys_with_one_id_are_not_both_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VerifierKey, "key_id", b"same")
    with pytest.raises(LedgerError, match=r"two of your keys are audit/log-1\+73616d65: leave out the false one"):
        open_note(NOTE, [KEY.verifier, STRANGER.verifier])


def test_the_same_key_may_be_given_twice() -> None:
    assert opened(NOTE, [KEY.verifier, KEY.verifier]) == CHECKPOINT.text


def test_a_checkpoint_is_of_the_log_whose_key_it_is() -> None:
    with pytest.raises(LedgerError, match="this checkpoint is of another/log, not of audit/log-1"):
        open_checkpoint(KEY.signed(a_checkpoint(origin="another/log").text), KEY.verifier)


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ("", "text, an empty line and signatures"),
        ("text\n", "text, an empty line and signatures"),
        ("text\n\n", "text, an empty line and signatures"),
        (NOTE.rstrip("\n"), "each line ended"),
        (NOTE.replace("\n\n", "\n"), "text, an empty line and signatures"),
        (NOTE.replace("— ", "- "), "a line below its text is no signature"),
        (NOTE.replace("— audit/log-1 ", "— audit/log-1"), "a line below its text is no signature"),
        (NOTE.replace("— audit/log-1", "— audit+log-1"), "a line below its text is no signature"),
        (NOTE.replace("— audit/log-1", "— "), "a line below its text is no signature"),
        (f"text\n\n— a {encoded(b'idsx'[:4])}\n", "the signature of a is too short to be one"),
        ("text\n\n— a ?\n", "this is not base64"),
        ("text\n\n— a é\n", "this is not base64"),
        (NOTE.replace("\n", "\r\n"), "control characters"),
        (f"\x00{NOTE}", "control characters"),
        (f"\ud800{NOTE}", "text that is not UTF-8"),
        (f"{CHECKPOINT.text}\n{SIGNATURE * 101}", "this note has 101 signatures: no more than 100"),
    ],
)
def test_what_is_no_note(note: str, why: str) -> None:
    with pytest.raises(LedgerError, match=why):
        parse(note)


def test_a_hundred_signatures_are_looked_at() -> None:
    assert opened(f"{CHECKPOINT.text}\n{SIGNATURE * 100}", [KEY.verifier]) == CHECKPOINT.text


def test_only_text_that_can_be_read_again_is_signed() -> None:
    for text in ("no newline", "a\tb\n"):
        with pytest.raises(LedgerError, match="this is not a signed note"):
            KEY.signed(text)
    with pytest.raises(LedgerError, match="this is not a signed note"):
        WATCHER.cosigned("no note", AT_S)


ROOT = encoded(b"r" * 32)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "origin, size and root on lines of their own"),
        (f"o\n1\n{ROOT}", "origin, size and root on lines of their own"),
        ("o\n1\n", "origin, size and root on lines of their own"),
        (f"\n1\n{ROOT}\n", "origin, size and root on lines of their own"),
        (f"o\n01\n{ROOT}\n", "without leading zeroes"),
        (f"o\n-1\n{ROOT}\n", "a whole number"),
        (f"o\n{1 << 63}\n{ROOT}\n", r"below 2\*\*63"),
        (f"o\n1\n{ROOT[:-4]}\n", "its root cannot be that of a tree of 1"),
        (f"o\n0\n{ROOT}\n", "its root cannot be that of a tree of 0"),
        (f"o\n1\n{ROOT[:-1]}\n", "this is not base64"),
    ],
)
def test_what_is_no_checkpoint(text: str, why: str) -> None:
    with pytest.raises(LedgerError, match=why):
        Checkpoint.parse(text)


def test_a_checkpoint_may_be_of_nothing_and_have_more_lines() -> None:
    nothing = Checkpoint("o", 0, EMPTY_ROOT)
    more = Checkpoint("o", (1 << 63) - 1, b"r" * 32, ("one", "two"))
    assert Checkpoint.parse(nothing.text) == nothing
    assert Checkpoint.parse(more.text) == more == Checkpoint.parse(KEY.signed(more.text))


@pytest.mark.parametrize("text", ["", "00", "1.0", "+1", " 1", "1\n", "١", "1_0", "9" * 19, "1" * 20, "1" * 5000])
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(LedgerError, match="a whole number without leading zeroes"):
        count(text)


def test_a_count() -> None:
    assert [count(text) for text in ("0", "7", str((1 << 63) - 1))] == [0, 7, (1 << 63) - 1]


@given(st.binary())
def test_base64_there_and_back(content: bytes) -> None:
    assert decoded(encoded(content)) == content


@pytest.mark.parametrize("text", ["A", "AA", "AA==\n", "AB==", "A-A=", "AAA=A", "====", "AAAA===="])
def test_one_way_to_write_base64(text: str) -> None:
    with pytest.raises(LedgerError, match=r"this base64 has bits after its end|this is not base64"):
        decoded(text)


PIECES = ["\n", "\n\n", "— ", "+", "=", " ", "0", "1", "AAAA", "\ud800", "\x00", "PRIVATE+KEY+", ROOT, SIGNATURE]


@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("a+" * 3)
def test_any_text_is_read_or_refused(text: str) -> None:
    for parser in PARSERS:
        try:
            parser(text)
        except LedgerError:
            continue


def test_every_change_of_one_character_is_refused() -> None:
    """Eight others at each place; who reads it trusts both the log and the witness."""
    chance = Random(1)
    for at, was in enumerate(COSIGNED):
        for other in [*chance.sample("A1b+/= é—\t", 7), "\n"]:
            if other == was:
                continue
            changed = COSIGNED[:at] + other + COSIGNED[at + 1 :]
            with pytest.raises(LedgerError):
                open_checkpoint(changed, KEY.verifier, [WATCHER.verifier])
