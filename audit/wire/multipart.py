"""Forms with files: what a multipart/form-data body (RFC 7578) says, without its binary content."""

from __future__ import annotations

import re
from email.message import Message
from email.parser import HeaderParser
from typing import Any

__all__ = ["read_form"]

MOST_PARTS = 1_000
"""Fields read of one form: real ones have a dozen."""


def read_form(body: bytes, content_type: str) -> dict[str, Any]:
    """Return fields by name: text as text, a file as `{"file", "media_type", "size"}`; a repeated name as a list."""
    fields: dict[str, Any] = {}
    for part in _parts(body, content_type):
        pieces = _BLANK_LINE.split(part, 1)
        headers = HeaderParser().parsestr(pieces[0][:_MOST_HEAD].decode("utf-8", "replace").lstrip())
        name = headers.get_param("name", header="content-disposition")
        if isinstance(name, str) and len(pieces) == 2:
            name, value = name.removesuffix("[]"), _value(headers, pieces[1])
            fields[name] = [*_listed(fields[name]), value] if name in fields else value
    return fields


def _parts(body: bytes, content_type: str) -> list[bytes]:
    """Return what stands between the boundaries; a last part that was cut off is left out."""
    header = Message()
    header["content-type"] = content_type.encode("ascii", "replace").decode()
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        return []
    parts = (b"\n" + body).split(b"\n--" + boundary.encode(), MOST_PARTS + 1)
    return [part.removesuffix(b"\r") for part in parts[1:-1]]


def _value(headers: Message, content: bytes) -> Any:
    file = headers.get_filename()
    if file is None:
        return content.decode("utf-8", "replace")
    return {"file": file, "media_type": headers.get_content_type(), "size": len(content)}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_MOST_HEAD = 4096
