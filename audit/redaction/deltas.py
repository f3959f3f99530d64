"""The strings of a stream's events: what stands at one place of many events is one text, cut anywhere."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate, islice
from typing import Any, NamedTuple

from audit.redaction.json_texts import STRING, is_binary
from audit.redaction.passage import Passage, Stretch, json_piece

__all__ = ["Deltas"]


class Deltas:
    """Gathers events."""

    def __init__(self) -> None:
        self._said: dict[str, list[_Delta]] = {}

    def add(self, data: str, start: int, sheet: int = 0) -> bool:
        """Take an event's data, which stands at `start`; return whether it is a JSON object or array."""
        try:
            value = _DECODER.decode(data)
        except (ValueError, RecursionError):
            return False
        if type(value) not in (tuple, list):
            return False
        found: list[tuple[str, str, int]] = []
        _walk(value, _kind(value), 0, found)
        for place, text, number in found:
            said = self._said.get(place)
            if said is None:
                self._said[place] = said = []
            said.append(_Delta(text, data, start, sheet, number))
        return True

    def passages(self) -> Iterator[Passage]:
        """Yield what is to be read."""
        for said in self._said.values():
            first = said[0].text
            if len(first) >= _REPEATED and all(delta.text == first for delta in said):
                if not is_binary(first):
                    yield _Repeated(said)
            else:
                yield _Continued(said)


class _Delta(NamedTuple):
    """A string of an event, which is looked up there only when something is cut out of it."""

    text: str
    data: str
    start: int
    sheet: int
    number: int
    """Which of the event's strings it is, keys counted."""

    def stands(self, start: int, end: int, *, first: bool) -> Stretch:
        match = next(islice(STRING.finditer(self.data), self.number, None))
        (stretch,) = json_piece(match[1], self.start + match.start(1), self.sheet).stands(start, end)
        return stretch._replace(first=first)


class _Continued:
    """Deltas of one text."""

    def __init__(self, said: list[_Delta]) -> None:
        self._said = said

    @cached_property
    def text(self) -> str:
        return "".join([delta.text for delta in self._said])

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate((len(delta.text) for delta in self._said), initial=0))

    def stands(self, start: int, end: int) -> Iterator[Stretch]:
        at = bisect_right(self._starts, start) - 1
        while at < len(self._said) and self._starts[at] < end:
            begins, delta = self._starts[at], self._said[at]
            cut = max(start - begins, 0), min(end - begins, len(delta.text))
            if delta.text:
                yield delta.stands(*cut, first=begins <= start)
            at += 1


class _Repeated:
    """A text that stands whole in every event, such as an id."""

    def __init__(self, said: list[_Delta]) -> None:
        self._said = said
        self.text = said[0].text

    def stands(self, start: int, end: int) -> Iterator[Stretch]:
        return (delta.stands(start, end, first=True) for delta in self._said)


def _kind(value: Any) -> str:
    """Return what tells events apart in which the same place means something else."""
    if type(value) is not tuple:
        return ""
    return "".join([f"{key}={inner};" for key, inner in value if key in _TELLING and type(inner) in (str, int)])


def _walk(value: Any, place: str, number: int, found: list[tuple[str, str, int]]) -> int:
    """Add the strings of a value to `found`, with their places and numbers; return the number of the next string."""
    is_object = type(value) is tuple
    for key, inner in value if is_object else enumerate(value) if type(value) is list else ():
        number += is_object
        kind = type(inner)
        if kind is str:
            found.append((f"{place}.{key}", inner, number))
            number += 1
        elif kind is tuple:
            named = key if is_object else next((index for name, index in inner if name == "index"), key)
            number = _walk(inner, f"{place}.{named}", number, found)
        elif kind is list:
            number = _walk(inner, f"{place}.{key}", number, found)
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=tuple, strict=False)
"""Objects become tuples of pairs: arrays are told from them, and of a repeated key no value is overlooked."""
_TELLING = frozenset({"type", "index", "output_index", "content_index", "summary_index", "item_id", "event_type"})
_REPEATED = 6
"""Characters: no value that any rule finds consists of so long a piece again and again."""
