"""Some at a time: a statement takes only so many parameters, and memory only so many rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

__all__ = ["MANY", "in_lots"]

T = TypeVar("T")
MANY = 1_000
"""Parameters of one statement."""


def in_lots(values: Iterable[T], most: int = MANY) -> Iterator[list[T]]:
    """Yield values in their order, `most` at a time, the last ones perhaps fewer."""
    rest = iter(values)
    while lot := list(islice(rest, most)):
        yield lot
