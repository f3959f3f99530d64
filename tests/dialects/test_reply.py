"""What is asked of every reply."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.call import Arrival, Ending
from audit.dialects._dialect import Fit
from audit.dialects._reply import arrived, bodies_of, broke_off, error_told, fit, instant, last, latest, placed
from tests.factories import a_transcript


@pytest.mark.parametrize(
    ("path", "shape", "fitness"),
    [(True, True, Fit.BOTH), (True, False, Fit.PATH), (False, True, Fit.SHAPE), (False, False, Fit.NO)],
)
def test_path_and_shape_make_the_fit(path: bool, shape: bool, fitness: Fit) -> None:
    assert fit(path=path, shape=shape) is fitness


def test_figures_that_follow_replace_each_other_but_null_replaces_nothing() -> None:
    older = {"a": 5, "b": 6, "c": {"d": 1, "e": 2}, "f": {"g": 1}}
    newer = {"a": 3, "b": None, "c": {"d": None, "e": 0}, "f": 7}

    assert latest(older, newer) == {"a": 3, "b": 6, "c": {"d": 1, "e": 0}, "f": 7}
    assert older["c"] == {"d": 1, "e": 2}


def test_the_last_value_that_is_not_null_counts() -> None:
    assert last([{"a": 1}, {"a": 0}, {"a": None}, {}], "a") == 0
    assert last([{}], "a") is None


def test_bodies_are_the_one_or_the_events() -> None:
    assert bodies_of(a_transcript(response={"a": 1})) == [{"a": 1}]
    assert bodies_of(a_transcript(response=[1])) == []
    assert bodies_of(a_transcript(events=[{"a": 1}, "[DONE]", {"b": 2}])) == [{"a": 1}, {"b": 2}]
    assert bodies_of(a_transcript(events=[{"a": 1}, {"b": 2}]), 1) == [{"a": 1}]


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789+01:00", datetime(2026, 1, 2, 2, 4, 5, 123456, UTC)),
        ("2026-01-02T03:04:05", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("soon", None),
        (None, None),
        ({}, None),
    ],
)
def test_a_time_is_aware_or_none(value: Any, moment: datetime | None) -> None:
    assert instant(value) == moment


@pytest.mark.parametrize(
    ("over", "broken"),
    [
        ({"response": {"a": 1}}, False),
        ({"response": {"a": 1}, "ending": Ending.CLOSED}, False),
        ({"response": b'{"a":'}, True),
        ({}, False),
        ({"status": None, "ending": Ending.FAILED}, True),
        ({"events": ["x"], "ending": Ending.FAILED}, False),
    ],
)
def test_a_reply_in_one_piece_that_cannot_be_read_broke_off(over: dict[str, Any], broken: bool) -> None:
    assert broke_off(a_transcript(**over)) is broken


@pytest.mark.parametrize(
    ("over", "error"),
    [
        ({"response": {"error": {"code": "x", "message": "m"}}, "status": 400}, ("x", "m")),
        ({"response": {"error": {"code": "x", "message": "m"}}}, ("x", "m")),
        ({"events": [{"a": 1}, {"error": {"code": "x", "message": "m"}}]}, ("x", "m")),
        ({"response": b"<html>nginx</html>", "status": 502}, ("502", "")),
        ({"response": b"  upstream is down\n", "status": 502}, ("502", "upstream is down")),
        ({"response": b"x" * 9000, "status": 500}, ("500", "x" * 500)),
        ({"status": 500}, ("500", "")),
    ],
)
def test_an_error_is_told_wherever_it_stands(over: dict[str, Any], error: tuple[str, str]) -> None:
    told = error_told(a_transcript(**over))

    assert told is not None
    assert (told.code, told.message) == error


@pytest.mark.parametrize("over", [{"response": {"a": 1}}, {"response": b"words"}, {"events": [{"a": 1}]}, {}])
def test_no_error_is_none(over: dict[str, Any]) -> None:
    assert error_told(a_transcript(**over)) is None


def test_arrival_is_told_of_what_is_there() -> None:
    transcript = a_transcript(response={"a": 1}, arrivals=(Arrival(3, 10), Arrival(8, 20)))

    assert (arrived(transcript, 2), arrived(transcript, 8), arrived(transcript, None)) == (10, 20, None)


def test_a_place_in_a_stream_begins_with_its_event() -> None:
    assert (placed(3, "a.b"), placed(None, "a.b")) == ("events[3].a.b", "a.b")
