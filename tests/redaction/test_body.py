"""A body before and after, and where what arrived when falls in it."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import brotli
import pytest
import zstandard

from audit.redaction import body as body_module
from audit.redaction.body import Redacted, redacted_body
from audit.redaction.cutting import Found
from tests.redaction.samples import a_cutter

ANN = (Found("email", "ann@x.org"),)
JSON = b'{"a": "f\xc3\xbcr ann@x.org, \xe4\xbd\xa0"}'
CUT = b'{"a": "f\xc3\xbcr [redacted:email], \xe4\xbd\xa0"}'


def redacted(body: bytes, **over: Any) -> Redacted:
    plain = {"encoding": "", "content_type": "application/json", "reply": True, "drop": False}
    return redacted_body(body, cutter=a_cutter(), **{**plain, **over})


def test_what_is_found_is_cut_and_all_else_stays() -> None:
    assert redacted(JSON) == Redacted(body=CUT, found=ANN)
    assert redacted(CUT) == Redacted(body=CUT)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(JSON, mtime=0)),
        ("deflate", zlib.compress(JSON)),
        ("br", brotli.compress(JSON)),
        ("zstd", zstandard.compress(JSON)),
        ("gzip, br", brotli.compress(gzip.compress(JSON, mtime=0))),
    ],
)
def test_a_packed_body_is_unpacked_to_be_cut(encoding: str, packed: bytes) -> None:
    assert redacted(packed, encoding=encoding) == Redacted(body=CUT, decoded=True, found=ANN)


def test_a_packed_body_in_which_nothing_is_found_stays_packed() -> None:
    packed = gzip.compress(b'{"a": 1}')
    assert redacted(packed, encoding="gzip") == Redacted(body=packed)


@pytest.mark.parametrize(("drop", "body"), [(False, b"\x00ann@x.org"), (True, b"")])
def test_what_cannot_be_unpacked_is_kept_or_dropped(drop: bool, body: bytes) -> None:
    found = redacted(b"\x00ann@x.org", encoding="secret", drop=drop)
    assert (found.body, found.problem) == (body, "unknown content encoding 'secret'")


@pytest.mark.parametrize("drop", [False, True])
def test_of_what_was_cut_short_as_much_is_searched_as_came(drop: bool) -> None:
    found = redacted(gzip.compress(JSON)[:-8], encoding="gzip", drop=drop)
    assert (found.body, found.found, found.problem) == (CUT, ANN, "content encoding ends early")


def test_what_is_no_text_is_kept_or_dropped_but_for_images() -> None:
    assert redacted(b"\xff\xfe", content_type="audio/mpeg", drop=True) == Redacted(body=b"\xff\xfe")
    kept, dropped = (redacted(b"\xff\xfe", content_type="application/pdf", drop=drop) for drop in (False, True))
    assert (kept.body, dropped.body) == (b"\xff\xfe", b"")
    assert kept.problem == dropped.problem == "is no text, so that nothing is looked for in it"


def test_what_is_too_large_to_be_read_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "MAX_DECODED", 10)
    assert redacted(JSON).problem is not None


def test_offsets_are_followed_through_the_cuts() -> None:
    at = JSON.index(b"ann")
    marks = redacted(JSON, cuts=(0, at, at + 1, at + 8, at + 9, len(JSON))).marks
    start, end = CUT.index(b"["), CUT.index(b"]") + 1
    assert marks == (
        (0, 0),
        (at, start),
        (at + 1, start + 1),
        (at + 8, start + 8),
        (at + 9, end),
        (len(JSON), len(CUT)),
    )


def test_an_offset_amid_a_longer_value_is_before_the_end_of_its_mark() -> None:
    long = b'{"a": "' + b"a" * 40 + b'@x.org"}'
    ((_, moved),) = redacted(long, cuts=(45,)).marks
    assert moved == len(b'{"a": "[redacted:email]') - 1


def test_offsets_of_a_packed_body_are_those_of_the_plain_one() -> None:
    packed = gzip.compress(JSON)
    marks = redacted(packed, encoding="gzip", cuts=(1, len(packed))).marks
    assert marks == ((1, 0), (len(packed), len(CUT)))
