"""Texts under escapes, and where each stretch of them stands."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.redaction.passage import Piece, json_piece, percent_piece, plain_piece


def cut_out(piece: Piece, wanted: str, sheet: str) -> str:
    """Return a sheet without a stretch of a piece's text."""
    start = piece.text.index(wanted)
    (stretch,) = piece.stands(start, start + len(wanted))
    return sheet[: stretch.start] + sheet[stretch.end :]


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        ("a secret b", "a  b"),
        (r"\n\tsecret\n", r"\n\t\n"),
        (r"\ud83d\ude00secret\ud83d", r"\ud83d\ude00\ud83d"),
        (r"\u0073ecre\u0074!", "!"),
        (r"\\secret\"", r"\\\""),
        ("😀\\u4f60secret\\/", "😀\\u4f60\\/"),
    ],
)
def test_a_stretch_of_a_json_string_stands_under_its_escapes(sheet: str, left: str) -> None:
    assert cut_out(json_piece(sheet, 0), "secret", sheet) == left


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        ("a%20secret+b", "a%20+b"),
        ("%73e%63ret", ""),
        ("%E4%BD%A0%E5%A5%BDsecret%FF", "%E4%BD%A0%E5%A5%BD%FF"),
        ("+secret", "+"),
        ("%zzsecret", "%zz"),
    ],
)
def test_a_stretch_of_a_form_stands_under_its_percents(sheet: str, left: str) -> None:
    assert cut_out(percent_piece(sheet, 0), "secret", sheet) == left


def test_a_plus_is_a_blank_but_in_a_path() -> None:
    assert percent_piece("a+b%2B", 0).text == "a b+"
    assert percent_piece("a+b%2B", 0, plus="+").text == "a+b+"


def test_an_escape_that_json_does_not_have_is_read_as_it_stands() -> None:
    assert json_piece(r"\x secret \u12", 3) == plain_piece(r"\x secret \u12", 3)


@given(before=st.text(), after=st.text(), ascii_only=st.booleans())
def test_whatever_stands_around_is_left(before: str, after: str, ascii_only: bool) -> None:
    escaped = json.dumps(f"{before}\0secret{after}", ensure_ascii=ascii_only)[1:-1]
    piece = json_piece(escaped, 0)
    start = len(before) + 1
    (stretch,) = piece.stands(start, start + len("secret"))
    left = escaped[: stretch.start] + escaped[stretch.end :]
    assert json.loads(f'"{left}"', strict=False) == f"{before}\0{after}"
