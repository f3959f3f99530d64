"""Content encodings undone, within bounds."""

from __future__ import annotations

import gzip
import os
import time
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from audit.wire.encoding import Decoded, decode

Pack = Callable[[bytes], bytes]


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKS: dict[str, Pack] = {
    "gzip": gzip.compress,
    "x-gzip": lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:]),
    "deflate": zlib.compress,
    "Deflate ": bare_deflate,
    "br": lambda data: brotli.compress(data, quality=4),
    "zstd": zstandard.compress,
    "zstd, identity": lambda data: zstandard.compress(data[:7]) + zstandard.compress(data[7:]),
    "br, gzip": lambda data: gzip.compress(brotli.compress(data, quality=4)),
    "deflate, gzip": lambda data: gzip.compress(zlib.compress(data)),
    "gzip,zstd": lambda data: zstandard.compress(gzip.compress(data)),
}
every_encoding = pytest.mark.parametrize("encoding", PACKS)
each_encoding = pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])


@pytest.mark.parametrize("encoding", ["", "identity", "Identity", " , "])
def test_plain_bodies_come_as_they_are(encoding: str) -> None:
    assert decode(b"plain", encoding) == Decoded(b"plain")


def test_an_empty_body_needs_no_decoding() -> None:
    assert decode(b"", "gzip") == Decoded(b"")


@every_encoding
@given(data=st.binary(max_size=300) | st.binary(max_size=30).map(lambda piece: piece * 1000), draw=st.data())
def test_what_was_packed_comes_back_however_it_arrived(encoding: str, data: bytes, draw: st.DataObject) -> None:
    packed = PACKS[encoding](data)
    cuts = draw.draw(st.lists(st.integers(-1, len(packed) + 1), max_size=8))
    decoded = decode(packed, encoding, cuts=tuple(cuts))
    assert (decoded.body, decoded.problem) == (data, None)
    assert list(decoded.marks) == sorted(decoded.marks)
    assert decoded.marks[-1] == (len(packed), len(data))
    assert {cut for cut in cuts if 0 < cut < len(packed)} <= {received for received, _ in decoded.marks}


def test_it_tells_how_many_received_bytes_it_took_for_plain_ones() -> None:
    packer = zlib.compressobj(wbits=31)
    pieces = [packer.compress(b"a" * 100) + packer.flush(zlib.Z_SYNC_FLUSH) for _ in range(3)]
    first, second, third = len(pieces[0]), len(pieces[0] + pieces[1]), len(b"".join(pieces))
    decoded = decode(b"".join(pieces), "gzip", cuts=(first, second))
    assert [decoded.received_for(offset) for offset in (1, 100, 101, 200, 300, 999)] == [
        first, first, second, second, third, third,
    ]  # fmt: skip


def test_of_plain_bytes_it_took_as_many() -> None:
    assert decode(b"plain", "").received_for(3) == 3


@each_encoding
def test_a_body_cut_short_gives_what_came(encoding: str) -> None:
    data = os.urandom(50_000).hex().encode()
    packed = PACKS[encoding](data)
    decoded = decode(packed[: len(packed) // 2], encoding)
    assert decoded.problem == "content encoding ends early"
    assert data.startswith(decoded.body)
    assert encoding == "zstd" or len(decoded.body) > 30_000  # which comes in blocks of 128 KB


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_what_stands_behind_the_end_is_no_part_of_the_body(encoding: str) -> None:
    packed = PACKS[encoding](b"plain" * 100)
    for cuts in ((), (len(packed),)):
        decoded = decode(packed + b"\0garbage", encoding, cuts=cuts)
        assert (decoded.body, decoded.problem) == (b"plain" * 100, None)


def test_behind_a_zstandard_frame_garbage_is_noted_and_the_frame_read() -> None:
    decoded = decode(zstandard.compress(b"plain") + b"garbage", "zstd")
    assert decoded.body == b"plain"
    assert decoded.problem is not None
    assert decoded.problem.startswith("broken content encoding after 5 plain bytes: ")


def test_a_broken_body_is_read_up_to_where_it_breaks() -> None:
    packer = zlib.compressobj(wbits=31)
    sound = packer.compress(b"sound" * 100) + packer.flush(zlib.Z_FULL_FLUSH)
    decoded = decode(sound + b"\xff" * 100, "gzip")
    assert decoded.body == b"sound" * 100
    assert decoded.problem is not None
    assert decoded.problem.startswith("broken content encoding after 500 plain bytes: ")


def test_a_wrong_checksum_at_the_end_costs_nothing_but_a_note() -> None:
    packed = bytearray(gzip.compress(b"plain"))
    packed[-8] ^= 1
    decoded = decode(bytes(packed), "gzip")
    assert decoded.body == b"plain"
    assert decoded.problem is not None


@each_encoding
@given(data=st.binary(min_size=1))
def test_bytes_that_are_no_such_encoding_are_noted_and_not_raised(encoding: str, data: bytes) -> None:
    decoded = decode(data, encoding)
    assert decoded.problem is not None or decoded.body == b"" or decode(data, encoding) == decoded


@pytest.mark.parametrize(
    ("encoding", "problem"),
    [("lzma", "unknown content encoding 'lzma'"), ("gzip," * 5, "5 content encodings")],
)
def test_encodings_beyond_reason_are_noted(encoding: str, problem: str) -> None:
    assert decode(b"body", encoding) == Decoded(b"", problem)


@each_encoding
def test_a_bomb_is_cut_at_the_limit(encoding: str) -> None:
    packed = PACKS[encoding](bytes(3_000_000))
    assert decode(packed, encoding, limit=1_000_000) == Decoded(
        bytes(1_000_000), "unpacks to more than 1000000 bytes", decode(packed, encoding, limit=1_000_000).marks
    )


@each_encoding
def test_a_body_just_at_the_limit_is_whole(encoding: str) -> None:
    packed = PACKS[encoding](bytes(100_000))
    assert decode(packed, encoding, limit=100_000).problem is None
    assert decode(packed, encoding, limit=99_999).problem == "unpacks to more than 99999 bytes"


def test_a_bomb_inside_a_bomb_is_cut_as_well() -> None:
    packed = gzip.compress(gzip.compress(bytes(50_000_000)))
    assert decode(packed, "gzip, gzip", limit=1_000_000).problem == "unpacks to more than 1000000 bytes"


def test_a_bomb_at_an_inner_stage_is_one_too() -> None:
    packed = gzip.compress(bytes(3_000_000))
    assert decode(packed, "br, gzip", limit=1_000_000).problem == "unpacks to more than 1000000 bytes"


def test_members_without_number_take_time_by_their_number_not_its_square() -> None:
    began = time.process_time()
    assert decode(gzip.compress(b"") * 100_000, "gzip").problem is None
    assert time.process_time() - began < 5


@each_encoding
def test_a_body_that_unpacks_to_much_is_whole(encoding: str) -> None:
    assert decode(PACKS[encoding](bytes(5_000_000)), encoding).body == bytes(5_000_000)
