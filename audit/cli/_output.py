"""What commands print: text for people, JSON for programs. What was recorded is data and never commands a terminal."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import click

__all__ = ["coloured", "hanging", "legible", "plain", "print_json"]

_UNSEEN = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
"""Characters that a terminal obeys instead of showing, above U+001F: C1 controls, and turns of the writing direction
(https://trojansource.codes)."""
_CONTROLS = re.compile(rf"[\x00-\x1f{_UNSEEN}]")
_CONTROLS_BUT_LINES = re.compile(rf"[\x00-\x08\x0b-\x1f{_UNSEEN}]")
_NOT_ESCAPED = re.compile(f"[{_UNSEEN}]")


def print_json(value: Any, *, on_one_line: bool = False) -> None:
    """Print a value as JSON: times in ISO 8601, money as text, bytes as text or as `{"base64": …}`."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=None if on_one_line else 2)
    click.echo(_NOT_ESCAPED.sub(_escaped, text))


def legible(text: str, *, lines: bool = False) -> str:
    """Return text with its control characters written out; `lines` leaves line breaks and tabs as they are."""
    shown = str(text)  # bytes, where SQLite has taken them for a text
    return (_CONTROLS_BUT_LINES if lines else _CONTROLS).sub(_escaped, shown)


def coloured(text: str, **style: Any) -> str:
    """Return text in a style (`fg`, `bold`), where a terminal shows it and nobody has asked for none (NO_COLOR)."""
    return click.style(text, **style) if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text


def hanging(head: str, text: str, *, indent: int) -> str:
    """Return text behind a head, its further lines below its first; what is no terminal gets it in one line."""
    if not sys.stdout.isatty() or indent + len(text) <= (room := shutil.get_terminal_size().columns):
        return head + text
    lines = textwrap.wrap(text, max(room - indent, 20), break_long_words=False, break_on_hyphens=False)
    return head + f"\n{'':<{indent}}".join(lines)


def plain(value: Any) -> Any:
    """Return a value as what JSON has: objects, lists, texts, numbers, booleans, null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return _text(value) if isinstance(value, bytes) else value


def _escaped(found: re.Match[str]) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(found[0], f"\\u{ord(found[0]):04x}")


def _text(data: bytes) -> Any:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
