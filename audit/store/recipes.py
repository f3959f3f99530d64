"""Where parts stand in a body, as a line of text: `28,p12,2` is 28 bytes of its own, part 12, two more of its own.

`p12:100:200` are but the bytes of part 12 from the hundredth on, up to the two hundredth. The bytes of its own stand
together elsewhere; of an exchange, first the request's and then the response's, whose recipes a semicolon parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Item", "Ref", "join", "parse", "shared", "text_of", "used"]


@dataclass(frozen=True, slots=True)
class Ref:
    """A part, by its key, or some of its bytes."""

    pk: int
    start: int = 0
    end: int | None = None
    """None: to the part's own end."""

    def __str__(self) -> str:
        return f"p{self.pk}" if self.end is None else f"p{self.pk}:{self.start}:{self.end}"


Item = int | Ref
"""How many bytes of its own come next, or what of a part."""
_ITEM = re.compile(r"(\d+)|p(\d+)(?::(\d+):(\d+))?", re.ASCII)


def text_of(items: Sequence[Item]) -> str:
    """Return a body's recipe."""
    return ",".join(map(str, items))


def parse(recipe: str) -> list[Item]:
    """Return what `text_of` was given; raise `ValueError` for anything else."""
    found = [_ITEM.fullmatch(item) for item in recipe.split(",")] if recipe else []
    return [_item(recipe, one) for one in found]


def used(items: Sequence[Item]) -> set[int]:
    """Return the keys of the parts that stand in it."""
    return {item.pk for item in items if isinstance(item, Ref)}


def shared(items: Sequence[Item], part: Callable[[int], bytes]) -> list[bytes | memoryview]:
    """Return what stands in it of parts, in order; raise `ValueError` if one is too short."""
    return [_bytes_of(item, part(item.pk)) for item in items if isinstance(item, Ref)]


def join(items: Sequence[Item], own: bytes, part: Callable[[int], bytes]) -> bytes:
    """Return the body; raise `ValueError` if its own bytes are too many or too few, or a part is too short."""
    pieces: list[bytes | memoryview] = []
    at = 0
    for item in items:
        if isinstance(item, Ref):
            pieces.append(_bytes_of(item, part(item.pk)))
        else:
            pieces.append(own[at : at + item])
            at += item
    if at != len(own):
        raise ValueError(f"a recipe tells of {at} bytes where there are {len(own)}")
    return b"".join(pieces)


def _item(recipe: str, found: re.Match[str] | None) -> Item:
    if found is None:
        raise ValueError(f"not a recipe: {recipe[:100]!r}")
    own, pk, start, end = found.groups()
    if own is not None:
        return int(own)
    return Ref(int(pk)) if end is None else Ref(int(pk), int(start), int(end))


def _bytes_of(ref: Ref, whole: bytes) -> bytes | memoryview:
    if ref.end is not None and ref.end > len(whole):
        raise ValueError(f"part {ref.pk} has but {len(whole)} bytes where a recipe asks for {ref.end}")
    return whole if ref.end is None else memoryview(whole)[ref.start : ref.end]
