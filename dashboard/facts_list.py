"""Draws names and values in full, by a component that can only make text of what it is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from audit.wire.parse import printable

__all__ = ["draw"]

_HERE = Path(__file__).parent
_facts = st.components.v2.component(
    "audit_facts",
    html='<dl class="facts"></dl>',
    css=(_HERE / "facts_list.css").read_text(encoding="utf-8"),
    js=(_HERE / "facts_list.js").read_text(encoding="utf-8"),
)


def draw(facts: Mapping[str, str], key: str) -> None:
    """Draw facts, one beneath the other; values may have been recorded."""
    _facts(data={"facts": [[name, printable(value)] for name, value in facts.items()]}, key=key)
