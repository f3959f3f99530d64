from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from audit.call import Tags
from audit.store import tables, threads
from audit.store.bodies import split
from audit.store.lots import in_lots
from audit.store.threads import Said, Thread, said_by
from audit.store.write import Writer
from tests.factories import an_exchange
from tests.store.bodies_of import a_body, talking, told
from tests.store.samples import an_id

Chain = list[tuple[int | None, int | None]]
"""Of each call, in order: the number of the one it goes on from, and of the first of its conversation."""


def chain(engine: Engine) -> Chain:
    calls = tables.calls.c
    with engine.begin() as connection:
        rows = connection.execute(select(calls.continues, calls.conversation).order_by(calls.pk)).all()
    return [(_number(row.continues), _number(row.conversation)) for row in rows]


def _number(found: UUID | None) -> int | None:
    return None if found is None else int(str(found)[-12:])


def keep(writer: Writer, requests: Sequence[bytes], first: int = 1, **exchange: Any) -> None:
    assert writer.append(talking(requests, first, **exchange)).new == len(requests)


def growing(*turns: Sequence[Any], run: str = "messages", **more: Any) -> list[bytes]:
    """Requests, each of which says what the one before did, and its own turn."""
    said: list[Any] = []
    bodies = []
    for turn in turns:
        said += turn
        bodies.append(a_body(said, run, **more))
    return bodies


CHAT = growing(
    [told("system", "count"), told("user", "how many?")],
    [
        {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "count", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "1", "content": "7"},
    ],
    [told("assistant", "seven"), told("user", "thanks")],
)
RESPONSES = growing(
    [{"role": "user", "content": [{"type": "input_text", "text": "how many?"}]}],
    [
        {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "abc"},
        {"type": "function_call", "call_id": "1", "name": "count", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "7"},
    ],
    [{"type": "message", "role": "assistant", "content": "seven"}, {"role": "user", "content": "thanks"}],
    run="input",
)
PARALLEL = [{"type": "tool_use", "id": f"t{number}", "name": "count", "input": {}} for number in range(4)]
RESULTS = [{"type": "tool_result", "tool_use_id": f"t{number}", "content": str(number)} for number in range(4)]
ANTHROPIC = growing(
    [{"role": "user", "content": [{"type": "text", "text": "how many?"}]}],
    [{"role": "assistant", "content": PARALLEL}, {"role": "user", "content": RESULTS}],
    [told("assistant", "six"), told("user", "thanks")],
    system="count",
)
GEMINI = growing(
    [{"role": "user", "parts": [{"text": "how many?"}]}],
    [
        {"role": "model", "parts": [{"functionCall": {"name": "count", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "count", "response": {"n": 7}}}]},
    ],
    [{"role": "model", "parts": [{"text": "seven"}]}, {"role": "user", "parts": [{"text": "thanks"}]}],
    run="contents",
)


@pytest.mark.parametrize(
    "requests", [CHAT, RESPONSES, ANTHROPIC, GEMINI], ids=["chat", "responses", "claude", "gemini"]
)
@pytest.mark.parametrize("batches", [1, 3])
def test_a_call_goes_on_from_the_one_before(engine: Engine, requests: list[bytes], batches: int) -> None:
    if batches == 1:
        keep(Writer(engine), requests)
    else:
        writers = [Writer(engine), Writer(engine)]
        for at, request in enumerate(requests):
            keep(writers[at % 2], [request], 1 + at)
    assert chain(engine) == [(None, None), (1, 1), (2, 1)]


def test_marks_of_what_is_to_be_cached_are_nothing_said(engine: Engine, writer: Writer) -> None:
    requests = []
    for request in ANTHROPIC[:2]:
        body = json.loads(request)
        body["messages"][-1]["content"][-1]["cache_control"] = {"type": "ephemeral"}
        requests.append(json.dumps(body).encode())
    keep(writer, requests)
    assert chain(engine) == [(None, None), (1, 1)]


def test_many_parallel_calls_of_tools_are_not_too_many(engine: Engine, writer: Writer) -> None:
    calls = [{"type": "function_call", "call_id": str(number)} for number in range(7)]
    results = [{"type": "function_call_output", "call_id": str(number)} for number in range(7)]
    requests = growing([told("user", "go")], [*calls, *results], [told("user", "more")], run="input")
    keep(writer, requests)
    assert chain(engine) == [(None, None), (1, 1), (2, 1)]


def test_what_adds_more_than_any_answer_does_begins_anew(engine: Engine, writer: Writer) -> None:
    turns = [[told("user", "go")], [told("user", str(number)) for number in range(threads.MOST_LOOKED_FOR + 1)]]
    keep(writer, growing(*turns))
    assert chain(engine) == [(None, None), (None, None)]


def test_a_retry_goes_on_from_what_the_first_try_did(engine: Engine, writer: Writer) -> None:
    keep(writer, [CHAT[0], CHAT[1], CHAT[1], CHAT[2]])
    assert chain(engine) == [(None, None), (1, 1), (1, 1), (3, 1)]


def test_a_branch_is_of_the_same_conversation(engine: Engine, writer: Writer) -> None:
    other = json.loads(CHAT[2])
    other["messages"][-1]["content"] = "are you sure?"
    keep(writer, [*CHAT, json.dumps(other).encode()])
    assert chain(engine) == [(None, None), (1, 1), (2, 1), (2, 1)]


def test_an_edit_in_the_middle_is_of_it_up_to_there(engine: Engine, writer: Writer) -> None:
    edited = json.loads(CHAT[2])
    edited["messages"][3]["content"] = "8"
    keep(writer, [*CHAT, json.dumps(edited).encode()])
    assert chain(engine)[-1] == (1, 1)


def test_calls_that_came_in_later_are_not_gone_on_from(engine: Engine, writer: Writer) -> None:
    keep(writer, [CHAT[1], CHAT[0]])
    assert chain(engine) == [(None, None), (None, None)]


WHOSE = [
    {"key_fingerprint": "another"},
    {"tags": Tags(project="another")},
    {"tags": Tags(user="another")},
    {"tags": Tags(session="another")},
]


@pytest.mark.parametrize("other", WHOSE)
def test_equal_words_of_others_are_not_mixed(engine: Engine, writer: Writer, other: dict[str, Any]) -> None:
    keep(writer, CHAT[:1])
    keep(writer, CHAT[:2], 11, **other)
    keep(writer, CHAT[1:], 2)
    assert chain(engine) == [(None, None), (None, None), (11, 11), (1, 1), (2, 1)]


def test_a_project_is_not_taken_for_a_user() -> None:
    run = split(CHAT[0]).run
    project = said_by(an_exchange(tags=Tags(project="x")), run)
    user = said_by(an_exchange(tags=Tags(user="x")), run)
    assert not set(project.digests) & set(user.digests)


def test_names_of_any_signs_can_be_told_apart() -> None:
    run = split(CHAT[0]).run
    assert said_by(an_exchange(tags=Tags(user="\ud800")), run) != said_by(an_exchange(tags=Tags(user="\udfff")), run)


def test_what_has_no_messages_stands_alone(engine: Engine, writer: Writer) -> None:
    keep(writer, [b"", b"{}", b'{"input": "words"}', b'{"input": "words"}'])
    assert chain(engine) == [(None, None)] * 4
    assert said_by(an_exchange(), None) == Said()


def test_a_single_message_goes_on_from_nothing(engine: Engine, writer: Writer) -> None:
    keep(writer, [a_body([told("user", "hello")])] * 2)
    assert chain(engine) == [(None, None)] * 2


def test_many_are_asked_for_in_lots(engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "in_lots", partial(in_lots, most=2))
    keep(writer, CHAT[:1])
    keep(writer, CHAT[1:], 2)
    assert chain(engine) == [(None, None), (1, 1), (2, 1)]


def test_it_tells_how_much_of_a_request_is_new(engine: Engine) -> None:
    said = [(an_id(1 + at), said_by(an_exchange(), split(request).run)) for at, request in enumerate(RESPONSES)]
    with engine.begin() as connection:
        found = threads.threads(connection, said)
        assert threads.threads(connection, [(an_id(9), Said())]) == [Thread()]
    assert [thread.new for thread in found] == [None, 3, 2]
    assert [one.elements for _, one in said] == [1, 4, 6]
