"""Values that a stream cuts."""

from __future__ import annotations

import json
from typing import Any

from audit.redaction.deltas import Deltas


def texts(*events: Any) -> list[str]:
    deltas = Deltas()
    assert all(deltas.add(json.dumps(event), 0) for event in events)
    return [passage.text for passage in deltas.passages()]


def test_what_stands_at_one_place_is_one_text() -> None:
    assert texts({"a": {"b": "jo"}, "c": "x"}, {"a": {"b": "hn"}}, {"a": {"b": ""}}) == ["john", "x"]


def test_choices_and_blocks_are_told_apart_by_their_index() -> None:
    events = [{"choices": [{"index": n % 2, "text": str(n)}]} for n in range(6)]
    assert texts(*events) == ["024", "135"]
    assert texts(*[{"index": n % 2, "delta": str(n)} for n in range(6)]) == ["024", "135"]
    assert texts({"type": "a", "delta": "1"}, {"type": "b", "delta": "2"}) == ["a", "1", "b", "2"]
    assert texts({"parts": ["a", ["b"]]}, {"parts": ["c", ["d"]]}) == ["ac", "bd"]


def test_what_is_the_same_in_every_event_is_read_once_and_cut_everywhere() -> None:
    deltas = Deltas()
    for number in range(3):
        deltas.add('{"user": "ann@x.org"}', number * 100)
    (passage,) = deltas.passages()
    assert passage.text == "ann@x.org"
    assert list(passage.stands(0, 3)) == [(0, 10, 13, True), (0, 110, 113, True), (0, 210, 213, True)]


def test_an_image_in_every_event_is_left_alone() -> None:
    assert texts(*[{"image": "iVBORw0KGgo4" * 40}] * 2) == []


def test_a_cut_touches_each_event_that_has_a_part_of_it() -> None:
    deltas = Deltas()
    for number, text in enumerate(["a j", "", "o\\u0068", "n b"]):
        deltas.add(f'{{"n": {number}, "n": "", "t": "{text}"}}', number * 100, number)
    *_, passage = deltas.passages()
    assert passage.text == "a john b"
    assert list(passage.stands(2, 6)) == [(0, 26, 27, True), (2, 224, 231, False), (3, 324, 325, False)]


def test_no_object_is_no_event() -> None:
    deltas = Deltas()
    assert [deltas.add(text, 0) for text in ("[DONE]", '"text"', "1", "[" * 100_000, "[]")] == [False] * 4 + [True]
