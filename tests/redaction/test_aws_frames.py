"""Binary frames: read through, cut, and whole again."""

from __future__ import annotations

import base64
import json
from typing import Any

from audit.redaction.body import Redacted, redacted_body
from audit.wire.eventstream import read_messages
from tests.dialects.aws_events import AWS_STREAM, aws_events, invoked
from tests.redaction.samples import a_cutter

MARK = "[redacted:email]"


def redacted(body: bytes, cuts: tuple[int, ...] = ()) -> Redacted:
    kind = dict(AWS_STREAM)["content-type"]
    return redacted_body(
        body, encoding="", content_type=kind, cutter=a_cutter("email"), reply=True, drop=False, cuts=cuts
    )


def values(body: bytes) -> list[Any]:
    messages = list(read_messages(body))
    assert messages[-1].end == len(body)
    return [json.loads(message.payload) for message in messages]


def delta(text: str) -> tuple[str, Any]:
    return "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}


def test_a_value_over_several_frames_is_cut_and_the_frames_are_sound() -> None:
    body = aws_events(delta("Mail a"), delta("nn@x"), ("metadata", {"usage": {"inputTokens": 3}}), delta(".org!"))
    found = redacted(body)
    said = [value["delta"]["text"] for value in values(found.body) if "delta" in value]
    assert said == [f"Mail {MARK}", "", "!"]
    assert [message.headers for message in read_messages(found.body)] == [
        message.headers for message in read_messages(body)
    ]


def test_what_is_packed_into_a_frame_is_cut_and_packed_again() -> None:
    body = invoked({"completion": "ann"}, {"completion": "@x.org"})
    pieces = [json.loads(base64.b64decode(value["bytes"])) for value in values(redacted(body).body)]
    assert pieces == [{"completion": MARK}, {"completion": ""}]


def test_frames_without_a_find_stay_as_they_are() -> None:
    body = aws_events(delta("Hello"), ("other", "ann@x.org"), delta("."))
    found = redacted(body)
    assert values(found.body)[1] == MARK
    first = next(read_messages(body)).end
    assert found.body[:first] == body[:first]
    assert redacted(body[:first]) == Redacted(body=body[:first])


def test_what_arrived_when_is_told_by_the_frames() -> None:
    body = aws_events(delta("Mail a"), delta("nn@x.org"), delta("."))
    ends = [message.end for message in read_messages(body)]
    found = redacted(body, (ends[0], ends[1] - 1, *ends[1:]))
    new = [message.end for message in read_messages(found.body)]
    marks = dict(found.marks)
    assert [marks[end] for end in ends] == new
    assert new[0] < marks[ends[1] - 1] < new[1]


def test_what_is_no_base64_is_read_as_it_stands() -> None:
    body = aws_events(("chunk", {"bytes": "abc", "to": "ann@x.org"}))
    assert values(redacted(body).body) == [{"bytes": "abc", "to": MARK}]
