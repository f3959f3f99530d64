"""The fields of a form with files (RFC 7578), read so strictly that no other reader can see others."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["NotTellable", "fields"]


class NotTellable(Exception):
    """A request may be read in several ways."""


def fields(body: bytes, content_type: str) -> Iterator[tuple[str, str | None]]:
    """Yield each field's name with its text; None for a file's. Raises `NotTellable` for what is spelt unusually."""
    boundary = _BOUNDARY.fullmatch(content_type.strip())
    if not boundary:
        raise NotTellable
    mark = b"--" + (boundary["quoted"] or boundary["bare"]).encode()
    first, *others = (b"\r\n" + body).split(b"\r\n" + mark)
    if first or not others or others.pop() not in (b"--", b"--\r\n") or body.count(mark) != len(others) + 1:
        raise NotTellable
    for part in others:
        yield _field(part)


def _field(part: bytes) -> tuple[str, str | None]:
    head, blank, content = part.partition(b"\r\n\r\n")
    begin, *lines = head.split(b"\r\n")
    if begin or not blank:
        raise NotTellable
    names = []
    is_file = False
    for line in lines:
        if found := _DISPOSITION.fullmatch(line):
            names.append(found["name"])
            is_file = found["file"] is not None
        elif not _TYPE.fullmatch(line):
            raise NotTellable
    if len(names) != 1:
        raise NotTellable
    try:
        return names[0].decode(), None if is_file else content.decode()
    except UnicodeDecodeError:
        raise NotTellable from None


_BOUNDARY = re.compile(
    r"""multipart/form-data\s*;\s*boundary=
    ("(?P<quoted>[\w'()+,./:=?\ -]{0,69}[\w'()+,./:=?-])" | (?P<bare>[\w'+.-]{1,70}))""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
_DISPOSITION = re.compile(
    rb"""content-disposition:\ *form-data;\ *name="(?P<name>[^"\\\r\n\x00%]*)"
    (?P<file>(;\ *filename\*?=("[^"\r\n\x00]*"|[^";\s]+))+)?""",
    re.IGNORECASE | re.VERBOSE,
)
_TYPE = re.compile(rb"content-(type|length): *[\x21-\x7e]+(; *charset=\"?utf-?8\"?)?", re.IGNORECASE)
