from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard

from audit.simulator.coding import accepted, coder, decoded

DATA = ["première ".encode(), b"x" * 5000, b"", b"end"]


@pytest.mark.parametrize("codings", [[], ["gzip"], ["deflate"], ["br"], ["zstd"], ["gzip", "br"], ["zstd", "gzip"]])
def test_what_is_encoded_can_be_decoded(codings: list[str]) -> None:
    stream = coder(codings)
    body = b"".join(stream.push(piece) for piece in DATA) + stream.end()

    assert decoded(body, ", ".join(codings)) == b"".join(DATA)


def test_every_piece_can_be_decoded_before_the_next() -> None:
    stream = coder(["gzip"])
    reader = zlib.decompressobj(31)

    assert [reader.decompress(stream.push(piece)) for piece in DATA] == DATA


def test_other_libraries_read_it() -> None:
    for name, read in (("br", brotli.decompress), ("gzip", gzip.decompress), ("deflate", zlib.decompress)):
        stream = coder([name])
        assert read(stream.push(b"abc") + stream.end()) == b"abc"
    stream = coder(["zstd"])
    assert zstandard.ZstdDecompressor().decompressobj().decompress(stream.push(b"abc") + stream.end()) == b"abc"


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        ("gzip, br;q=0.5", ["gzip", "br"]),
        ("br;q=0, gzip", ["gzip"]),
        ("*", ["gzip", "br"]),
        ("*;q=0, br", ["br"]),
        ("", []),
        ("identity", []),
    ],
)
def test_only_what_is_accepted_is_used(header: str, allowed: list[str]) -> None:
    assert accepted(["gzip", "br"], header) == allowed


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd", "lzma"])
def test_a_body_in_no_such_coding_is_a_value_error(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        decoded(b"plain", name)
