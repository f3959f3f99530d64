"""The places that filters spoke of are found in the text, and the text stays text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.call import Finding, Message, Part, Reading, Source
from dashboard import conversation
from dashboard.conversation import MAX_CHARACTERS, Segment, Span


def a_finding(start: int | None = None, end: int | None = None, **over: Any) -> Finding:
    plain = {"source": Source.PROMPT, "category": "hate", "start_offset": start, "end_offset": end}
    return Finding(**{**plain, **over})


def a_reading(*, asked: str = "", answered: tuple[str, ...] = (), findings: tuple[Finding, ...] = ()) -> Reading:
    return Reading(
        dialect="d",
        dialect_version=1,
        provider="p",
        input=(Message(role="user", parts=(Part(kind="text", text=asked),)),) if asked else (),
        output=tuple(Message(role="assistant", parts=(Part(kind="text", text=text),)) for text in answered),
        findings=findings,
    )


def test_offsets_within_the_text_are_taken_as_they_are() -> None:
    assert conversation.locate(a_finding(6, 11), "hello world") == Span(6, 11)


def test_offsets_that_count_the_template_end_where_the_text_ends() -> None:
    """A router tells 30 to 35 for the five characters of `hello`."""
    assert conversation.locate(a_finding(30, 35), "hello") == Span(0, 5)


def test_all_offsets_of_a_text_are_shifted_alike() -> None:
    assert conversation.locate(a_finding(30, 32), "hello", furthest=35) == Span(0, 2)


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [(None, None, "hello"), (3, None, "hello"), (4, 4, "hello"), (5, 2, "hello"), (-1, 3, "hello"), (0, 3, "")],
)
def test_nonsense_is_nowhere(start: int | None, end: int | None, text: str) -> None:
    assert conversation.locate(a_finding(start, end), text) is None


def test_what_ended_before_the_text_began_is_nowhere() -> None:
    assert conversation.locate(a_finding(0, 10), "hello", furthest=35) is None


@given(st.text(max_size=50), st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=5))
def test_marking_neither_adds_nor_loses_a_character(text: str, offsets: list[tuple[int, int]]) -> None:
    pieces = conversation.mark(text, [a_finding(start, end, detected=True) for start, end in offsets])
    assert "".join(piece.text for piece in pieces) == text


def test_a_marked_place_says_what_was_found_there() -> None:
    found = a_finding(7, 12, category="jailbreak", detected=True, filtered=True)
    looked_at = a_finding(0, 12, severity="safe", filtered=False)
    assert conversation.mark("ignore rules now", [found, looked_at]) == (
        Segment(text="ignore ", tone="clean"),
        Segment(text="rules", tone="blocked", label="jailbreak: detected, filtered"),
        Segment(text=" now"),
    )


@pytest.mark.parametrize(
    ("over", "tone"),
    [
        ({"filtered": True}, "blocked"),
        ({"masked": True}, "masked"),
        ({"error": "timeout"}, "failed"),
        ({"severity": "low", "filtered": False}, "annotated"),
        ({"severity": "safe", "filtered": False}, "clean"),
    ],
)
def test_a_finding_has_a_tone(over: dict[str, Any], tone: str) -> None:
    assert conversation.tone(a_finding(**over)) == tone


def test_a_finding_is_said_in_the_providers_words() -> None:
    assert conversation.said(a_finding()) == "hate: no verdict"
    told = conversation.said(a_finding(severity="HARM_SEVERITY_LOW", probability="LOW", score=0.1234, masked=True))
    assert told == "hate: HARM_SEVERITY_LOW, LOW, score 0.123, masked"
    assert conversation.said(a_finding(error="timeout")) == "hate: filter failed (timeout)"


def test_the_request_comes_before_the_answer() -> None:
    asked, answered = conversation.turns(a_reading(asked="hello", answered=("hi",)))
    assert (asked.side, asked.role) == ("prompt", "user")
    assert (answered.side, answered.role) == ("completion", "assistant")


def test_findings_of_a_choice_mark_that_choice() -> None:
    found = a_finding(0, 2, source=Source.COMPLETION, choice=1, detected=True)
    first, second = conversation.turns(a_reading(answered=("one", "two"), findings=(found,)))
    assert [piece.tone for piece in first.blocks[0].segments] == [""]
    assert [piece.tone for piece in second.blocks[0].segments] == ["annotated", ""]


def test_findings_on_the_prompt_mark_the_newest_thing_said() -> None:
    older = Message(role="user", parts=(Part(kind="text", text="first"),))
    newer = Message(role="user", parts=(Part(kind="text", text="second"), Part(kind="image", media_type="image/png")))
    reading = Reading(
        dialect="d", dialect_version=1, provider="p", input=(older, newer), findings=(a_finding(0, 6, detected=True),)
    )
    first, second = conversation.turns(reading)
    assert first.blocks[0].segments == (Segment(text="first"),)
    assert second.blocks[0].segments[0].tone == "annotated"
    assert second.blocks[1].title == "image/png"


def test_stored_findings_go_before_those_of_a_new_reading() -> None:
    reading = a_reading(asked="hello", findings=(a_finding(0, 5, detected=True),))
    assert conversation.turns(reading, ())[0].blocks[0].segments == (Segment(text="hello"),)


def test_what_is_too_long_is_cut_and_counted() -> None:
    (turn,) = conversation.turns(a_reading(asked="x" * (MAX_CHARACTERS + 7)))
    assert turn.blocks[0].left_out == 7


def test_binary_parts_are_told_by_their_size() -> None:
    message = Message(role="user", parts=(Part(kind="file", name="a.pdf", media_type="application/pdf", size=12_345),))
    (turn,) = conversation.turns(Reading(dialect="d", dialect_version=1, provider="p", input=(message,)))
    assert turn.blocks[0].title == "a.pdf · application/pdf · 12,345 bytes"
    assert turn.blocks[0].segments == ()


def test_what_a_browser_could_not_take_is_replaced() -> None:
    (turn,) = conversation.turns(a_reading(asked="a\x00b\ud83d"))
    assert turn.blocks[0].segments[0].text == "a␀b\ufffd"


def test_what_filters_found_without_saying_where_stands_beneath_the_turn() -> None:
    found = a_finding(category="violence", severity="high", filtered=True)
    clean = a_finding(severity="safe", filtered=False)
    (turn,) = conversation.turns(a_reading(asked="hello", findings=(found, clean)))
    assert turn.remarks == (Segment(text="", tone="blocked", label="violence: high, filtered"),)


def test_what_is_marked_in_the_text_is_not_said_again() -> None:
    (turn,) = conversation.turns(a_reading(asked="hello", findings=(a_finding(0, 5, detected=True),)))
    assert turn.remarks == ()


def test_an_image_is_found_by_its_size() -> None:
    parts = (Part(kind="image", size=75), Part(kind="image", size=9), Part(kind="file", size=75))
    reading = Reading(dialect="d", dialect_version=1, provider="p", input=(Message(role="user", parts=parts),))
    (turn,) = conversation.turns(reading, pictures={75: "data:image/png;base64,AAAA"})
    assert [block.picture for block in turn.blocks] == ["data:image/png;base64,AAAA", "", ""]
