"""Where parts stand in a body, as a line of text: `28,p12,2` is 28 bytes of its own, part 12, two more of its own.

The bytes of its own stand together elsewhere; of an exchange, first the request's and then the response's, whose
recipes a semicolon parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

__all__ = ["Ref", "join", "parse", "text_of", "used"]


class Ref(int):
    """A part, by its key."""

    __slots__ = ()


Item = int
"""How many bytes of its own come next, or the `Ref` of a part."""
_ITEM = re.compile(r"p?\d+")


def text_of(items: Sequence[Item]) -> str:
    """Return a body's recipe."""
    return ",".join(f"p{int(item)}" if isinstance(item, Ref) else str(item) for item in items)


def parse(recipe: str) -> list[Item]:
    """Return what `text_of` was given; raise `ValueError` for anything else."""
    items = recipe.split(",") if recipe else []
    if not all(map(_ITEM.fullmatch, items)):
        raise ValueError(f"not a recipe: {recipe[:100]!r}")
    return [Ref(item[1:]) if item.startswith("p") else int(item) for item in items]


def used(items: Sequence[Item]) -> list[int]:
    """Return the keys of the parts that stand in it."""
    return [int(item) for item in items if isinstance(item, Ref)]


def join(items: Sequence[Item], own: bytes, part: Callable[[int], bytes]) -> bytes:
    """Return the body; raise `ValueError` if its own bytes are too many or too few."""
    pieces, at = [], 0
    for item in items:
        if isinstance(item, Ref):
            pieces.append(part(int(item)))
        else:
            pieces.append(own[at : at + item])
            at += item
    if at != len(own):
        raise ValueError(f"a recipe tells of {at} bytes where there are {len(own)}")
    return b"".join(pieces)
