"""Chats and completions are read by the same rules, under the name of who asks."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Ending, Operation, Reading
from audit.dialects import Dialect, Fit
from audit.dialects._openai_choices import read_choices
from tests.factories import a_transcript

DIALECT = Dialect(name="someones", version=7, fits=lambda _: Fit.PATH, read=lambda _: the_reading())


def the_reading(**over: Any) -> Reading:
    return read_choices(a_transcript(**over), DIALECT, Operation.TEXT_COMPLETION)


def test_the_reading_is_the_dialects() -> None:
    reading = the_reading(response={"choices": []})

    assert (reading.dialect, reading.dialect_version, reading.operation) == ("someones", 7, Operation.TEXT_COMPLETION)


def test_choices_are_ordered_by_index_and_choice_0_gives_the_finish_reason() -> None:
    choices = [{"index": 1, "text": "b", "finish_reason": "length"}, {"index": 0, "text": "a", "finish_reason": "stop"}]
    reading = the_reading(response={"choices": choices})

    assert (reading.finish_reason, reading.finish_reasons) == ("stop", ("stop", "length"))
    assert [message.text for message in reading.output] == ["a", "b"]


def test_choices_that_all_call_themselves_the_first_are_all_kept() -> None:
    choices = [{"index": 0, "text": "a"}, {"index": 0, "text": "b"}]

    assert [message.text for message in the_reading(response={"choices": choices}).output] == ["a", "b"]


def test_a_finish_reason_that_is_missing_keeps_its_place() -> None:
    """Snowflake's are empty."""
    choices = [{"index": 0, "text": "a", "finish_reason": ""}, {"index": 1, "text": "b", "finish_reason": "stop"}]
    reading = the_reading(response={"choices": choices})

    assert (reading.finish_reason, reading.finish_reasons, reading.complete) == (None, ("", "stop"), True)
    assert the_reading(response={"choices": choices[:1]}).finish_reasons == ()


@pytest.mark.parametrize(
    ("over", "complete"),
    [
        ({"response": {"choices": [{"text": "a"}]}}, True),
        ({"response": {"choices": []}}, None),
        ({"response": {"error": "busy"}}, None),
        ({"response": {"error": "busy"}, "status": 500}, None),
        ({"response": b"{", "ending": Ending.FAILED}, False),
        ({"events": [{"choices": [{"text": "a"}]}]}, False),
        ({"events": [{"error": "busy"}, "[DONE]"]}, False),
        ({"events": [{"error": "busy"}], "status": 500}, None),
        ({"events": [{"value": "a"}]}, None),
    ],
)
def test_whether_an_answer_is_complete(over: dict[str, Any], complete: bool | None) -> None:
    assert the_reading(**over).complete is complete
