from __future__ import annotations

from typing import Any

import pytest

from audit.call import Call, Message, Outcome, Part
from audit.canary import matching
from audit.canary.judge import MOST_CHARACTERS, judge
from audit.canary.verdict import Judgement, Verdict
from tests.canary.canaries import a_call, a_canary

PROMPT, COMPLETION = Outcome.BLOCKED_PROMPT, Outcome.BLOCKED_COMPLETION


def judged(call: Call, **expect: Any) -> tuple[str, ...]:
    """Return verdict and reasons."""
    found = judge(a_canary(**expect), call)
    return (found.verdict.value, *found.reasons)


def test_a_canary_that_expects_nothing_is_content_with_any_answer() -> None:
    assert judge(a_canary(), a_call()) == Judgement(verdict=Verdict.OK)


@pytest.mark.parametrize(
    "expect",
    [
        {"status": 200},
        {"text": "hello"},
        {"text": ["HELLO", "."]},
        {"regex": r"^H\w+\.$"},
        {"finish_reason": "END_TURN"},
        {"finish_reason": ["stop", "end_turn"]},
        {"served_model": "claude-*"},
        {"served_model": ["gpt-5", "Claude-Opus-5"]},
        {"outcome": "not_assessed"},
        {"outcome": ["clean", "not_assessed"]},
        {"refusal": False},
        {"max_duration": "840ms"},
        {"max_first_token": "840ms"},
    ],
)
def test_what_is_as_expected_is_ok(expect: dict[str, Any]) -> None:
    assert judged(a_call(), **expect) == ("ok",)


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        ({"status": 404}, ("wrong", "HTTP status 200, expected 404")),
        ({"text": ["hello", "world"]}, ("wrong", "the answer is 'Hello.', expected to contain 'world'")),
        ({"regex": "^hello"}, ("wrong", "the answer is 'Hello.', expected to match '^hello'")),
        (
            {"json_schema": {"type": "object"}},
            (
                "wrong",
                "the answer is 'Hello.', expected to fit the JSON schema: not JSON: Expecting value at character 0",
            ),
        ),
        ({"refusal": True}, ("wrong", "the answer is 'Hello.', expected a refusal")),
        ({"finish_reason": ["stop", "length"]}, ("wrong", "finish reason end_turn, expected stop or length")),
        ({"served_model": ["gpt-*", "o3"]}, ("substituted", "served model claude-opus-5, expected gpt-* or o3")),
        ({"max_duration": "500ms"}, ("slow", "duration 840 ms, expected at most 500 ms")),
        ({"max_first_token": "0.5s"}, ("slow", "time to first token 840 ms, expected at most 500 ms")),
    ],
)
def test_what_is_not_as_expected_is_told(expect: dict[str, Any], found: tuple[str, ...]) -> None:
    assert judged(a_call(), **expect) == found


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ('{"city": "Bonn"}', ("ok",)),
        (
            "{}",
            (
                "wrong",
                "the answer is '{}', expected to fit the JSON schema: $: 'city' is a required property",
            ),
        ),
    ],
)
def test_an_answer_may_have_to_fit_a_schema(answer: str, found: tuple[str, ...]) -> None:
    assert judged(a_call(answer), json_schema={"type": "object", "required": ["city"]}) == found


def test_the_first_token_counts_from_the_stream_when_it_is_known() -> None:
    call = a_call(first_token_us=5_200_000, exchange={"duration_us": 9_000_000})
    assert judged(call, max_first_token="4s") == ("slow", "time to first token 5.2 s, expected at most 4 s")
    assert judged(call, max_first_token="6s", max_duration="9s") == ("ok",)


@pytest.mark.parametrize(
    ("unknown", "expect", "reason"),
    [
        ({"model_served": None}, {"served_model": "claude-*"}, "served model not told, expected claude-*"),
        ({"finish_reason": None}, {"finish_reason": "stop"}, "finish reason not told, expected stop"),
        ({"exchange": {"duration_us": None}}, {"max_duration": "1s"}, "duration not known, expected at most 1 s"),
    ],
)
def test_what_the_reply_does_not_tell_is_not_taken_for_granted(
    unknown: dict[str, Any], expect: dict[str, Any], reason: str
) -> None:
    assert judged(a_call(**unknown), **expect) == ("invalid", reason)


def test_a_reader_sees_no_reasoning() -> None:
    parts = (Part(kind="reasoning", text="42?"), Part(kind="text", text="It is"), Part(kind="text", text="41."))
    call = a_call(output=(Message(role="assistant", parts=parts),))
    assert judged(call, text="42")[1] == "the answer is 'It is 41.', expected to contain '42'"
    assert judged(call, regex=r"is\n41") == ("ok",)


def test_a_tool_call_has_no_text() -> None:
    call = a_call(output=(Message(role="assistant", parts=(Part(kind="tool_call", name="f"),)),))
    assert judged(call, text="42") == ("wrong", "the answer has no text, expected to contain '42'")


def test_a_refusal_is_words() -> None:
    refused = (Message(role="assistant", parts=(Part(kind="refusal", text="I can't."),)),)
    call = a_call(output=refused, refusal=True)
    assert judged(call, refusal=True, text="can't") == ("ok",)
    assert judged(call, refusal=False) == ("wrong", 'the answer is "I can\'t.", expected no refusal')


def test_an_answer_cut_at_its_limit_says_so() -> None:
    found = judged(a_call("It i", finish_reason="length"), text="42", max_output_tokens=16)
    assert found == (
        "wrong",
        "the answer is 'It i' and stopped at its limit of 16 tokens, expected to contain '42'",
    )


def test_a_pattern_is_looked_for_at_the_beginning_of_a_long_answer() -> None:
    assert judged(a_call("x" * MOST_CHARACTERS + "y"), regex="y")[0] == "wrong"
    assert judged(a_call("x" * (MOST_CHARACTERS - 1) + "y"), regex="y") == ("ok",)


def test_an_answer_that_a_pattern_runs_away_on_is_the_patterns_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells nothing about the model, and must not hold up the checks of others."""
    monkeypatch.setattr(matching, "PATIENCE_S", 1.0)
    verdict, reason = judged(a_call("a" * 60 + "!"), regex=r"^(\w+\s?)+$")
    assert verdict == "invalid"
    assert reason.endswith("was not told within 1 s; make the pattern simpler")


@pytest.mark.parametrize(
    ("expected", "actual", "verdict"),
    [
        ((), PROMPT, "filtered"),
        ((), COMPLETION, "filtered"),
        ((), Outcome.ANNOTATED, "ok"),
        ((), Outcome.FILTER_ERROR, "ok"),
        (("blocked",), PROMPT, "ok"),
        (("blocked",), COMPLETION, "ok"),
        (("blocked",), Outcome.CLEAN, "unfiltered"),
        (("blocked",), Outcome.ANNOTATED, "unfiltered"),
        (("blocked",), Outcome.FILTER_ERROR, "unfiltered"),
        (("blocked_prompt",), COMPLETION, "unfiltered"),
        (("blocked_completion",), PROMPT, "filtered"),
        (("clean",), PROMPT, "filtered"),
        (("clean",), Outcome.ANNOTATED, "filtered"),
        (("clean",), Outcome.NOT_ASSESSED, "unfiltered"),
        (("clean",), Outcome.FILTER_ERROR, "unfiltered"),
        (("clean", "annotated"), Outcome.MASKED, "filtered"),
        (("annotated", "blocked"), Outcome.ANNOTATED, "ok"),
        (("annotated",), Outcome.CLEAN, "unfiltered"),
    ],
)
def test_a_filter_may_do_too_much_or_too_little(expected: tuple[str, ...], actual: Outcome, verdict: str) -> None:
    assert judged(a_call(outcome=actual), outcome=expected)[0] == verdict


def test_a_wanted_block_may_come_as_an_error() -> None:
    call = a_call("", outcome=PROMPT, exchange={"status": 400}, block_reasons=("error.code=content_filter",))
    assert judged(call, outcome="blocked", status=400) == ("ok",)
    assert judged(call, outcome="blocked", status=200) == ("wrong", "HTTP status 400, expected 200")


def test_an_unwanted_block_is_told_alone() -> None:
    call = a_call("", outcome=PROMPT, exchange={"status": 400}, block_reasons=("error.code=content_filter", "more"))
    found = judged(call, text="hello", status=200, finish_reason="stop", served_model="x", max_duration="500ms")
    assert found == (
        "filtered",
        "filter outcome blocked_prompt (error.code=content_filter), expected no block",
        "duration 840 ms, expected at most 500 ms",
    )


def test_a_missing_block_names_what_was_expected() -> None:
    assert judged(a_call(outcome=Outcome.CLEAN), outcome=["blocked", "masked"]) == (
        "unfiltered",
        "filter outcome clean, expected blocked or masked",
    )


def test_the_gravest_failure_is_the_verdict_and_comes_first() -> None:
    call = a_call(outcome=Outcome.CLEAN, finish_reason=None)
    expect = {"text": "x", "max_duration": "1ms", "served_model": "gpt-5", "finish_reason": "stop"}
    found = judged(call, outcome="blocked", **expect)
    assert [reason.split()[0] for reason in found] == ["unfiltered", "filter", "served", "the", "duration", "finish"]
    found = judged(call, **expect)
    assert [reason.split()[0] for reason in found] == ["substituted", "served", "the", "duration", "finish"]


def test_a_fault_leaves_nothing_to_expect() -> None:
    call = a_call(exchange={"status": 500})
    assert judged(call, text="x", status=200, max_duration="1ms") == ("error", "HTTP status 500")
