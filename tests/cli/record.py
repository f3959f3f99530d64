"""A record whose calls can be told apart: who made them, what they cost, how they ended."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from audit.call import Ending, Exchange, Price, PricePart, Reading, Tags
from audit.canary.state import Flip, State
from audit.canary.verdict import Judgement, Verdict
from audit.interpret import Interpreter
from audit.store.checks import Checks
from audit.store.engine import open_engine
from audit.store.write import Writer
from tests.dashboard.record import a_chat, a_record, the_sample

__all__ = ["ADA", "CALLS", "KEYS", "SAMPLE", "a_filled_record", "add_checks", "call_id"]

KEYS = ("abcd1111", "abcd2222")
ADA = {"key_fingerprint": KEYS[0], "tags": Tags(project="search", user="ada", labels=(("team", "red"),))}
GRACE = {"key_fingerprint": KEYS[1], "tags": Tags(project="billing", user="grace", labels=(("team", "blue"),))}
SAMPLE = "the-sample"
CALLS = 7
"""That count when nothing is asked for: the sample and numbers 2 to 7."""


def call_id(number: int) -> str:
    """Return the id of a call by its number below."""
    return str(a_chat(number).id)


def a_filled_record(folder: Path) -> str:
    """Return the URL of a record of the calls below, and of nine minutes' checks."""
    url = a_record(folder)
    engine = open_engine(url)
    Writer(engine).append([Interpreter(pricing=_priced)(exchange) for exchange in _exchanges()])
    engine.dispose()
    add_checks(url)
    return url


def add_checks(url: str, *, ended: State = State.UP) -> None:
    """Add two checks of one model: the first went badly, the second as `ended` says; a third never ended."""
    engine = open_engine(url)
    checks, now = Checks(engine), datetime.now(UTC)
    well, badly = Judgement(verdict=Verdict.OK), Judgement(verdict=Verdict.ERROR, reasons=("HTTP 503", "not there"))
    slow = Judgement(verdict=Verdict.SLOW, reasons=("first token after 9 s",))
    told = ((slow, 9), (well if ended is State.UP else badly, 6))
    pks = [_check(checks, judgement, now - timedelta(minutes=minutes)) for judgement, minutes in told]
    _check(checks, None, now - timedelta(minutes=3))
    flip = Flip(at=now, seen_at=now, before=State.UNKNOWN, state=ended, reason="so it went", check_pk=pks[-1])
    checks.add_flip("openai", "gpt-4o", old=None, new=flip)
    engine.dispose()


def _check(checks: Checks, judgement: Judgement | None, at: datetime) -> int:
    pk = checks.claim("arithmetic", "openai", "gpt-4o", slot_at=at, by="here:1", started_at=at)
    assert pk is not None
    if judgement is not None:
        checks.finish(pk, judgement, None, ended_at=at + timedelta(seconds=1))
    return pk


def _exchanges() -> list[Exchange]:
    return [
        the_sample(),
        a_chat(2, "Where is the refund policy?", "On page 4.", model="gpt-4o", served="gpt-4o-2024-08-06", **ADA),
        a_chat(3, "Count \x1b[31mred\x1b[0m apples.", "Three.", model="gpt-4o", **ADA),
        a_chat(4, model="gpt-5", **_failed(429, "rate_limit_exceeded", "Slow down."), **GRACE),
        a_chat(5, model="gpt-5", **_failed(400, "content_filter", "It was filtered."), **_AZURE),
        a_chat(6, model="gpt-5", **_unanswered()),
        a_chat(7, model="gpt-5", ending=Ending.CLOSED, response_body=b'{"id": "chatcm', **GRACE),
        a_chat(8, "What is 3 + 4?", "7", tags=Tags(canary="arithmetic")),
        a_chat(9, url="https://api.openai.com/v1/models", method="GET", request_body=b""),
    ]


_AZURE: dict[str, Any] = {"url": "https://one.openai.azure.com/openai/deployments/gpt-5/chat/completions"}


def _priced(reading: Reading, _exchange: Exchange) -> Price | str | None:
    if not reading.operation.generates or reading.error:
        return None
    if reading.usage is None or reading.usage.input_tokens is None:
        return "no usage is known"
    tokens = Decimal(reading.usage.input_tokens)
    part = PricePart(unit="input", quantity=tokens, unit_price=Decimal("2.50"))
    return Price(amount=part.amount, currency="USD", source="a test", model="gpt-4o", parts=(part,))


def _failed(status: int, code: str, message: str) -> dict[str, Any]:
    reply = {"error": {"code": code, "message": message}}
    return {"status": status, "response_body": json.dumps(reply).encode()}


def _unanswered() -> dict[str, Any]:
    return {
        "status": None,
        "ending": Ending.FAILED,
        "failure": "httpx2.ConnectError: nobody listens",
        "response_body": b"",
        "response_headers": (),
        "first_byte_us": None,
    }
