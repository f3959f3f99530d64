"""What conversations cost on disk: `python -m tests.benchmarks.conversations [--conversations 200 --turns 40 --json]`.

Agents talk: a system prompt of 6 KB and tools of 8 KB that all have alike, then about 1.2 KB a turn (what the model
said; a tool's result or the user's next words), and each request repeats all that was said. The calls of all
conversations come by turns, as those of many users do. Told are bytes stored for each call, by bands of ten turns: flat
is what costs its length, growing what costs its square. At the end every body is read back and compared.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import zstandard
from sqlalchemy import Engine, select
from sqlalchemy.engine import make_url

from audit.call import Ending, Exchange, Origin
from audit.interpret import Interpreter
from audit.pricing import Pricer
from audit.store import tables
from audit.store.engine import is_sqlite, open_engine, size_bytes
from audit.store.read.exchanges import stored_exchanges
from audit.store.schema import upgrade
from audit.store.write import Writer
from tests.benchmarks.upstream import prose

__all__ = ["Band", "Report", "exchanges", "measured"]

BATCH = 100
BAND = 10
SYSTEM_BYTES, TOOLS, TOOL_BYTES, TURN_BYTES, ANSWER_BYTES = 6_000, 16, 370, 850, 300
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
HEADERS = (("content-type", "application/json"), ("user-agent", "agent/1.0"), ("authorization", "[redacted]"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Ten turns of every conversation, in bytes for each call."""

    turns: str
    raw: int
    """Of both bodies."""
    zstd: int
    """Of each body packed by itself, at level 3."""
    stored: int
    """By which the whole database grew."""
    tables: dict[str, int] = field(default_factory=dict)
    """The same by tables, indexes apart; empty where the database cannot tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was measured."""

    calls: int
    bands: tuple[Band, ...]
    changed: int
    """Bodies that were not read back as they were; to be 0."""

    @property
    def stored(self) -> float:
        """Bytes of the database for each call, its fixed costs included."""
        return sum(band.stored for band in self.bands) / len(self.bands)


def exchanges(conversations: int, turns: int) -> Iterator[list[Exchange]]:
    """Yield, turn by turn, the calls of all conversations."""
    system = {"role": "system", "content": prose(SYSTEM_BYTES, 1)}
    tools = [_tool(number) for number in range(TOOLS)]
    said: list[list[dict[str, Any]]] = [[system] for _ in range(conversations)]
    for turn in range(turns):
        yield [_exchange(number, turn, turns, messages, tools) for number, messages in enumerate(said)]


def measured(engine: Engine, conversations: int, turns: int) -> Report:
    """Store conversations in a database that has nothing but its tables, and return what they cost."""
    writer, interpret = Writer(engine, clock=lambda: NOON), Interpreter(pricing=Pricer(()))
    bands, raw, packed, seen = [], 0, 0, 0
    before = _sizes(engine)
    for turn, made in enumerate(exchanges(conversations, turns), start=1):
        for start in range(0, len(made), BATCH):
            writer.append([interpret(exchange) for exchange in made[start : start + BATCH]])
        raw += sum(len(body) for one in made for body in _bodies(one))
        packed += sum(len(_ZSTD.compress(body)) for one in made for body in _bodies(one))
        seen += len(made)
        if turn % BAND == 0 or turn == turns:
            after = _sizes(engine)
            grown = {name: round((after[name] - before[name]) / seen) for name in after}
            first = turn - seen // conversations + 1
            stored = grown.pop(_WHOLE)
            bands.append(
                Band(turns=f"{first}-{turn}", raw=raw // seen, zstd=packed // seen, stored=stored, tables=grown)
            )
            raw, packed, seen, before = 0, 0, 0, after
    changed = _changed(engine, exchanges(conversations, turns))
    return Report(calls=conversations * turns, bands=tuple(bands), changed=changed)


def _tool(number: int) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"path": {"type": "string"}, "limit": {"type": "integer"}}}
    described = {"name": f"tool_{number}", "description": prose(TOOL_BYTES, 100 + number), "parameters": schema}
    return {"type": "function", "function": described}


def _exchange(number: int, turn: int, turns: int, said: list[dict[str, Any]], tools: list[Any]) -> Exchange:
    """Make the next call of a conversation, and add to what was said in it."""
    seed, name = 1_000 + number * turns + turn, f"{number:04x}{turn:04x}"
    result = prose(TURN_BYTES, 2 * seed)
    asks = turn % 4 == 0
    said.append({"role": "user", "content": result} if asks else _result(said[-1], result))
    request = {"model": "gpt-4.1", "messages": said, "tools": tools, "temperature": 0.2}
    answer: dict[str, Any] = {"role": "assistant", "content": prose(ANSWER_BYTES, 2 * seed + 1)}
    if (turn + 1) % 4:
        arguments = json.dumps({"path": f"src/{name}.py"})
        called = {"id": f"call_{name}", "type": "function", "function": {"name": "tool_3", "arguments": arguments}}
        answer["tool_calls"] = [called]
    body = json.dumps(request).encode()
    said.append(answer)
    return Exchange(
        id=UUID(int=(0x01930000 << 96) + (7 << 76) + (2 << 62) + turn * 2**20 + number),
        started_at=NOON + timedelta(seconds=turn * 60 + number / 100),
        origin=Origin.PROXY,
        method="POST",
        url="https://api.openai.com/v1/chat/completions",
        request_headers=HEADERS,
        request_body=body,
        status=200,
        response_headers=(("content-type", "application/json"), ("x-request-id", f"req_{name * 4}")),
        response_body=_reply(name, answer, len(body) // 4),
        ending=Ending.EOF,
        first_byte_us=400_000 + seed % 1_000,
        duration_us=900_000 + seed % 1_000,
        key_fingerprint="k1",
    )


def _result(asked: dict[str, Any], result: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": asked["tool_calls"][0]["id"], "content": result}


def _reply(name: str, answer: dict[str, Any], tokens: int) -> bytes:
    choice = {"index": 0, "message": answer, "finish_reason": "tool_calls" if "tool_calls" in answer else "stop"}
    usage = {"prompt_tokens": tokens, "completion_tokens": 75, "total_tokens": tokens + 75}
    head = {"id": f"chatcmpl-{name}", "object": "chat.completion", "created": 1_767_323_045, "model": "gpt-4.1"}
    return json.dumps({**head, "choices": [choice], "usage": usage}).encode()


def _bodies(exchange: Exchange) -> tuple[bytes, bytes]:
    return exchange.request_body, exchange.response_body


def _sizes(engine: Engine) -> Counter[str]:
    """The bytes of the whole database and, on SQLite, of its tables; those of indexes together."""
    if not is_sqlite(engine):
        with engine.connect() as connection:
            return Counter({_WHOLE: size_bytes(connection)})
    connection = engine.raw_connection()  # outside of any transaction
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.close()
    path = str(make_url(str(engine.url)).database)
    sizes = Counter({_WHOLE: Path(path).stat().st_size})
    for name, size in _by_object(path):
        indexed = name.startswith(("ix_", "sqlite_autoindex_"))
        sizes["indexes" if indexed else "search" if name.startswith("call_words") else name] += size
    return sizes


def _by_object(path: str) -> list[tuple[str, int]]:
    """What SQLite tells of each table and index; nothing where it was built without a tongue for it."""
    opened = sqlite3.connect(path)  # the interpreter's own: the bundled one has no `dbstat`
    try:
        return opened.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        opened.close()


def _changed(engine: Engine, wanted: Iterator[Sequence[Exchange]]) -> int:
    """How many bodies are not as they were."""
    changed = 0
    with engine.connect() as connection:
        for made in wanted:
            for start in range(0, len(made), BATCH):
                some = {exchange.id: exchange for exchange in made[start : start + BATCH]}
                keys = connection.execute(select(tables.calls.c.pk).where(tables.calls.c.id.in_(list(some)))).scalars()
                found = stored_exchanges(connection, tables.calls.c.pk.in_(keys.all()), limit=len(some))
                read = {exchange.id: exchange for _, exchange in found}
                changed += sum(read.get(one) != exchange for one, exchange in some.items())
    return changed


def _print(report: Report) -> None:
    names = sorted({name for band in report.bands for name, size in band.tables.items() if size})
    print(f"{report.calls} calls, bytes for each; {report.changed} read back changed")
    heads = ["turns", "raw", "zstd", "stored", *names]
    print("".join(f"{head:>{max(9, len(head) + 2)}}" for head in heads))
    for band in report.bands:
        figures = [band.turns, band.raw, band.zstd, band.stored, *(band.tables.get(name, 0) for name in names)]
        print("".join(f"{figure:>{max(9, len(head) + 2)}}" for head, figure in zip(heads, figures, strict=True)))
    print(f"on average {report.stored:.0f}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, measure and tell; return 1 if a body came back changed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.conversations", description=__doc__)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--database", metavar="URL", help="an empty one; default: a file that is removed afterwards")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(wanted.database or f"sqlite:///{folder}/audit.db")
        upgrade(engine)
        report = measured(engine, wanted.conversations, wanted.turns)
        engine.dispose()
    if wanted.json:
        print(json.dumps({**asdict(report), "stored": report.stored}, indent=2))
    else:
        _print(report)
    return 1 if report.changed else 0


_WHOLE = "whole"
_ZSTD = zstandard.ZstdCompressor(level=3)


if __name__ == "__main__":
    sys.exit(main())
