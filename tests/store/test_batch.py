from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, select

from audit.call import Call
from audit.interpret import Interpreter
from audit.ledger.leaf import new_salts
from audit.store import tables
from audit.store.batch import prepared
from audit.store.read import Reader
from audit.store.scope import Scope
from audit.store.search import Index
from audit.store.write import Writer
from tests.store.bodies_of import a_conversation, talking
from tests.store.samples import NOON, a_call, a_price, an_id, said
from tests.store.test_threads import ANTHROPIC, CHAT, GEMINI, RESPONSES

read = Interpreter(pricing=lambda _reading, _exchange: None)
JSON = (("content-type", "application/json"),)
URLS: dict[str, tuple[str, Sequence[bytes]]] = {
    "chat": ("https://api.openai.com/v1/chat/completions", CHAT),
    "items": ("https://api.openai.com/v1/responses", RESPONSES),
    "claude": ("https://api.anthropic.com/v1/messages", ANTHROPIC),
    "gemini": ("https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent", GEMINI),
}

SHOUTED = Index(made_of=str.upper, enter=lambda _connection, _rows: None)


def test_what_stands_in_no_part_is_packed_before_ones_turn() -> None:
    short, long = (prepared(call, NOON, new_salts(2)) for call in (a_call(), talking(list(a_conversation(1)))[0]))
    for one in (short, long):
        one.pack()
    assert short.content is not None
    assert long.content is None


def test_a_salt_is_used_once() -> None:
    one, same = prepared(a_call(), NOON, new_salts(2)), prepared(a_call(), NOON, new_salts(2))
    assert len({one.salt, one.body_salt, same.salt, same.body_salt}) == 4
    assert one.entry is not None
    assert same.entry is not None
    assert one.entry.metadata != same.entry.metadata


def test_what_goes_on_from_no_other_call_is_told_before_ones_turn() -> None:
    short, long = (
        prepared(call, NOON, new_salts(2), SHOUTED) for call in (a_call(input=said("Hello")), talking(CHAT)[1])
    )
    assert short.entry is not None
    assert short.words == "HELLO"
    assert (long.entry, long.words) == (None, "")


def test_a_price_is_committed_to_with_its_working() -> None:
    one = prepared(a_call(price=a_price("0.1")), NOON, new_salts(2))
    assert one.working is not None
    assert one.price_digest is not None
    assert prepared(a_call(price=a_price("1e20")), NOON, new_salts(2)).working is None


def test_the_row_tells_where_a_call_stands(engine: Engine, writer: Writer) -> None:
    writer.append(talking(CHAT))
    with engine.begin() as connection:
        calls = tables.calls.c
        rows = connection.execute(select(calls.said_digest, calls.continues, calls.conversation)).all()
    assert len({row.said_digest for row in rows}) == 3
    assert [(row.continues, row.conversation) for row in rows[1:]] == [(an_id(1), an_id(1)), (an_id(2), an_id(1))]


def spoken_calls(name: str) -> list[Call]:
    url, requests = URLS[name]
    made = talking(requests, url=url, request_headers=JSON, response_headers=JSON)
    return [read(call.exchange) for call in made]


def found(engine: Engine, words: str) -> set[int]:
    page = Reader(engine).calls(Scope(search=words, operations=("chat", "unknown")))
    return {int(str(row.id)[-12:]) for row in page.rows}


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize("batch", [1, 3])
def test_every_word_of_a_conversation_is_found_in_some_call(engine: Engine, name: str, batch: int) -> None:
    calls, writer = spoken_calls(name), Writer(engine)
    for start in range(0, 3, batch):
        writer.append(calls[start : start + batch])
    words = {word for call in calls for message in call.reading.input for word in message.text.split()}
    assert {"many?", "thanks"} <= words
    for word in words:
        assert not any(sign.isalnum() for sign in word) or found(engine, word), word
    assert found(engine, '"how many"') >= {1}
    assert found(engine, "thanks") == {3}


def test_what_an_earlier_call_said_is_found_there_alone(engine: Engine, writer: Writer) -> None:
    writer.append(spoken_calls("chat"))
    assert found(engine, "many") == {1}


def test_an_element_that_is_read_as_several_messages_is_searched_whole(engine: Engine, writer: Writer) -> None:
    calls = talking(CHAT)
    texts = ("system prompt", "how many", "called", "result one", "result two")
    several = tuple(message for at, text in enumerate(texts) for message in said(text, "user" if at else "system"))
    writer.append([calls[0], a_call(2, exchange={"request_body": calls[1].exchange.request_body}, input=several)])
    assert found(engine, "called") == found(engine, "one") == found(engine, "two") == {2}


def test_where_it_is_not_sure_what_is_new_all_is_searched(engine: Engine, writer: Writer) -> None:
    """A dialect that reads fewer messages than the request has may have put several together."""
    calls = talking(CHAT)
    more: dict[str, Any] = {"input": said("all of it"), "output": said("an answer", role="assistant")}
    writer.append([calls[0], a_call(2, exchange={"request_body": calls[1].exchange.request_body}, **more)])
    assert json.loads(calls[1].exchange.request_body)["messages"]
    assert found(engine, "all") == found(engine, "answer") == {2}
