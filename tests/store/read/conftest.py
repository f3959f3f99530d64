"""A small record whose figures can be worked out by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from audit.call import Call, Ending, ErrorInfo, ModelMatch, Operation, Outcome, Source, Tags, Usage
from audit.store.read import Reader
from audit.store.write import Writer
from tests.store.samples import NOON, a_call, a_finding, a_price, an_id, said

__all__ = ["empty", "reader"]


def _tags(project: str | None, user: str | None, **labels: str) -> Tags:
    return Tags(project=project, user=user, session=user and f"of {user}", labels=tuple(labels.items()))


def _record() -> list[Call]:
    gpt = {"provider": "openai", "model_requested": "gpt", "model_served": "gpt-1", "model_match": ModelMatch.ALIAS}
    ours = {"key_fingerprint": "k1", "duration_us": 100_000, "tags": _tags("search", "ann", env="prod", team="a")}
    safe = (a_finding("hate"), a_finding("hate", source=Source.COMPLETION))
    annotated = (a_finding("hate", severity="low", detected=True), a_finding("hate", choice=1, severity="low"))
    return [
        a_call(
            1,
            exchange={**ours, "duration_us": 1_200_000, "request_body": b"one"},
            outcome=Outcome.CLEAN,
            price=a_price("0.5"),
            usage=Usage(input_tokens=100, cached_input_tokens=40, output_tokens=10),
            streamed=True,
            first_token_us=200_000,
            provider_duration_us=1_000_000,
            findings=safe,
            response_id="resp-00000001",
            request_id="req-00000001",
            attempt=0,
            finish_reason="stop",
            input=said("please count the apples"),
            output=said("there are three red apples", role="assistant"),
            **gpt,
        ),
        a_call(
            2,
            minutes=10,
            exchange={**ours, "duration_us": 2_000_000, "tags": _tags("search", "bob", env="test")},
            outcome=Outcome.ANNOTATED,
            price=a_price("0.25"),
            usage=Usage(input_tokens=200, cached_input_tokens=0, output_tokens=20),
            findings=annotated,
            **gpt,
        ),
        a_call(
            3,
            minutes=20,
            exchange={"key_fingerprint": "k2", "duration_us": 3_000_000, "tags": _tags("billing", None)},
            price=a_price("1", "EUR"),
            usage=Usage(input_tokens=300, cache_write_tokens=7, output_tokens=30, reasoning_tokens=5),
            provider="anthropic",
            model_requested="sonnet",
            model_served="haiku",
            model_match=ModelMatch.DIFFERENT,
        ),
        a_call(
            4,
            minutes=60,
            exchange={**ours, "status": 429},
            provider="openai",
            model_requested="gpt",
            error=ErrorInfo(code="rate_limit", message="slow down"),
            complete=None,
        ),
        a_call(
            5,
            minutes=70,
            exchange={"status": 400, "duration_us": 500_000},
            outcome=Outcome.BLOCKED_PROMPT,
            provider="azure",
            error=ErrorInfo(code="content_filter", message="blocked"),
            block_source=Source.PROMPT,
            block_reasons=("error.code=content_filter",),
            findings=(a_finding("violence", severity="high", filtered=True),),
            complete=None,
        ),
        a_call(
            6,
            minutes=80,
            exchange={**ours, "ending": Ending.CLOSED, "duration_us": 900_000},
            unpriced_reason="no price is known",
            usage=Usage(input_tokens=50, partial=True),
            streamed=True,
            first_token_us=300_000,
            complete=False,
            notes=("the stream broke off",),
            **gpt,
        ),
        a_call(
            7,
            minutes=90,
            exchange={"key_fingerprint": "k1", "duration_us": 700_000, "tags": Tags(canary="hello")},
            price=a_price("0.01"),
            usage=Usage(input_tokens=10, output_tokens=1),
            **gpt,
        ),
        a_call(8, minutes=100, operation=Operation.COUNT_TOKENS, provider="anthropic", usage=Usage(input_tokens=999)),
        a_call(
            9,
            minutes=12 * 60 + 30,
            exchange={"duration_us": 400_000, "reference": "line 9"},
            outcome=Outcome.FILTER_ERROR,
            price=a_price("0"),
            usage=Usage(input_tokens=0, output_tokens=0),
            provider="azure",
            model_requested="gpt",
            model_served="gpt",
            model_match=ModelMatch.SAME,
            refusal=True,
            findings=(a_finding("error", source=Source.COMPLETION, severity=None, error="timeout"),),
        ),
    ]


@pytest.fixture
def reader(engine: Engine) -> Reader:
    """Nine calls: seven of people, a canary's (7) and one that only counts tokens (8)."""
    writer = Writer(engine, clock=lambda: NOON + timedelta(days=2))
    assert writer.append(_record()).new == 9
    writer.lost(an_id(901), NOON, 3, "disk full")
    writer.lost(an_id(902), NOON + timedelta(days=1), 4, "killed")
    return Reader(engine)


@pytest.fixture
def empty(engine: Engine) -> Reader:
    """A record of nothing."""
    return Reader(engine)
