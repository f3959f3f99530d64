"""Images in bodies are found by what they begin with; nothing else becomes one."""

from __future__ import annotations

import base64
import json

import pytest

from dashboard import pictures as module
from dashboard.pictures import pictures

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_an_image_is_found_in_either_body_and_in_whatever_field() -> None:
    jpeg = b"\xff\xd8\xff\xe0" + bytes(50)
    request = json.dumps({"image_url": {"url": f"data:image/png;base64,{text_of(PNG)}"}}).encode()
    response = json.dumps({"inlineData": {"mimeType": "image/jpeg", "data": text_of(jpeg)}}).encode()
    assert pictures(request, response) == {
        len(PNG): f"data:image/png;base64,{text_of(PNG)}",
        len(jpeg): f"data:image/jpeg;base64,{text_of(jpeg)}",
    }


@pytest.mark.parametrize(
    "said",
    [
        "data:image/svg+xml;base64," + text_of(b"<svg onload='window.taken = 1'/>" * 3),
        text_of(PNG) + " and words",
        "https://evil.example/leak.png",
        "",
    ],
)
def test_what_could_hold_a_script_or_is_no_image_is_not_taken_for_one(said: str) -> None:
    assert pictures(json.dumps({"a": said}).encode(), b"\xff\x00") == {}


def test_escaped_slashes_are_undone() -> None:
    gif = b"GIF89a" + b"\xff" * 40
    body = json.dumps(text_of(gif)).replace("/", "\\/").encode()
    assert list(pictures(body)) == [len(gif)]


def test_of_two_images_of_one_size_none_is_shown_for_the_other() -> None:
    other = PNG[:-1] + b"x"
    assert pictures(json.dumps([text_of(PNG), text_of(other)]).encode()) == {len(PNG): ""}
    assert pictures(json.dumps([text_of(PNG), text_of(PNG)]).encode())[len(PNG)] != ""


def test_what_is_too_large_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", len(PNG) - 1)
    assert pictures(json.dumps(text_of(PNG)).encode()) == {}
