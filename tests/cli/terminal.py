"""What the tests of commands share: how a command is run, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Audit", "Said"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command has printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Audit = Callable[..., Said]
"""Runs `audit` with the words given."""
