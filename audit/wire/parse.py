"""JSON from a hostile network: a value, or the reason why there is none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["Parsed", "parse_json", "printable"]


MAX_VALUES = 4_000_000
"""Values that one document may have, by its commas: 2,048 embeddings of 1,536 figures have fewer, and each takes some
sixty bytes of memory where it may be two in the document."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """`value` as the standard library reads it; `problem` says why it is None."""

    value: Any
    problem: str | None = None
    odd: tuple[str, ...] = ()
    """What stands in the value and can be no figure, in words."""


def parse_json(data: bytes | str) -> Parsed:
    """Return the value of one JSON document.

    NaN and Infinity come as None, which `odd` tells, as it does integers of more than 20 characters; but a number too
    large for a float, such as 1e999, comes as infinite; lone surrogates stay in the strings (see `printable`); of
    duplicate keys the last counts. Bytes that are not UTF-8 are read with replacement characters, which is noted.
    """
    text, problem = data if isinstance(data, str) else None, None
    if text is None:
        try:
            text = bytes(data).decode("utf-8-sig")  # type: ignore[arg-type]  # str was ruled out above
        except UnicodeDecodeError as exc:
            text = bytes(data).decode("utf-8", "replace")  # type: ignore[arg-type]
            problem = f"not UTF-8 at byte {exc.start}"
    if not text.strip():
        return Parsed(None, "empty")
    if len(text) > MAX_VALUES and text.count(",") > MAX_VALUES:
        return Parsed(None, f"more than {MAX_VALUES} values")
    try:
        return _parsed(text, problem)
    except json.JSONDecodeError as exc:
        return Parsed(None, f"not JSON: {exc.msg} at character {exc.pos}")
    except RecursionError:
        return Parsed(None, "JSON nested too deep to read")
    except ValueError as exc:  # an integer of more digits than sys.get_int_max_str_digits()
        return Parsed(None, f"not readable JSON: {str(exc)[:80]}")


def _parsed(text: str, problem: str | None) -> Parsed:
    """Look for what is odd only where there is any: it costs a decoder of its own."""
    try:
        return Parsed(_DECODER.decode(text), problem)
    except _Odd:
        odd: dict[str, None] = {}
        return Parsed(_noting(odd).decode(text), problem, tuple(odd)[:_MOST_ODD])


def _noting(odd: dict[str, None]) -> json.JSONDecoder:
    def integer(digits: str) -> int:
        if len(digits) > _MOST_DIGITS:
            odd[f"an integer of {len(digits)} characters"] = None
        return int(digits)

    def constant(name: str) -> None:
        odd[f"{name} in the place of a number"] = None

    return json.JSONDecoder(parse_int=integer, parse_constant=constant)


class _Odd(Exception):
    """The document holds what is no figure."""


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise _Odd
    return int(digits)


def _constant(_name: str) -> None:
    raise _Odd


def printable(text: str) -> str:
    """Return the text without what a database or a terminal refuses: NUL and lone surrogates."""
    if "\x00" in text:
        text = text.replace("\x00", "\u2400")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


_MOST_DIGITS = 20
"""Characters of an integer that fits 64 bits, with a sign or without: seeds are such."""
_MOST_ODD = 5
_DECODER = json.JSONDecoder(parse_int=_integer, parse_constant=_constant)
