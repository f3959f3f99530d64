"""What is told of one call."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from audit.call import Finding, Price, PricePart, Source
from audit.store.rows import CallDetail, CallRow, NativeUsage
from audit.store.scope import Standing
from dashboard import call_facts, call_list, figures
from dashboard.tables import Table, csv_of
from tests.factories import an_exchange

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def a_row(**over: Any) -> CallRow:
    """Return a call of which nothing is known, but for what is given."""
    plain: dict[str, Any] = dict.fromkeys(CallRow.__dataclass_fields__)
    plain |= {
        "pk": 1,
        "id": UUID(int=1),
        "started_at": AT,
        "recorded_at": AT,
        "origin": "import",
        "provider": "openai",
        "operation": "chat",
        "dialect": "openai_chat",
        "model_match": "same",
        "ending": "eof",
        "standing": Standing.OK,
        "outcome": "clean",
        "refusal": False,
        "usage_partial": False,
        "streamed": False,
        "request_bytes": 1,
        "response_bytes": 1,
        "labels": (),
    }
    return CallRow(**{**plain, **over})


def a_detail(row: CallRow | None = None, **over: Any) -> CallDetail:
    plain: dict[str, Any] = {
        "row": row or a_row(),
        "exchange": an_exchange(),
        "findings": (),
        "block_reasons": (),
        "notes": (),
        "usage": NativeUsage(input_tokens=None, output_tokens=None, total_tokens=None, partial=False),
        "price": None,
        "dialect_version": 1,
    }
    return CallDetail(**{**plain, **over})


def lines(table: Table[Any]) -> list[str]:
    return csv_of(table).splitlines()


def test_remarks_are_made_on_what_is_out_of_the_ordinary() -> None:
    assert call_facts.remarks(a_row()) == []
    odd = a_row(refusal=True, streamed=True, canary="default", complete=False, attempt=1)
    assert call_facts.remarks(odd) == ["the model refused", "streamed", "canary", "answer cut short", "a retry"]


def test_time_is_cut_at_the_marks_that_were_measured() -> None:
    parts = call_facts.stretches(a_row(first_byte_us=300_000, first_token_us=500_000, duration_us=2_000_000))
    assert [(part.name, part.start, part.end) for part in parts] == [
        ("to first byte", 0, 0.3),
        ("to first token", 0.3, 0.5),
        ("to the end", 0.5, 2.0),
    ]
    assert parts[1].told == "200 ms, from 300 ms to 500 ms"


@pytest.mark.parametrize(
    ("over", "names"),
    [
        ({}, []),
        ({"first_byte_us": 1}, []),
        ({"duration_us": 5}, ["whole"]),
        ({"first_byte_us": 9, "duration_us": 5}, ["to first byte"]),
    ],
)
def test_marks_that_are_missing_or_out_of_order_are_left_out(over: dict[str, int], names: list[str]) -> None:
    assert [part.name for part in call_facts.stretches(a_row(**over))] == names


def test_durations_stand_beside_the_providers_own() -> None:
    told = call_facts.durations(a_row(duration_us=2_000_000, provider_duration_us=1_500_000))
    assert (told["Whole"], told["Provider's whole"], told["First byte"]) == ("2.0 s", "1.5 s", figures.ABSENT)


def test_usage_is_told_as_all_would_count_it_and_as_this_provider_does() -> None:
    row = a_row(input_tokens=1_000, output_tokens=20, cost=Decimal("0.5"), currency="USD")
    native = NativeUsage(input_tokens=100, output_tokens=20, total_tokens=None, partial=False)
    told = call_facts.token_figures(a_detail(row, usage=native))
    assert told["Input, all"] == "1,000"
    assert told["As the provider counts: in / out / total"] == "100 / 20 / –"
    assert told["Cost"] == "$0.50"


def test_a_price_has_its_working() -> None:
    parts = tuple(
        PricePart(unit=unit, quantity=Decimal(7), unit_price=Decimal("2.5"), per=per)
        for unit, per in (("input", 1_000_000), ("request", 1), ("image", 1_000), ("odd", 12))
    )
    price = Price(amount=Decimal(1), currency="USD", source="list", model="m", parts=parts)
    written = lines(call_facts.price_table(price))
    assert written[1] == "input,7,$2.50 per 1 M,$0.000018"
    assert [line.split(",")[2] for line in written[2:]] == ["$2.50 each", "$2.50 per 1 k", "$2.50 per 12"]


def test_findings_are_told_in_the_providers_words() -> None:
    found = Finding(
        source=Source.PROMPT,
        category="hate",
        severity="low",
        probability="LOW",
        score=0.25,
        detected=True,
        filtered=False,
        start_offset=30,
        end_offset=35,
        details={"id": "b1"},
        place="choices[0]",
    )
    silent = Finding(source=Source.COMPLETION, category="sexual", error="timeout")
    head, first, second = lines(call_facts.findings_table(a_detail(findings=(found, silent))))
    assert head == "Side,Category,Verdict,Level,Detected,Filtered,Characters,Error,Details,Stands at", (
        "no choice is told"
    )
    assert first == "completion,sexual,filter failed,,,,,timeout,,", "the gravest comes first"
    assert second == 'prompt,hate,annotated,low · LOW · 0.25,yes,no,30–35,,"{""id"": ""b1""}",choices[0]'


def test_facts_that_are_absent_are_left_out() -> None:
    row = a_row(project="search", attempt=0, labels=(("team", "red"), ("tier", "1")), complete=True)
    facts = call_facts.facts(a_detail(row), BERLIN)
    assert facts["Labels"] == "team=red, tier=1"
    assert facts["Attempt"] == "1"
    assert facts["Began"] == "2026-01-02 04:04:05"
    assert facts["Answer complete"] == "yes"
    assert facts["Reply ended"] == "all of it was received"
    assert not {"User", "Session", "Canary", "Served", "Failure"} & set(facts)


def test_json_is_set_out_in_lines() -> None:
    body = call_facts.body_of(b'{"a":"\xc3\xa9"}', "", formatted=True)
    assert (body.text, body.language, body.told) == ('{\n  "a": "é"\n}', "json", "10 B")
    assert call_facts.body_of(b'{"a":1}', "", formatted=False).text == '{"a":1}'


@pytest.mark.parametrize("plain", [b"data: {}\n\n", b"{broken", b"[" * 800 + b"]" * 800, b"", b"\xff\xfe"])
def test_what_is_no_json_is_shown_as_it_came(plain: bytes) -> None:
    body = call_facts.body_of(plain, "", formatted=True)
    assert body.text == plain.decode("utf-8", "replace") or json.loads(body.text) == json.loads(plain)


def test_content_encoding_is_undone_or_said_to_be_unknown() -> None:
    assert call_facts.body_of(gzip.compress(b"hello"), "gzip", formatted=True).text == "hello"
    assert "unknown content encoding" in call_facts.body_of(b"x", "rot13", formatted=True).told


def test_a_huge_body_is_cut() -> None:
    body = call_facts.body_of(b"x" * 300_000, "", formatted=True)
    assert len(body.text) == 200_000
    assert body.told == "300 kB · the first 200,000 characters are shown"


@pytest.mark.parametrize(
    ("over", "names"),
    [
        ({}, "unknown"),
        ({"model_requested": "a"}, "a"),
        ({"model_requested": "a", "model_served": "a"}, "a"),
        ({"model_requested": "a", "model_served": "a-1", "model_match": "alias"}, "a → a-1"),
        ({"model_requested": "a", "model_served": "b", "model_match": "different"}, "a ⇒ b"),
    ],
)
def test_both_names_are_told_where_they_differ(over: dict[str, str], names: str) -> None:
    assert call_list.names(a_row(**over)) == names


@pytest.mark.parametrize(
    ("standing", "status", "told"),
    [
        (Standing.OK, 200, "ok"),
        (Standing.OK, 400, "ok"),
        (Standing.ERROR, 429, "error 429"),
        (Standing.ERROR, 200, "error"),
        (Standing.ERROR, None, "error"),
        (Standing.UNFINISHED, 200, "unfinished"),
    ],
)
def test_a_result_tells_the_status_where_it_is_the_news(standing: Standing, status: int | None, told: str) -> None:
    assert call_list.standing_word(a_row(standing=standing, status=status)) == told


def test_a_list_of_calls_leaves_with_whole_times_and_exact_costs() -> None:
    row = a_row(cost=Decimal("0.000123"), currency="USD", error_code="429", error_message="slow down", user="=x")
    whose = replace(row, canary="c", project="p", key_fingerprint="k", labels=(("team", "red"),))
    head, first, second = lines(Table(columns=call_list.columns(BERLIN, AT), rows=[row, whose], alt=""))
    cells = dict(zip(head.split(","), first.split(","), strict=True))
    assert cells["Time"] == "2026-01-02T03:04:05+00:00"
    assert cells["Cost"] == "0.000123"
    assert cells["Ended"] == "429: slow down"
    assert cells["Tags"] == "'=x"
    assert "canary c · p · =x · k · team=red" in second


@pytest.mark.parametrize(
    ("served", "match", "shown"),
    [("a-2024-08-06", "alias", "a → …-2024-08-06"), ("ab-1", "alias", "a → ab-1"), ("a-1", "different", "a ⇒ a-1")],
)
def test_a_dated_name_does_not_repeat_itself_in_a_list_but_does_in_its_sheet(
    served: str, match: str, shown: str
) -> None:
    row = a_row(model_requested="a", model_served=served, model_match=match)
    (column,) = (column for column in call_list.columns(BERLIN, AT) if column.title == "Model")
    assert column.value(row) == shown
    assert column.exported is not None
    assert served in column.exported(row)
