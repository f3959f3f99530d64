"""What all replies of the family have in common."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Arrival, Ending
from audit.dialects._openai_reply import failed_piece, findings_of, first_content_us, whole
from tests.factories import a_transcript, event_stream


def test_findings_are_gathered_over_a_stream() -> None:
    """Chunks carry different categories: the worst of each counts, where it stood."""

    def chunk(**severities: str) -> dict[str, Any]:
        results = {name: {"filtered": False, "severity": severity} for name, severity in severities.items()}
        return {"choices": [{"index": 0, "content_filter_results": results}]}

    findings = findings_of(a_transcript(events=[chunk(), chunk(hate="safe", sexual="low"), chunk(hate="medium")]))

    assert [(one.category, one.severity, one.place) for one in findings] == [
        ("hate", "medium", "events[2].choices[0].content_filter_results.hate"),
        ("sexual", "low", "events[1].choices[0].content_filter_results.sexual"),
    ]


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({"response": {"error": "busy"}, "status": 500}, {"error": "busy"}),
        ({"response": [{"error": "busy"}], "status": 500}, {"error": "busy"}),
        ({"response": {"message": "no"}, "status": 400}, {"message": "no"}),
        ({"response": {"message": "no"}}, None),
        ({"events": [{"choices": []}, {"error": "busy"}]}, {"error": "busy"}),
        ({"events": []}, None),
    ],
)
def test_the_piece_that_tells_an_error(over: dict[str, Any], expected: Any) -> None:
    assert failed_piece(a_transcript(**over)) == expected


def test_the_first_content_is_timed_by_its_arrival() -> None:
    arrivals = (Arrival(len(event_stream({"n": 1})), 5), Arrival(10_000, 9))
    transcript = a_transcript(events=[{"n": 1}, {"n": 2}], arrivals=arrivals)

    assert first_content_us(transcript, lambda event: event["n"] == 2) == 9
    assert first_content_us(transcript, lambda _event: False) is None
    assert first_content_us(a_transcript(response={"n": 1}), lambda _event: True) is None


@pytest.mark.parametrize(
    ("over", "answered", "json", "expected"),
    [
        ({"response": {"data": [1]}}, True, True, True),
        ({"response": {"data": []}}, False, True, None),
        ({"response": b"{"}, False, True, False),
        ({"response": {"error": "x"}, "status": 400}, False, True, None),
        ({"events": [{}]}, True, True, True),
        ({"events": [{"error": "x"}]}, True, True, False),
        ({"response": b"sound", "response_headers": ()}, True, False, True),
        ({"response": b"so", "response_headers": (), "ending": Ending.FAILED}, True, False, False),
    ],
)
def test_whether_a_reply_came_whole(over: dict[str, Any], answered: bool, json: bool, expected: bool | None) -> None:
    assert whole(a_transcript(**over), answered=answered, json=json) is expected
