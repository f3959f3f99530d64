"""Anthropic's legacy completions."""

from __future__ import annotations

import pytest

from audit.call import Ending, Operation
from audit.dialects._dialect import Fit
from audit.dialects.anthropic_complete import DIALECT
from tests.factories import a_transcript

REQUEST = {"model": "claude-2.1", "prompt": "\n\nHuman: Hi\n\nAssistant:", "max_tokens_to_sample": 9}


def a_piece(completion: str, stop_reason: str | None = None) -> dict[str, object]:
    return {
        "type": "completion",
        "id": "compl_1",
        "completion": completion,
        "stop_reason": stop_reason,
        "model": "claude-2.1",
    }


def test_it_reads_a_reply_in_one_piece() -> None:
    transcript = a_transcript("/v1/complete", request=REQUEST, response=a_piece(" Hello", "stop_sequence"))
    reading = DIALECT.read(transcript)

    assert DIALECT.fits(transcript) is Fit.BOTH
    assert (reading.operation, reading.model_served, reading.response_id) == (
        Operation.TEXT_COMPLETION,
        "claude-2.1",
        "compl_1",
    )
    assert (reading.finish_reason, reading.complete, reading.usage) == ("stop_sequence", True, None)
    assert reading.input[0].text == "\n\nHuman: Hi\n\nAssistant:"
    assert reading.output[0].text == " Hello"


def test_it_joins_the_pieces_of_a_stream() -> None:
    events = [a_piece(" Hel"), {"type": "ping"}, a_piece("lo"), a_piece("", "stop_sequence")]
    reading = DIALECT.read(a_transcript("/v1/complete", request=REQUEST, events=events))

    assert reading.output[0].text == " Hello"
    assert (reading.streamed, reading.complete, reading.finish_reasons) == (True, True, ("stop_sequence",))


@pytest.mark.parametrize(("events", "complete"), [([a_piece(" Hel")], False), (None, None)])
def test_it_says_whether_the_answer_came_whole(events: list[object] | None, complete: bool | None) -> None:
    reading = DIALECT.read(a_transcript("/v1/complete", request=REQUEST, events=events))  # type: ignore[arg-type]

    assert reading.complete is complete


def test_a_reply_cut_in_two_is_not_complete() -> None:
    transcript = a_transcript("/v1/complete", response=b'{"type": "comp', ending=Ending.FAILED)

    assert DIALECT.read(transcript).complete is False
    assert DIALECT.fits(a_transcript("/v1/messages")) is Fit.NO
    assert DIALECT.fits(a_transcript("/studio/v1/j2-ultra/complete")) is Fit.NO
