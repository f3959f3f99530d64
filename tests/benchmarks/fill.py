"""Fill a database with plausible calls, checks and flips, to measure how fast its pages are.

python -m tests.benchmarks.fill --calls 100000 --database sqlite:////tmp/filled.db

The same seed, number and end give the same record.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from audit.call import (
    Call,
    Ending,
    ErrorInfo,
    Exchange,
    Finding,
    Message,
    ModelMatch,
    Operation,
    Origin,
    Outcome,
    Part,
    Price,
    PricePart,
    Reading,
    Source,
    Tags,
    Usage,
)
from audit.canary.state import State
from audit.canary.verdict import Verdict
from audit.store import tables
from audit.store.engine import open_engine
from audit.store.schema import upgrade
from audit.store.write import Writer

__all__ = ["fill", "made_up"]

BATCH = 500
CHECK_EVERY = timedelta(minutes=5)
CANARY_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What calls of one model have in common."""

    provider: str
    dialect: str
    requested: str
    served: str
    match: ModelMatch
    input_price: str
    output_price: str
    filtered: bool
    """Whether its provider tells what its content filters found."""
    weight: int


def _kind(provider: str, dialect: str, requested: str, served: str, prices: str, weight: int) -> Kind:
    input_price, output_price = prices.split("/")
    match = ModelMatch.SAME if served == requested else ModelMatch.ALIAS
    return Kind(
        provider=provider,
        dialect=dialect,
        requested=requested,
        served=served,
        match=match if served.startswith(requested[:4]) else ModelMatch.DIFFERENT,
        input_price=input_price,
        output_price=output_price,
        filtered=provider in ("azure.ai.openai", "gcp.gemini"),
        weight=weight,
    )


KINDS = (
    _kind("openai", "openai_chat", "gpt-4o", "gpt-4o-2024-08-06", "2.5/10", 18),
    _kind("openai", "openai_chat", "gpt-4o-mini", "gpt-4o-mini-2024-07-18", "0.15/0.6", 20),
    _kind("openai", "openai_responses", "gpt-4.1", "gpt-4.1-2025-04-14", "2/8", 12),
    _kind("openai", "openai_responses", "codex-mini-latest", "o3-pro", "20/80", 2),
    _kind("azure.ai.openai", "openai_chat", "gpt-4o", "gpt-4o-2024-11-20", "2.5/10", 16),
    _kind("azure.ai.openai", "openai_chat", "gpt-4.1-mini", "gpt-4.1-mini-2025-04-14", "0.4/1.6", 6),
    _kind("anthropic", "anthropic_messages", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "3/15", 14),
    _kind("anthropic", "anthropic_messages", "claude-haiku-4-5", "claude-haiku-4-5-20251001", "1/5", 5),
    _kind("gcp.gemini", "gemini_generate", "gemini-2.5-flash", "gemini-2.5-flash", "0.3/2.5", 9),
    _kind("gcp.gemini", "gemini_generate", "gemini-2.5-pro", "gemini-2.5-pro", "1.25/10", 3),
    _kind("mistral_ai", "openai_chat", "mistral-large-latest", "mistral-large-2411", "2/6", 3),
    _kind("deepseek", "openai_chat", "deepseek-reasoner", "deepseek-v4-flash", "0.28/0.42", 2),
)
PROJECTS = ("search", "support", "billing", "translation", "research", None)
ENVIRONMENTS = ("production", "production", "production", "staging", "development")
PHRASES = (
    "please summarise the following report",
    "list every open question about delivery",
    "the price of orange silver under the valley",
    "what the customer wrote about the invoice",
    "a contract and a budget for the meeting",
    "the garden by the river and the mountain",
    "an engine in the harbour on market morning",
    "for the account and its balance",
)
CATEGORIES = ("hate", "self_harm", "sexual", "violence")
CANARY = "default"


def made_up(count: int, *, until: datetime, days: int, seed: int) -> Iterator[Call]:
    """Yield `count` calls of the `days` before `until`, in the order in which they began."""
    chance = random.Random(seed)
    times = sorted(chance.random() for _ in range(count))
    for number, share in enumerate(times):
        at = until - timedelta(days=days) * (1 - share)
        yield _call(number, at, chance.choices(KINDS, [kind.weight for kind in KINDS])[0], chance)


def fill(engine: Engine, count: int, *, until: datetime, days: int = 30, seed: int = 7) -> None:
    """Bring the schema up to date and store calls, checks and flips."""
    upgrade(engine)
    writer = Writer(engine, clock=lambda: until)
    calls = made_up(count, until=until, days=days, seed=seed)
    while batch := list(itertools.islice(calls, BATCH)):
        writer.append(batch)
    writer.lost(UUID(int=seed), until - timedelta(hours=3), 2, "the disk was full")
    with engine.begin() as connection:
        checks, flips = _checked(until, days, random.Random(seed))
        connection.execute(tables.checks.insert(), checks)
        connection.execute(tables.flips.insert(), flips)


def _call(number: int, at: datetime, kind: Kind, chance: random.Random) -> Call:
    fate = chance.random()
    canary = CANARY if chance.random() < CANARY_SHARE else None
    failed, left, blocked = fate < 0.03, fate > 0.985, kind.filtered and 0.03 < fate < 0.045
    streamed, duration = chance.random() < 0.6, int(chance.lognormvariate(14.2, 0.7))
    exchange = _exchange(number, at, kind, chance, canary)
    usage = None if failed or blocked else _usage(kind, chance)
    reading = Reading(
        dialect=kind.dialect,
        dialect_version=1,
        provider=kind.provider,
        operation=Operation.CHAT if chance.random() > 0.02 else Operation.COUNT_TOKENS,
        streamed=streamed,
        model_requested=kind.requested,
        model_served=None if failed or blocked else kind.served,
        model_match=ModelMatch.UNKNOWN if failed or blocked else kind.match,
        response_id=None if failed else f"resp-{chance.getrandbits(96):024x}",
        request_id=f"req_{chance.getrandbits(96):024x}",
        attempt=0,
        finish_reason=None if failed or left else "content_filter" if blocked else "stop",
        complete=None if failed else not left,
        error=_error(chance) if failed else None,
        usage=usage,
        findings=_findings(blocked, chance) if kind.filtered and not failed else (),
        block_source=Source.PROMPT if blocked else None,
        provider_duration_us=int(duration * 0.9) if kind.provider == "openai" else None,
        first_token_us=int(duration * chance.uniform(0.1, 0.5)) if streamed and not failed else None,
        input=(_said("user", exchange.request_body),),
        output=(_said("assistant", exchange.response_body),),
    )
    over = {"status": chance.choice((429, 500, 503)) if failed else 400 if blocked else 200, "duration_us": duration}
    return Call(
        exchange=_with(exchange, ending=Ending.CLOSED if left else Ending.EOF, **over),
        reading=reading,
        outcome=_outcome(reading),
        price=_price(kind, usage) if usage and fate < 0.97 else None,
        unpriced_reason="no price is known" if usage and fate >= 0.97 else None,
    )


def _exchange(number: int, at: datetime, kind: Kind, chance: random.Random, canary: str | None) -> Exchange:
    prompt, answer = (". ".join(chance.choices(PHRASES, k=chance.randint(3, 9))) for _ in range(2))
    if number % 100 == 0:
        prompt += " 请总结一下这份报告"
    request = {"model": kind.requested, "messages": [{"role": "user", "content": prompt}]}
    message = {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
    response = {"object": "chat.completion", "model": kind.served, "choices": [message]}
    milliseconds = int(at.timestamp() * 1000)
    return Exchange(
        id=UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | chance.getrandbits(62)),
        started_at=at,
        origin=Origin.PROXY if chance.random() < 0.5 else Origin.CLIENT,
        method="POST",
        url=f"https://api.{kind.provider}.example/v1/chat/completions",
        request_headers=(("content-type", "application/json"),),
        request_body=json.dumps(request).encode(),
        response_headers=(("content-type", "application/json"),),
        response_body=json.dumps(response).encode(),
        ending=Ending.EOF,
        key_fingerprint=f"{kind.provider[:6]}-{chance.randint(1, 3)}",
        tags=Tags(
            project=None if canary else chance.choice(PROJECTS),
            user=None if canary else f"user{int(chance.paretovariate(0.6)) % 300}@example.com",
            session=None if canary else f"session-{number // 25}",
            canary=canary,
            labels=() if canary else (("environment", chance.choice(ENVIRONMENTS)), ("team", f"team {number % 7}")),
        ),
    )


def _with(exchange: Exchange, **over: Any) -> Exchange:
    fields = {name: getattr(exchange, name) for name in Exchange.__dataclass_fields__}
    return Exchange(**{**fields, **over})


def _said(role: str, body: bytes) -> Message:
    value = json.loads(body)
    message = value["messages"][0] if role == "user" else value["choices"][0]["message"]
    return Message(role=role, parts=(Part(kind="text", text=message["content"]),))


def _usage(kind: Kind, chance: random.Random) -> Usage | None:
    if chance.random() < 0.02:
        return None
    tokens = int(chance.lognormvariate(7, 1))
    return Usage(
        input_tokens=tokens,
        output_tokens=int(chance.lognormvariate(5.5, 0.8)),
        cached_input_tokens=int(tokens * chance.choice((0, 0, 0.5, 0.9))) if kind.provider != "mistral_ai" else None,
        reasoning_tokens=chance.randint(0, 200) if "pro" in kind.served else None,
    )


def _price(kind: Kind, usage: Usage) -> Price:
    prices = ((usage.input_tokens, "input", kind.input_price), (usage.output_tokens, "output", kind.output_price))
    parts = tuple(
        PricePart(unit=unit, quantity=Decimal(count or 0), unit_price=Decimal(price)) for count, unit, price in prices
    )
    return Price(
        amount=sum((part.amount for part in parts), Decimal(0)),
        currency="EUR" if kind.provider == "mistral_ai" else "USD",
        source="made up",
        model=kind.served,
        parts=parts,
    )


def _error(chance: random.Random) -> ErrorInfo:
    return chance.choice(
        (
            ErrorInfo(code="rate_limit_exceeded", message="Rate limit reached; try again in 8 s."),
            ErrorInfo(code="overloaded_error", message="Overloaded"),
            ErrorInfo(code="server_error", message="The server had an error while processing your request."),
        )
    )


def _findings(blocked: bool, chance: random.Random) -> tuple[Finding, ...]:
    high = chance.choice(CATEGORIES) if blocked else None
    low = chance.choice(CATEGORIES) if chance.random() < 0.03 else None
    prompt = tuple(
        Finding(
            source=Source.PROMPT,
            category=category,
            severity="high" if category == high else "low" if category == low else "safe",
            filtered=category == high,
        )
        for category in CATEGORIES
    )
    broken = chance.random() < 0.005
    after = Finding(source=Source.COMPLETION, category="error", error="content_filter_error")
    completion = (after,) if broken else tuple(_safe(category) for category in CATEGORIES)
    return prompt if blocked else (*prompt, *completion)


def _safe(category: str) -> Finding:
    return Finding(source=Source.COMPLETION, category=category, severity="safe", filtered=False)


def _outcome(reading: Reading) -> Outcome:
    if reading.block_source is not None:
        return Outcome.BLOCKED_PROMPT
    if any(finding.error for finding in reading.findings):
        return Outcome.FILTER_ERROR
    if any(finding.alarming for finding in reading.findings):
        return Outcome.ANNOTATED
    return Outcome.CLEAN if reading.findings else Outcome.NOT_ASSESSED


def _checked(until: datetime, days: int, chance: random.Random) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Checks every five minutes; each model is down for some hours now and then."""
    checks: list[dict[str, Any]] = []
    flips: list[dict[str, Any]] = []
    first = until - timedelta(days=days)
    for kind in KINDS[::2]:
        state, down_until = State.UNKNOWN, first
        at = first
        while at < until:
            if chance.random() < 0.0004:
                down_until = at + timedelta(hours=chance.uniform(0.3, 5))
            now = State.DOWN if at < down_until else State.UP
            if now is not state:
                flips.append(_flip(kind, at, state, now))
                state = now
            checks.append(_check(kind, at, now, chance))
            at += CHECK_EVERY
    return checks, flips


def _check(kind: Kind, at: datetime, state: State, chance: random.Random) -> dict[str, Any]:
    bad = chance.choice((Verdict.ERROR, Verdict.TIMEOUT)) if state is State.DOWN else Verdict.SLOW
    verdict = bad if state is State.DOWN or chance.random() < 0.004 else Verdict.OK
    duration = int(chance.lognormvariate(13.6, 0.3))
    return {
        "canary": CANARY,
        "provider": kind.provider,
        "model": kind.requested,
        "slot_at": at,
        "claimed_by": "benchmark",
        "started_at": at,
        "ended_at": at + timedelta(microseconds=duration),
        "verdict": verdict.value,
        "reasons": None if verdict is Verdict.OK else [f"the check was {verdict.value}"],
        "model_served": kind.served if state is State.UP else None,
        "first_token_us": duration // 3,
        "duration_us": duration,
    }


def _flip(kind: Kind, at: datetime, before: State, state: State) -> dict[str, Any]:
    return {
        "provider": kind.provider,
        "model": kind.requested,
        "at": at,
        "state_before": before.value,
        "state": state.value,
        "reason": "three failures in a row" if state is State.DOWN else "it answers",
    }


def main() -> None:
    """Read the command line, fill, say how long it took."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fill", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--database", required=True, metavar="URL")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--until", type=datetime.fromisoformat, default=None, help="default: now")
    wanted = parser.parse_args()
    until = (wanted.until or datetime.now(UTC)).astimezone(UTC)
    begun = time.perf_counter()
    engine = open_engine(wanted.database)
    fill(engine, wanted.calls, until=until, days=wanted.days, seed=wanted.seed)
    engine.dispose()
    took = time.perf_counter() - begun
    print(f"{wanted.calls} calls in {took:.1f} s, {wanted.calls / took:.0f} a second", file=sys.stderr)


if __name__ == "__main__":
    main()
