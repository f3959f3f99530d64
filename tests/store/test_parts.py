from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, select, true, update

from audit.call import Exchange
from audit.store import bodies, parts, tables
from audit.store.bodies import split, split_answer
from audit.store.engine import open_engine
from audit.store.lots import in_lots
from audit.store.parts import expanded
from audit.store.read.exchanges import stored_exchanges
from audit.store.write import Writer
from tests.store.bodies_of import HOSTILE, LONG_TEXT, PICTURE, a_body, a_conversation, talking, told


def stored(engine: Engine) -> list[Exchange]:
    """Every exchange, in the order in which they were recorded."""
    with engine.begin() as connection:
        return [exchange for _, exchange in stored_exchanges(connection, true(), limit=10_000)][::-1]


def part_rows(engine: Engine) -> list[Any]:
    with engine.begin() as connection:
        return list(connection.execute(select(tables.parts).order_by(tables.parts.c.pk)))


def count(engine: Engine, table: Any) -> int:
    with engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def keep(writer: Writer, requests: Sequence[bytes], *, batch: int = 100, first: int = 1, **exchange: Any) -> None:
    calls = talking(requests, first, **exchange)
    for start in range(0, len(calls), batch):
        some = calls[start : start + batch]
        assert writer.append(some).new == len(some)


def batched(requests: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    return (requests[start : start + size] for start in range(0, len(requests), size))


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_a_conversation_is_stored_once_however_it_comes_in(engine: Engine, writer: Writer, batch: int) -> None:
    requests = list(a_conversation(8))
    keep(writer, requests, batch=batch)
    assert [exchange.request_body for exchange in stored(engine)] == requests
    rows = part_rows(engine)
    assert [row.before for row in rows] == [None, *(row.pk for row in rows[:-1])]
    assert count(engine, tables.part_uses) == 8
    assert max(len(row.content) for row in rows[1:]) < 400


def test_every_hostile_body_is_read_back(engine: Engine, writer: Writer) -> None:
    keep(writer, HOSTILE)
    assert [exchange.request_body for exchange in stored(engine)] == HOSTILE
    other = [body + b" " for body in HOSTILE]
    for at, body in enumerate(other):
        call = talking([body], 1_000 + at, response_body=HOSTILE[at - 1])
        writer.append(call)
    found = stored(engine)[len(HOSTILE) :]
    assert [exchange.request_body for exchange in found] == other
    assert [exchange.response_body for exchange in found] == [HOSTILE[at - 1] for at in range(len(HOSTILE))]


def test_callers_share_what_they_have_alike(engine: Engine, writer: Writer) -> None:
    tools = [{"name": "count", "description": LONG_TEXT}]
    for number, topic in enumerate(("apples", "pears", "plums")):
        keep(writer, list(a_conversation(2, topic, tools=tools)), first=1 + 10 * number)
    rows = part_rows(engine)
    assert len([row for row in rows if row.before is None]) == 2  # the tools; the system prompt
    assert count(engine, tables.part_uses) == 12


def test_a_branch_goes_on_from_where_it_left(engine: Engine, writer: Writer) -> None:
    trunk = list(a_conversation(4))
    said = json.loads(trunk[2])["messages"]
    branch = a_body([*said, told("assistant", "another answer"), told("user", "another question")])
    keep(writer, [*trunk, branch])
    assert stored(engine)[-1].request_body == branch
    rows = part_rows(engine)
    assert rows[-1].before == rows[3].pk
    assert len(rows[-1].content) < 200


def test_an_edit_in_the_middle_stores_what_follows_it_anew(engine: Engine, writer: Writer) -> None:
    requests = list(a_conversation(4))
    said = json.loads(requests[-1])["messages"]
    said[3] = told("user", "(left out)")
    edited = a_body(said)
    keep(writer, [*requests, edited])
    assert stored(engine)[-1].request_body == edited
    rows = part_rows(engine)
    assert rows[-1].before == rows[1].pk  # the system prompt and the first question


def test_a_retry_adds_nothing(engine: Engine, writer: Writer) -> None:
    requests = list(a_conversation(2))
    keep(writer, [*requests, requests[1], requests[0]])
    assert len(part_rows(engine)) == 3
    assert [exchange.request_body for exchange in stored(engine)] == [*requests, requests[1], requests[0]]


def marked(requests: Sequence[bytes]) -> list[bytes]:
    """The requests with the mark that Anthropic's callers set at the last message of each."""
    found = []
    for request in requests:
        body = json.loads(request)
        for message in body["messages"]:
            message["content"] = [{"type": "text", "text": message["content"]}]
        body["messages"][-1]["content"][-1]["cache_control"] = {"type": "ephemeral"}
        found.append(json.dumps(body, separators=(",", ":")).encode())
    return found


def test_marks_that_move_on_do_not_keep_a_conversation_from_being_shared(engine: Engine, writer: Writer) -> None:
    requests = marked(list(a_conversation(6)))
    keep(writer, requests, batch=4)
    assert [exchange.request_body for exchange in stored(engine)] == requests
    rows = part_rows(engine)
    assert [row.before for row in rows] == [None, *(row.pk for row in rows[:-1])]
    assert len(rows) == 7


def test_pictures_are_stored_once(engine: Engine, writer: Writer) -> None:
    answer = json.dumps({"data": PICTURE}).encode()
    look = told("user", f"data:image/png;base64,{PICTURE}")
    requests = [
        a_body([told("user", LONG_TEXT), look]),
        a_body([told("user", LONG_TEXT), look, told("assistant", "a cat"), look]),
        a_body([told("user", "another conversation"), look]),
        a_body([told("user", "no run")], image=PICTURE),
    ]
    writer.append(talking(requests[:1], response_body=answer))
    keep(writer, requests[1:], first=2)
    assert [exchange.request_body for exchange in stored(engine)] == requests
    assert stored(engine)[0].response_body == answer
    assert [len(row.content) > 3_000 for row in part_rows(engine)].count(True) == 1
    assert count(engine, tables.part_links) == 3


def test_what_is_long_is_stored_in_pieces(engine: Engine, writer: Writer) -> None:
    long = random.Random(1).randbytes(2_500_000)
    keep(writer, [long, long[:2_000_000]], response_body=long[1_000_000:])
    assert [exchange.request_body for exchange in stored(engine)] == [long, long[:2_000_000]]
    assert stored(engine)[0].response_body == long[1_000_000:]
    assert max(len(row.content) for row in part_rows(engine)) < 1_100_000


def test_two_writers_by_turns_share_as_one_does(engine: Engine) -> None:
    requests, writers = list(a_conversation(12)), (Writer(engine), Writer(engine))
    for at, some in enumerate(batched(requests, 3)):
        keep(writers[at % 2], some, first=1 + 3 * at)
    assert [exchange.request_body for exchange in stored(engine)] == requests
    assert len(part_rows(engine)) == 13


def test_two_writers_at_once_share_as_one_does(url: str) -> None:
    requests = list(a_conversation(10))
    engines = [open_engine(url), open_engine(url)]

    def write(number: int) -> None:
        writer = Writer(engines[number])
        for at, request in enumerate(requests):
            assert writer.append(talking([request], 1 + 100 * number + at)).new == 1

    with ThreadPoolExecutor(2) as both:
        list(both.map(write, (0, 1)))
    found = stored(engines[0])
    assert sorted(exchange.request_body for exchange in found) == sorted(requests * 2)
    assert len(part_rows(engines[0])) == 11
    for engine in engines:
        engine.dispose()


TEXTS = st.text(max_size=12) | st.sampled_from([LONG_TEXT, PICTURE, "x" * 700])
MESSAGES = st.lists(st.builds(told, st.sampled_from(["user", "assistant"]), TEXTS), min_size=1, max_size=5)
RUNS = st.sampled_from(["messages", "input", "contents"])
MARKS = st.sampled_from(["", "user", "assistant"])


def _request(messages: list[dict[str, Any]], run: str, mark: str, more: str) -> bytes:
    said = [message | ({"cache_control": {"type": "e"}} if message["role"] == mark else {}) for message in messages]
    return a_body(said, run, system=more)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.builds(_request, MESSAGES, RUNS, MARKS, TEXTS), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.integers(min_value=1, max_value=3),
)
def test_any_requests_in_any_order_are_read_back(
    engine: Engine, requests: list[bytes], chance: random.Random, batch: int
) -> None:
    asked = requests + chance.sample(requests, k=len(requests))
    chance.shuffle(asked)
    writers, before = [Writer(engine), Writer(engine)], count(engine, tables.calls)
    for at, some in enumerate(batched(asked, batch)):
        answers = talking(some, 1 + before + at * batch, response_body=chance.choice(requests))
        assert writers[at % 2].append(answers).new == len(some)
    assert [exchange.request_body for exchange in stored(engine)][before:] == asked


def test_nothing_to_share_asks_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        (found,) = parts.Shelf(connection).shelve([split(b"short")])
        assert parts.Shelf(connection).shelve([]) == []
    assert (found.items, [bytes(own) for own in found.own], found.uses) == ((5,), [b"short"], set())


def test_a_run_that_goes_on_for_long_is_found_by_its_last_ends(engine: Engine, writer: Writer) -> None:
    first = [told("user", LONG_TEXT), *(told("user", f"{number}") for number in range(5))]
    near = [told("user", f"near {number}") for number in range(parts.MOST_LOOKED_FOR - 1)]
    far = [*near, told("user", "far")]
    keep(writer, [a_body(first), a_body([*first, *near]), a_body([*first, *near, *far])], batch=1)
    rows = part_rows(engine)
    assert [row.before for row in rows] == [None, rows[0].pk, rows[1].pk, rows[0].pk]  # the last from its head


def test_a_missing_part_is_told(engine: Engine, writer: Writer) -> None:
    keep(writer, list(a_conversation(3)))
    rows = part_rows(engine)
    with engine.begin() as connection:
        connection.execute(delete(tables.parts).where(tables.parts.c.pk == rows[1].pk))
        with pytest.raises(ValueError, match=f"part {rows[1].pk} is missing"):
            expanded(connection, [rows[-1].pk])
        with pytest.raises(ValueError, match="part 99999 is missing"):
            expanded(connection, [99_999])
        assert expanded(connection, []) == {}


def test_so_is_a_missing_picture(engine: Engine, writer: Writer) -> None:
    keep(writer, [a_body([told("user", LONG_TEXT), told("user", PICTURE)])])
    user = next(row for row in part_rows(engine) if row.recipe is not None)
    with engine.begin() as connection:
        links = connection.execute(select(tables.part_links.c.part_pk)).scalars().all()
        connection.execute(delete(tables.parts).where(tables.parts.c.pk.in_(links)))
        with pytest.raises(ValueError, match="is missing"):
            expanded(connection, [user.pk])


def test_a_part_of_another_length_is_told(engine: Engine, writer: Writer) -> None:
    keep(writer, marked(list(a_conversation(1))))
    with engine.begin() as connection:
        empty = parts.pack()
        connection.execute(update(tables.parts).values(content=empty))
        with pytest.raises(ValueError, match="where a recipe asks for"):
            stored_exchanges(connection, true(), limit=1)


def test_many_parts_are_asked_for_in_lots(engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "in_lots", partial(in_lots, most=2))
    requests = [request for topic in ("a", "b", "c") for request in a_conversation(3, topic, tools=[LONG_TEXT])]
    keep(writer, requests)
    assert [exchange.request_body for exchange in stored(engine)] == requests


def test_a_run_of_nothing_but_marks_is_read_back(
    engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "WORTH_A_RUN", 0)
    monkeypatch.setattr(bodies, "WORTH_A_BLOCK", 0)
    body = b'{"messages":[1,{"cachePoint":{}}],"x":2}'
    keep(writer, [body, body])
    assert [exchange.request_body for exchange in stored(engine)] == [body, body]


def test_an_answer_shares_its_pictures_alone() -> None:
    exchange = talking([b""], response_body=a_body([told("user", LONG_TEXT * 2)]))[0].exchange
    assert split_answer(replace(exchange).response_body).ranges == ()
