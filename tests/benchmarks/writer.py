"""How many calls a second get into the database: `python -m tests.benchmarks.writer [--calls N --database KIND]`.

As they are stored where many wait, to be found by their words later; how fast those words are entered then; both at
once, as calls are stored where few wait; and the first after reading. With `--encrypted` also how many are stored when
their bodies are encrypted, for which no words are indexed.

Calls of 4 KB through the writer, and through dialects and writer, against the most that the database takes of rows of
that size through its own bulk insert in the same run: rows of two bodies of 2,000 bytes, six small columns and an
index; SQLite with `synchronous=FULL` in hundreds, PostgreSQL by binary COPY.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Engine, Index, Integer, LargeBinary, MetaData, Table, Text

from audit.call import Call, Exchange
from audit.encryption.keyring import Keyring, MasterKey
from audit.interpret import Interpreter
from audit.pricing import Pricer
from audit.recording.identity import uuid7
from audit.store.engine import open_engine
from audit.store.loading import insert_rows
from audit.store.sealing import with_keys
from audit.store.unindexed import enter_some
from audit.store.write import Writer
from tests.databases import KINDS, a_database
from tests.factories import an_exchange

__all__ = ["exchanges", "measured"]

BODY = 2_000
RAW_BATCH = 100
Row = dict[str, Any]
_plain = Table(
    "plain_rows",
    MetaData(),
    Column("pk", Integer, primary_key=True, autoincrement=False),
    *(Column(name, Text) for name in ("provider", "model", "outcome", "project")),
    Column("at", Integer),
    Column("request", LargeBinary),
    Column("response", LargeBinary),
    Index("ix_plain_rows_at", "at"),
)


def exchanges(count: int, seed: int = 1) -> list[Exchange]:
    """Return chats whose bodies are 2,000 bytes each, of words as often as in prose."""
    source = random.Random(seed)
    words = ["".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(2, 10))) for _ in range(1_500)]
    weights = [1 / rank for rank in range(1, 1_501)]
    text = " ".join(source.choices(words, weights, k=500_000))
    began = datetime(2026, 1, 1, tzinfo=UTC)
    return [_exchange(number, began + timedelta(seconds=number), text, source) for number in range(count)]


def _exchange(number: int, at: datetime, text: str, source: random.Random) -> Exchange:
    def said() -> str:
        start = source.randrange(len(text) - BODY)
        return text[start : start + BODY - 200]

    request = {"model": "gpt-4o", "messages": [{"role": "user", "content": said()}]}
    answer = {"index": 0, "message": {"role": "assistant", "content": said()}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 400, "completion_tokens": 380, "total_tokens": 780}
    response = {"id": f"chatcmpl-{number}", "model": "gpt-4o-2024-08-06", "choices": [answer], "usage": usage}
    json_type = (("content-type", "application/json"),)
    return an_exchange(
        id=uuid7(int(at.timestamp() * 1000)),
        started_at=at,
        url="https://api.openai.com/v1/chat/completions",
        request_headers=json_type,
        request_body=json.dumps(request).encode(),
        response_headers=(*json_type, ("x-request-id", f"req_{number}")),
        response_body=json.dumps(response).encode(),
        duration_us=1_000_000,
        key_fingerprint="k",
    )


def measured(engine: Engine, calls: int, batch: int, *, encrypted: bool = False) -> dict[str, float]:
    """Return rows and calls a second: the database's limit, the writer's, the index's, with reading, encrypted."""
    interpret = Interpreter(pricing=Pricer([], {}), providers={}, aliases={})
    given = exchanges(4 * calls if encrypted else 3 * calls)
    read = [interpret(exchange) for exchange in given[: 2 * calls]]
    writer = Writer(engine)
    raw = _rate(calls, RAW_BATCH, _raw(engine, given))
    gc.freeze()
    written = _rate(calls, batch, lambda start, end: writer.append(read[start:end], words_later=True))
    words = _rate(calls, batch, lambda _start, _end: enter_some(engine))
    assert enter_some(engine) == 0
    at_once = _rate(calls, batch, lambda start, end: writer.append(read[calls + start : calls + end]))

    def read_and_write(writer: Writer, first: int) -> Callable[[int, int], object]:
        def act(start: int, end: int) -> None:
            some: list[Call] = [interpret(exchange) for exchange in given[first + start : first + end]]
            writer.append(some, words_later=True)

        return act

    both = _rate(calls, batch, read_and_write(writer, 2 * calls))
    found = {"raw": raw, "written": written, "words": words, "written with words": at_once, "read and written": both}
    writer.close()
    if encrypted:
        sealing = Writer(with_keys(engine, lambda: Keyring([MasterKey.generate()])))
        found["encrypted"] = _rate(calls, batch, read_and_write(sealing, 3 * calls))
        sealing.close()
    return found


def _raw(engine: Engine, given: Sequence[Exchange]) -> Callable[[int, int], object]:
    with engine.begin() as connection:
        _plain.create(connection)

    def insert(start: int, end: int) -> None:
        with engine.begin() as connection:
            insert_rows(connection, _plain, [_row(number, given[number]) for number in range(start, end)])

    return insert


def _row(number: int, exchange: Exchange) -> Row:
    names = {"provider": "openai", "model": "gpt-4o", "outcome": "clean", "project": "p"}
    bodies = {"request": exchange.request_body, "response": exchange.response_body}
    return {"pk": number, **names, "at": number, **bodies}


def _rate(count: int, batch: int, act: Callable[[int, int], object]) -> float:
    """Calls a second: the median over batches, as a machine has other things to do."""
    took = []
    for start in range(0, count, batch):
        began = time.perf_counter()
        act(start, min(start + batch, count))
        took.append((time.perf_counter() - began) / (min(start + batch, count) - start))
    return 1 / statistics.median(took)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.writer", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--database", choices=KINDS, nargs="*", default=list(KINDS))
    parser.add_argument("--encrypted", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    found = {}
    for kind in given.database:
        with tempfile.TemporaryDirectory() as folder, a_database(kind, Path(folder)) as url:
            engine = open_engine(url)
            found[kind] = measured(engine, given.calls, given.batch, encrypted=given.encrypted)
            engine.dispose()
    if given.json:
        print(json.dumps(found))
    for kind, rates in found.items() if not given.json else ():
        for name, rate in rates.items():
            print(f"{kind:<12}{name:<20}{rate:>10,.0f}/s{rate / rates['raw']:>8.0%} of the limit")
    return 0


if __name__ == "__main__":
    sys.exit(main())
