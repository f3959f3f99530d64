"""Forms with files."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.wire.multipart import MOST_PARTS, read_form

FORM = 'multipart/form-data; boundary="B"'


def a_part(disposition: str, content: bytes, *more: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *more]
    return b"--B\r\n" + "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + content + b"\r\n"


def test_text_fields_come_as_text() -> None:
    assert read_form(a_part('name="model"', b"whisper-1") + b"--B--\r\n", FORM) == {"model": "whisper-1"}


def test_a_file_comes_as_name_type_and_size() -> None:
    part = a_part('name="file"; filename="ü.mp3"', b"\0\r\n\xff--B", "Content-Type: audio/mpeg")
    assert read_form(part + b"--B--", FORM) == {"file": {"file": "ü.mp3", "media_type": "audio/mpeg", "size": 7}}


def test_a_file_name_may_be_encoded() -> None:
    part = a_part("name=\"file\"; filename*=UTF-8''%e2%82%ac.mp3", b"")
    assert read_form(part + b"--B--", FORM)["file"]["file"] == "€.mp3"


def test_a_repeated_name_comes_as_a_list_and_its_brackets_go() -> None:
    parts = b"".join(a_part('name="image[]"', content) for content in (b"a", b"b", b"c"))
    assert read_form(parts + b"--B--", FORM) == {"image": ["a", "b", "c"]}


def test_bare_line_feeds_will_do() -> None:
    body = b'preamble\n--B\nContent-Disposition: form-data; name="a"\n\nx\n--B--\nepilogue'
    assert read_form(body, "multipart/form-data; boundary=B") == {"a": "x"}


def test_a_part_that_is_cut_off_is_left_out() -> None:
    body = a_part('name="a"', b"x") + a_part('name="b"', b"y")
    assert read_form(body, FORM) == {"a": "x"}


@pytest.mark.parametrize("part", [b"--B\r\n\r\ncontent\r\n", b'--B\r\nContent-Disposition: form-data; name="a"\r\n'])
def test_parts_without_name_or_content_are_left_out(part: bytes) -> None:
    assert read_form(part + b"--B--", FORM) == {}


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=", "x\udc80; é", ""])
def test_without_a_boundary_there_are_no_fields(content_type: str) -> None:
    assert read_form(a_part('name="a"', b"x") + b"--B--", content_type) == {}


def test_no_more_parts_are_read_than_any_form_has() -> None:
    began = time.process_time()
    assert len(read_form(a_part('name="a"', b"x") * 100_000, FORM)["a"]) == MOST_PARTS
    assert time.process_time() - began < 5


@given(st.binary(), st.text())
def test_it_never_raises(body: bytes, content_type: str) -> None:
    read_form(b"--B\r\n" + body + b"\r\n--B--", content_type)
    read_form(b"--B\r\n" + body + b"\r\n--B--", FORM)
