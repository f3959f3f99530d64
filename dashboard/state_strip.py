"""Draws how models do, side by side, by a component that can only make text of what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

__all__ = ["Chip", "draw"]

_HERE = Path(__file__).parent
_strip = st.components.v2.component(
    "audit_states",
    html='<div class="states"></div>',
    css=(_HERE / "state_strip.css").read_text(encoding="utf-8"),
    js=(_HERE / "state_strip.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A model and how it does."""

    model: str
    provider: str
    state: str
    told: str
    """Its uptime, in words."""


def draw(chips: Sequence[Chip], key: str) -> Chip | None:
    """Draw the chips; return the one that was pressed just now."""
    drawn = _strip(data={"chips": [asdict(chip) for chip in chips]}, key=key, on_picked_change=lambda: None)
    picked = drawn.get("picked")
    return chips[picked] if isinstance(picked, int) and 0 <= picked < len(chips) else None
