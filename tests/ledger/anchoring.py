"""Anchors for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

__all__ = ["MemoryAnchor"]


@dataclass(frozen=True, slots=True)
class MemoryAnchor:
    """Keeps checkpoints in a list."""

    kept: list[str] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    """Called before one is kept."""
    name: str = "memory"
    remembers: bool = True

    def notes(self) -> Sequence[str]:
        return self.kept

    def last(self) -> str | None:
        return self.kept[-1] if self.kept else None

    def put(self, note: str) -> None:
        self.before()
        self.kept.append(note)
