"""Draws a conversation in the browser, by a component that can only make text of what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import streamlit as st

from dashboard.conversation import Turn

__all__ = ["draw"]

_HERE = Path(__file__).parent
_conversation = st.components.v2.component(
    "audit_conversation",
    html='<div class="conversation"></div>',
    css=(_HERE / "transcript.css").read_text(encoding="utf-8"),
    js=(_HERE / "transcript.js").read_text(encoding="utf-8"),
)


def draw(turns: Sequence[Turn], key: str) -> None:
    """Draw the turns, one beneath the other."""
    _conversation(data={"turns": [asdict(turn) for turn in turns]}, key=key)
