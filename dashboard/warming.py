"""What the server does before the first visit: import, look up and lay out whatever is slow the first time.

A page that is opened right after the start would else wait half a second for imports, for the first table of pandas and
for what is asked of every record. What is there by then stays: the garbage collector, which Streamlit runs in full
after each drawing, need not look through it again.
"""

from __future__ import annotations

import gc
import logging
from importlib import import_module

import pandas as pd  # type: ignore[import-untyped]  # pandas has no types of its own
import pyarrow as pa  # type: ignore[import-untyped]  # likewise

from audit.errors import AuditError

__all__ = ["warm"]

_log = logging.getLogger("audit.dashboard")
_PIECES = ("cards", "call_list", "diagrams", "headline", "speed", "strips", "uptime", "verdicts", "call_facts")
"""What pages are made of, but for components: those must be declared while a page is drawn."""


def warm() -> None:
    """Do all that; a record that does not answer is told, and keeps nobody waiting."""
    # Not imported above: what is decorated with a cache before the server runs is cached in the wrong place.
    data = import_module("dashboard.data")
    for piece in _PIECES:
        import_module(f"dashboard.{piece}")
    _lay_out()
    try:
        if data.trouble() is None:
            data.together(data.choices, data.foremost_models, data.health)
    except AuditError:
        _log.info("the record could not be looked at before the first visit", exc_info=True)
    gc.collect()
    gc.freeze()


def _lay_out() -> None:
    """Have a table with a cell of every kind written and packed, as it will be for the browser."""
    table = pd.DataFrame({"text": ["a"], "figure": [0.5], "count": [1], "pills": [["up"]]})
    table.style.format({"figure": "{:.1f}".format}).to_html()
    pa.Table.from_pandas(table)
