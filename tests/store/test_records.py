from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from audit.call import Ending, ErrorInfo, Finding, PricePart, Source, Tags, Usage
from audit.store.records import (
    MAX_ROWS,
    call_row,
    finding_rows,
    key_rows,
    label_rows,
    parts_of,
    quantities,
    terms,
    working,
)
from tests.store.samples import NOON, a_call, a_finding, a_price

HOSTILE = "a\x00b\ud800c\x1fd\x1ee\x1df"
CLEANED = "a␀b\ufffdc␟d␞e␝f"


def row(**over: Any) -> dict[str, Any]:
    return call_row(a_call(**over), NOON)


def test_usage_is_kept_natively_and_in_one_meaning() -> None:
    usage = Usage(
        input_tokens=100,
        output_tokens=10,
        total_tokens=150,
        cached_input_tokens=30,
        cache_write_tokens=5,
        reasoning_tokens=4,
        tool_use_input_tokens=2,
        input_includes_cached=False,
        output_includes_reasoning=False,
        partial=True,
    )
    found = row(usage=usage)
    assert {name: found[name] for name in found if "tokens" in name} == {
        "input_tokens": 137,
        "cached_input_tokens": 30,
        "cache_write_tokens": 5,
        "output_tokens": 14,
        "reasoning_tokens": 4,
        "native_input_tokens": 100,
        "native_output_tokens": 10,
        "native_total_tokens": 150,
    }
    assert found["usage_partial"] is True


def test_absent_usage_is_none_and_zero_is_zero() -> None:
    assert [row()["input_tokens"], row(usage=Usage(input_tokens=0))["input_tokens"]] == [None, 0]
    assert row(usage=Usage(input_tokens=0))["usage_partial"] is None


@pytest.mark.parametrize("figure", [-1, 10**12 + 1, 2**63, 10**4_000])
def test_a_figure_out_of_range_becomes_none_with_a_note(figure: int) -> None:
    found = row(usage=Usage(input_tokens=figure), provider_duration_us=figure, notes=("first",))
    assert (found["input_tokens"], found["native_input_tokens"], found["provider_duration_us"]) == (None, None, None)
    assert found["notes"] == [
        "first",
        "provider_duration_us is out of range",
        "input_tokens is out of range",
        "native_input_tokens is out of range",
    ]


def test_figures_of_our_own_are_bounded_too() -> None:
    found = row(exchange={"status": 2**31, "first_byte_us": -1, "duration_us": 2**63}, attempt=2**40)
    assert [found[name] for name in ("status", "first_byte_us", "duration_us", "attempt")] == [None] * 4


def test_names_are_cut_and_cleaned() -> None:
    tags = Tags(project=HOSTILE, user="u" * 10_000, session="", canary="c" * 100)
    found = row(
        exchange={"tags": tags, "key_fingerprint": "k" * 30, "reference": HOSTILE},
        provider="p" * 300,
        model_requested="m" * 10_000,
        model_served="",
        finish_reasons=("stop",) * 10_000,
        error=ErrorInfo(code=HOSTILE, message="x" * 10_000),
    )
    assert found["project"] == found["reference"] == found["error_code"] == CLEANED
    assert (found["session_id"], found["model_served"]) == (None, None)
    lengths = {"user_id": 500, "canary": 64, "key_fingerprint": 24, "provider": 255, "model_requested": 500}
    lengths |= {"finish_reason": 500, "error_message": 1_000}
    assert {name: len(found[name]) for name in lengths} == lengths


@pytest.mark.parametrize(
    ("read", "facts", "error"),
    [
        ({"error": ErrorInfo(code="c", message="m")}, {"failure": "x.Y: z"}, ("c", "m")),
        ({"error": ErrorInfo()}, {}, (None, "")),
        ({}, {"ending": Ending.FAILED, "failure": "httpx.ReadTimeout: too: slow"}, ("httpx.ReadTimeout", "too: slow")),
        ({}, {"ending": Ending.FAILED, "failure": "odd"}, ("odd", "")),
        ({}, {"ending": Ending.FAILED}, (None, None)),
        ({}, {"ending": Ending.CANCELLED, "failure": "asyncio.CancelledError: "}, (None, None)),
        ({}, {}, (None, None)),
    ],
)
def test_an_error_is_the_replys_else_the_transports(
    read: dict[str, Any], facts: dict[str, Any], error: tuple[str, str]
) -> None:
    found = row(**read, exchange=facts)
    assert (found["error_code"], found["error_message"]) == error


def test_notes_and_block_reasons_are_lists_or_none() -> None:
    assert (row()["notes"], row()["block_reasons"]) == (None, None)
    found = row(notes=(HOSTILE,) * 2_000, block_reasons=("a=b",))
    assert (found["notes"], found["block_reasons"]) == ([CLEANED] * MAX_ROWS, ["a=b"])


def test_a_price_is_kept_with_its_quantities() -> None:
    found = call_row(a_call(price=a_price("0.25")), NOON)
    names = ("cost", "currency", "quantities", "unpriced_reason")
    assert [found[name] for name in names] == [Decimal("0.25"), "USD", "1", None]


@pytest.mark.parametrize("amount", ["9000001", "-9000001", "NaN", "Infinity"])
def test_a_price_out_of_range_is_none_with_a_reason(amount: str) -> None:
    found = call_row(a_call(price=a_price(amount)), NOON)
    assert (found["cost"], found["currency"], found["quantities"]) == (None, None, None)
    assert found["unpriced_reason"] == "the price is out of range"


def test_a_prices_parts_come_back() -> None:
    parts = (
        PricePart(unit="input", quantity=Decimal(1200), unit_price=Decimal("2.50")),
        PricePart(unit="web_search", quantity=Decimal("1.5"), unit_price=Decimal("0.01"), per=1),
    )
    price = a_price("1", parts=parts, multiplier=Decimal("0.5"))
    assert parts_of(json.loads(json.dumps(working(terms(price)))), quantities(price)) == parts
    assert working(terms(price))["multiplier"] == "0.5"
    bare = a_price("1", parts=())
    assert parts_of(working(terms(bare)), quantities(bare)) == ()


def test_a_finding_is_kept_whole() -> None:
    finding = Finding(
        source=Source.COMPLETION,
        category="protected_material_code",
        severity="high",
        probability="LOW",
        score=0.5,
        detected=True,
        filtered=False,
        masked=True,
        error="e",
        choice=1,
        start_offset=2,
        end_offset=3,
        check_offset=4,
        details={"citation": {"URL": "https://example.com"}},
        place="choices[1]",
    )
    (found,) = finding_rows([finding])
    expected = {name: getattr(finding, name) for name in Finding.__dataclass_fields__}
    assert found == {"number": 0, **expected, "source": "completion"}


def test_hostile_findings_are_cut_and_cleaned() -> None:
    finding = a_finding(
        HOSTILE, score=math.nan, choice=2**31, end_offset=-1, details={HOSTILE: [HOSTILE, math.inf, 1.5, (None, True)]}
    )
    (found,) = finding_rows([finding])
    assert (found["category"], found["score"], found["choice"], found["end_offset"]) == (CLEANED, None, None, None)
    cleaned = CLEANED.replace("␟", "\x1f").replace("␞", "\x1e").replace("␝", "\x1d")
    assert found["details"] == {cleaned: [cleaned, None, 1.5, [None, True]]}


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("details", "kept"),
    [
        ({}, None),
        ({"text": "x" * 9_000}, {"left_out": "9012 bytes"}),
        ({"deep": nested(100_000)}, {"left_out": "not readable"}),
        ({"huge": 10**5_000}, {"left_out": "not readable"}),
    ],
)
def test_details_that_are_too_much_are_left_out(details: dict[str, Any], kept: dict[str, Any] | None) -> None:
    assert finding_rows([a_finding(details=details)])[0]["details"] == kept


def test_too_many_findings_are_cut() -> None:
    found = finding_rows([a_finding()] * 2_000)
    assert [one["number"] for one in found] == list(range(MAX_ROWS))


def test_the_last_of_two_labels_of_one_name_counts() -> None:
    assert label_rows((("a", "1"), ("b", HOSTILE), ("a", "2"))) == [
        {"name": "a", "value": "2"},
        {"name": "b", "value": CLEANED},
    ]


def test_long_labels_are_cut() -> None:
    ((found),) = label_rows((("n" * 1_000, "v" * 1_000),))
    assert (len(found["name"]), len(found["value"])) == (120, 500)


def test_keys_are_told_with_their_first_and_last_use() -> None:
    facts = {"key_fingerprint": "k1"}
    calls = [
        a_call(1, minutes=5, exchange=facts),
        a_call(2, minutes=1, exchange=facts, provider="first"),
        a_call(3, minutes=9, exchange={"key_fingerprint": "k2"}),
        a_call(4),
    ]
    first, second = key_rows(calls)
    at = {"first_seen_at": NOON + timedelta(minutes=1), "last_seen_at": NOON + timedelta(minutes=5)}
    assert first == {"fingerprint": "k1", "provider": "first", **at}
    assert second["first_seen_at"] == second["last_seen_at"] == NOON + timedelta(minutes=9)


def test_the_time_of_recording_is_told_beside_that_of_the_call() -> None:
    later = datetime(2026, 3, 1, tzinfo=UTC)
    found = call_row(replace(a_call()), later)
    assert (found["started_at"], found["recorded_at"]) == (NOON, later)
