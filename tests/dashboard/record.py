"""Small records for the pages to show: plausible traffic, and exchanges that say what a test needs them to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from audit.call import Exchange, Price, PricePart, Reading, Tags
from audit.interpret import Interpreter
from audit.store import tables
from audit.store.engine import open_engine
from audit.store.schema import upgrade
from audit.store.write import Writer
from tests.benchmarks.fill import fill
from tests.databases import the_database
from tests.factories import an_exchange

__all__ = [
    "HOSTILE",
    "LONG_NAME",
    "a_chat",
    "a_record",
    "filled_record",
    "hostile_calls",
    "name_keys",
    "the_sample",
]

LONG_NAME = "org/" + "a-model-name-that-goes-on-and-on-" * 3 + "<b>120</b>-characters"
HOSTILE = (
    "<script>window.taken = 1</script>",
    "<img src=x onerror='window.taken = 1'>",
    "![picture](https://evil.example/leak.png)",
    "[click me](javascript:window.taken=1) :material/home: :red[red] $x^2$ **bold**",
    '=HYPERLINK("https://evil.example")',
)


def a_record(folder: Path, exchanges: Sequence[Exchange] = ()) -> str:
    """Return the URL of a new record that holds these exchanges, read and priced."""
    url = the_database(folder)
    engine = open_engine(url)
    upgrade(engine)
    if exchanges:
        Writer(engine).append([Interpreter(pricing=_priced)(exchange) for exchange in exchanges])
    engine.dispose()
    return url


def filled_record(folder: Path, calls: int, exchanges: Sequence[Exchange] = ()) -> str:
    """Return the URL of a new record of plausible calls up to now, with checks, and these exchanges."""
    url = a_record(folder, exchanges)
    engine = open_engine(url)
    fill(engine, calls, until=datetime.now(UTC), days=10)
    engine.dispose()
    return url


def a_chat(number: int, prompt: str = "hello", answer: str = "Hello!", **over: Any) -> Exchange:
    """Return a chat that ended some minutes ago."""
    model = over.pop("model", "gpt-4o")
    reply = {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "model": over.pop("served", model),
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}],
        "usage": {"prompt_tokens": 1_000, "completion_tokens": 500, "total_tokens": 1_500},
        **over.pop("reply", {}),
    }
    plain: dict[str, Any] = {
        "id": UUID(int=0x0193_0000_0000_7000_8000_0000_0000_0000 + number),
        "started_at": datetime.now(UTC) - timedelta(minutes=number + 1),
        "url": "https://api.openai.com/v1/chat/completions",
        "request_headers": (("content-type", "application/json"),),
        "request_body": json.dumps({"model": model, "messages": [{"role": "user", "content": prompt}]}).encode(),
        "response_headers": (("content-type", "application/json"),),
        "response_body": json.dumps(reply).encode(),
        "first_byte_us": 300_000,
        "duration_us": 2_100_000,
    }
    return an_exchange(**{**plain, **over})


def hostile_calls() -> list[Exchange]:
    """Return calls that say hostile things wherever something can be said: an answer, a block and a failure each."""
    return [exchange for number, text in enumerate(HOSTILE) for exchange in _hostile(10 + 3 * number, text)]


def name_keys(url: str, name: str) -> None:
    """Give all API keys of a record a name."""
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(tables.api_keys.update().values(name=name))
    engine.dispose()


def the_sample() -> Exchange:
    """Return a reply of a router: another model served, five clean verdicts on a prompt of five characters.

    The offsets count the router's own template too: they reach from 30 to 35.
    """
    severities = ("hate", "self_harm", "sexual", "violence")
    verdicts: dict[str, Any] = {name: {"filtered": False, "severity": "safe"} for name in severities}
    verdicts["jailbreak"] = {"detected": False, "filtered": False}
    offsets = {"check_offset": 0, "end_offset": 35, "start_offset": 30}
    reply = {
        "id": "resp_1",
        "object": "response",
        "model": "o3-pro",
        "status": "completed",
        "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi there."}]}],
        "usage": {"input_tokens": 7, "output_tokens": 15, "total_tokens": 22},
        "content_filters": [
            {
                "blocked": False,
                "source_type": "prompt",
                "content_filter_results": verdicts,
                "content_filter_offsets": offsets,
            },
            {"blocked": False, "source_type": "completion", "content_filter_results": {}},
        ],
    }
    request = {"model": "codex-mini-latest", "input": [{"role": "user", "content": "hello"}]}
    return replace(
        a_chat(1),
        id=UUID("01930000-0000-7000-8000-00000000face"),
        reference="the-sample",
        url="https://router.example.com/v1/responsesd",
        request_body=json.dumps(request).encode(),
        response_body=json.dumps(reply).encode(),
        tags=Tags(project="search", session="s1", labels=(("team", "red"),)),
    )


def _hostile(number: int, text: str) -> list[Exchange]:
    tags = Tags(project=text, user=text, session=text, labels=(("note", text),))
    verdicts = {text: {"filtered": False, "severity": text}, "violence": {"filtered": True, "severity": "high"}}
    blocked = {
        "code": "content_filter",
        "message": text,
        "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": verdicts},
    }
    common: dict[str, Any] = {"model": text, "tags": tags, "key_fingerprint": f"key-{number}"}
    over: list[dict[str, Any]] = [
        {"reference": text},
        {"status": 400, "response_body": json.dumps({"error": blocked}).encode()},
        {"status": 500, "response_body": json.dumps({"error": {"code": text, "message": text}}).encode()},
    ]
    return [a_chat(number + offset, text, text, **common, **one) for offset, one in enumerate(over)]


def _priced(reading: Reading, _exchange: Exchange) -> Price | None:
    tokens = (reading.usage.input_tokens if reading.usage else None) or 0
    part = PricePart(unit="input", quantity=Decimal(tokens), unit_price=Decimal("2.50"))
    return Price(amount=part.amount, currency="USD", source="a test", model="gpt-4o", parts=(part,))
