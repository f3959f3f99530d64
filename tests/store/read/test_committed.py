from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, update

from audit.call import Arrival, Call, Message, Part, Source, Tags, Usage
from audit.ledger.leaf import METADATA, REQUEST, RESPONSE, commit
from audit.store import tables
from audit.store.read.committed import Committed, committed
from audit.store.write import Writer
from tests.store.bodies_of import HOSTILE, a_conversation, talking
from tests.store.samples import NOON, a_call, a_finding, a_price, an_id


def everything(engine: Engine) -> list[Committed]:
    with engine.begin() as connection:
        pks = connection.execute(select(tables.calls.c.pk)).scalars().all()
        return list(committed(connection, pks))


def entries(engine: Engine) -> list[Any]:
    with engine.begin() as connection:
        of_calls = select(tables.entries).where(tables.entries.c.id.not_in(select(tables.acts.c.id)))
        return list(connection.execute(of_calls.order_by(tables.entries.c.pk)))


def assert_as_committed(engine: Engine) -> None:
    """What is stored of each call is what its entry commits to."""
    found, told = everything(engine), entries(engine)
    assert [(one.pk, one.id) for one in found] == [(entry.pk, entry.id) for entry in told]
    for one, entry in zip(found, told, strict=True):
        assert one.body_salt is not None
        assert commit(entry.salt, METADATA, one.metadata) == entry.metadata_commitment, one.metadata
        assert commit(one.body_salt, REQUEST, one.request or b"") == entry.request_commitment
        assert commit(one.body_salt, RESPONSE, one.response or b"") == entry.response_commitment


def a_full_call(number: int = 1, **over: Any) -> Call:
    exchange = {
        "started_at": NOON.astimezone(timezone(timedelta(hours=5))),
        "request_headers": (("a", "\ud800"),),
        "response_body": b"answer",
        "arrivals": (Arrival(1, 6), Arrival(2, 7)),
        "tags": Tags(project="p", user="u\0", session="s", labels=(("b", "1"), ("a", "2"), ("b", "3"))),
        "key_fingerprint": "k",
    }
    found = (a_finding("hate", score=0.1, details={"b": [1.5, 10**30, "\ud800"], "a": float("nan")}), a_finding("x"))
    price = a_price("0.1234567890123456")
    return a_call(
        number,
        exchange=exchange,
        price=price,
        findings=found,
        notes=("one",),
        usage=Usage(input_tokens=1),
        block_reasons=("a=b",),
        **over,
    )


def test_what_is_stored_is_what_was_committed_to(engine: Engine, writer: Writer) -> None:
    writer.append([a_full_call(1), a_call(2)])
    writer.append([a_full_call(3)])
    assert_as_committed(engine)


def test_so_is_what_is_stored_in_parts_and_continued(engine: Engine, writer: Writer) -> None:
    writer.append(talking(list(a_conversation(4))))
    writer.append(talking(HOSTILE, first=100))
    assert_as_committed(engine)
    assert everything(engine)[3].request is not None


TEXT = st.text(max_size=8) | st.sampled_from(["\ud800", "\0", "\x1f", "é" * 400])
DETAILS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(TEXT, min_size=6, max_size=6),
    details=st.dictionaries(TEXT, DETAILS, max_size=3),
    score=st.floats() | st.none(),
    figure=st.integers() | st.none(),
)
@example(words=[""] * 6, details={"score": -0.0}, score=-0.0, figure=None)
def test_whatever_a_call_holds(
    engine: Engine, words: list[str], details: dict[str, Any], score: float | None, figure: int | None
) -> None:
    labels = ((words[0], words[1]), (words[2], words[3]))
    call = a_call(
        exchange={"id": uuid4(), "tags": Tags(user=words[4], labels=labels), "failure": words[5]},
        findings=(a_finding(words[0], score=score, details=details, source=Source.COMPLETION, error=words[1]),),
        usage=Usage(input_tokens=figure),
        model_requested=words[2],
        notes=tuple(words[3:]),
        output=(Message(role="user", parts=(Part(kind="text", text=words[0]),)),),
    )
    assert Writer(engine).append([call]).new == 1
    assert_as_committed(engine)


CHANGES: list[tuple[Any, dict[str, Any], str]] = [
    (tables.calls, {"model_served": "another"}, "metadata"),
    (tables.calls, {"conversation": an_id(9)}, "metadata"),
    (tables.calls, {"cost": 1}, "metadata"),
    (tables.findings, {"filtered": True}, "metadata"),
    (tables.call_labels, {"value": "another"}, "metadata"),
    (tables.prices, {"working": {"source": "another"}}, "metadata"),
]


@pytest.mark.parametrize(("table", "change", "side"), CHANGES, ids=range(len(CHANGES)))
def test_a_change_shows(engine: Engine, writer: Writer, table: Any, change: dict[str, Any], side: str) -> None:
    writer.append([a_full_call()])
    (before,) = everything(engine)
    with engine.begin() as connection:
        connection.execute(update(table).values(**change))
    (after,) = everything(engine)
    assert getattr(after, side) != getattr(before, side)
    assert replace(after, **{side: getattr(before, side)}) == before


def test_a_row_that_is_taken_away_shows(engine: Engine, writer: Writer) -> None:
    writer.append([a_full_call()])
    (before,) = everything(engine)
    with engine.begin() as connection:
        connection.execute(delete(tables.call_labels).where(tables.call_labels.c.name == "a"))
    assert everything(engine)[0].metadata != before.metadata


def test_bodies_that_are_gone_are_told(engine: Engine, writer: Writer) -> None:
    writer.append([a_full_call()])
    with engine.begin() as connection:
        connection.execute(delete(tables.exchanges))
    (one,) = everything(engine)
    assert (one.body_salt, one.request, one.response) == (None, None, None)


def test_calls_that_are_gone_are_left_out(engine: Engine) -> None:
    with engine.begin() as connection:
        assert list(committed(connection, [1, 2])) == []
