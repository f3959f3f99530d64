"""What the pages make of a call, without a browser: every text and table of it, fit to be sent to one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC
from typing import Any

import pyarrow

from audit.call import Reading
from audit.store.rows import CallDetail
from audit.wire.encoding import decode
from audit.wire.parse import printable
from dashboard import call_facts, call_list, conversation
from dashboard.pictures import pictures
from dashboard.tables import Table, _frame

__all__ = ["render"]


def render(detail: CallDetail, reading: Reading) -> None:
    """Make all that the page of a call shows; raise for what a browser could not be sent."""
    exchange = detail.exchange
    tables: list[Table[Any]] = [call_facts.findings_table(detail)]
    if detail.price is not None:
        tables.append(call_facts.price_table(detail.price))
    sides = (
        (exchange.request_body, exchange.request_headers),
        (exchange.response_body, exchange.response_headers),
    )
    bodies = [
        call_facts.body_of(body, dict(headers).get("content-encoding", ""), formatted=formatted)
        for body, headers in sides
        for formatted in (True, False)
    ]
    images = pictures(*(decode(body, dict(headers).get("content-encoding", "")).body for body, headers in sides))
    shown = [
        [asdict(turn) for turn in conversation.turns(reading, detail.findings, images)],
        [(body.text, body.told) for body in bodies],
        [_sent(table) for table in tables],
        [call_list.names(detail.row), call_list.standing_word(detail.row), *call_facts.remarks(detail.row)],
        [(part.name, part.told) for part in call_facts.stretches(detail.row)],
        call_facts.durations(detail.row),
        call_facts.token_figures(detail),
        {name: printable(value) for name, value in call_facts.facts(detail, UTC).items()},
        [detail.notes, detail.block_reasons, detail.row.error_code, detail.row.error_message],
    ]
    for text in _texts(shown):
        text.encode()  # protobuf refuses what is not Unicode


def _sent(table: Table[Any]) -> list[str]:
    """Return the cells of a table as Streamlit would send them, which is as Arrow's."""
    frame = _frame(table)
    written = frame.to_string() if hasattr(frame, "to_string") else ""
    data = getattr(frame, "data", frame)
    pyarrow.Table.from_pandas(data)
    return [written, *(cell for column in data for cell in data[column] if isinstance(cell, str))]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(key)
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
