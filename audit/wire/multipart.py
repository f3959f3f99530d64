"""Forms with files: what a multipart/form-data body (RFC 7578) says, without its binary content."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

__all__ = ["read_form"]


def read_form(body: bytes, content_type: str) -> dict[str, Any]:
    """Return fields by name: text as text, a file as `{"file", "media_type", "size"}`; a repeated name as a list."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    fields: dict[str, Any] = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            continue
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else b""
        value: Any = content.decode("utf-8", "replace")
        if (file := part.get_filename()) is not None:
            value = {"file": file, "media_type": part.get_content_type(), "size": len(content)}
        name = name.removesuffix("[]")
        fields[name] = [*_listed(fields[name]), value] if name in fields else value
    return fields


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
