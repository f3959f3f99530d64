"""Some at a time: a statement takes only so many parameters, and memory only so many rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

__all__ = ["MANY", "in_lots", "in_weighed_lots"]

T = TypeVar("T")
MANY = 1_000
"""Parameters of one statement."""


def in_lots(values: Iterable[T], most: int = MANY) -> Iterator[list[T]]:
    """Yield values in their order, `most` at a time, the last ones perhaps fewer."""
    rest = iter(values)
    while lot := list(islice(rest, most)):
        yield lot


def in_weighed_lots(values: Iterable[T], weight: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """Yield values in their order, as many at a time as weigh no more than `most` together, at least one."""
    lot: list[T] = []
    weighs = 0
    for value in values:
        more = weight(value)
        if lot and weighs + more > most:
            yield lot
            lot, weighs = [], 0
        lot.append(value)
        weighs += more
    if lot:
        yield lot
