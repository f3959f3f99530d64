"""Master keys: what is wrapped by one that one alone unwraps, for what it was wrapped for."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.encryption.keyring import KEY_BYTES, WRAPPED_BYTES, DataKey, Keyring, MasterKey, open_sealed, seal
from audit.errors import EncryptionError, StoreError

OLD, NEW = MasterKey(bytes(range(32))), MasterKey(bytes(32))
SECRET = b"s" * KEY_BYTES


@pytest.mark.parametrize(
    "text",
    [
        OLD.secret.hex(),
        OLD.secret.hex().upper() + "\n",
        base64.b64encode(OLD.secret).decode(),
        base64.urlsafe_b64encode(OLD.secret).decode(),
        f"  {OLD.exported()} ",
    ],
)
def test_a_key_is_read_as_it_is_commonly_written(text: str) -> None:
    assert MasterKey.parse(text) == OLD


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("secret words", "neither hexadecimal nor base64"),
        ("zz" * 32, "neither hexadecimal nor base64"),
        ("é" * 44, "neither hexadecimal nor base64"),
        ("abcd" * 4, "has 12 bytes, not 32"),
        ("", "has 0 bytes, not 32"),
    ],
)
def test_what_is_no_key_is_refused_without_a_word_of_it(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        MasterKey.parse(text)
    assert not text or text not in str(refused.value)


def test_keys_are_told_apart_by_ids_and_show_nothing() -> None:
    assert OLD.id != NEW.id
    assert Keyring([NEW, OLD]).ids == (NEW.id, OLD.id)
    assert OLD.secret.hex() not in repr(OLD)
    assert repr(OLD) == "MasterKey()"
    assert MasterKey.generate() != MasterKey.generate()


def test_the_first_wraps_and_all_unwrap() -> None:
    before = Keyring([OLD]).wrap(SECRET, b"label")
    both = Keyring([NEW, OLD])
    after = both.wrap(SECRET, b"label")
    assert (before.master, after.master, len(after.wrapped)) == (OLD.id, NEW.id, WRAPPED_BYTES)
    assert both.unwrap(before, b"label") == both.unwrap(after, b"label") == SECRET


def test_a_missing_key_is_told_by_its_id() -> None:
    wrapped = Keyring([OLD]).wrap(SECRET, b"label")
    with pytest.raises(EncryptionError, match=f"the key {OLD.id}, which is not here .there is {NEW.id}.") as missing:
        Keyring([NEW]).unwrap(wrapped, b"label")
    assert not missing.value.permanent


def test_another_key_under_the_same_id_opens_nothing() -> None:
    wrapped = Keyring([OLD]).wrap(SECRET, b"label")
    with pytest.raises(StoreError, match="damaged"):
        Keyring([NEW]).unwrap(DataKey(NEW.id, wrapped.wrapped), b"label")


@given(content=st.binary(max_size=40), label=st.binary(max_size=12))
def test_what_was_sealed_opens_and_no_flipped_bit_does(content: bytes, label: bytes) -> None:
    sealed = seal(SECRET, content, label)
    assert open_sealed(SECRET, sealed, label) == content
    for at in range(len(sealed)):
        with pytest.raises(StoreError, match="damaged"):
            open_sealed(SECRET, flipped(sealed, at), label)
    for at in range(len(label)):
        with pytest.raises(StoreError, match="damaged"):
            open_sealed(SECRET, sealed, flipped(label, at))
    with pytest.raises(StoreError, match="damaged"):
        open_sealed(b"t" * KEY_BYTES, sealed, label)


@pytest.mark.parametrize("kept", [0, 5, 12, 20])
def test_what_was_cut_is_damaged(kept: int) -> None:
    with pytest.raises(StoreError, match="damaged"):
        open_sealed(SECRET, seal(SECRET, b"content", b"")[:kept], b"")


def test_no_two_wrappings_are_alike() -> None:
    ring = Keyring([OLD])
    assert len({ring.wrap(SECRET, b"label").wrapped for _ in range(100)}) == 100


def flipped(data: bytes, at: int) -> bytes:
    """Return the data with a bit of one byte turned over."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
