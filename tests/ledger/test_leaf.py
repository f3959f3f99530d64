from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any

import pytest

from audit.errors import LedgerError
from audit.ledger.leaf import (
    INPUT_BYTES,
    METADATA,
    REQUEST,
    RESPONSE,
    commit,
    commitments_in,
    leaf_hash,
    leaf_input,
    new_salt,
    new_salts,
)

PARTS: dict[str, Any] = {
    "record_id": b"i" * 16,
    "writer_id": b"w" * 8,
    "number": 258,
    "metadata": b"m" * 32,
    "request": b"q" * 32,
    "response": b"r" * 32,
}


def test_a_salt_is_random() -> None:
    assert len({new_salt() for _ in range(100)}) == 100
    assert {len(new_salt()) for _ in range(10)} == {16}
    assert {len(salt) for salt in new_salts(10)} == {16}
    assert len({*new_salts(100), *new_salts(100)}) == 200


def test_a_commitment_is_an_hmac_of_the_side_and_the_content() -> None:
    assert commit(b"salt", REQUEST, b"content") == hmac.new(b"salt", b"qcontent", sha256).digest()


def test_a_commitment_is_to_one_salt_side_and_content() -> None:
    made = {
        commit(salt, side, content)
        for salt in (b"s" * 16, b"t" * 16)
        for side in (METADATA, REQUEST, RESPONSE)
        for content in (b"", b"m", b"q")
    }
    assert len(made) == 18


def test_a_leaf_is_made_of_fixed_fields() -> None:
    expected = b"i" * 16 + b"w" * 8 + b"\0\0\0\0\0\0\x01\x02" + b"m" * 32 + b"q" * 32 + b"r" * 32
    assert leaf_input(**PARTS) == expected
    assert len(expected) == INPUT_BYTES
    assert commitments_in(expected) == {METADATA: b"m" * 32, REQUEST: b"q" * 32, RESPONSE: b"r" * 32}
    assert leaf_hash(expected) == sha256(b"\x00" + expected).digest()


@pytest.mark.parametrize("name", [name for name in PARTS if name != "number"])
def test_a_field_of_another_length_is_refused(name: str) -> None:
    for wrong in (PARTS[name][1:], PARTS[name] + b"x"):
        with pytest.raises(ValueError, match="a leaf is made of 16, 8, 8 and three times 32 bytes"):
            leaf_input(**{**PARTS, name: wrong})


@pytest.mark.parametrize("number", [-1, 1 << 64])
def test_a_number_that_does_not_fit_is_refused(number: int) -> None:
    with pytest.raises(OverflowError):
        leaf_input(**{**PARTS, "number": number})


def test_what_is_no_leafs_input_has_no_commitments() -> None:
    with pytest.raises(LedgerError, match="an entry of this log has 128 bytes, and not 127"):
        commitments_in(bytes(127))
