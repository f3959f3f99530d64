from __future__ import annotations

import pytest

from audit.simulator.reply import EVENT_STREAM, Frame, Reply, Tells, event, gravest, grouped, json_bytes, staged
from audit.simulator.scenarios import Script

OPEN, ONE, TWO = Frame(data=b"open\n\n"), Frame(data=b"first\n\n", tokens=1), Frame(data=b"second\n\n", tokens=1)
END, DONE = Frame(data=b"end\n\n", closing=True), Frame(data=b"data: [DONE]\n\n", closing=True)
STREAM = Reply(media_type=EVENT_STREAM, frames=(OPEN, ONE, TWO, END, DONE), streamed=True, breakage=(Frame(data=b"!"),))


def sent(scenario: str, value: str = "", reply: Reply = STREAM) -> bytes:
    return b"".join(frame.data for frame in staged(reply, Script({scenario: value})).frames)


@pytest.mark.parametrize(
    ("scenario", "value", "left"),
    [
        ("unrelated", "", b"open\n\nfirst\n\nsecond\n\nend\n\ndata: [DONE]\n\n"),
        ("error_stream", "", b"open\n\nfirst\n\n!"),
        ("error_stream", "0", b"open\n\n!"),
        ("error_stream", "9", b"open\n\nfirst\n\nsecond\n\n!"),
        ("no_done", "", b"open\n\nfirst\n\nsecond\n\nend\n\n"),
        ("no_end", "", b"open\n\nfirst\n\nsecond\n\n"),
        ("cut", "", b"open\n\nfirst\n\nseco"),
        ("cut", "0", b"open\n\nfir"),
        ("cut", "9", b"open\n\nfirst\n\nsecond\n\nen"),
        ("crlf", "", b"open\r\n\r\nfirst\r\n\r\nsecond\r\n\r\nend\r\n\r\ndata: [DONE]\r\n\r\n"),
    ],
)
def test_a_stream_is_changed_as_the_scenario_says(scenario: str, value: str, left: bytes) -> None:
    assert sent(scenario, value) == left
    assert staged(STREAM, Script({scenario: value})).dropped is (scenario == "cut")


def test_what_is_torn_tells_nothing() -> None:
    whole = Reply(frames=(Frame(data=b"{}", tokens=5, tells=Tells(model="m")),))
    cut = staged(whole, Script({"cut": ""}))

    assert cut.frames == (Frame(data=b"{"),)
    assert cut.dropped


def test_only_streams_pause_and_fail() -> None:
    whole = Reply(frames=(Frame(data=b"{}\n", tokens=5),), breakage=(Frame(data=b"!"),))

    assert sent("error_stream", reply=whole) == sent("crlf", reply=whole) == b"{}\n"
    assert [frame.pause_ms for frame in staged(STREAM, Script({"stall": "7"})).frames] == [0, 0, 7, 0, 0]
    assert staged(whole, Script({"stall": "7"})).frames[0].pause_ms == 0


def test_lines_that_end_in_crlf_stay_so() -> None:
    frames = (Frame(data=b"data: 1\r\n\r\n"),)

    assert sent("crlf", reply=Reply(media_type=EVENT_STREAM, frames=frames, streamed=True)) == b"data: 1\r\n\r\n"


def test_events_and_json() -> None:
    assert event({"a": "é"}, name="x") == 'event: x\ndata: {"a":"é"}\n\n'.encode()
    assert event("[DONE]", end="\r\n") == b"data: [DONE]\r\n\r\n"
    assert json_bytes("\ud83d") == b'"\\ud83d"'


def test_very_many_pieces_are_sent_in_groups() -> None:
    assert list(grouped(["a", "b"])) == [("a", 1), ("b", 1)]
    many = list(grouped(["x"] * 5000))
    assert len(many) <= 400
    assert sum(count for _, count in many) == 5000
    assert list(grouped([])) == []


def test_the_gravest_word_holds() -> None:
    assert gravest("clean", None, "masked", "annotated") == "masked"
    assert gravest("blocked_completion", "blocked_prompt") == "blocked_prompt"
    assert gravest(None) == "not_assessed"
