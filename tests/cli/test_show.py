from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from audit import wiring
from audit.call import Ending, ErrorInfo, Outcome, Price, PricePart, Source, Tags, Usage
from audit.cli._show import show_call
from audit.store.engine import open_engine
from audit.store.read import Reader
from audit.store.write import Writer
from tests.dashboard.record import a_record
from tests.store.samples import a_call, a_finding, a_price


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    """Returns what is printed of a call, of which the test says what matters."""

    def show(**facts: Any) -> str:
        engine = open_engine(a_record(tmp_path))
        Writer(engine).append([call := a_call(**facts)])
        detail = Reader(engine).call(call.exchange.id)
        engine.dispose()
        assert detail is not None
        show_call(detail, wiring.read_settings())
        return capsys.readouterr().out

    return show


def fact(printed: str, name: str) -> str | None:
    """The text behind a name; None when it is not there."""
    return next((line[16:] for line in printed.splitlines() if line.startswith(f"{name:<16}")), None)


def test_a_call_of_which_little_is_known_has_no_empty_lines_about_it(shown: Any) -> None:
    assert shown().splitlines() == [
        "call            01930000-0000-7000-8000-000000000001",
        "time            2026-01-02 12:00:00 (GMT/BST)",
        "request         POST https://api.example.com/v1/chat/completions",
        "provider        openai (chat, read as openai_chat)",
        "model           not known was asked for, not known served (unknown)",
        "status          200, ok, the answer is whole",
        "content filter  not assessed",
        "tokens          not told",
        "provider's own  no figures",
        "cost            none due",
        "first token     –",
        "duration        –",
        "key             none",
    ]


def test_models_are_told_as_they_were_asked_for_and_served(shown: Any) -> None:
    told = fact(shown(model_requested="gpt-5", model_served="gpt-5-2025-08-07", streamed=True), "model")
    assert told == "gpt-5 was asked for, gpt-5-2025-08-07 served (unknown)"


def test_a_stream_is_told(shown: Any) -> None:
    assert fact(shown(streamed=True), "provider") == "openai (chat, read as openai_chat, streamed)"


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        (Ending.CLOSED, "200, unfinished, the answer is not whole, the caller left early"),
        (Ending.FAILED, "200, error, the answer is not whole, the connection failed"),
        (Ending.EOF, "200, error, the answer is not whole"),
    ],
)
def test_how_an_answer_ended_is_told_in_words(shown: Any, ending: Ending, told: str) -> None:
    assert fact(shown(exchange={"ending": ending}, complete=False), "status") == told


def test_a_call_without_a_response_says_so(shown: Any) -> None:
    lost = {"status": None, "ending": Ending.FAILED, "failure": "httpx2.ConnectError: no"}
    assert fact(shown(exchange=lost, complete=None), "status") == "no response, error, the connection failed"


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [("quota", "All spent.", "quota: All spent."), ("quota", "", "quota"), (None, "No", "No")],
)
def test_errors_are_told_with_what_there_is(shown: Any, code: str | None, message: str, told: str) -> None:
    printed = shown(exchange={"status": 429}, error=ErrorInfo(code=code, message=message), complete=None)
    assert fact(printed, "error") == told


@pytest.mark.parametrize(
    ("reason", "refusal", "told"),
    [("stop", False, "stop"), (None, True, "refused in words"), ("stop", True, "stop, refused in words")],
)
def test_a_refusal_in_words_is_told_beside_the_finish_reason(
    shown: Any, reason: str | None, refusal: bool, told: str
) -> None:
    assert fact(shown(finish_reason=reason, refusal=refusal), "finish") == told


def test_the_filters_outcome_comes_with_its_reasons(shown: Any) -> None:
    printed = shown(outcome=Outcome.BLOCKED_PROMPT, block_reasons=("error.code=content_filter",))
    assert fact(printed, "content filter") == "blocked prompt, error.code=content_filter"


def test_tokens_are_told_in_one_meaning_and_in_the_providers(shown: Any) -> None:
    usage = Usage(input_tokens=100, cached_input_tokens=40, output_tokens=10, input_includes_cached=False, partial=True)
    printed = shown(usage=usage)
    assert fact(printed, "tokens") == "140 in (40 cached), 10 out (– reasoning), as far as the stream had told"
    assert fact(printed, "provider's own") == "100 in, 10 out, – in all"


def test_a_price_shows_its_working(shown: Any) -> None:
    parts = (
        PricePart(unit="input", quantity=Decimal(1000), unit_price=Decimal("2.50")),
        PricePart(unit="request", quantity=Decimal(1), unit_price=Decimal("0.01"), per=1),
    )
    price = Price(
        amount=Decimal("0.00625"),
        currency="USD",
        source="genai-prices 0.2.3",
        model="gpt-4o",
        multiplier=Decimal("0.5"),
        parts=parts,
    )
    assert fact(shown(price=price), "cost") == (
        "$0.00625 by genai-prices 0.2.3 for gpt-4o: input 1,000 × 2.50/1,000,000 + request 1 × 0.01, × 0.5"
    )


def test_a_price_without_working_is_told_alone(shown: Any) -> None:
    assert fact(shown(price=a_price("2", parts=())), "cost") == "$2.00 by a list 1.0 for m"


def test_what_is_unpriced_says_why(shown: Any) -> None:
    assert fact(shown(unpriced_reason="nobody knows the model"), "cost") == "unpriced: nobody knows the model"


def test_what_the_provider_measured_stands_beside_what_we_did(shown: Any) -> None:
    printed = shown(
        exchange={"duration_us": 2_000_000},
        streamed=True,
        first_token_us=300_000,
        provider_first_token_us=250_000,
        provider_duration_us=1_900_000,
    )
    assert fact(printed, "first token") == "300 ms (the provider says 250 ms)"
    assert fact(printed, "duration") == "2.0 s (the provider says 1.9 s)"


def test_tags_key_and_notes_are_told(shown: Any) -> None:
    tags = Tags(project="search", session="s1", canary="hello", labels=(("team", "red"),))
    printed = shown(exchange={"key_fingerprint": "abcd", "tags": tags, "reference": "line 9"}, notes=("odd", "odder"))
    assert fact(printed, "tags") == "project=search, session=s1, canary=hello, team=red"
    assert fact(printed, "key") == "abcd"
    assert [line for line in printed.splitlines() if line.startswith("note")] == [
        "note            odd",
        "note            odder",
    ]
    assert fact(printed, "call") == "01930000-0000-7000-8000-000000000001 (line 9)"


@pytest.mark.parametrize(
    ("over", "cells"),
    [
        ({}, ["prompt", "hate", "safe", "nothing", "–"]),
        ({"severity": None, "probability": "LOW"}, ["prompt", "hate", "LOW", "nothing", "–"]),
        ({"severity": "high", "filtered": True}, ["prompt", "hate", "high", "filtered", "–"]),
        ({"detected": True, "masked": True, "severity": None}, ["prompt", "hate", "–", "detected,", "masked", "–"]),
        ({"detected": False, "filtered": None}, ["prompt", "hate", "safe", "nothing", "–"]),
        ({"detected": None, "filtered": None, "severity": None}, ["prompt", "hate", "–", "–", "–"]),
        ({"error": "timeout"}, ["prompt", "hate", "safe", "timeout", "–"]),
        ({"source": Source.COMPLETION, "start_offset": 3, "end_offset": 9}, ["completion", "hate", "safe", "nothing"]),
    ],
)
def test_findings_are_a_table(shown: Any, over: dict[str, Any], cells: list[str]) -> None:
    lines = shown(findings=(a_finding(**over),)).splitlines()
    head = lines.index("findings")
    assert lines[head + 1].split() == ["source", "category", "level", "verdict", "offsets", "place"]
    assert lines[head + 2].split()[: len(cells)] == cells


def test_a_findings_offsets_are_told(shown: Any) -> None:
    assert "  3 to 9   a[0]\n" in shown(findings=(a_finding(start_offset=3, end_offset=9, place="a[0]"),))


def conversation(content: Any, answer: str) -> dict[str, Any]:
    reply = {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": answer}}],
    }
    request = {"model": "gpt-4o", "messages": [{"role": "user", "content": content}]}
    return {"request_body": json.dumps(request).encode(), "response_body": json.dumps(reply).encode()}


def test_the_conversation_is_read_from_the_recorded_bytes_and_keeps_its_lines(shown: Any) -> None:
    printed = shown(exchange=conversation("one\ntwo \x1b[2J", "three"))
    assert printed.endswith("\nuser\n  one\n  two \\u001b[2J\n\nassistant\n  three\n")


def test_a_picture_is_told_not_shown(shown: Any) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    printed = shown(exchange=conversation([{"type": "text", "text": "What is it?"}, picture], "A cat."))
    assert "\n  What is it?\n  [image, image/png, 3 bytes]\n" in printed


def test_a_picture_elsewhere_is_told_with_its_address(shown: Any) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
    assert "[image] https://example.com/cat.png\n" in shown(exchange=conversation([picture], "A cat."))


def test_a_very_long_message_is_cut_and_that_is_told(shown: Any) -> None:
    printed = shown(exchange=conversation("x" * 5_000, "y" * 4_000))
    assert "x" * 4_000 + "… (of 5,000 characters)\n" in printed
    assert "x" * 4_001 not in printed
    assert printed.endswith("y" * 4_000 + "\n")


def test_on_a_terminal_long_facts_go_on_below_their_beginning(shown: Any, terminal: pytest.MonkeyPatch) -> None:
    terminal.setenv("COLUMNS", "40")
    printed = shown(block_reasons=("first=reason", "second=reason"), outcome=Outcome.BLOCKED_PROMPT)
    assert "content filter  blocked prompt,\n                first=reason,\n                second=reason\n" in printed
