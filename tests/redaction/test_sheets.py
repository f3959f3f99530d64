"""What of a body is read, by its kind."""

from __future__ import annotations

import pytest

from audit.redaction.sheets import sheets_of, text_of

JSON, EVENTS, FORM = "application/json", "text/event-stream", "application/x-www-form-urlencoded"


def read(body: bytes, kind: str, *, reply: bool = True) -> list[str] | None:
    sheets = sheets_of(body, kind, reply=reply)
    return None if sheets is None else [passage.text for passage in sheets.passages]


@pytest.mark.parametrize(
    ("body", "kind", "texts"),
    [
        (b'{"abc": "jo\\n"}', JSON, ["abc", "jo\n"]),
        (b'[{"abc": "jo"},\n {"abc": "hn"}]', JSON, ["john"]),
        (b'{"abc": "jo"}\n{"abc": "hn"}\n1\n', "application/x-ndjson", ["1", "john"]),
        (b'data: {"abc": "jo"}\r\n\r\nid: 1\r\ndata:{"abc": "hn"}\r\n\r\ndata: [DONE]\n\n', EVENTS, ["[DONE]", "john"]),
        (b'event: a\ndata: {"abc": "john"}\n\n: note\n\n', "", [": note", "john"]),
        (b'{"error": "john"}', EVENTS, ["error", "john"]),
        (b"a=jo%68n&b=x+y&c", FORM, ["a", "john", "b", "x y", "c"]),
        (b"plain", "text/plain", ["plain"]),
        ("für".encode(), "", ["für"]),
        (b"f\xfcr", "text/html", ["f\udcfcr"]),
        (b"\x89PNG\xff", "", None),
        (b"\x89PNG\xff", "application/octet-stream", None),
    ],
)
def test_a_reply_is_read_by_its_kind(body: bytes, kind: str, texts: list[str] | None) -> None:
    assert read(body, kind) == texts


def test_a_request_goes_on_from_nowhere() -> None:
    assert read(b'{"abc": "joh"}\n{"abc": "n.b"}', "", reply=False) == ["abc", "joh", "abc", "n.b"]


def test_a_form_with_files_is_read_but_for_what_is_no_text() -> None:
    head = b'content-disposition: form-data; name="%s"\r\n\r\n'
    parts = [head % b"model" + b"whisper", head % b"file" + b"\xff\xfb", head % b"batch" + b'{"abc": "john"}']
    body = b"".join(b"--it\r\n" + part + b"\r\n" for part in parts) + b"--it--\r\n"
    kind = 'multipart/form-data; boundary="it"'
    sheets = sheets_of(body, kind, reply=False)
    assert sheets is not None
    texts = [passage.text for passage in sheets.passages]
    assert texts == ["whisper\r", "abc", "john", "--\r\n"]
    places = [next(iter(passage.stands(0, len(passage.text)))) for passage in sheets.passages]
    assert [sheets.texts[0][start:end] for _, start, end, _ in places] == texts
    assert read(b"whole", "multipart/form-data") == ["whole"]


def test_a_text_has_all_of_its_bytes() -> None:
    text = text_of(b"f\xfcr \xe4\xbd\xa0", "text/plain")
    assert text is not None
    assert text.encode("utf-8", "surrogateescape") == b"f\xfcr \xe4\xbd\xa0"
