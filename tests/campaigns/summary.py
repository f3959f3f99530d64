"""What came of a campaign, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["lines"]


def lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield figures by name, and below a name what it counts or lists."""
    for name, value in summary.items():
        if isinstance(value, Mapping):
            yield f"{name}:" if value else f"{name + ':':.<40} nothing"
            yield from (f"  {line}" for line in lines(value))
        elif isinstance(value, list):
            yield f"{name + ' ':.<40} {len(value)}"
            yield from (f"  {one}" for one in value)
        else:
            yield f"{name + ' ':.<40} {value}"
