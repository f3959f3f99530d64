"""Pieces of messages."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from audit.call import Message, Part
from audit.dialects._parts import base64_size, joined, linked, media, role_of, said, spoken, tool_result


@pytest.mark.parametrize("size", range(8))
def test_the_size_of_base64_text_is_that_of_its_bytes(size: int) -> None:
    packed = base64.b64encode(b"x" * size).decode()

    assert base64_size(packed) == size
    assert base64_size(packed.rstrip("=")) == size


def test_line_breaks_in_base64_do_not_count() -> None:
    assert base64_size(base64.encodebytes(b"x" * 100).decode()) == 100
    assert base64_size(None) is None


@pytest.mark.parametrize("value", [None, "", [], {}, True])
def test_nothing_said_is_no_part_and_no_message(value: Any) -> None:
    assert spoken(value) == ()
    assert said("user", spoken(value)) == ()


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/png", "image"),
        ("audio/wav", "audio"),
        ("video/mp4", "video"),
        ("application/pdf", "file"),
        (None, "file"),
    ],
)
def test_the_media_type_tells_the_kind(media_type: str | None, kind: str) -> None:
    assert media(media_type, "AAAA") == Part(kind=kind, media_type=media_type, size=3)
    assert linked("https://e.com", media_type) == Part(kind=kind, media_type=media_type, text="https://e.com")


def test_a_data_url_is_content_not_an_address() -> None:
    part = linked("data:image/png;base64,AAAA", kind="image")

    assert part == Part(kind="image", media_type="image/png", size=3)
    assert linked(None) == Part(kind="file")


def test_what_follows_on_each_other_in_a_stream_is_one() -> None:
    parts = [*spoken("a"), *spoken("b"), *spoken("c", "reasoning"), *spoken("d"), tool_result("e"), tool_result("f")]

    assert [(part.kind, part.text) for part in joined(parts)] == [
        ("text", "ab"),
        ("reasoning", "c"),
        ("text", "d"),
        ("tool_result", "e"),
        ("tool_result", "f"),
    ]


@pytest.mark.parametrize(
    ("role", "name"),
    [("model", "assistant"), ("CHATBOT", "assistant"), ("USER", "user"), (None, "user"), ("developer", "developer")],
)
def test_roles_are_called_alike(role: str | None, name: str) -> None:
    assert role_of(role) == name
    assert said(role, spoken("x")) == (Message(role=name, parts=(Part(kind="text", text="x"),)),)
